# mypy: disable-error-code="no-untyped-call,no-any-return,attr-defined,call-arg"
"""State of the core that Unicorn has no name for: the exclusive monitor, and what a new floating-point context has.

Its place behind r0 is the same in every core of a process. It is found once, by experiment on a core of its own (as
``registers_in_process`` finds r0), and what was found is tried before it is believed; what is not found is left alone.
"""

from __future__ import annotations

import ctypes
import functools
import os
import struct
from dataclasses import dataclass
from typing import Any

from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc, arm_const

from sim.engine.native.registers_in_process import find_registers, read_memory

NO_ADDRESS = (1 << 64) - 1
"""The monitor is open: no store-exclusive succeeds."""
AUTOMATIC = 1 << 31
"""FPCCR.ASPEN."""
_CODE, _DATA = 0x1000, 0x20000000
_LDREX, _STREX, _VMOV = "51e8000f", "41e80023", "00ee100a"  # ldrex r0, [r1]; strex r3, r2, [r1]; vmov s0, r0
_REACH = 0x4000  # bytes behind r0 that are searched
_MODES = 0x00C00000  # FPSCR.RMode: a value that a default FPSCR can have and a reset one has not


@dataclass(frozen=True)
class Places:
    """Bytes from r0 to each; 0 where it was not found."""

    exclusive: int
    context_control: int
    default_status: int


class HiddenState:
    """That of one core, whose r0 lies at ``registers`` in this process."""

    def __init__(self, registers: int) -> None:
        places = find_places()
        self._exclusive = _word64(registers, places.exclusive)
        self._context_control = _word32(registers, places.context_control)
        self._default_status = _word32(registers, places.default_status)

    def clear_exclusive(self) -> None:
        """ClearExclusiveLocal: the next store-exclusive fails."""
        if self._exclusive is not None:
            self._exclusive.value = NO_ADDRESS

    def set_automatic_context(self, on: bool) -> None:
        """FPCCR.ASPEN: a floating-point instruction sets CONTROL.FPCA and starts from the default FPSCR."""
        if self._context_control is not None:
            kept = self._context_control.value & ~AUTOMATIC
            self._context_control.value = kept | (AUTOMATIC if on else 0)

    def set_default_status(self, value: int) -> None:
        """FPDSCR: what a new floating-point context has in FPSCR."""
        if self._default_status is not None:
            self._default_status.value = value


@functools.cache
def find_places() -> Places:
    """Where they are, for every core of this process."""
    trial = _Trial()
    try:
        return Places(trial.exclusive(), *trial.context())
    finally:
        trial.close()


class _Trial:
    """A core to experiment with."""

    def __init__(self) -> None:
        self._uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB, arm_const.UC_CPU_ARM_CORTEX_M7)
        self._uc.mem_map(_CODE, 0x1000)
        self._uc.mem_map(_DATA, 0x2000)
        self._uc.mem_write(_CODE, bytes.fromhex(_LDREX + _STREX + _VMOV))
        self._registers = find_registers(self._uc)
        try:
            self._memory = os.open("/proc/self/mem", os.O_RDONLY)
        except OSError:
            self._memory = -1

    def close(self) -> None:
        if self._memory >= 0:
            os.close(self._memory)

    def _run(self, place: int) -> None:
        self._uc.emu_start(_CODE + 4 * place | 1, _CODE + 4 * place + 4)

    def _words(self, form: str, value: int) -> set[int]:
        """Distances at which ``value`` lies."""
        if self._registers <= 0 or self._memory < 0:
            return set()
        step = struct.calcsize(form)
        content = read_memory(self._memory, self._registers, _REACH)
        return {place for place in range(0, len(content) - step + 1, step) if _at(form, content, place) == value}

    def exclusive(self) -> int:
        """QEMU's ``exclusive_addr``: the address of the last LDREX."""
        possible: set[int] | None = None
        for address in (_DATA + 0xA54, _DATA + 0x1238):
            self._uc.reg_write(arm_const.UC_ARM_REG_R1, address)
            self._run(0)
            found = self._words("<Q", address)
            possible = found if possible is None else possible & found
        if not possible or len(possible) != 1:
            return 0
        (place,) = possible
        return place if self._fails_when_open(place) else 0

    def _fails_when_open(self, place: int) -> bool:
        outcomes = []
        for opened in (False, True):
            self._uc.reg_write(arm_const.UC_ARM_REG_R1, _DATA)
            self._run(0)
            if opened:
                ctypes.c_uint64.from_address(self._registers + place).value = NO_ADDRESS
            self._run(1)
            outcomes.append(self._uc.reg_read(arm_const.UC_ARM_REG_R3))
        return outcomes == [0, 1]

    def context(self) -> tuple[int, int]:
        """QEMU's ``fpccr`` and ``fpdscr``, banked by security state: the ones that take part."""
        for place in sorted(self._words("<I", AUTOMATIC) | self._words("<I", AUTOMATIC | AUTOMATIC >> 1)):
            word = ctypes.c_uint32.from_address(self._registers + place)
            kept = word.value
            word.value = kept & ~AUTOMATIC
            without = self._context_after_float()
            word.value = kept
            if without or not self._context_after_float():
                continue
            return place, self._default_status(place)
        return 0, 0

    def _default_status(self, control: int) -> int:
        for place in (control + 4, control + 8):
            word = ctypes.c_uint32.from_address(self._registers + place)
            kept = word.value
            word.value = _MODES
            self._context_after_float()
            found = self._uc.reg_read(arm_const.UC_ARM_REG_FPSCR) == _MODES
            word.value = kept
            self._uc.reg_write(arm_const.UC_ARM_REG_FPSCR, 0)
            if found:
                return place
        return 0

    def _context_after_float(self) -> bool:
        """CONTROL.FPCA behind a floating-point instruction that found it 0."""
        self._uc.reg_write(arm_const.UC_ARM_REG_CONTROL, 0)
        self._run(2)
        return bool(self._uc.reg_read(arm_const.UC_ARM_REG_CONTROL) & 4)


def _at(form: str, content: bytes, place: int) -> int:
    return int(struct.unpack_from(form, content, place)[0])


def _word32(base: int, place: int) -> Any:
    return ctypes.c_uint32.from_address(base + place) if base and place else None


def _word64(base: int, place: int) -> Any:
    return ctypes.c_uint64.from_address(base + place) if base and place else None
