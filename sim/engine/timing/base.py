"""A clock: what instructions cost, and what else takes time."""

from __future__ import annotations

from typing import Protocol

from sim.engine.native.block_clock import BlockClock
from sim.engine.timing.board import Board
from sim.engine.timing.core import CoreSettings


class Timing(BlockClock, Protocol):
    """``cores``: those (as ``cpuType`` names them) whose cycles it counts; none: any. ``entry_cycles``,
    ``tail_cycles``, ``return_cycles``: what taking an exception, going from handler to handler and going back cost.
    ``wires_take_time``: whether bits on the lines of serial devices take theirs."""

    cores: tuple[str, ...]
    wires_take_time: bool
    entry_cycles: int
    tail_cycles: int
    return_cycles: int

    def frame_cycles(self, address: int, size: int, write: bool) -> int:
        """What stacking (or unstacking) ``size`` bytes at ``address`` adds to the cycles of entry (or return)."""

    def progress(self) -> object:
        """All that grows as blocks run, as it is now."""

    def repeat(self, progress: object, turns: int, cycles: int) -> bool:
        """What has been done since ``progress`` was done ``turns`` more times, ``cycles`` each; False: it was not the
        same again and again, and nothing has changed."""

    def attach(self, board: Board) -> None:
        """The machine that runs by this clock."""

    def attach_core(self, core: CoreSettings) -> None:
        """The core's system registers: cache and MPU settings, cache maintenance."""

    def reset(self) -> None:
        """The core was reset."""

    def check(self) -> None:
        """Raise what went wrong in a native callback since the last call."""
