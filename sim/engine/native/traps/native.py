"""The native half of traps: what the block hook calls for a block that holds instructions which may trap."""

from __future__ import annotations

from sim.engine.native import shared
from sim.engine.native.access import get, host_pointer
from sim.engine.native.intrinsics import call3, load8, load16, load32, load64, store64
from sim.engine.native.native_code import cfunc, njit
from sim.engine.native.traps import layout

NO_MEMORY = 4
"""What a load gives where no plain memory is: it is aligned, and not 0."""


@njit
def _memory(state: int, address: int, operation: int) -> int:
    entry: int = load64(get(state, shared.READ_PAGES) + 8 * (address >> shared.PAGE_SHIFT))
    last = load64(get(state, shared.READ_PAGES) + 8 * (((address + 3) & 0xFFFFFFFF) >> shared.PAGE_SHIFT))
    if entry == 0 or entry != last:
        return NO_MEMORY
    host = entry + address
    kind = operation - layout.LOAD
    if kind == 0:
        return load32(host)
    if kind == 1:
        return load16(host)
    if kind == 2:
        return load8(host)
    if kind == 3:
        value = load16(host)
        return value - ((value & 0x8000) << 1)
    value = load8(host)
    return value - ((value & 0x80) << 1)


@njit
def _program(state: int, old: int, address: int, size: int) -> int:
    """The program of a block that was translated again: the old one, where the code is the same, or Python's."""
    if old and load64(old + 8 * layout.KEY) == address | size << 32:
        host = host_pointer(state, address)
        if host and call3(get(state, shared.FN_MEMCMP), host, load64(old + 8 * layout.CODE), size) & 0xFFFFFFFF == 0:
            return old
    return call3(get(state, shared.FN_TRAP_PROGRAM), address, size, 0)


@cfunc("int64(int64, int64, int64, int64)")
def check(state: int, address: int, size: int, slot: int) -> int:
    """1 + the offset of the first instruction of the block that looks as if it would trap; 0 when none does.

    ``slot``: the block's entry in the table of blocks, whose number the program's pointer has too.
    """
    place = get(state, shared.TRAP_PROGRAMS) + ((slot - get(state, shared.TABLE)) >> 1)
    program: int = load64(place)
    if program <= 1 or program & 1 or load64(program + 8 * layout.KEY) != address | size << 32:
        program = _program(state, program & -2, address, size)
        store64(place, program)
    registers = get(state, shared.CORE_REGISTERS)
    slots = state + 8 * shared.TRAP_SLOTS
    item = program + 8 * layout.HEADER_WORDS
    for _ in range(load64(program + 8 * layout.COUNT)):
        head = load64(item)
        operation = head & 0xFF
        a = (head >> 8) & 0xFF
        b = (head >> 16) & 0xFF
        shift = (head >> 24) & 0xFF
        left = load32(registers + 4 * a) if a < layout.ZERO else 0 if a == layout.ZERO else load64(slots + 8 * a)
        right = load32(registers + 4 * b) if b < layout.ZERO else 0 if b == layout.ZERO else load64(slots + 8 * b)
        value = (left + (right << shift) + load64(item + 8)) & 0xFFFFFFFF
        target = (head >> 32) & 0xFF
        if operation == layout.ALIGNED:
            if value & ((1 << target) - 1):
                return 1 + load64(item + 16)
        elif operation == layout.NOT_ZERO:
            if value == 0:
                return 1 + load64(item + 16)
        else:
            if operation == layout.SUBTRACT:
                value = left - (right << shift) + load64(item + 8)
            elif operation == layout.AND:
                value = left & right
            elif operation == layout.OR:
                value = left | right
            elif operation == layout.MULTIPLY:
                value = left * right
            elif operation == layout.SHIFT_RIGHT:
                value = left >> shift
            elif operation == layout.SHIFT_RIGHT_SIGNED:
                value = (left - ((left & 0x80000000) << 1)) >> shift
            elif operation >= layout.LOAD:
                value = _memory(state, value, operation)
            store64(slots + 8 * target, value & 0xFFFFFFFF)
        item += 8 * layout.ITEM_WORDS
    return 0
