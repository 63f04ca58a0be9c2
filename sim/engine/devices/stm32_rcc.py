"""What the reset and clock controllers of all STM32 families share: ready flags, causes of resets, reset lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Field, Mode, Register, RegisterDevice


class Stm32Rcc(RegisterDevice):
    """Remembers why the machine was reset.

    Args:
        power_on: flags after power-on.
        every_reset: flags that come with any later reset.
        causes: flags by what the machine's ``last_reset`` says.
    """

    def __init__(
        self, services: Services, name: str, *, power_on: int, every_reset: int, causes: Mapping[str, int]
    ) -> None:
        super().__init__(services, name)
        self._power_on, self._every_reset, self._causes = power_on, every_reset, causes
        self._cause = power_on

    @property
    def _after_power_on(self) -> bool:
        return str(getattr(self.services, "last_reset", "power-on")) == "power-on"

    def reset(self) -> None:
        """Registers to reset values; the reset flags gain those of this reset's cause."""
        super().reset()
        if self._after_power_on:
            self._cause = self._power_on
            return
        cause = str(getattr(self.services, "last_reset", ""))
        self._cause |= self._every_reset
        for name, flag in self._causes.items():
            if name in cause:
                self._cause |= flag

    @staticmethod
    def _ready_pairs(register: Register, pairs: Iterable[tuple[int, int, str]]) -> dict[str, Field]:
        """Declare on bits and the ready bits that follow them; the on bits by name."""
        switches: dict[str, Field] = {}
        for on_bit, ready_bit, clock in pairs:
            switch = switches[clock] = register.flag(on_bit, f"{clock}ON")
            register.flag(ready_bit, f"{clock}RDY", Mode.READ, read=partial(int, switch))
        return switches

    def _reset_lines(self, register: Register, addresses: Mapping[int, int]) -> None:
        """Bits of a reset register by the address of the peripheral they reset when they go from 0 to 1."""
        for bit, address in addresses.items():
            register.flag(bit, f"RST{bit}", on_change=partial(self._reset_line, address))

    def _reset_line(self, address: int, old: int, new: int) -> None:
        window = self.services.sysbus.window_at(address)
        if new and window is not None:
            self.log.debug("resets %s", window.device.name)
            window.device.reset()
