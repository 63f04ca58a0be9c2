"""What hot loops count of their blocks while they run as native code (instructions clock)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import block_record as native
from sim.engine.native.engine import Engine
from sim.engine.native.loops.blocks import Block as LoopBlock
from sim.engine.observe.record.block_facts import deepest


@dataclass(frozen=True)
class _Region:
    """``counts``: runs and taken branches of each of ``rows``; ``cycles``: of a run of each, which the row ``head`` has
    been charged with."""

    counts: NDArray[np.int64]
    rows: NDArray[np.int64]
    cycles: NDArray[np.int64]
    head: int


class LoopTally:
    """What native loops have counted; stays when the machine is gone."""

    def __init__(self) -> None:
        self._regions: list[_Region] = []

    def add(self, rows: Sequence[int], cycles: Sequence[int], head: int) -> int:
        """Address of the counts of a new region, runs and taken branches row by row."""
        counts = np.zeros((len(rows), 2), np.int64)
        self._regions.append(_Region(counts, np.array(rows), np.array(cycles), head))
        return int(counts.ctypes.data)

    def fold(self, table: NDArray[np.int64]) -> None:
        """Bring what was counted since into the rows of ``table``."""
        for region in self._regions:
            if region.counts.any():
                spent = region.counts[:, 0] * region.cycles
                table[region.rows, native.RUNS] += region.counts[:, 0]
                table[region.rows, native.TAKEN] += region.counts[:, 1]
                table[region.rows, native.CYCLES] += spent
                table[region.head, native.CYCLES] -= spent.sum()
                region.counts[:] = 0


class Rows(Protocol):
    """What has to be known of a recorder."""

    def row(self, address: int, code: bytes) -> int:
        """The row of a block of code."""

    def function_at(self, address: int) -> int:
        """Where the function at ``address`` begins."""

    def is_marked(self, address: int) -> bool:
        """A section begins there."""


class LoopCounts:
    """The ``LoopCounter`` of a recorder. Its loops stay inside a function and call nothing: what is on top of the
    call stack stays the same while one runs."""

    def __init__(self, rows: Rows, tally: LoopTally, engine: Engine) -> None:
        self._rows, self._tally, self._engine = rows, tally, engine

    def accepts(self, start: int, block: LoopBlock) -> bool:
        """See ``LoopCounter``."""
        rows = self._rows
        return not (
            block.calls
            or block.indirect
            or rows.function_at(block.address) != rows.function_at(start)
            or (block.address != start and rows.is_marked(block.address))
            or deepest(self._engine.code(block.address, block.size))
        )

    def room(self, blocks: Sequence[LoopBlock], head: int) -> int:
        """See ``LoopCounter``."""
        rows = [self._rows.row(each.address, self._engine.code(each.address, each.size)) for each in blocks]
        cycles = [len(each.instructions) for each in blocks]
        place = next(row for row, each in zip(rows, blocks, strict=True) if each.address == head)
        return self._tally.add(rows, cycles, place)
