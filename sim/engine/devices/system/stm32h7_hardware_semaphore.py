"""Hardware semaphores of STM32H7 (RM0433 section 10): 32 locks between processes and cores.

Parameters and ``IRQ`` as in Renode's ``Miscellaneous.STM32H7_HardwareSemaphore``. Deviations, as on the chip: a write
to R with LOCK = 1 takes a semaphore and one with LOCK = 0 frees it (Renode has it the other way round), both only
with this core's number; a freed semaphore can interrupt; CR frees all of a core's with the key in KEYR. Accesses are
those of the Cortex-M7, core 3: an H743 has no other.
"""

from __future__ import annotations

from functools import partial

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode, Register, RegisterDevice

_COUNT = 32
_LOCK = 1 << 31
_CORTEX_M7 = 3


class Stm32H7HardwareSemaphore(RegisterDevice):
    """A semaphore that is taken reads LOCK, the core and the process that have it."""

    RENODE_TYPES = ("Miscellaneous.STM32H7_HardwareSemaphore",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        bank = self.bank
        self._semaphores: list[Register] = []
        for index in range(_COUNT):
            semaphore = bank.register(4 * index, f"R{index}").storage(0x8000FFFF)
            semaphore.after_write(partial(self._written, index))
            self._semaphores.append(semaphore)
            bank.register(0x80 + 4 * index, f"RLR{index}").value_from(partial(self._read_lock, index))
        self._owners = [0] * _COUNT  # what R reads
        for index, semaphore in enumerate(self._semaphores):
            semaphore.value_from(partial(self._owners.__getitem__, index))
        self._enables = bank.register(0x100, "C1IER").field(0, 32, "ISE", on_write=lambda _: self._update())
        bank.register(0x104, "C1ICR").after_write(self._clear).field(0, 32, "ISC", Mode.WRITE)
        self._freed = bank.register(0x108, "C1ISR").field(0, 32, "ISF", Mode.READ)
        bank.register(0x10C, "C1MISR").value_from(lambda: self._freed.value & self._enables.value)
        bank.register(0x140, "CR").after_write(self._free_all).field(0, 32, "CR", Mode.WRITE)
        self._key = bank.register(0x144, "KEYR").field(16, 16, "KEY")

    def reset(self) -> None:
        super().reset()
        self._owners[:] = [0] * _COUNT
        self._update()

    def _written(self, index: int, written: int) -> None:
        wanted = written & 0xFFFF
        if wanted >> 8 != _CORTEX_M7:
            self.log.warning("R%d written with core %d: the Cortex-M7 is core %d", index, wanted >> 8, _CORTEX_M7)
        elif written & _LOCK:
            if not self._owners[index]:
                self._owners[index] = _LOCK | wanted
        elif self._owners[index] & 0xFFFF == wanted:
            self._free(1 << index)

    def _read_lock(self, index: int) -> int:
        if not self._owners[index]:
            self._owners[index] = _LOCK | _CORTEX_M7 << 8
        return self._owners[index]

    def _free_all(self, written: int) -> None:
        core = written >> 8 & 0xFF
        if written >> 16 != self._key.value:
            self.log.warning(
                "CR written with key 0x%X, KEYR says 0x%X: nothing is freed", written >> 16, self._key.value
            )
            return
        self._free(sum(1 << index for index, owner in enumerate(self._owners) if owner and owner >> 8 & 0xFF == core))

    def _free(self, semaphores: int) -> None:
        for index in range(_COUNT):
            if semaphores >> index & 1 and self._owners[index]:
                self._owners[index] = 0
                self._freed.value |= 1 << index
        self._update()

    def _clear(self, written: int) -> None:
        self._freed.value &= ~written
        self._update()

    def _update(self) -> None:
        self.irq.set(bool(self._freed.value & self._enables.value))
