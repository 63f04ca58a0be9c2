# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Where Unicorn keeps the core's registers in this process.

Reading them by function from the block hook would cost more than the block. Their place is not part of Unicorn's
interface, so it is found by experiment: registers are given telling values, and the memory that the handle's pointers
lead to is searched for them, twice. Memory is read through the system (``/proc/self/mem``), never by following a
pointer, so a wrong guess cannot crash. Where there is no such file the answer is -1 and callers use copies.
"""

from __future__ import annotations

import os
import struct
from typing import Any

from unicorn import arm_const

GENERAL_REGISTERS = (
    *range(arm_const.UC_ARM_REG_R0, arm_const.UC_ARM_REG_R12 + 1),
    arm_const.UC_ARM_REG_SP,
    arm_const.UC_ARM_REG_LR,
    arm_const.UC_ARM_REG_PC,
)
_HANDLE_BYTES = 0x1000  # of struct uc_struct; the pointer to the core lies in the first half KiB
_CORE_BYTES = 0x10000  # of the core's own structure; the registers begin at about 0xA300
_LOWEST_POINTER = 0x10000
_FLAG_WORDS = 256  # the flags lie within these of the first register


def find_registers(uc: Any) -> int:
    """Address of r0 .. r15 as 16 uint32; -1 when it cannot be found. Keeps the registers' values."""
    try:
        memory = os.open("/proc/self/mem", os.O_RDONLY)
    except OSError:
        return -1
    saved = [uc.reg_read(register) for register in GENERAL_REGISTERS[:13]]
    try:
        return _search(uc, memory)
    finally:
        os.close(memory)
        for register, value in zip(GENERAL_REGISTERS, saved, strict=False):
            uc.reg_write(register, value)


def find_flags(uc: Any, registers: int) -> int:
    """Address of the words C, V, N, Z and Q (``CPUARMState``), behind ``registers``; -1 when it cannot be found.

    C and Q are 0 or 1, V and N are in bit 31, Z is a word that is 0. The flags keep their values.
    """
    memory = os.open("/proc/self/mem", os.O_RDONLY)
    saved = uc.reg_read(arm_const.UC_ARM_REG_XPSR) & 0xF8000000
    possible: set[int] | None = None
    try:
        for flags in (0x00, 0xF8, 0x80, 0x40, 0x20, 0x10, 0x08, 0xA8, 0x50):
            uc.reg_write(arm_const.UC_ARM_REG_APSR, flags << 24)
            words = struct.unpack(f"<{_FLAG_WORDS}I", read_memory(memory, registers, 4 * _FLAG_WORDS))
            found = {
                place
                for place in range(16, _FLAG_WORDS - 4)
                if words[place] == flags >> 5 & 1
                and words[place + 1] >> 31 == flags >> 4 & 1
                and words[place + 2] >> 31 == flags >> 7
                and (words[place + 3] == 0) == bool(flags & 0x40)
                and words[place + 4] == flags >> 3 & 1
            }
            possible = found if possible is None else possible & found
    finally:
        os.close(memory)
        uc.reg_write(arm_const.UC_ARM_REG_APSR, saved)
    return registers + 4 * possible.pop() if possible and len(possible) == 1 else -1


def _search(uc: Any, memory: int) -> int:
    handle: Any = uc._uch
    top = read_memory(memory, int(getattr(handle, "value", handle)), _HANDLE_BYTES)
    needle = _tell(uc, 0x5A000000)
    candidates = []
    for (pointer,) in struct.iter_unpack("<Q", top[: len(top) & ~7]):
        if _LOWEST_POINTER <= pointer < 1 << 47:
            offset = read_memory(memory, pointer, _CORE_BYTES).find(needle)
            if offset >= 0:
                candidates.append(pointer + offset)
    needle = _tell(uc, 0x33000000)
    for address in candidates:
        if read_memory(memory, address, len(needle)) == needle:
            return address
    return -1


def _tell(uc: Any, base: int) -> bytes:
    values = [base | index * 0x10305 for index in range(13)]
    for register, value in zip(GENERAL_REGISTERS, values, strict=False):
        uc.reg_write(register, value)
    return struct.pack("<13I", *values)


def read_memory(memory: int, address: int, size: int) -> bytes:
    """Readable bytes from ``address`` on, up to ``size``."""
    parts = []
    end = address + size
    while address < end:
        step = min(end, (address | 0xFFF) + 1) - address
        try:
            part = os.pread(memory, step, address)
        except (OSError, OverflowError):
            break
        if not part:
            break
        parts.append(part)
        address += len(part)
    return b"".join(parts)
