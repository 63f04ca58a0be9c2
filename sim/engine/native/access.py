"""The shared state as native code reads and writes it."""

from __future__ import annotations

from sim.engine.native.intrinsics import load64, store64
from sim.engine.native.native_code import inline, njit
from sim.engine.native.shared import (
    REGION_COUNT,
    REGIONS,
    TABLE,
    TABLE_BITS,
)


@inline
def get(state: int, slot: int) -> int:
    """The value of a slot."""
    return load64(state + 8 * slot)


@inline
def put(state: int, slot: int, value: int) -> None:
    """Set a slot."""
    store64(state + 8 * slot, value)


@njit
def host_pointer(state: int, address: int) -> int:
    """Where a guest address lies in this process; 0 when no memory is there."""
    for index in range(get(state, REGION_COUNT)):
        base = get(state, REGIONS + 3 * index)
        if base <= address < base + get(state, REGIONS + 3 * index + 1):
            return get(state, REGIONS + 3 * index + 2) + address - base
    return 0


@inline
def table_slot(state: int, address: int) -> int:
    """Pointer to the table entry of a block address: two words, key and count."""
    index = ((address >> 1) ^ (address >> 17)) & ((1 << TABLE_BITS) - 1)
    return get(state, TABLE) + 16 * index
