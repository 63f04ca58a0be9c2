"""Stale cache lines: a DMA wrote memory the data cache still holds, and the core reads the line.

Kept for each line: may the cache hold it (the core has touched it since it was last invalidated), and has a DMA
written it since. Evictions are not followed: a line that happens to have left the cache is only right by luck.

It costs nothing where it matters: only pages of memories a DMA may write are watched, only while the data cache is
on, and a page the core uses a lot is let go (its lines then count as cached) until a DMA is aimed at it.

Unicorn shows only the first read of a page it has looked up, and every write. So its TLB is emptied when a stream is
aimed and when a line becomes stale: of each page the first line read after that is seen, of the others no read is.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sim.engine import hooks
from sim.engine.native import Engine
from sim.engine.nvic import Nvic
from sim.engine.truth import native

LINE, PAGE = 1 << hooks.LINE_SHIFT, 1 << native.WATCH_PAGE_SHIFT
HOT_ACCESSES = 256
"""Accesses after which a page no DMA writes is let go."""
_FOREVER = 1 << 62
_REPORT = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class WatchedMemory:
    """One memory: its lines, and which of its pages are watched now."""

    def __init__(
        self, engine: Engine, first: int, end: int, host: int, report: Callable[[int, int, int], None]
    ) -> None:
        self.first, self.end = first, end
        self._engine = engine
        self.lines: NDArray[np.uint8] = np.zeros((end - first) // LINE + 8, np.uint8)  # 8: read as words natively
        self.view: memoryview[int] = self.lines.data
        self.left: NDArray[np.int64] = np.full((end - first) // PAGE, HOT_ACCESSES, np.int64)
        self.watched: NDArray[np.bool_] = np.zeros((end - first) // PAGE, np.bool_)
        self.targets: NDArray[np.bool_] = np.zeros((end - first) // PAGE, np.bool_)

        def call(pc: int, address: int, what: int, unused: int) -> int:
            report(pc, address, what)
            return 0

        self._callback = _REPORT(call)
        slots = [0] * native.SLOTS
        slots[native.STATE] = int(engine.array.ctypes.data)
        slots[native.LINES] = int(self.lines.ctypes.data)
        slots[native.PAGES] = int(self.left.ctypes.data)
        slots[native.BASE] = first
        slots[native.HOST] = host
        slots[native.FN_REPORT] = ctypes.cast(self._callback, ctypes.c_void_p).value or 0
        self._slots: NDArray[np.int64] = np.array(slots, np.int64)
        engine.add_access_watch(first, end, hooks.address_of(native.on_watched_access), int(self._slots.ctypes.data))

    def watch(self, pages: slice, on: bool) -> None:
        """Take or give back the permissions of ``pages``; in runs of pages that change.

        Pages that code was run from stay as they are: the native hook writes behind the back of Unicorn's translator.
        """
        change = self.watched[pages] != on
        if on:
            numbers = range(self.first // PAGE + (pages.start or 0), self.first // PAGE + pages.stop)
            change &= np.array([not self._engine.code_pages[number] for number in numbers], np.bool_)
        start = pages.start or 0
        for first, last in _runs(change):
            self._engine.set_access_watched(self.first + (start + first) * PAGE, (last - first) * PAGE, on)
        self.watched[pages] ^= change

    def pages(self, address: int, size: int) -> slice:
        """The pages of a range, clipped to this memory."""
        first = max(address, self.first) - self.first
        end = min(address + size, self.end) - self.first
        return slice(first // PAGE, max(first // PAGE, -(-end // PAGE)))


def _runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


class StaleLines:
    """All memories a DMA may write.

    Args:
        memories: first address, end, and where the first byte lies in this process.
        schedule: runs an action at the next block boundary, when permissions may change.
        report: called with (pc, address) of the read of a stale line.
    """

    def __init__(
        self,
        engine: Engine,
        nvic: Nvic,
        memories: list[tuple[int, int, int]],
        schedule: Callable[[Callable[[], None]], None],
        report: Callable[[int, int], None],
    ) -> None:
        self._nvic = nvic
        self._schedule = schedule
        self._report = report
        self._on = False
        self._engine = engine
        self._blind = False  # reads may pass unseen until the TLB is emptied, which is on its way
        self._memories = [WatchedMemory(engine, *memory, self._called) for memory in memories]
        words = [len(memories)]
        for memory in self._memories:
            words += [memory.first, memory.end, int(memory.lines.ctypes.data)]
        self.table: NDArray[np.int64] = np.array(words, np.int64)
        """What ``hooks.on_private_write`` needs to do the by-address half of ``maintained`` natively."""

    def _find(self, address: int) -> WatchedMemory | None:
        for memory in self._memories:
            if memory.first <= address < memory.end:
                return memory
        return None

    # The data cache

    def cache_switched(self, on: bool) -> None:
        """CCR.DC changed. An empty cache is assumed when it goes on: start-up code has to invalidate it."""
        if on == self._on:
            return
        self._on = on
        self._schedule(self._start if on else self._stop)

    def _start(self) -> None:
        for memory in self._memories:
            memory.lines[:] = 0
            memory.left[:] = HOT_ACCESSES
            self._attributes(memory, memory.first, memory.end - memory.first)
            memory.watch(slice(0, len(memory.watched)), self._on)

    def _stop(self) -> None:
        for memory in self._memories:
            memory.watch(slice(0, len(memory.watched)), False)

    def _attributes(self, memory: WatchedMemory, address: int, size: int) -> None:
        """Note for each line what the MPU, or the default map without it, lets the cache do."""
        start = (max(address, memory.first) - memory.first) // LINE
        end = (min(address + size, memory.end) - memory.first + LINE - 1) // LINE
        keep = 0xFF & ~(native.CACHEABLE | native.WRITE_ALLOCATE)
        memory.lines[start:end] &= keep
        for first, last, bits in cache_spans(self._nvic, memory.first + start * LINE, memory.first + end * LINE):
            memory.lines[(first - memory.first) // LINE : (last - memory.first) // LINE] |= bits

    def maintained(self, name: str, value: int) -> None:
        """A cache maintenance write: an invalidated line is as memory has it."""
        if not self._on:
            return
        if name in ("DCIMVAC", "DCCIMVAC"):
            memory = self._find(value)
            if memory is not None:
                memory.view[(value - memory.first) // LINE] &= native.CACHEABLE | native.WRITE_ALLOCATE
        elif name in ("DCISW", "DCCISW") and value & ~0xC0000000 == 0:
            # By set and way: a loop over all of them is what code does; its set 0 stands for the whole.
            for memory in self._memories:
                memory.lines &= native.CACHEABLE | native.WRITE_ALLOCATE

    # The DMA

    def dma_aimed(self, address: int, size: int) -> None:
        """A stream that will write ``size`` bytes at ``address`` was enabled."""
        memory = self._find(address)
        if memory is None or not self._on or not size:
            return
        self._attributes(memory, address, size)
        pages = memory.pages(address, size)
        memory.left[pages] = _FOREVER
        memory.targets[pages] = True
        if not memory.watched[pages].all():
            self._schedule(lambda: memory.watch(pages, self._on))
        self._see_reads()

    def dma_writes(self, address: int, size: int) -> None:
        """A stream writes now."""
        memory = self._find(address)
        if memory is None or not self._on:
            return
        lines = memory.view
        for line in range((address - memory.first) // LINE, (address + size - 1 - memory.first) // LINE + 1):
            bits = lines[line]
            if bits & native.CACHED:
                lines[line] = bits & (0xFF ^ native.REPORTED) | native.STALE
                self._see_reads()

    def _see_reads(self) -> None:
        if not self._blind:
            self._blind = True
            self._schedule(self._empty_tlb)

    def _empty_tlb(self) -> None:
        self._blind = False
        self._engine.show_reads_again()

    # From the native side

    def _called(self, pc: int, address: int, what: int) -> None:
        if what == native.REPORT_STALE:
            self._report(pc, address)
            return
        memory = self._find(address)
        if memory is None:
            return
        page = (address - memory.first) // PAGE
        first = page * (PAGE // LINE)
        lines = memory.lines[first : first + PAGE // LINE]
        lines[(lines & native.CACHEABLE) != 0] |= native.CACHED
        self._schedule(lambda: self._let_go(memory, page))

    def _let_go(self, memory: WatchedMemory, page: int) -> None:
        if not memory.targets[page]:
            memory.watch(slice(page, page + 1), False)


def cache_spans(nvic: Nvic, first: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Spans of ``first`` to ``end`` (start, end, bits) whose addresses have the same CACHEABLE and WRITE_ALLOCATE."""
    edges = {first, end}
    mpu = nvic.mpu
    if mpu.control.value & 1:
        for number in range(mpu.regions):
            attributes = mpu.attributes[number]
            if attributes & 1:
                size = 2 << (attributes >> 1 & 0x1F)
                base = mpu.bases[number] & ~(size - 1)
                parts = 8 if size >= 256 and attributes >> 8 & 0xFF else 1  # subregions matter where one is off
                edges.update(base + size * part // parts for part in range(parts + 1))
    inside = sorted(edge for edge in edges if first <= edge <= end)
    for start, stop in itertools.pairwise(inside):
        yield start, stop, cache_bits(nvic, start)


def cache_bits(nvic: Nvic, address: int) -> int:
    """CACHEABLE and WRITE_ALLOCATE of an address.

    ARMv7-M B3.5: of overlapping regions the highest number counts; outside all of them the default memory map, if
    PRIVDEFENA. TEX, C, B: table B3-13.
    """
    mpu = nvic.mpu
    if mpu.control.value & 1:
        for number in range(mpu.regions - 1, -1, -1):
            attributes = mpu.attributes[number]
            if not attributes & 1:
                continue
            size = 2 << (attributes >> 1 & 0x1F)
            base = mpu.bases[number] & ~(size - 1)
            if base <= address < base + size and not _disabled(attributes, size, address - base):
                return _attribute_bits(attributes)
    region = address >> 29
    if region in (0, 3):  # code and the first half of external RAM; SRAM below: write-back, write-allocate
        return native.CACHEABLE | (native.WRITE_ALLOCATE if region == 3 else 0)
    return native.CACHEABLE | native.WRITE_ALLOCATE if region == 1 else 0


def _disabled(attributes: int, size: int, offset: int) -> bool:
    return size >= 256 and bool(attributes >> 8 >> (offset * 8 // size) & 1)


def _attribute_bits(attributes: int) -> int:
    tex, c, b = attributes >> 19 & 7, attributes >> 17 & 1, attributes >> 16 & 1
    if tex & 4:  # outer policy in TEX, inner (level 1) in C and B
        policy = c << 1 | b
        return (0, native.CACHEABLE | native.WRITE_ALLOCATE, native.CACHEABLE, native.CACHEABLE)[policy]
    if not c:
        return 0
    return native.CACHEABLE | (native.WRITE_ALLOCATE if tex == 1 and b else 0)
