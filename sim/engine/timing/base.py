"""What a clock gives to the native engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sim.engine.machine import Machine
    from sim.engine.nvic import Nvic


class Timing(Protocol):
    """Addresses of native functions; ``hooks.on_block`` and ``hooks.on_access`` show what each has to do.

    ``entry_cycles``, ``tail_cycles``, ``return_cycles``: what taking an exception, going from handler to handler and
    going back cost.
    """

    name: str
    entry_cycles: int
    tail_cycles: int
    return_cycles: int

    @property
    def block_hook(self) -> int:
        """Called before each block; keeps NOW, the BLOCK slots and the deadline."""

    @property
    def access_hook(self) -> int:
        """Called before each access to a device window; sets ACCESS_NOW and ACCESS_PC."""

    def frame_cycles(self, address: int, size: int, write: bool) -> int:
        """What stacking (or unstacking) ``size`` bytes at ``address`` adds to the cycles of entry (or return)."""

    def cycles_until(self, state: int, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address`` (a run that ended inside it)."""

    def cycles_into(self, state: int, address: int, offset: int) -> int:
        """Cycles from the start of the block at ``address``, the one counted last, to its instruction at ``offset``."""

    def progress(self) -> object:
        """All that grows as blocks run, as it is now."""

    def repeat(self, progress: object, turns: int, cycles: int) -> bool:
        """What has been done since ``progress`` was done ``turns`` more times, ``cycles`` each; False: it was not the
        same again and again, and nothing has changed."""

    def attach(self, machine: Machine) -> None:
        """The machine that runs by this clock."""

    def attach_core(self, nvic: Nvic) -> None:
        """The core's system registers: cache and MPU settings, cache maintenance."""

    def discontinuity(self) -> None:
        """The next block does not follow from the last one's branch (exception entry or return)."""

    def reset(self) -> None:
        """The core was reset."""

    def check(self) -> None:
        """Raise what went wrong in a native callback since the last call."""
