"""The instruction clock: one cycle an instruction, what Renode gives with PerformanceInMips as the clock in MHz."""

from __future__ import annotations

from sim.engine import hooks


class InstructionTiming:
    """An instruction of an IT block counts whether its condition holds or not."""

    name = "instructions"

    @property
    def block_hook(self) -> int:
        """Native function called before each block."""
        return hooks.address_of(hooks.on_block)

    @property
    def access_hook(self) -> int:
        """Native function called before each device access."""
        return hooks.address_of(hooks.on_access)

    def cycles_until(self, state: int, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address``."""
        return int(hooks.count_until.ctypes(state, address, size))
