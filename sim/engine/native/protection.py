"""The MPU's regions as hooks of accesses ask for them: those that come to Unicorn's slow path anyway.

MPU_TABLE points to int64 words: how many regions there are, what the background allows, then a row each by rising
number: first address, size, disabled eighths (SRD), what is allowed. 0: the MPU is off.
"""

from __future__ import annotations

from sim.engine.native.access import get, put
from sim.engine.native.intrinsics import load64
from sim.engine.native.native_code import njit
from sim.engine.native.shared import MPU_DENIED, MPU_TABLE, PRIVATE_BUS_BASE

READ, WRITE, FETCH = 1, 2, 4
"""Bits of what is allowed, as Unicorn has them."""
ROW_WORDS = 4
HEAD_WORDS = 2
_WRITE_PROT = 22  # UC_MEM_WRITE_PROT
_PRIVATE_BUS_SIZE = 0x100000


@njit
def _allowed_at(table: int, address: int) -> int:
    """What the highest region that holds ``address`` allows, or the background."""
    if PRIVATE_BUS_BASE <= address < PRIVATE_BUS_BASE + _PRIVATE_BUS_SIZE:
        return READ | WRITE  # the MPU has no say there (B3.5.1)
    row = table + 8 * (HEAD_WORDS + ROW_WORDS * load64(table))
    for _ in range(load64(table)):
        row -= 8 * ROW_WORDS
        offset = address - load64(row)
        size = load64(row + 8)
        if 0 <= offset < size and not load64(row + 16) >> (8 * offset // size) & 1:
            allowed: int = load64(row + 24)
            return allowed
    background: int = load64(table + 8)
    return background


@njit
def forbids(state: int, kind: int, address: int, size: int) -> int:
    """Whether the MPU refuses an access, ``kind`` as in UC_HOOK_MEM_READ_PROT and WRITE_PROT; it is noted then."""
    table = get(state, MPU_TABLE)
    if table == 0:
        return 0
    wanted = WRITE if kind == _WRITE_PROT else READ
    if _allowed_at(table, address) & _allowed_at(table, address + size - 1) & wanted:
        return 0
    put(state, MPU_DENIED, address | 1 << 32)
    return 1
