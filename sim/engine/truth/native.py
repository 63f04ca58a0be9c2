# mypy: disable-error-code="untyped-decorator,misc,call-arg,arg-type,import-untyped,no-any-return"
"""The native half of the stale line detector: called for each access of the core to a watched page.

Watched pages are mapped without read and write permission. Unicorn then calls this hook; as it answers True, a read
goes on, but a write is dropped (such memory is ROM to QEMU), so the hook does it. Like ``hooks.on_access`` it has to
clear the IT state that Unicorn's recovery of the exact PC leaves behind.
"""

from __future__ import annotations

from numba import types

from sim.engine.hooks import (
    ACCESS_PC,
    FN_REG_READ,
    FN_REG_WRITE,
    LINE_KEPT,
    LINE_SHIFT,
    REG_EPSR,
    REG_PC,
    SCRATCH,
    _call3,
    _call4,
    _load64,
    _store8,
    _store64,
)
from sim.engine.native_code import cfunc

# Slots of a watch's own int64 array.
STATE = 0  # pointer to the engine's state
LINES = 1  # pointer to one byte a line
PAGES = 2  # pointer to one int64 a page: accesses left until it counts as hot
BASE = 3  # first address
FN_REPORT = 4  # Python's callback(pc, address, what, 0)
HOST = 5  # where the first address lies in this process
SLOTS = 6

WATCH_PAGE_SHIFT = 12

# Bits of a line.
CACHEABLE, WRITE_ALLOCATE, CACHED, STALE, REPORTED = 1, 2, 4, 8, 16
assert CACHEABLE | WRITE_ALLOCATE == LINE_KEPT  # what hooks.on_private_write leaves

REPORT_STALE, REPORT_HOT = 1, 2
_READ_PROT = 23


@cfunc(types.boolean(types.int64, types.int32, types.int64, types.int32, types.int64, types.int64))
def on_watched_access(uc: int, kind: int, address: int, size: int, value: int, watch: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT: note that the line is in the cache now; report a read of a stale one."""
    state: int = _load64(watch + 8 * STATE)
    scratch = state + 8 * ACCESS_PC
    _store64(scratch, 0)
    _call3(_load64(state + 8 * FN_REG_READ), uc, REG_PC, scratch)
    epsr = state + 8 * SCRATCH
    _store64(epsr, 0x01000000)
    _call3(_load64(state + 8 * FN_REG_WRITE), uc, REG_EPSR, epsr)
    offset = address - _load64(watch + 8 * BASE)
    first = offset >> LINE_SHIFT
    last = (offset + size - 1) >> LINE_SHIFT
    lines = _load64(watch + 8 * LINES)
    for line in range(first, last + 1):
        bits = _load64(lines + line) & 0xFF
        if not bits & CACHEABLE:
            continue
        if kind == _READ_PROT:
            if bits & STALE and not bits & REPORTED:
                bits |= REPORTED
                _call4(_load64(watch + 8 * FN_REPORT), _load64(scratch), address, REPORT_STALE, 0)
            _store8(lines + line, bits | CACHED)
        elif bits & WRITE_ALLOCATE:
            _store8(lines + line, bits | CACHED)
    if kind != _READ_PROT:
        host = _load64(watch + 8 * HOST) + offset
        for index in range(size):
            _store8(host + index, value >> (8 * index) & 0xFF)
    page = _load64(watch + 8 * PAGES) + 8 * (offset >> WATCH_PAGE_SHIFT)
    left = _load64(page) - 1
    _store64(page, left)
    if left == 0:
        _call4(_load64(watch + 8 * FN_REPORT), _load64(scratch), address, REPORT_HOT, 0)
    return True
