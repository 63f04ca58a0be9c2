"""Embedded flash interface of STM32H743: wait states, keys, erase (RM0433 section 4).

As Renode's ``MTD.STM32H7_FlashController``: ACR reads back what was written; the key sequences open CR1, CR2 and
OPTCR, a wrong key closes them until reset; sector, bank and mass erase fill the memory with 0xFF at once and set
EOP. Programming by stores is not checked here: flash is ordinary memory to the core, whatever PG says.
"""

from __future__ import annotations

from functools import partial

from sim.engine.devices.base import Device, Services
from sim.engine.devices.registers import Mode, Register, RegisterDevice
from sim.engine.devices.storage.embedded_flash import Lock

_BANK_KEYS = (0x45670123, 0xCDEF89AB)
_OPTION_KEYS = (0x08192A3B, 0x4C5D6E7F)
_BANK_BASES = (0x08000000, 0x08100000)
_BANK_SIZE, _SECTOR_SIZE = 0x100000, 0x20000
_LOCK, _SER, _BER, _START, _FW = 1 << 0, 1 << 2, 1 << 3, 1 << 7, 1 << 6
_CR_STORED = 0x0FEF877E
_EOP = 1 << 16
_FLAGS = 0x0FEF0000
_OPTLOCK, _OPTSTART, _MER = 1 << 0, 1 << 1, 1 << 4
_OPTION_DEFAULT = 0x0406AAF0


class Stm32H7FlashController(RegisterDevice):
    """``flash1`` and ``flash2`` are the bank memories of the board (kept for inspection)."""

    RENODE_TYPES = ("MTD.STM32H7_FlashController",)
    size = 0x1000

    def __init__(self, services: Services, name: str, *, flash1: Device, flash2: Device) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.banks = (flash1, flash2)
        self._locks = [Lock(_BANK_KEYS), Lock(_BANK_KEYS)]
        self._option_lock = Lock(_OPTION_KEYS)
        self._option_current = _OPTION_DEFAULT
        bank = self.bank
        bank.register(0x00, "ACR", 0x37).storage(0x3F)
        bank.register(0x100, "ACR", 0x37).value_from(lambda: bank[0x00].raw)  # same register, second bank's window
        bank.register(0x08, "OPTKEYR").field(0, 32, "OPTKEYR", Mode.WRITE, on_write=self._option_lock.key)
        optcr = bank.register(0x18, "OPTCR").storage(0xC0000000)
        optcr.flag(0, "OPTLOCK", Mode.READ, read=lambda: int(self._option_lock.locked))
        optcr.after_write(self._option_control)
        bank.register(0x1C, "OPTSR_CUR").value_from(lambda: self._option_current)
        self._option_program = bank.register(0x20, "OPTSR_PRG", _OPTION_DEFAULT).storage()
        bank.register(0x24, "OPTCCR").flag(30, "CLR_OPTCHANGEERR", Mode.WRITE)
        self._controls: list[Register] = []
        self._statuses: list[Register] = []
        for index, lock in enumerate(self._locks):
            base, number = 0x100 * index, index + 1
            bank.register(base + 0x04, f"KEYR{number}").field(0, 32, "KEYR", Mode.WRITE, on_write=lock.key)
            control = bank.register(base + 0x0C, f"CR{number}", 0x31)
            control.flag(0, "LOCK", Mode.READ, read=partial(self._locked, index))
            control.storage(_CR_STORED).after_write(partial(self._control, index))
            status = bank.register(base + 0x10, f"SR{number}")
            status.field(0, 32, "SR", Mode.READ)
            clear = bank.register(base + 0x14, f"CCR{number}")
            clear.field(0, 32, "CCR", Mode.WRITE, on_write=partial(self._clear, index))
            bank.register(base + 0x38, f"WPSN_CUR{number}R", 0xFF).field(0, 8, "WRPSn", Mode.READ)
            bank.register(base + 0x3C, f"WPSN_PRG{number}R", 0xFF).storage(0xFF)
            self._controls.append(control)
            self._statuses.append(status)

    def write(self, offset: int, width: int, value: int) -> None:
        register = offset & ~3
        for index, lock in enumerate(self._locks):
            if register == 0x100 * index + 0x0C and lock.locked:
                self.log.warning("CR%d written (0x%X) while it is locked: ignored", index + 1, value)
                return
        if register in (0x20, 0x3C, 0x13C) and self._option_lock.locked:
            self.log.warning("option register 0x%X written while OPTLOCK is set: ignored", offset)
            return
        self.bank.write(0x00 if register == 0x100 else offset, width, value)

    def reset(self) -> None:
        """Registers and locks; flash content and the option bytes in force stay."""
        super().reset()
        self._option_program.raw = self._option_current
        for lock in (*self._locks, self._option_lock):
            lock.reset()
        self._update()

    def _locked(self, index: int) -> int:
        return int(self._locks[index].locked)

    def _control(self, index: int, written: int) -> None:
        control = self._controls[index]
        control.raw &= ~(_START | _FW)
        if written & _LOCK:
            self._locks[index].lock()
        if written & _START:
            base = _BANK_BASES[index]
            if control.raw & _BER:
                self._erase(index, base, _BANK_SIZE)
            elif control.raw & _SER:
                self._erase(index, base + (control.raw >> 8 & 7) * _SECTOR_SIZE, _SECTOR_SIZE)
            else:
                self.log.warning("CR%d.START without SER or BER: nothing to erase", index + 1)
        self._update()

    def _erase(self, index: int, address: int, size: int) -> None:
        self.services.sysbus.write_bytes(address, b"\xff" * size)
        self._statuses[index].raw |= _EOP

    def _option_control(self, written: int) -> None:
        if self._option_lock.locked:
            return
        if written & _OPTSTART:
            self._option_current = self._option_program.raw
        if written & _MER:
            for index, base in enumerate(_BANK_BASES):
                self._erase(index, base, _BANK_SIZE)
            self._update()
        if written & _OPTLOCK:
            self._option_lock.lock()

    def _clear(self, index: int, written: int) -> None:
        self._statuses[index].raw &= ~(written & _FLAGS)
        self._update()

    def _update(self) -> None:
        pairs = zip(self._controls, self._statuses, strict=True)
        self.irq.set(any(control.raw & status.raw & _FLAGS for control, status in pairs))
