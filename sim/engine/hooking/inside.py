"""Standing inside a block: what lets hooks, steps and watchpoints leave no trace in time.

The clock counts a block when it begins. Who stops in the middle of one puts the time back to the instruction, and when
the core goes on from there the rest of the block is not counted again. Events and interrupts wait for the end of the
block, as they do in a run that nobody stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine import hooks

if TYPE_CHECKING:
    from sim.engine.cpu import CortexM


class InsideBlock:
    """Where in a counted block the core stands, if it does."""

    def __init__(self, cpu: CortexM) -> None:
        self._cpu = cpu
        self._state = cpu.state
        self.active = False
        self._pc = 0
        self._here = 0
        self._end = 0

    def enter(self) -> None:
        """The core has stopped before an instruction of the block: that is the time now."""
        state, pc = self._state, self._cpu.pc
        start = state[hooks.BLOCK_ADDRESS]
        self._pc = pc
        self._end = state[hooks.NOW]
        part = self._cpu.engine.count_into(start, pc - start)
        self._here = min(self._end, state[hooks.BLOCK_START] + part)
        state[hooks.NOW] = self._here
        self.active = True

    @property
    def holds(self) -> bool:
        """The core still stands there: neither time nor the program counter has moved."""
        if self.active and (self._state[hooks.NOW] != self._here or self._cpu.pc != self._pc):
            self.leave()
        return self.active

    def leave(self) -> None:
        """The rest of the block will not run: whatever comes is counted anew."""
        if self.active:
            self.active = False
            self._cpu.engine.timing.discontinuity()

    def is_last(self, end: int) -> bool:
        """The block ends at address ``end``."""
        return end == self._state[hooks.BLOCK_ADDRESS] + self._state[hooks.BLOCK_SIZE]

    def resume(self, how: int) -> None:
        """The core goes on: the next block hook shall not count (a CONTINUE_ value says how far)."""
        state = self._state
        if self.holds:
            self.active = False
            state[hooks.NOW] = self._end
            state[hooks.NEXT_DEADLINE] = state[hooks.DEADLINE]
            state[hooks.DEADLINE] = 0
            state[hooks.CONTINUE] = how
        else:
            state[hooks.CONTINUE] = 0

    def split(self) -> None:
        """The rest of the block turned out to be cut elsewhere: count it as a block of its own."""
        self._state[hooks.NOW] = self._here
        self._cpu.engine.timing.discontinuity()
