"""The instruction clock: one cycle an instruction, what Renode gives with PerformanceInMips as the clock in MHz."""

from __future__ import annotations

from sim.engine.native import hooks, shared
from sim.engine.timing.board import Board
from sim.engine.timing.core import CoreSettings


class InstructionTiming:
    """An instruction of an IT block counts whether its condition holds or not."""

    name = "instructions"
    cores: tuple[str, ...] = ()
    wires_take_time = False
    entry_cycles = tail_cycles = return_cycles = 0

    @property
    def block_hook(self) -> int:
        """Native function called before each block."""
        return hooks.address_of(hooks.on_block)

    @property
    def access_hook(self) -> int:
        """Native function called before each device access."""
        return hooks.address_of(hooks.on_access)

    def frame_cycles(self, address: int, size: int, write: bool) -> int:
        """Nothing: only instructions count."""
        return 0

    def cycles_until(self, state: int, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address``."""
        return int(hooks.count_until.ctypes(state, address, size))

    def cycles_into(self, state: int, address: int, offset: int) -> int:
        """Cycles to the instruction at ``offset`` of the block at ``address``."""
        return self.cycles_until(state, address, offset)

    def block_entered(self, state: memoryview[int]) -> int:
        """Its first instruction begins at once."""
        return state[shared.BLOCK_START]

    def progress(self) -> object:
        """Nothing but the time."""
        return None

    def repeat(self, progress: object, turns: int, cycles: int) -> bool:
        """Nothing to do."""
        return True

    def attach(self, board: Board) -> None:
        """Nothing of the machine matters."""

    def attach_core(self, core: CoreSettings) -> None:
        """Nothing of the core matters."""

    def discontinuity(self) -> None:
        """Each instruction stands alone."""

    def reset(self) -> None:
        """Nothing to forget."""

    def check(self) -> None:
        """Nothing can go wrong."""
