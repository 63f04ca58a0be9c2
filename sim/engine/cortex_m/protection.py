"""The core's accesses held to the regions of its MPU (ARMv7-M B3.5).

Whole pages of memory lose Unicorn's permissions, which costs nothing where an access is allowed. Where a region ends
inside a page, and at devices, the hooks that serve such accesses ask the table (``native/protection.py``); there
Unicorn asks about each write, but about a read only until the page is in its TLB, so a read of a part of a page that
may not be read may pass. Never executable parts of a page are not seen. What is in force depends on the core's
privilege, and on HFNMIENA while a hard fault or an NMI is handled (FAULTMASK is not looked at): looked up before each
run of the core.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.mpu import Mpu
from sim.engine.native import hooks, shared, stops
from sim.engine.native.engine import Engine
from sim.engine.native.protection import FETCH, READ, WRITE

ENABLE, HFNMIENA, PRIVDEFENA = 1, 2, 4
"""MPU_CTRL."""
ALL = READ | WRITE | FETCH
_PAGES = 1 << (32 - shared.PAGE_SHIFT)
_PAGE = 1 << shared.PAGE_SHIFT
_NEVER_EXECUTED = (2, 5, 6, 7)  # of the eighths of the default memory map (B3.1)
_NEGATIVE = 1 << exc.HARD_FAULT | 1 << exc.NMI
_BY_AP = {  # privileged, unprivileged
    0: (0, 0),
    1: (READ | WRITE, 0),
    2: (READ | WRITE, READ),
    3: (READ | WRITE, READ | WRITE),
    5: (READ, 0),
    6: (READ, READ),
    7: (READ, READ),
}
_XN = 1 << 28


class Region(NamedTuple):
    """``base`` and ``size`` in bytes, ``disabled`` eighths as in SRD, what is ``allowed``."""

    base: int
    size: int
    disabled: int
    allowed: int


class Protection:
    """Keeps ``engine`` at what ``mpu`` says; ``privileged()`` and ``active()`` tell of the core and its exceptions."""

    def __init__(self, engine: Engine, mpu: Mpu, privileged: Callable[[], bool], active: Callable[[], int]) -> None:
        self._engine, self._mpu = engine, mpu
        self._privileged, self._active = privileged, active
        self._in_force: tuple[int, bool] | None = None  # the MPU's version and whether privileged; None: off
        self._table: NDArray[np.int64] = np.zeros(0, np.int64)
        self._pages: NDArray[np.uint8] = np.full(_PAGES, ALL, np.uint8)
        self._hooked = False
        self._known: dict[bool, list[Region]] = {}
        self._known_version = -1

    @property
    def on(self) -> bool:
        """Privilege matters: the MPU is on."""
        return bool(self._mpu.control.value & ENABLE)

    def follow(self) -> None:
        """The core is about to run: what counts for it from here on."""
        wanted = (self._mpu.version, self._privileged()) if self.on and self._counts() else None
        if wanted == self._in_force:
            return
        self._in_force = wanted
        state = self._engine.state
        if wanted is None:
            state[shared.MPU_TABLE] = 0
            self._show(np.full(_PAGES, ALL, np.uint8))
            return
        regions, background = self.regions(wanted[1]), self._background(wanted[1])
        words = [len(regions), background, *(word for region in regions for word in region)]
        self._table = np.array(words, np.int64)
        state[shared.MPU_TABLE] = int(self._table.ctypes.data)
        if not self._hooked:
            self._hooked = True
            passing = hooks.address_of(stops.on_passed_access)
            self._engine.add_access_watch(0, 1 << 32, passing, int(self._engine.hooking.ctypes.data))
        self._show(_by_page(regions, background))

    def _show(self, pages: NDArray[np.uint8]) -> None:
        lost = bool(np.any(self._pages & ~pages & FETCH))
        self._pages = pages
        self._engine.allow(pages, fetches=lost)

    def _counts(self) -> bool:
        """Not while a hard fault or NMI is handled, unless HFNMIENA says so (B3.5.3)."""
        return bool(self._mpu.control.value & HFNMIENA) or not self._active() & _NEGATIVE

    def _background(self, privileged: bool) -> int:
        return ALL if privileged and self._mpu.control.value & PRIVDEFENA else 0

    def regions(self, privileged: bool) -> list[Region]:
        """Those that are on, the highest last: it wins."""
        if self._known_version != self._mpu.version:
            self._known, self._known_version = {}, self._mpu.version
        if privileged not in self._known:
            self._known[privileged] = self._read_regions(privileged)
        return self._known[privileged]

    def _read_regions(self, privileged: bool) -> list[Region]:
        found = []
        for index in range(self._mpu.regions):
            attributes = self._mpu.attributes[index]
            if not attributes & 1:
                continue
            size = 2 << (attributes >> 1 & 31)
            allowed = _BY_AP.get(attributes >> 24 & 7, (0, 0))[not privileged]
            if allowed & READ and not attributes & _XN:
                allowed |= FETCH
            disabled = attributes >> 8 & 0xFF if size >= 256 else 0
            found.append(Region(self._mpu.bases[index] & ~(size - 1), size, disabled, allowed))
        return found

    def allows(self, address: int, size: int, access: int, privileged: bool) -> bool:
        """Whether ``access`` (READ or WRITE) to all of ``size`` bytes is allowed, for the core's own accesses."""
        if not self.on or not self._counts():
            return True
        first, last = address // _PAGE, (address + size - 1) // _PAGE
        if self._in_force == (self._mpu.version, privileged) and self._pages[first] & self._pages[last] & access:
            return True
        regions, places = self.regions(privileged), range(address & ~31, address + size, 32)
        return all(self._at(regions, max(address, place), privileged) & access for place in places)

    def forbids_fetch(self, address: int) -> bool:
        """Whether the instruction at ``address`` must not be executed, as things are."""
        if self._in_force is None:
            return False
        privileged = self._in_force[1]
        return not self._at(self.regions(privileged), address, privileged) & FETCH

    def _at(self, regions: list[Region], address: int, privileged: bool) -> int:
        for base, size, disabled, allowed in reversed(regions):
            if base <= address < base + size and not disabled >> (8 * (address - base) // size) & 1:
                return allowed
        return self._background(privileged)


def _by_page(regions: list[Region], background: int) -> NDArray[np.uint8]:
    """What is allowed in all of a page; of a part that may not be executed a page does not know."""
    pages = np.full(_PAGES, background, np.uint8)
    if background:
        for eighth in _NEVER_EXECUTED:
            pages[eighth * _PAGES // 8 : (eighth + 1) * _PAGES // 8] &= ALL ^ FETCH
    for base, size, disabled, allowed in regions:
        each = size // 8 if disabled else size
        for start in range(base, base + size, each):
            if disabled and disabled >> ((start - base) // each) & 1:
                continue
            _set(pages, start, start + each, allowed)
    return pages


def _set(pages: NDArray[np.uint8], start: int, end: int, allowed: int) -> None:
    first, last = -(-start // _PAGE), end // _PAGE
    if first < last:
        pages[first:last] = allowed
    for page in {start // _PAGE, (end - 1) // _PAGE}:
        if not first <= page < last:
            pages[page] = pages[page] & (allowed | FETCH) | allowed & FETCH
