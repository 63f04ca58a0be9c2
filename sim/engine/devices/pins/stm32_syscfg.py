"""System configuration controller (RM0433 section 12): routes GPIO pins to EXTI lines.

``gpioPortB: [0-15] -> syscfg#1@[0-15]`` feeds pin levels of port index 1 in; output n carries the pin n of the port
that EXTICR selects for line n, as in Renode's ``Miscellaneous.STM32_SYSCFG``. Beyond Renode: PMCR, the compensation
cell (CCCSR.READY follows EN), PWRCR.ODEN and PKGR exist; ``PackageCode`` is what PKGR says (RM0433 12.3.13).
"""

from __future__ import annotations

from typing import Annotated

from sim.engine.devices.base import GpioReceiver, Services, hears
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.engine.members import Bits

_LINES = 16


class _Port:
    """The pins of one GPIO port, remembered so that a later EXTICR write sees their levels."""

    def __init__(self, syscfg: Stm32Syscfg, index: int) -> None:
        self._syscfg, self._index = syscfg, index
        self.levels = [False] * _LINES

    def on_gpio(self, number: int, value: bool) -> None:
        if not 0 <= number < _LINES:
            self._syscfg.log.error("port %d has no pin %d", self._index, number)
            return
        self.levels[number] = value
        self._syscfg.refresh(number)

    def listens(self, number: int) -> bool:
        """Whether this port is the one its line comes from, and that line is listened to."""
        return self._syscfg.listens(self._index, number)


class Stm32Syscfg(RegisterDevice):
    """Outputs 0..15 go to EXTI lines 0..15."""

    RENODE_TYPES = ("Miscellaneous.STM32_SYSCFG",)
    RENODE_MEMBERS = ("PackageCode",)

    package_code: Annotated[int, Bits(4)]

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._lines = [self.add_output(line) for line in range(_LINES)]
        self._ports: dict[int, _Port] = {}
        bank = self.bank
        bank.register(0x04, "PMCR").storage(0x0F000FFF)
        self._selections = []
        for index in range(4):
            register = bank.register(0x08 + 4 * index, f"EXTICR{index + 1}")
            for line in range(4 * index, 4 * index + 4):
                self._selections.append(register.field(4 * (line & 3), 4, f"EXTI{line}"))
            register.after_write(lambda _: self._refresh_all())
        bank.register(0x18, "CFGR").storage(0xFF)
        cccsr = bank.register(0x20, "CCCSR")
        enable = cccsr.flag(0, "EN")
        cccsr.flag(8, "READY", Mode.READ, read=lambda: enable.value)
        cccsr.storage(0x00010003)
        bank.register(0x24, "CCVR", reset=0x88).field(0, 8, "NCV PCV", Mode.READ)
        bank.register(0x28, "CCCR").storage(0xFF)
        bank.register(0x2C, "PWRCR").flag(0, "ODEN")
        self.package_code = 0
        bank.register(0x124, "PKGR").field(0, 4, "PKG", Mode.READ, read=lambda: self.package_code)

    def local_receiver(self, index: int) -> GpioReceiver:
        """The pins of GPIO port ``index`` (0 = A)."""
        return self._ports.setdefault(index, _Port(self, index))

    def listens(self, port: int, line: int) -> bool:
        """Whether an edge of a port's pin would be noticed behind the line."""
        selected = 0 <= line < _LINES and self._selections[line].value == port
        return selected and any(hears(receiver, number) for receiver, number in self._lines[line].targets)

    def refresh(self, line: int) -> None:
        """Output ``line`` follows the selected port's pin."""
        port = self._ports.get(self._selections[line].value)
        self._lines[line].set(port is not None and port.levels[line])

    def reset(self) -> None:
        super().reset()
        self._refresh_all()

    def _refresh_all(self) -> None:
        for line in range(_LINES):
            self.refresh(line)
