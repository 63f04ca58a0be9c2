# mypy: disable-error-code="untyped-decorator,misc,call-arg,arg-type,import-untyped,no-any-return"
"""The native half of traps: what the block hook calls for a block that holds instructions which may trap."""

from __future__ import annotations

from numba import types

from sim.engine import hooks
from sim.engine.hooks import _call3, _get, _host_pointer, _load8, _load16, _load32, _load64, _store64
from sim.engine.native_code import cfunc, njit
from sim.engine.traps import layout

NO_MEMORY = 4
"""What a load gives where no plain memory is: it is aligned, and not 0."""


@njit
def _memory(state: int, address: int, operation: int) -> int:
    entry: int = _load64(_get(state, hooks.READ_PAGES) + 8 * (address >> hooks.PAGE_SHIFT))
    last = _load64(_get(state, hooks.READ_PAGES) + 8 * (((address + 3) & 0xFFFFFFFF) >> hooks.PAGE_SHIFT))
    if entry == 0 or entry != last:
        return NO_MEMORY
    host = entry + address
    kind = operation - layout.LOAD
    if kind == 0:
        return _load32(host)
    if kind == 1:
        return _load16(host)
    if kind == 2:
        return _load8(host)
    if kind == 3:
        value = _load16(host)
        return value - ((value & 0x8000) << 1)
    value = _load8(host)
    return value - ((value & 0x80) << 1)


@njit
def _program(state: int, old: int, address: int, size: int) -> int:
    """The program of a block that was translated again: the old one, where the code is the same, or Python's."""
    if old and _load64(old + 8 * layout.KEY) == address | size << 32:
        host = _host_pointer(state, address)
        if host and _call3(_get(state, hooks.FN_MEMCMP), host, _load64(old + 8 * layout.CODE), size) & 0xFFFFFFFF == 0:
            return old
    return _call3(_get(state, hooks.FN_TRAP_PROGRAM), address, size, 0)


@cfunc(types.int64(types.int64, types.int64, types.int64, types.int64))
def check(state: int, address: int, size: int, slot: int) -> int:
    """1 + the offset of the first instruction of the block that looks as if it would trap; 0 when none does.

    ``slot``: the block's entry in the table of blocks, whose number the program's pointer has too.
    """
    place = _get(state, hooks.TRAP_PROGRAMS) + ((slot - _get(state, hooks.TABLE)) >> 1)
    program: int = _load64(place)
    if program <= 1 or program & 1 or _load64(program + 8 * layout.KEY) != address | size << 32:
        program = _program(state, program & -2, address, size)
        _store64(place, program)
    registers = _get(state, hooks.CORE_REGISTERS)
    slots = state + 8 * hooks.TRAP_SLOTS
    item = program + 8 * layout.HEADER_WORDS
    for _ in range(_load64(program + 8 * layout.COUNT)):
        head = _load64(item)
        operation = head & 0xFF
        a = (head >> 8) & 0xFF
        b = (head >> 16) & 0xFF
        shift = (head >> 24) & 0xFF
        left = _load32(registers + 4 * a) if a < layout.ZERO else 0 if a == layout.ZERO else _load64(slots + 8 * a)
        right = _load32(registers + 4 * b) if b < layout.ZERO else 0 if b == layout.ZERO else _load64(slots + 8 * b)
        value = (left + (right << shift) + _load64(item + 8)) & 0xFFFFFFFF
        target = (head >> 32) & 0xFF
        if operation == layout.ALIGNED:
            if value & ((1 << target) - 1):
                return 1 + _load64(item + 16)
        elif operation == layout.NOT_ZERO:
            if value == 0:
                return 1 + _load64(item + 16)
        else:
            if operation == layout.SUBTRACT:
                value = left - (right << shift) + _load64(item + 8)
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
            _store64(slots + 8 * target, value & 0xFFFFFFFF)
        item += 8 * layout.ITEM_WORDS
    return 0
