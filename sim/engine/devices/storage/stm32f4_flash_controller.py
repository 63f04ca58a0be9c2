"""Embedded flash interface of STM32F4 and F7 (RM0385 section 3): wait states, keys, erase.

As Renode's ``MTD.STM32F4_FlashController``: ACR reads back, the key sequences open CR and OPTCR, sector and mass
erase fill the memory with 0xFF at once. Beyond it: EOP is set, sectors are those of the memory's size (F7: four of
32 KB, one of 128 KB, then 256 KB each, for 1 MB), a write to a locked register is refused with a warning.
Programming by stores is not checked: flash is ordinary memory to the core.
"""

from __future__ import annotations

from sim.engine.bus import MappedMemory
from sim.engine.devices.base import Device, Services
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.engine.devices.storage.embedded_flash import Lock, overwrite
from sim.engine.wording import NOTHING_TO_ERASE

_KEYS = (0x45670123, 0xCDEF89AB)
_OPTION_KEYS = (0x08192A3B, 0x4C5D6E7F)
_SER, _MER, _START, _LOCK, _EOPIE = 1 << 1, 1 << 2, 1 << 16, 1 << 31, 1 << 24
_EOP = 1
_OPTLOCK, _OPTSTRT = 1 << 0, 1 << 1
_CR, _OPTCR = 0x10, 0x14
_KILOBYTE = 1024


_F4_BANK = [16 * _KILOBYTE] * 4 + [64 * _KILOBYTE] + [128 * _KILOBYTE] * 7


def sectors(size: int) -> list[tuple[int, int]]:
    """(offset, size) of each sector of a flash of ``size`` bytes: four small, one middle, large ones.

    2 MB is the F42x's (RM0090 table 6): two banks of twelve. Else the F7's (RM0385 table 3).
    """
    if size == 2048 * _KILOBYTE:
        lengths = 2 * _F4_BANK
        return [(sum(lengths[:index]), length) for index, length in enumerate(lengths)]
    unit = 32 * _KILOBYTE
    lengths = [unit] * 4 + [4 * unit] + [8 * unit] * 64
    found, offset = [], 0
    for length in lengths:
        if offset >= size:
            break
        found.append((offset, length))
        offset += length
    return found


class Stm32F4FlashController(RegisterDevice):
    """``flash`` is the memory it erases."""

    RENODE_TYPES = ("MTD.STM32F4_FlashController",)

    def __init__(self, services: Services, name: str, *, flash: MappedMemory) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self._flash = flash
        self._lock, self._option_lock = Lock(_KEYS), Lock(_OPTION_KEYS)
        bank = self.bank
        bank.register(0x00, "ACR").storage(0x00000B0F)
        bank.register(0x04, "KEYR").field(0, 32, "KEYR", Mode.WRITE, on_write=self._lock.key)
        bank.register(0x08, "OPTKEYR").field(0, 32, "OPTKEYR", Mode.WRITE, on_write=self._option_lock.key)
        self._status = bank.register(0x0C, "SR")
        self._status.field(0, 16, "SR", Mode.WRITE_ONE_TO_CLEAR)
        self._status.after_write(lambda _: self._update())
        self._control = bank.register(_CR, "CR")
        self._control.flag(31, "LOCK", Mode.READ, read=lambda: int(self._lock.locked))
        self._control.storage(0x030103FF).after_write(self._controlled)
        option = bank.register(_OPTCR, "OPTCR", 0xC0FFAAED)
        option.flag(0, "OPTLOCK", Mode.READ, read=lambda: int(self._option_lock.locked))
        option.storage(0xFFFFFFFC).after_write(self._option_controlled)
        option.flag(1, "OPTSTRT", Mode.WRITE)
        bank.register(0x18, "OPTCR1", 0x00400080).storage()

    def region(self, name: str) -> Device:
        """``optionBytes``: their read-only image in memory (RM0090 table 14), as delivered: unprotected."""
        if name != "optionBytes":
            return super().region(name)
        image = RegisterDevice(self.services, f"{self.name}.{name}")
        image.bank.register(0x00, "RDP and USER").value_from(lambda: 0xAAEC)
        image.bank.register(0x08, "WRP").value_from(lambda: 0x0FFF)
        return image

    def write(self, offset: int, width: int, value: int) -> None:
        register = offset & ~3
        if (register == _CR and self._lock.locked) or (register >= _OPTCR and self._option_lock.locked):
            self.log.warning("register 0x%X written (0x%X) while it is locked: ignored", register, value)
            return
        self.bank.write(offset, width, value)

    def reset(self) -> None:
        """Registers and locks; the memory keeps its content."""
        super().reset()
        self._lock.reset()
        self._option_lock.reset()
        self._update()

    def _controlled(self, written: int) -> None:
        control = self._control
        control.raw &= ~_START
        if written & _START:
            parts = sectors(self._flash.size)
            number = control.raw >> 3 & 0x1F
            if control.raw & _MER:
                self._erase(0, self._flash.size)
            elif not control.raw & _SER:
                self.log.warning(NOTHING_TO_ERASE)
            elif number < len(parts):
                self._erase(*parts[number])
            else:
                self.log.warning("CR.STRT with SER and sector %d: there are 0 to %d", number, len(parts) - 1)
        if written & _LOCK:
            self._lock.lock()
        self._update()

    def _erase(self, offset: int, size: int) -> None:
        overwrite(self.services, self._flash, offset, b"\xff" * size)
        self._status.raw |= _EOP

    def _option_controlled(self, written: int) -> None:
        if written & _OPTLOCK:
            self._option_lock.lock()

    def _update(self) -> None:
        self.irq.set(bool(self._control.raw & _EOPIE and self._status.raw & _EOP))
