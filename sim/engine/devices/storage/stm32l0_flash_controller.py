"""Embedded flash and data EEPROM interface of STM32L0 (RM0367 section 3): keys, erase by a store, identification.

As Renode's ``MTD.STM32L0_FlashController``: the key sequences open PECR, PRG_LOCK, OPT_LOCK and RUN_PD; while
PECR.ERASE is set, a store to the flash (with PROG) erases its page of 128 bytes, one to the EEPROM (without) its word;
erased is 0; the region ``signature`` holds unique ID and flash size. Beyond it: what is erased sets EOP, with its
interrupt.

What was stored is found by comparing, when SR or PECR is accessed next: drivers do so before anything else. A store of
what was there already is not seen. Programming by stores is not checked: flash is ordinary memory to the core.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.bus import MappedMemory
from sim.engine.devices.base import Device, Services
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.engine.devices.storage.embedded_flash import Lock, overwrite

_PAGE, _WORD = 128, 4
_UNIQUE_ID = {0x50: 0x00303000, 0x54: 0x30303030, 0x64: 0}  # wafer 0 of lot "000000"
_FLASH_SIZE = 0x7C
_PECR, _SR = 0x04, 0x18
_EOP, _ERRORS = 1 << 1, 0x00032F00
_EOPIE = 1 << 16
_PE_KEYS, _PRG_KEYS, _OPT_KEYS, _PD_KEYS = (
    (0x89ABCDEF, 0x02030405),
    (0x8C9DAEBF, 0x13141516),
    (0xFBEAD9C8, 0x24252627),
    (0x04152637, 0xFAFBFCFD),
)


class Stm32L0FlashController(RegisterDevice):
    """``flash`` and ``eeprom`` are the memories it erases."""

    RENODE_TYPES = ("MTD.STM32L0_FlashController",)

    def __init__(self, services: Services, name: str, *, flash: MappedMemory, eeprom: MappedMemory) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self._flash, self._eeprom = flash, eeprom
        self._before: dict[MappedMemory, NDArray[np.uint8]] = {}  # what was there when ERASE was set
        self._control_lock, self._program_lock = Lock(_PE_KEYS), Lock(_PRG_KEYS)
        self._option_lock, self._power_down_lock = Lock(_OPT_KEYS), Lock(_PD_KEYS)
        bank = self.bank
        acr = bank.register(0x00, "ACR").after_write(lambda _: self._access_controlled())
        self._prefetch, self._preread = acr.flag(1, "PRFTEN"), acr.flag(6, "PRE_READ")
        self._power_down, self._no_buffers = acr.flag(4, "RUN_PD"), acr.flag(5, "DISAB_BUF")
        acr.storage(0x9)
        control = self._control = bank.register(_PECR, "PECR", 0x7).after_write(self._controlled)
        control.flag(0, "PE_LOCK", Mode.READ, read=lambda: int(self._control_lock.locked))
        control.flag(1, "PRG_LOCK", Mode.READ, read=lambda: int(self._program_lock.locked))
        control.flag(2, "OPT_LOCK", Mode.READ, read=lambda: int(self._option_lock.locked))
        self._program = control.flag(3, "PROG")
        self._erase = control.flag(9, "ERASE", on_change=lambda old, new: self._remember(bool(new)))
        control.storage(0x00878510)
        for offset, register, lock in (
            (0x08, "PDKEYR", self._power_down_lock),
            (0x0C, "PEKEYR", self._control_lock),
            (0x10, "PRGKEYR", self._program_lock),
            (0x14, "OPTKEYR", self._option_lock),
        ):
            bank.register(offset, register).field(0, 32, "KEY", Mode.WRITE, on_write=lock.key)
        self._status = bank.register(_SR, "SR", 0xC).after_write(lambda _: self._update())
        self._status.field(0, 1, "BSY", Mode.READ)
        self._status.flag(1, "EOP", Mode.WRITE_ONE_TO_CLEAR)
        self._status.field(2, 2, "ENDHV READY", Mode.READ)
        for bit in (bit for bit in range(32) if _ERRORS >> bit & 1):
            self._status.flag(bit, "error", Mode.WRITE_ONE_TO_CLEAR)
        bank.register(0x1C, "OPTR", 0x807000AA).field(0, 32, "OPTR", Mode.READ)
        bank.register(0x20, "WRPROT1").field(0, 32, "WRPROT1", Mode.READ)
        bank.register(0x80, "WRPROT2").field(0, 32, "WRPROT2", Mode.READ)

    def region(self, name: str) -> Device:
        """``signature``: unique ID and flash size (RM0367 section 33)."""
        if name != "signature":
            return super().region(name)
        signature = RegisterDevice(self.services, f"{self.name}.{name}")
        for offset, value in _UNIQUE_ID.items():
            signature.bank.register(offset, "U_ID", value).field(0, 32, "U_ID", Mode.READ)
        signature.bank.register(_FLASH_SIZE, "F_SIZE").value_from(lambda: self._flash.size // 1024)
        return signature

    def read(self, offset: int, width: int) -> int:
        self._find_stores(offset)
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        self._find_stores(offset)
        if offset & ~3 == _PECR and self._control_lock.locked:
            self.log.warning("PECR written (0x%X) while it is locked: ignored", value)
            return
        self.bank.write(offset, width, value)

    def reset(self) -> None:
        """Registers and locks; the memories keep their content."""
        super().reset()
        for lock in (self._control_lock, self._program_lock, self._option_lock, self._power_down_lock):
            lock.reset()
        self._before = {}
        self._update()

    def _access_controlled(self) -> None:
        """RUN_PD wants its key, and the buffers are off while DISAB_BUF says so (3.7.1)."""
        if self._power_down and self._power_down_lock.locked:
            self.log.warning("RUN_PD written while it is locked: ignored")
            self._power_down.value = 0
        elif not self._power_down:
            self._power_down_lock.lock()
        if self._no_buffers:
            self._prefetch.value = self._preread.value = 0

    def _controlled(self, written: int) -> None:
        if written & 1:
            for lock in (self._control_lock, self._program_lock, self._option_lock):
                lock.lock()
            self._control.reset()
            self._before = {}
        if written & 2:
            self._program_lock.lock()
        if written & 4:
            self._option_lock.lock()
        self._update()

    # Erase

    def _remember(self, erasing: bool) -> None:
        self._before = {each: each.array.copy() for each in (self._flash, self._eeprom)} if erasing else {}

    def _find_stores(self, offset: int) -> None:
        """Erase what was stored to since ERASE was set."""
        if not self._before or offset & ~3 not in (_PECR, _SR):
            return
        for memory, unit in ((self._flash, _PAGE), (self._eeprom, _WORD)):
            changed = np.flatnonzero(memory.array != self._before[memory])
            for number in np.unique(changed // unit).tolist():
                self._stored(memory, number * unit, unit)
        self._remember(bool(self._erase))

    def _stored(self, memory: MappedMemory, offset: int, size: int) -> None:
        if bool(self._program) != (memory is self._flash):
            self.log.warning("%s stored to with ERASE and PROG = %d: not erased", memory.name, self._program.value)
        elif memory is self._flash and self._program_lock.locked:
            self.log.warning("flash stored to with ERASE while PRG_LOCK is set: not erased")
        else:
            overwrite(self.services, memory, offset, bytes(size))
            self._status.raw |= _EOP
            self._update()

    def _update(self) -> None:
        self.irq.set(bool(self._control.raw & _EOPIE and self._status.raw & _EOP))
