"""What a clock that counts by blocks tells of them: their cycles by cause, and moments to count from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Progress:
    """``counts``: blocks by counters; ``totals``; ``times``: cycles at which something was or will be done; ``steady``:
    what has to be the same at the end of a turn."""

    counts: NDArray[np.int64]
    totals: list[int]
    times: list[int]
    steady: tuple[int | bytes, ...]


@dataclass(frozen=True)
class Mark:
    """A moment: the core read CYCCNT, or something else happened, at ``cycle`` in the instruction at ``pc``.

    ``ahead``: cycles already charged to that instruction's block that lie behind it. ``counts``: the blocks' counters.
    """

    cycle: int
    ahead: int
    pc: int
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class BlockCost:
    """Where the cycles of a block went, since the start."""

    address: int
    size: int
    runs: int
    cycles: int
    interlock: int
    fetch: int
    stores: int
    code_stall: int
    data_stall: int
    mispredicted: int
    device_stall: int

    @property
    def issue(self) -> int:
        """Cycles in which instructions issued."""
        return self.cycles - (
            self.interlock + self.fetch + self.stores + self.code_stall + self.data_stall + self.mispredicted
        ) - self.device_stall  # fmt: skip
