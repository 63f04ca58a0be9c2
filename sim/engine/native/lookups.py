# mypy: disable-error-code="no-untyped-call,call-arg,attr-defined,no-any-return"
"""Where Unicorn keeps the pages it has looked up (QEMU's TLB), so that every read of a watched page can be seen.

Unicorn asks a READ_PROT hook only while the page is not in this table, and puts it there. The hook takes it out again
by overwriting the page number an entry is compared with. The tables lie behind pointers before the core's registers
(``CPUTLBDescFast``: a mask and a pointer for each privilege), at the same distance in every core of a process. It is
found once, by experiment on a core of its own, and what was found is tried before it is believed; memory is read
through the system (``/proc/self/mem``), so a wrong guess cannot crash.
"""

from __future__ import annotations

import ctypes
import functools
import os
import struct
from dataclasses import dataclass
from typing import Any

from unicorn import UC_ARCH_ARM, UC_HOOK_MEM_READ_PROT, UC_MODE_THUMB, UC_PROT_EXEC, Uc, UcError, arm_const

from sim.engine.native.registers_in_process import find_registers

LOOKUP_SHIFT = 6
"""Bytes of an entry of Unicorn's tables, as a power of two; ``find_lookups`` makes sure of it."""
_PAGE = 0x1000
_CODE, _DATA, _PAGES = 0x10000, 0x20005000, 3
_LOAD = bytes.fromhex("0868")  # ldr r0, [r1]
_REACH = 0x800  # bytes before the registers that are searched
_GONE = 0xFFFFFFFF


@dataclass(frozen=True)
class Lookups:
    """``distance``: bytes from the first (mask, pointer) pair to r0; ``count`` of pairs. count 0: not found."""

    distance: int = 0
    count: int = 0


@functools.cache
def find_lookups() -> Lookups:
    """The same for every core of this process."""
    try:
        memory = os.open("/proc/self/mem", os.O_RDONLY)
    except OSError:
        return Lookups()
    try:
        return _Trial(memory).search()
    except (OSError, UcError):
        return Lookups()
    finally:
        os.close(memory)


class _Trial:
    """A core to experiment with; its pages at ``_DATA`` are watched."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._seen = 0
        self._uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB, arm_const.UC_CPU_ARM_CORTEX_M7)
        self._uc.ctl_set_page_size(_PAGE)
        self._uc.mem_map(_CODE, _PAGE)
        self._uc.mem_write(_CODE, _LOAD)
        self._uc.mem_map(_DATA, _PAGES * _PAGE, UC_PROT_EXEC)
        self._uc.hook_add(UC_HOOK_MEM_READ_PROT, self._saw)
        self._registers = find_registers(self._uc)

    def _saw(self, *ignored: Any) -> bool:
        self._seen += 1
        return True

    def _is_seen(self, address: int) -> bool:
        """Load from ``address``: whether the hook was asked."""
        before = self._seen
        self._uc.reg_write(arm_const.UC_ARM_REG_R1, address)
        self._uc.emu_start(_CODE | 1, _CODE + len(_LOAD))
        return self._seen > before

    def search(self) -> Lookups:
        """Try every place that could be a pair."""
        pages = [_DATA + _PAGE * index for index in range(_PAGES)]
        if self._registers <= 0 or not all(self._is_seen(page) for page in pages):
            return Lookups()
        if any(self._is_seen(page) for page in pages):  # looked up already: else there is nothing to be done
            return Lookups()
        start = self._registers - _REACH
        words = struct.unpack(f"<{_REACH // 8}Q", self._read(start, _REACH))
        pairs = [self._pair(*words[index : index + 2]) for index in range(0, len(words) - 1, 2)]
        for index in range(len(pairs)):
            if pairs[index] and self._holds(words[2 * index], words[2 * index + 1], pages):
                first = last = index
                while first and pairs[first - 1]:
                    first -= 1
                while last + 1 < len(pairs) and pairs[last + 1]:
                    last += 1
                return Lookups(_REACH - 16 * first, last - first + 1)
        return Lookups()

    def _read(self, address: int, size: int) -> bytes:
        content = os.pread(self._memory, size, address)
        if len(content) != size:
            raise OSError
        return content

    def _pair(self, mask: int, table: int) -> bool:
        """It may be the mask (of the entries' offsets) and address of a table."""
        entries = (mask >> LOOKUP_SHIFT) + 1
        if mask & (1 << LOOKUP_SHIFT) - 1 or not 2 <= entries <= 1 << 22 or entries & entries - 1 or table & 7:
            return False
        try:
            self._read(table, entries << LOOKUP_SHIFT)
        except (OSError, OverflowError):
            return False
        return True

    def _holds(self, mask: int, table: int, pages: list[int]) -> bool:
        """Each page is in its place in the table, and once taken out is seen again, while the others are not."""
        entries = [table + ((page >> 12 << LOOKUP_SHIFT) & mask) for page in pages]
        for page, entry in zip(pages, entries, strict=True):
            if struct.unpack("<I", self._read(entry, 4)) != (page,):
                return False
        ctypes.c_uint32.from_address(entries[1]).value = _GONE
        return [self._is_seen(page) for page in pages] == [False, True, False]
