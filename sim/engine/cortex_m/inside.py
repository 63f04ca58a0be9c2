"""Standing inside a block: what lets hooks, steps and watchpoints leave no trace in time.

The clock counts a block when it begins. Who stops in the middle of one puts the time back to the instruction, and when
the core goes on from there the rest of the block is not counted again. Events and interrupts wait for the end of the
block, as they do in a run that nobody stopped.
"""

from __future__ import annotations

from sim.engine.cortex_m.core import Core
from sim.engine.native import shared


class InsideBlock:
    """Where in a counted block the core stands, if it does."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._state = core.state
        self.active = False
        self._pc = 0
        self._here = 0
        self._end = 0

    def enter(self) -> None:
        """The core has stopped before an instruction of the block: that is the time now."""
        state, pc = self._state, self._core.pc
        start = state[shared.BLOCK_ADDRESS]
        self._pc = pc
        self._end = state[shared.NOW]
        part = self._core.engine.count_into(start, pc - start)
        self._here = min(self._end, state[shared.BLOCK_START] + part)
        state[shared.NOW] = self._here
        self.active = True

    @property
    def holds(self) -> bool:
        """The core still stands there: neither time nor the program counter has moved."""
        if self.active and (self._state[shared.NOW] != self._here or self._core.pc != self._pc):
            self.leave()
        return self.active

    def leave(self) -> None:
        """The rest of the block will not run: whatever comes is counted anew."""
        if self.active:
            self.active = False
            self._core.timing.discontinuity()

    def is_last(self, end: int) -> bool:
        """The block ends at address ``end``."""
        return end == self._state[shared.BLOCK_ADDRESS] + self._state[shared.BLOCK_SIZE]

    def ends_before(self, address: int) -> bool:
        """The block ends at or before ``address``."""
        return self._state[shared.BLOCK_ADDRESS] + self._state[shared.BLOCK_SIZE] <= address

    def resume(self, how: int) -> None:
        """The core goes on: the next block hook shall not count (a CONTINUE_ value says how far)."""
        state = self._state
        if self.holds:
            self.active = False
            state[shared.NOW] = self._end
            state[shared.NEXT_DEADLINE] = state[shared.DEADLINE]
            state[shared.DEADLINE] = 0
            state[shared.CONTINUE] = how
        else:
            state[shared.CONTINUE] = 0

    def begin(self) -> None:
        """The core goes on at a block's start: it shall be counted, and the core stop before it."""
        state = self._state
        state[shared.NEXT_DEADLINE] = state[shared.DEADLINE]
        state[shared.DEADLINE] = 0
        state[shared.CONTINUE] = shared.CONTINUE_COUNTED

    def again(self) -> None:
        """The core has not gone on after all."""
        self._state[shared.NOW] = self._here
        self.active = True

    def last_instruction(self) -> int:
        """Address of the last instruction of the block, or of the present one when it is that."""
        state, pc = self._state, self._core.pc
        end = state[shared.BLOCK_ADDRESS] + state[shared.BLOCK_SIZE]
        size = self._core.engine.instruction_size
        while pc + size(pc) < end:
            pc += size(pc)
        return pc
