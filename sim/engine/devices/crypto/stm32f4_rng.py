"""Random number generator (RM0433 section 33), with numbers that repeat from run to run.

As Renode's ``Miscellaneous.STM32F4_RNG``: data is ready whenever the generator is on. The sequence is a 32-bit
xorshift from a fixed seed (settable by ``seed`` before the run), because everything here is deterministic; it goes on
across resets and starts anew only with a new machine. Clock and seed errors never happen.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode, RegisterDevice

SEED = 0x2545F491


def xorshift(state: int) -> int:
    """The 32-bit number after ``state`` (Marsaglia 2003)."""
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ state << 5 & 0xFFFFFFFF


class Stm32F4Rng(RegisterDevice):
    """RNG_CR, RNG_SR, RNG_DR."""

    RENODE_TYPES = ("Miscellaneous.STM32F4_RNG",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self._state = SEED
        control = self.bank.register(0x0, "CR").after_write(lambda _: self._update())
        self._enabled = control.flag(2, "RNGEN")
        self._interrupt = control.flag(3, "IE")
        control.storage(0x2C)
        status = self.bank.register(0x4, "SR")
        status.flag(0, "DRDY", Mode.READ, read=lambda: self._enabled.value)
        status.field(1, 2, "SECS CECS", Mode.READ)
        status.field(5, 2, "SEIS CEIS", Mode.WRITE_ZERO_TO_CLEAR)
        self.bank.register(0x8, "DR").field(0, 32, "RNDATA", Mode.READ, read=self._next)

    def seed(self, value: int) -> None:
        """Start another sequence; 0 is taken as 1."""
        self._state = value & 0xFFFFFFFF or 1

    def reset(self) -> None:
        super().reset()
        self._update()

    def _next(self) -> int:
        if not self._enabled:
            return 0
        self._state = xorshift(self._state)
        return self._state

    def _update(self) -> None:
        self.irq.set(bool(self._enabled) and bool(self._interrupt))
