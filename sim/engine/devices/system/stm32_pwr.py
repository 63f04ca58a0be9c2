"""Power control of STM32F4 and F7 (RM0385 section 4): voltage scaling and over-drive, which start-up code waits for.

As Renode's ``Miscellaneous.STM32_PWR``: regulator and over-drive are ready as soon as they are asked for. Beyond it:
every bit of CR1, CR2, CSR1 and CSR2 the manual has reads back, and VOSRDY follows VOS. Low-power modes, the voltage
detector and wake-up pins do nothing.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode, RegisterDevice

_CR1_RESET = 0x0000C000  # VOS: scale 1


class Stm32Pwr(RegisterDevice):
    """PWR_CR1, CSR1 and on the F7 also CR2, CSR2."""

    RENODE_TYPES = ("Miscellaneous.STM32_PWR",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        bank = self.bank
        control = bank.register(0x00, "CR1", _CR1_RESET)
        self._vos = control.field(14, 2, "VOS", on_write=self._scale)
        self._over_drive = control.flag(16, "ODEN", on_write=self._over_drive_asked)
        self._switched = control.flag(17, "ODSWEN")
        control.flag(2, "CWUF", Mode.WRITE)
        control.flag(3, "CSBF", Mode.WRITE)
        control.storage(0x000C2FF3)
        status = bank.register(0x04, "CSR1")
        status.flag(14, "VOSRDY", Mode.READ, read=lambda: 1)
        status.flag(16, "ODRDY", Mode.READ, read=lambda: self._over_drive.value)
        status.flag(17, "ODSWRDY", Mode.READ, read=lambda: self._switched.value)
        status.field(18, 2, "UDRDY", Mode.WRITE_ONE_TO_CLEAR)
        status.flag(3, "BRR", Mode.READ, read=lambda: self._backup_regulator.value)
        self._backup_regulator = status.flag(9, "BRE")
        status.storage(0x00000100)
        bank.register(0x08, "CR2").storage(0x00003F3F)
        bank.register(0x0C, "CSR2").storage(0x00003F00)

    def _scale(self, written: int) -> None:
        if not written:
            self.log.warning("VOS = 0 is reserved: scale 3 is used")
            self._vos.value = 1

    def _over_drive_asked(self, written: int) -> None:
        if not written:
            self._switched.value = 0
