"""The data cache's truth on a running machine: cache and MPU settings, maintenance, the core, other bus masters.

It costs nothing where it matters: pages are watched only while the data cache is on and may hold them, and a page the
core uses a lot without anything new is let go. What the core writes there is found out when a master comes to it, by
comparing with main memory; what it only reads there, or writes without a change, is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.engine.cortex_m.nvic import Nvic
from sim.engine.native import shared
from sim.engine.native.engine import Engine
from sim.engine.truth import layout
from sim.engine.truth.attributes import CCR_DATA_CACHE, CacheAttributes
from sim.engine.truth.lines import PAGE, DataCache
from sim.engine.truth.watch import HOT_ACCESSES, MOST_SPARED, SPARE_ACCESSES, TARGET_ACCESSES, WatchedMemory

_MOST_GATED = 64  # accesses to a page without a clock that are counted


@dataclass(frozen=True)
class CoreReport:
    """What an access of the core to a watched page showed."""

    what: int
    """One of ``layout.REPORT_``."""
    pc: int
    address: int
    detail: int


class CachedMemories:
    """All memories the data cache may hold.

    Args:
        sets, ways: of the chip's data cache.
        schedule: runs an action at the next block boundary, when permissions may change.
        report: called with what the core's accesses show.
    """

    def __init__(
        self,
        engine: Engine,
        nvic: Nvic,
        sets: int,
        ways: int,
        schedule: Callable[[Callable[[], None]], None],
        report: Callable[[CoreReport], None],
    ) -> None:
        self._engine, self._nvic = engine, nvic
        self._schedule, self._report = schedule, report
        self._on = False
        self._spare = SPARE_ACCESSES
        self._blind = False  # reads may pass unseen until the TLB is emptied, which is on its way
        self._stale_settings = False
        self._spans: dict[int, set[tuple[int, int, int]]] = {}
        self.gated: dict[tuple[int, int], int] = {}
        """Memories whose clock is off, first address and end, and how often the core has been there."""
        self.memories: list[WatchedMemory] = []
        self.cache = DataCache([], sets, ways)
        self.by_page = bytearray(1 << (32 - shared.PAGE_SHIFT))
        """For each page of the address space, 1 + the index of its memory in ``memories``; 0: none of them."""
        self.ever_on = False

    def add(self, first: int, end: int, host: int) -> None:
        """Track the memory from ``first`` to ``end`` (whole pages), whose first byte lies at ``host``."""
        index = len(self.memories)

        def report(pc: int, address: int, what: int, detail: int) -> None:
            self._called(self.memories[index], pc, address, what, detail)

        memory = WatchedMemory(self._engine, first, end, host, report)
        self.memories.append(memory)
        self.by_page[first // PAGE : end // PAGE] = bytes([index + 1]) * ((end - first) // PAGE)
        self.cache.set_memories(list(self.memories))
        if self._on:
            self._schedule(lambda: self._start(memory, CacheAttributes(self._nvic)))

    def find(self, address: int) -> WatchedMemory | None:
        """The tracked memory that holds ``address``."""
        index = self.by_page[address >> shared.PAGE_SHIFT & 0xFFFFF]
        return self.memories[index - 1] if index else None

    # Settings

    def settings_changed(self) -> None:
        """CCR, CACR or the MPU was written, or the core was reset: look at them at the next block boundary."""
        if not self._stale_settings:
            self._stale_settings = True
            self._schedule(self._follow_settings)

    def _follow_settings(self) -> None:
        self._stale_settings = False
        on = bool(self._nvic.scb.ccr & CCR_DATA_CACHE)
        switched, self._on = on != self._on, on
        self.ever_on |= on
        attributes = CacheAttributes(self._nvic)
        for memory in self.memories:
            if switched and on:
                self._start(memory, attributes)
            elif on:
                self._follow_attributes(memory, attributes)
            elif switched:
                self._stop(memory)

    def _start(self, memory: WatchedMemory, attributes: CacheAttributes) -> None:
        """An empty cache is assumed: start-up code has to invalidate it before it goes on."""
        memory.start()
        self._spans.pop(memory.first, None)
        self._follow_attributes(memory, attributes)

    def _stop(self, memory: WatchedMemory) -> None:
        memory.set_policy(memory.first, memory.end, 0)
        memory.cacheable[:] = False
        memory.wanted[:] = False
        for page in np.flatnonzero(memory.page_bits & layout.KNOWN):
            memory.wanted[page] = memory.in_trouble(int(page))
        memory.apply()

    def _follow_attributes(self, memory: WatchedMemory, attributes: CacheAttributes) -> None:
        spans = set(attributes.spans(memory.first, memory.end))
        before = self._spans.get(memory.first, set())
        if spans == before:
            return
        self._spans[memory.first] = spans
        memory.cacheable[:] = False
        for first, end, policy in spans:
            if policy:
                memory.cacheable[memory.pages(first, end - first)] = True
        for first, end, policy in spans - before:
            memory.set_policy(first, end, policy)
            pages = memory.pages(first, end - first)
            memory.wanted[pages] = memory.cacheable[pages]
        memory.apply()
        memory.know_code()

    def reset(self) -> None:
        """The core was reset: caches off; what was in them is nobody's any more."""
        for memory in self.memories:
            memory.start()
        self.settings_changed()

    # Other masters

    def aimed(self, address: int, size: int) -> None:
        """A master will write ``size`` bytes at ``address``."""
        memory = self.find(address)
        if memory is None or not self._on or not size:
            return
        pages = memory.pages(address, size)
        if memory.refresh(pages, TARGET_ACCESSES):
            self._schedule(memory.apply)
        if memory.awake(pages):
            self._see_reads()

    def accessed(self, memory: WatchedMemory, address: int, size: int, bits: int) -> None:
        """What a master's access of ``memory`` answered (``layout``: NEW_STALE, AWAKE)."""
        if bits & layout.NEW_STALE:
            self.aimed(address, size)
        if bits & layout.AWAKE or (bits & layout.NEW_STALE and not memory.knows_reads):
            self._see_reads()

    def written_past(self, address: int, size: int) -> None:
        """Neither the core nor a master has written: what it wrote is everywhere at once."""
        memory = self.find(address)
        if memory is not None and self.ever_on:
            memory.written_past(address, size)

    def _see_reads(self) -> None:
        if not self._blind:
            self._blind = True
            self._schedule(self._empty_tlb)

    def _empty_tlb(self) -> None:
        self._blind = False
        self._engine.show_reads_again()

    # Memories without a clock

    def gate(self, first: int, end: int, closed: bool) -> None:
        """The clock of the memory from ``first`` to ``end`` is off, or on; at a block boundary."""
        known = (first, end) in self.gated
        if known == closed:
            return
        if closed:
            self.gated[first, end] = 0
        else:
            del self.gated[first, end]
        for memory in self.memories:
            if memory.first < end and first < memory.end:
                memory.gate(first, end, closed)
                memory.gated = any(start < memory.end and memory.first < last for start, last in self.gated)
                memory.apply()

    def _gated_access(self, memory: WatchedMemory, address: int) -> None:
        """After so many accesses a memory without a clock is only slow to watch."""
        for span, count in self.gated.items():
            if span[0] <= address < span[1]:
                self.gated[span] = count + 1
                if count == _MOST_GATED:
                    memory.gate(*span, closed=False)
                    self._schedule(memory.apply)

    # From the native side

    def _called(self, memory: WatchedMemory, pc: int, address: int, what: int, detail: int) -> None:
        page = (address - memory.first) // PAGE
        if what == layout.REPORT_HOT:
            if memory.in_trouble(page):
                memory.page_words[page, layout.LEFT] = TARGET_ACCESSES
            elif not self._is_spared(memory, page):
                self._schedule(lambda: self._let_go(memory, page))
        elif what == layout.REPORT_AWAKE:
            self._see_reads()
        elif what == layout.REPORT_CODE:
            memory.wanted[page] = False
            self._schedule(lambda: self._code_written(memory, address, detail))
        elif what == layout.REPORT_INVALIDATED:
            memory.wanted[page] = True
            if memory.awake(slice(page, page + 1)):
                self._see_reads()
            self._schedule(memory.apply)
        else:
            if what == layout.REPORT_GATED:
                self._gated_access(memory, address)
            self._report(CoreReport(what, pc, address, detail))

    def _is_spared(self, memory: WatchedMemory, page: int) -> bool:
        """A hot page may stay a little longer: of few pages more is known than of many."""
        if self._spare < HOT_ACCESSES or memory.spared[page] >= MOST_SPARED:
            return False
        self._spare -= HOT_ACCESSES
        memory.spared[page] += HOT_ACCESSES
        memory.page_words[page, layout.LEFT] = HOT_ACCESSES
        return True

    def _let_go(self, memory: WatchedMemory, page: int) -> None:
        if not memory.in_trouble(page):
            memory.wanted[page] = False
            memory.apply()

    def _code_written(self, memory: WatchedMemory, address: int, size: int) -> None:
        memory.apply()
        self._engine.forget_code(address, size)
