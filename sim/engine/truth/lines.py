"""What is kept of one memory's cache lines, and of the data cache before them all; the rules are in ``rules.py``."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import hooks, shared
from sim.engine.truth import layout, native

LINE, PAGE = layout.LINE, 1 << shared.PAGE_SHIFT
MAINTENANCE = {
    "DCIMVAC": layout.DCIMVAC,
    "DCISW": layout.DCISW,
    "DCCMVAU": layout.DCCMVAU,
    "DCCMVAC": layout.DCCMVAC,
    "DCCSW": layout.DCCSW,
    "DCCIMVAC": layout.DCCIMVAC,
    "DCCISW": layout.DCCISW,
}
_BY_SET = (layout.DCISW, layout.DCCSW, layout.DCCISW)
_REPORT = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
_WRITES = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_char_p)
Report = Callable[[int, int, int, int], None]
"""``report(pc, address, what, detail)``, ``what`` one of ``layout.REPORT_``."""


@functools.cache
def _master_writes() -> Callable[[int, int, int, bytes], int]:
    return _WRITES(hooks.address_of(native.master_writes))


class TrackedMemory:
    """Lines of the memory from ``first`` to ``end`` (whole pages), whose first byte lies at ``host`` in this process.

    ``state``: pointer to the engine's state, 0 without one.
    """

    def __init__(self, first: int, end: int, host: int, report: Report, state: int = 0) -> None:
        self.first, self.end = first, end
        lines, pages = (end - first) // LINE, (end - first) // PAGE
        self.main: NDArray[np.uint8] = np.zeros(end - first, np.uint8)
        self._held: NDArray[np.uint8] = np.zeros(end - first, np.uint8)
        self.bits: NDArray[np.uint8] = np.zeros(lines, np.uint8)
        self.written, self.stale, self._sticky, self.lost, self._lost_by = (np.zeros(lines, np.uint32) for _ in "12345")
        self.page_words: NDArray[np.int64] = np.zeros((pages, layout.PAGE_WORDS), np.int64)
        self.page_bits: NDArray[np.uint8] = np.zeros(pages, np.uint8)
        self._page_policy: NDArray[np.uint8] = np.zeros(pages, np.uint8)

        def call(pc: int, address: int, what: int, detail: int) -> int:
            report(pc, address, what, detail)
            return 0

        self._callback = _REPORT(call)
        self._record: NDArray[np.int64] = np.zeros(layout.SLOTS, np.int64)
        for slot, value in (
            (layout.STATE, state),
            (layout.FIRST, first),
            (layout.END, end),
            (layout.HOST, host),
            (layout.MAIN, self.main.ctypes.data),
            (layout.HELD, self._held.ctypes.data),
            (layout.LINES, self.bits.ctypes.data),
            (layout.WRITTEN, self.written.ctypes.data),
            (layout.STALE, self.stale.ctypes.data),
            (layout.STICKY, self._sticky.ctypes.data),
            (layout.LOST, self.lost.ctypes.data),
            (layout.LOST_BY, self._lost_by.ctypes.data),
            (layout.PAGES, self.page_words.ctypes.data),
            (layout.PAGE_BITS, self.page_bits.ctypes.data),
            (layout.PAGE_POLICY, self._page_policy.ctypes.data),
            (layout.FN_REPORT, ctypes.cast(self._callback, ctypes.c_void_p).value or 0),
        ):
            self._record[slot] = value
        self.record = int(self._record.ctypes.data)

    def know_lookups(self, address: int, count: int) -> None:
        """Where Unicorn's tables of looked up pages are (``lookups.py``)."""
        self._record[layout.LOOKUPS], self._record[layout.LOOKUP_COUNT] = address, count

    def pages(self, address: int, size: int) -> slice:
        """The pages of a range, clipped to this memory."""
        first = max(address, self.first) - self.first
        end = min(address + size, self.end) - self.first
        return slice(first // PAGE, max(first // PAGE, -(-end // PAGE)))

    def set_policy(self, address: int, end: int, policy: int) -> None:
        """Addresses ``address`` to ``end`` (whole lines) are cached by ``policy`` (``layout``: CACHEABLE ..)."""
        native.set_policy.ctypes(self.record, (address - self.first) // LINE, (end - self.first) // LINE, policy)

    def start(self) -> None:
        """The cache goes on, and is empty: nothing is known, nothing may be cached."""
        native.forget.ctypes(self.record, len(self.page_bits))

    def catch_up(self, first: int, end: int) -> None:
        """Find out what the core has written to pages ``first`` to ``end`` while they were not watched."""
        native.catch_up_pages.ctypes(self.record, first, end)

    def in_trouble(self, page: int) -> bool:
        """Whether reads of a page have to be seen for what they may show."""
        return bool(native.is_page_in_trouble.ctypes(self.record, page))

    def core_accesses(self, address: int, size: int, value: int, write: bool) -> None:
        """What the hook does when the core reads or is about to write ``size`` bytes (1 to 8) at ``address``."""
        native.core_accesses.ctypes(self.record, address, size, value, int(write))

    def master_reads(self, address: int, size: int) -> int:
        """Another master reads ``size`` bytes at ``address``, all of this memory: bits of ``layout`` (UNCLEANED ..)."""
        return native.master_reads.ctypes(self.record, address, size)

    def master_writes(self, address: int, size: int, data: bytes) -> int:
        """Another master is about to write ``size`` bytes, ``data``, at ``address``; as ``master_reads``."""
        return _master_writes()(self.record, address, size, data)

    def found(self, bits: int) -> dict[int, int]:
        """Where the last access of a master first found each of UNCLEANED, OVER and LOST_READ in ``bits``."""
        kinds = (layout.UNCLEANED, layout.OVER, layout.LOST_READ)
        places = self._record[layout.FOUND : layout.FOUND + layout.KINDS].tolist()
        return {kind: place for kind, place in zip(kinds, places, strict=True) if bits & kind}

    def written_past(self, address: int, size: int) -> None:
        """Something that is neither the core nor a master (monitor, debugger) has written: cache and memory have it."""
        start = max(address, self.first)
        size = max(0, min(address + size, self.end) - start)
        place = start - self.first
        host = int(self._record[layout.HOST]) + place
        self.main[place : place + size] = np.frombuffer(ctypes.string_at(host, size), np.uint8)


class DataCache:
    """Maintenance of all ``memories`` behind a cache of ``sets`` sets of ``ways`` ways (powers of two)."""

    def __init__(self, memories: list[TrackedMemory], sets: int, ways: int) -> None:
        self._ways_done: NDArray[np.uint32] = np.zeros((len(_BY_SET), sets), np.uint32)
        self._words: NDArray[np.int64] = np.zeros(layout.CACHE_RECORDS + layout.MOST_MEMORIES, np.int64)
        self._words[[layout.CACHE_SETS, layout.CACHE_WAYS]] = sets, ways
        for index in range(len(_BY_SET)):
            self._words[layout.CACHE_DONE + index] = self._ways_done[index].ctypes.data
        self._call: NDArray[np.int64] = np.array([hooks.address_of(native.maintain), self._words.ctypes.data], np.int64)
        self.set_memories(memories)

    def set_memories(self, memories: list[TrackedMemory]) -> None:
        """Those there are now."""
        for index, memory in enumerate(memories):
            self._words[layout.CACHE_RECORDS + index] = memory.record
        self._words[layout.CACHE_COUNT] = len(memories)

    @property
    def call(self) -> int:
        """Pointer to what ``hooks.on_private_write`` calls."""
        return int(self._call.ctypes.data)

    def maintain(self, name: str, value: int, pc: int = 0) -> None:
        """The instruction at ``pc`` has written ``value`` to the maintenance register ``name``; others are ignored."""
        offset = MAINTENANCE.get(name)
        if offset is not None:
            native.maintain.ctypes(int(self._words.ctypes.data), offset, value, pc)
