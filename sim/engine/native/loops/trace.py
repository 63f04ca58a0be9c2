"""A fingerprint of every block boundary, kept by both executors: what ``make check-loops`` compares.

Before each block its address, r0 to r14 and the flags are folded into ``state[TRACE_HASH]``, and ``state[TRACE_COUNT]``
grows by one: by a second block hook where Unicorn runs the block, by the compiled code where a native loop does. Two
runs that agree in both have agreed in every register at every block. Not in use but for checks: it costs half the
speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from sim.engine.native import shared
from sim.engine.native.access import get, put, table_slot
from sim.engine.native.intrinsics import load32, load64
from sim.engine.native.native_code import cfunc

PRIME = 0x100000001B3
"""FNV-1a's, over words."""


@cfunc("void(int64, int64, uint32, int64)")
def on_traced_block(uc: int, address: int, size: int, state: int) -> None:
    """UC_HOOK_BLOCK, behind the clock's: fold in the block, unless it was stopped before, or left to a native loop."""
    if get(state, shared.STOPPED) or get(state, shared.BLOCK_ADDRESS) != address:
        return
    cycles = load64(table_slot(state, address) + 8) & 0xFFFFFFFF
    if get(state, shared.NOW) != get(state, shared.BLOCK_START) + cycles:
        return
    value = (get(state, shared.TRACE_HASH) ^ address) * PRIME
    registers = get(state, shared.CORE_REGISTERS)
    for which in range(15):
        value = (value ^ load32(registers + 4 * which)) * PRIME
    flags = get(state, shared.CORE_FLAGS)
    carry, overflow, negative, zero, saturated = (
        load32(flags),
        load32(flags + 4) >> 31,
        load32(flags + 8) >> 31,
        load32(flags + 12) == 0,
        load32(flags + 16),
    )
    value = (value ^ (carry | overflow << 1 | negative << 2 | zero << 3 | saturated << 4)) * PRIME
    put(state, shared.TRACE_HASH, value)
    put(state, shared.TRACE_COUNT, get(state, shared.TRACE_COUNT) + 1)


def fold_in(builder: ir.IRBuilder, slots: tuple[Any, Any], address: int, values: Sequence[Any], flags: Any) -> None:
    """The same in a compiled block: ``slots`` point to hash and count, ``values`` are r0 to r14 as it found them,
    ``flags`` C, V, N, Z and Q as QEMU keeps them."""
    b, word64 = builder, ir.IntType(64)
    word32 = ir.IntType(32)
    top = ir.Constant(word32, 31)
    packed, overflow, negative, zero, saturated = flags
    zero = b.zext(b.icmp_unsigned("==", zero, ir.Constant(word32, 0)), word32)
    for place, flag in enumerate((b.lshr(overflow, top), b.lshr(negative, top), zero, saturated), 1):
        packed = b.or_(packed, b.shl(flag, ir.Constant(word32, place)))
    digest = b.load(slots[0])
    for value in (ir.Constant(word64, address), *(b.zext(each, word64) for each in (*values, packed))):
        digest = b.mul(b.xor(digest, value), ir.Constant(word64, PRIME))
    b.store(digest, slots[0])
    b.store(b.add(b.load(slots[1]), ir.Constant(word64, 1)), slots[1])
