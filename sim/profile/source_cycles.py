"""Cycles by source line: those of each block, shared among its instructions as they issue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sim.dwarf.line_table import LineTable
from sim.engine.observe.record.recorder import Block
from sim.engine.timing.base import Timing
from sim.engine.timing.block_timing import BlockTiming
from sim.engine.timing.decode import decode

UNKNOWN = ("", 0)


def cycles_by_line(
    blocks: Iterable[tuple[Block, int]], lines: LineTable | None, timing: Timing
) -> dict[tuple[str, int], int]:
    """Cycles by (file, line); ``UNKNOWN`` has those of code without lines and of what is no block.

    What ``blocks`` (with their cycles) took is shared out whole: the sum is theirs.
    """
    found: dict[tuple[str, int], int] = defaultdict(int)
    for block, cycles in blocks:
        if not cycles:
            continue
        if lines is None or not block.size:
            found[UNKNOWN] += cycles
            continue
        weights = _weights(block, timing)
        whole = sum(weight for _, weight in weights) or 1
        given = passed = 0
        for address, weight in weights:
            passed += weight
            share = cycles * passed // whole - given
            given += share
            found[lines.at(address) or UNKNOWN] += share
        found[UNKNOWN] += cycles - given
    return {place: cycles for place, cycles in found.items() if cycles}


def _weights(block: Block, timing: Timing) -> list[tuple[int, int]]:
    """Each instruction's address and how long the block stands at it when nothing else holds it up."""
    operations = decode(block.code, block.address)
    if not isinstance(timing, BlockTiming):
        return [(operation.address, 1) for operation in operations]
    issued = timing.issued(operations)
    steps = [later - earlier for earlier, later in zip([0, *issued[:-1]], issued, strict=True)]
    return [(operation.address, step) for operation, step in zip(operations, steps, strict=True)]
