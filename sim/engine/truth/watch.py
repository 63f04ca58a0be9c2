"""Which pages of a tracked memory are watched: permissions, and Unicorn's table of pages it has looked up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import hooks
from sim.engine.native.engine import Engine
from sim.engine.native.lookups import find_lookups
from sim.engine.truth import layout, native
from sim.engine.truth.lines import PAGE, Report, TrackedMemory

HOT_ACCESSES = 1024
"""Accesses that taught nothing after which a page is let go; of pages a master writes, ``TARGET_ACCESSES``."""
TARGET_ACCESSES = 8 * HOT_ACCESSES
SPARE_ACCESSES, MOST_SPARED = 128 * HOT_ACCESSES, 16 * HOT_ACCESSES
"""More of them, for all hot pages together and for each: an access to a watched page costs about 0.2 us."""


class WatchedMemory(TrackedMemory):
    """A tracked memory of a running machine. ``wanted``: pages to be watched for the cache's sake.

    Args:
        first, end: addresses, multiples of 4 KiB.
        host: where the first byte lies in this process.
        report: see ``TrackedMemory``.
    """

    def __init__(self, engine: Engine, first: int, end: int, host: int, report: Report) -> None:
        super().__init__(first, end, host, report, int(engine.array.ctypes.data))
        self._engine = engine
        pages = (end - first) // PAGE
        self.wanted: NDArray[np.bool_] = np.zeros(pages, np.bool_)
        self.cacheable: NDArray[np.bool_] = np.zeros(pages, np.bool_)
        """Pages with a line the cache may hold."""
        self.spared: NDArray[np.int64] = np.zeros(pages, np.int64)
        self.gated = False
        """Some of it has no clock."""
        self.knows_reads = False
        """Every read of a watched page can be seen, not only the first one after a look-up."""
        lookups, registers = find_lookups(), engine.registers_address()
        if lookups.count and registers:
            self.knows_reads = True
            self.know_lookups(registers - lookups.distance, lookups.count)
        self.page_words[:, layout.LEFT] = HOT_ACCESSES
        engine.add_access_watch(first, end, hooks.address_of(native.on_watched_access), self.record)

    def apply(self) -> None:
        """Take or give back permissions, in runs of pages that change; not while the core runs.

        Pages that code was run from are not watched: the native hook writes behind the back of Unicorn's translator.
        """
        seen = self.page_bits & layout.SEEN != 0
        should = self.wanted | (self.page_bits & layout.GATED != 0)
        should &= np.frombuffer(self._engine.code_pages, np.uint8)[self.first // PAGE : self.end // PAGE] == 0
        for on in (True, False):
            for first, last in _runs(~seen & should if on else seen & ~should):
                if on:
                    self._rewatch(first, last)
                    self.page_words[first:last, layout.READS] = layout.FIRST_READS
                    self.page_bits[first:last] |= layout.SEEN
                else:
                    self._know(first, last)
                    self.page_bits[first:last] &= 0xFF ^ (layout.SEEN | layout.QUIET | layout.PATIENT)
                    self.page_words[first:last, layout.LEFT] = HOT_ACCESSES
                self._engine.set_access_watched(self.first + first * PAGE, (last - first) * PAGE, on)

    def know_code(self) -> None:
        """Pages that are not watched, though they may be cached: main memory there is what it is now."""
        self._know(0, len(self.wanted), layout.SEEN)

    def _know(self, first: int, last: int, but: int = 0) -> None:
        missed = self.cacheable[first:last] & (self.page_bits[first:last] & (layout.KNOWN | but) == 0)
        for start, end in _runs(missed):
            self.catch_up(first + start, first + end)

    def _rewatch(self, first: int, last: int) -> None:
        """Pages nobody has come to since the cache went on are as everybody sees them."""
        for page in first + np.flatnonzero(self.page_bits[first:last] & layout.KNOWN):
            self.catch_up(int(page), int(page) + 1)

    def refresh(self, pages: slice, accesses: int) -> bool:
        """These pages matter now: watch them for ``accesses`` more; True when ``apply`` has something to do."""
        self.page_words[pages, layout.LEFT] = accesses
        self.wanted[pages] |= self.cacheable[pages]
        return bool((self.wanted[pages] & (self.page_bits[pages] & layout.SEEN == 0)).any())

    def awake(self, pages: slice) -> bool:
        """Reads of these pages are to be seen; True when Unicorn has to forget what it has looked up."""
        quiet = bool((self.page_bits[pages] & layout.QUIET).any())
        self.page_bits[pages] &= 0xFF ^ (layout.QUIET | layout.PATIENT)
        words = self.page_words[pages, layout.READS]
        np.maximum(words, layout.NEXT_READS, out=words)
        return quiet or not self.knows_reads

    def gate(self, address: int, end: int, closed: bool) -> None:
        """The clock of ``address`` to ``end`` is off, or on: ``apply`` then."""
        pages = self.pages(address, end - address)
        if closed:
            self.page_bits[pages] |= layout.GATED
        else:
            self.page_bits[pages] &= 0xFF ^ layout.GATED


def _runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
