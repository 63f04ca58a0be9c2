"""Maintenance of the cortex-m7 clock's caches (ARMv7-M B2.2.7): lines that leave them, or become clean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.native.access import get
from sim.engine.native.intrinsics import load64, store64
from sim.engine.native.native_code import cfunc, njit
from sim.engine.timing.chip import Cache
from sim.engine.timing.m7_layout import DATA_SETS, DATA_TAGS, DATA_WAYS, DIRTY, LINE_SHIFT

DATA = ("DCIMVAC", "DCISW", "DCCMVAU", "DCCMVAC", "DCCSW", "DCCIMVAC", "DCCISW")
"""Registers of the data cache, a word each from ``_FIRST`` on."""
_FIRST = 0xEF5C
_CLEAN_ONLY = ("DCCMVAU", "DCCMVAC", "DCCSW")
_BY_SET_AND_WAY = ("DCISW", "DCCSW", "DCCISW")
_DISCARD, _CLEAN_UNIFIED, _CLEAN, _CLEAN_AND_DISCARD = (
    _FIRST + 4 * DATA.index(name) for name in ("DCIMVAC", "DCCMVAU", "DCCMVAC", "DCCIMVAC")
)


@njit
def _place(tags: int, sets: int, ways: int, line: int) -> int:
    """Pointer to the tag of ``line``; 0 when no way holds it. ``sets``: less one."""
    row = tags + 8 * ways * (line & sets)
    for way in range(ways):
        if load64(row + 8 * way) & ~DIRTY == (line + 1) << 1:
            return row + 8 * way
    return 0


@cfunc("int64(int64, int64, int64)")
def on_maintenance(clock: int, offset: int, value: int) -> int:
    """A data cache register was written; 1: done, 0: Python has to do it (a dirty line goes out, or no address)."""
    if offset not in (_DISCARD, _CLEAN_UNIFIED, _CLEAN, _CLEAN_AND_DISCARD):
        return 0
    place = _place(get(clock, DATA_TAGS), get(clock, DATA_SETS), get(clock, DATA_WAYS), value >> LINE_SHIFT)
    if place == 0:
        return 1
    if offset != _DISCARD and load64(place) & DIRTY:
        return 0
    if offset in (_DISCARD, _CLEAN_AND_DISCARD):
        store64(place, 0)
    return 1


def take(tags: NDArray[np.int64], cache: Cache, address: int) -> None:
    """The line at ``address`` leaves ``cache``, whose tags are ``tags``, whatever it holds."""
    line = address >> LINE_SHIFT
    row = tags.reshape(cache.sets, cache.ways)[line & (cache.sets - 1)]
    row[row & ~DIRTY == (line + 1) << 1] = 0


def maintain(tags: NDArray[np.int64], cache: Cache, operation: str, value: int) -> int | None:
    """What writing ``value`` to the register ``operation`` does to a data cache; the line that is to be written back.

    By address, or by set in bits 5 and up and way in the top bits.
    """
    line = value >> LINE_SHIFT
    row = tags.reshape(cache.sets, cache.ways)[line & (cache.sets - 1)]
    if operation in _BY_SET_AND_WAY:
        way = value >> (32 - (cache.ways - 1).bit_length()) if cache.ways > 1 else 0
    else:
        held = np.flatnonzero(row & ~DIRTY == (line + 1) << 1)
        if not len(held):
            return None
        way = int(held[0])
    tag = int(row[way])
    row[way] = tag & ~DIRTY if operation in _CLEAN_ONLY else 0
    is_dirty = tag & DIRTY and operation not in ("DCIMVAC", "DCISW")
    return (tag >> 1) - 1 if is_dirty else None
