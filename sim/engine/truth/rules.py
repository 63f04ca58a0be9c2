"""What each line of a memory holds that the cache may have otherwise: the rules, natively.

A line of write-back memory has three contents: what the program means (the memory Unicorn reads and writes, which is
what a coherent machine has), what main memory holds on the chip (``MAIN``), and, where a DMA has written since the
cache took the line, what the cache still holds (``HELD``). Four masks, a bit a byte, say where they may differ:

* ``WRITTEN``: the core wrote something else than main memory has, and has not cleaned it;
* ``STALE``: a DMA wrote something else than the cache holds (in a dirty line only once that has been told);
* ``STICKY``: of these, where even a write of the very value does not make them agree, since the line may have gone and
  come back in between, with what was written before;
* ``LOST``: the core wrote it, and then the line was invalidated.

A cache may write a dirty line back, and drop any line, at any moment: the masks hold what *may* differ.

What the core writes to pages that are not watched is found out later, by comparing with ``MAIN`` (``_catch_up``).
"""

from __future__ import annotations

from sim.engine.native.intrinsics import call3, call4, load8, load32, load64, store8, store32, store64
from sim.engine.native.native_code import njit
from sim.engine.native.shared import ACCESS_PC, FN_REG_READ, LINE_SHIFT, PAGE_SHIFT, REG_PC
from sim.engine.truth.layout import (
    ALLOCATE,
    CACHE_COUNT,
    CACHE_DONE,
    CACHE_RECORDS,
    CACHE_SETS,
    CACHE_WAYS,
    CACHEABLE,
    CACHED,
    CLEAN,
    DCCIMVAC,
    DCCISW,
    DCCSW,
    DCIMVAC,
    DCISW,
    DIRTY,
    END,
    FIRST,
    FN_REPORT,
    FOUND,
    HELD,
    HOST,
    INVALIDATE,
    KINDS,
    KNOWN,
    LINE,
    LINES,
    LINES_A_PAGE,
    LOST,
    LOST_BY,
    LOST_READ,
    MAIN,
    NEW_STALE,
    NEXT_READS,
    OVER,
    PAGE_BITS,
    PAGE_POLICY,
    PAGE_WORDS,
    PAGES,
    PATIENT,
    POLICY,
    QUIET,
    READS,
    REPORT_INVALIDATED,
    REPORT_LOST,
    REPORT_OVER,
    REPORT_STALE,
    SEEN,
    STALE,
    STATE,
    STICKY,
    TOLD,
    TROUBLED_READS,
    UNCLEANED,
    WRITE_BACK,
    WRITTEN,
)


@njit
def _mask(record: int, name: int, line: int) -> int:
    return load32(load64(record + 8 * name) + 4 * line)


@njit
def _set_mask(record: int, name: int, line: int, value: int) -> None:
    store32(load64(record + 8 * name) + 4 * line, value)


@njit
def _content(record: int, name: int, line: int) -> int:
    """Pointer to the 32 bytes of a line."""
    return load64(record + 8 * name) + (line << LINE_SHIFT)


@njit
def _page_bits(record: int, page: int) -> int:
    return load8(load64(record + 8 * PAGE_BITS) + page)


@njit
def _set_page_bits(record: int, page: int, bits: int) -> None:
    store8(load64(record + 8 * PAGE_BITS) + page, bits)


@njit
def _page_word(record: int, page: int, word: int) -> int:
    """Pointer to a word of a page."""
    return load64(record + 8 * PAGES) + 8 * (PAGE_WORDS * page + word)


@njit
def _page_of(line: int) -> int:
    return line >> (PAGE_SHIFT - LINE_SHIFT)


@njit
def _first_bit(mask: int) -> int:
    place = 0
    while not mask >> place & 1:
        place += 1
    return place


@njit
def _differing(a: int, b: int, first: int, end: int) -> int:
    """Mask of the bytes ``first`` to ``end`` in which two lines differ."""
    mask = 0
    place = first
    while place < end:
        if place & 7 == 0 and place + 8 <= end and load64(a + place) == load64(b + place):
            place += 8
            continue
        if load8(a + place) != load8(b + place):
            mask |= 1 << place
        place += 1
    return mask


@njit
def _copy(to: int, source: int, first: int, end: int) -> None:
    place = first
    while place & 7 and place < end:
        store8(to + place, load8(source + place))
        place += 1
    while place + 8 <= end:
        store64(to + place, load64(source + place))
        place += 8
    while place < end:
        store8(to + place, load8(source + place))
        place += 1


@njit
def _copy_line(to: int, source: int) -> None:
    for place in range(0, LINE, 8):
        store64(to + place, load64(source + place))


@njit
def _report(record: int, uc: int, address: int, what: int, detail: int) -> None:
    """Tell Python; ``uc`` is Unicorn's handle while the core accesses something, 0 else."""
    pc = 0
    if uc:
        state: int = load64(record + 8 * STATE)
        scratch = state + 8 * ACCESS_PC
        store64(scratch, 0)
        call3(load64(state + 8 * FN_REG_READ), uc, REG_PC, scratch)
        pc = load64(scratch)
    call4(load64(record + 8 * FN_REPORT), pc, address, what, detail)


@njit
def _note(record: int, kind: int, place: int) -> None:
    """A master's access found something at ``place`` bytes behind the memory's first."""
    slot = record + 8 * (FOUND + _first_bit(kind))
    if load64(slot) == 0:
        store64(slot, load64(record + 8 * FIRST) + place)


@njit
def _know(record: int, page: int) -> None:
    """Somebody comes to a page for the first time since the cache went on: memory is as everybody sees it."""
    bits = _page_bits(record, page)
    if bits & KNOWN:
        return
    _set_page_bits(record, page, bits | KNOWN)
    policy: int = load8(load64(record + 8 * PAGE_POLICY) + page)
    for line in range(page * LINES_A_PAGE, (page + 1) * LINES_A_PAGE):
        store8(load64(record + 8 * LINES) + line, policy)
        if policy & WRITE_BACK:
            _copy_line(_content(record, MAIN, line), _content(record, HOST, line))


@njit
def _catch_up(record: int, line: int) -> None:
    """A line of a page that is not watched: what the core wrote there is what differs from main memory."""
    page = _page_of(line)
    _know(record, page)
    if _page_bits(record, page) & SEEN:
        return
    pointer = load64(record + 8 * LINES) + line
    bits = load8(pointer)
    if not bits & WRITE_BACK:
        return
    mask = _differing(_content(record, HOST, line), _content(record, MAIN, line), 0, LINE)
    if not bits & (CACHED | ALLOCATE):  # as far as is known it went to main memory
        _copy_line(_content(record, MAIN, line), _content(record, HOST, line))
        return
    if mask:
        store8(pointer, bits | CACHED | DIRTY)
        _set_mask(record, STALE, line, _mask(record, STALE, line) & ~mask)
        _set_mask(record, LOST, line, _mask(record, LOST, line) & ~mask)
    _set_mask(record, WRITTEN, line, _mask(record, WRITTEN, line) & _mask(record, STICKY, line) | mask)


# The core


@njit
def _core_reads(record: int, uc: int, line: int, mask: int) -> int:
    """Bytes ``mask`` of a line are read; 1 when that taught something about the line."""
    lost = _mask(record, LOST, line) & mask
    if lost:
        address = load64(record + 8 * FIRST) + (line << LINE_SHIFT) + _first_bit(lost)
        _set_mask(record, LOST, line, 0)
        _report(record, uc, address, REPORT_LOST, _mask(record, LOST_BY, line))
    pointer = load64(record + 8 * LINES) + line
    bits = load8(pointer)
    if not bits & CACHEABLE:
        return 0
    stale = _mask(record, STALE, line)
    if stale & mask:
        address = load64(record + 8 * FIRST) + (line << LINE_SHIFT) + _first_bit(stale & mask)
        _set_mask(record, STALE, line, 0)
        _set_mask(record, STICKY, line, 0)
        _report(record, uc, address, REPORT_STALE, 0)
    elif stale or bits & DIRTY:  # the line may have come back just now
        _set_mask(record, STICKY, line, _mask(record, STICKY, line) | stale | _mask(record, WRITTEN, line))
    if bits & CACHED:
        return 0
    store8(pointer, bits | CACHED)
    return 1


@njit
def _core_writes(record: int, uc: int, line: int, mask: int, first: int, end: int, value: int) -> int:
    """Bytes ``first`` to ``end`` of a line, which ``mask`` stands for, are about to be written; as ``_core_reads``."""
    lost = _mask(record, LOST, line)
    if lost:
        _set_mask(record, LOST, line, lost & ~mask)
    pointer = load64(record + 8 * LINES) + line
    bits = load8(pointer)
    if not bits & CACHEABLE:
        return 0
    main = _content(record, MAIN, line)
    stale = _mask(record, STALE, line)
    if not bits & WRITE_BACK or not bits & (CACHED | ALLOCATE):  # goes to main memory
        for place in range(first, end):
            store8(main + place, value >> 8 * (place - first))
        if stale:
            _set_mask(record, STALE, line, stale & ~mask)
            _set_mask(record, STICKY, line, _mask(record, STICKY, line) & ~mask)
        return 0
    if stale:
        rest = stale & ~mask
        _set_mask(record, STALE, line, rest)
        _set_mask(record, STICKY, line, 0)
        if rest and not bits & TOLD:
            bits |= TOLD
            address = load64(record + 8 * FIRST) + (line << LINE_SHIFT)
            _report(record, uc, address + _first_bit(rest), REPORT_OVER, address + first)
    store8(pointer, bits | CACHED | DIRTY)
    written = _mask(record, WRITTEN, line)
    sticky = _mask(record, STICKY, line) | lost & mask
    for place in range(first, end):
        if value >> 8 * (place - first) & 0xFF != load8(main + place):
            written |= 1 << place
        else:
            written &= ~(1 << place)
    written |= sticky & mask
    _set_mask(record, WRITTEN, line, written)
    _set_mask(record, STICKY, line, sticky | written if bits & ALLOCATE else sticky)
    return 0 if bits & DIRTY else 1


@njit
def _core_accesses(record: int, uc: int, place: int, size: int, value: int, write: int) -> int:
    """``size`` bytes (1 to 8) at ``place`` behind the memory's first byte; the memory itself is still as before."""
    news = 0
    end = place + size
    while place < end:
        line = place >> LINE_SHIFT
        _know(record, place >> PAGE_SHIFT)
        first = place & LINE - 1
        last = min(LINE, first + end - place)
        mask = (1 << last) - (1 << first)
        if write:
            news |= _core_writes(record, uc, line, mask, first, last, value)
            value >>= 8 * (last - first)
        else:
            news |= _core_reads(record, uc, line, mask)
        place += last - first
    return news


@njit
def _is_in_trouble(record: int, page: int) -> int:
    for line in range(page * LINES_A_PAGE, (page + 1) * LINES_A_PAGE):
        if _mask(record, STALE, line) | _mask(record, LOST, line):
            return 1
    return 0


@njit
def _refill(record: int, page: int, reads: int) -> int:
    """See at least so many more reads of a page; 1 when Unicorn has to be made to show them."""
    word = _page_word(record, page, READS)
    store64(word, max(load64(word), reads))
    bits = _page_bits(record, page)
    if bits & (QUIET | PATIENT):
        _set_page_bits(record, page, bits & ~(QUIET | PATIENT))
    return 1 if bits & QUIET else 0


# Cache maintenance


@njit
def _maintain_line(record: int, line: int, what: int, pc: int) -> None:
    if not _page_bits(record, _page_of(line)) & KNOWN:
        return
    _catch_up(record, line)
    pointer = load64(record + 8 * LINES) + line
    bits = load8(pointer)
    if not bits & (CACHED | DIRTY):
        return
    if bits & DIRTY:
        written = _mask(record, WRITTEN, line)
        if not bits & WRITE_BACK:  # accesses go past the cache: what was written since is in main memory
            written &= ~_differing(_content(record, HOST, line), _content(record, HELD, line), 0, LINE)
        if not what & CLEAN and written:
            _set_mask(record, LOST, line, _mask(record, LOST, line) | written)
            _set_mask(record, LOST_BY, line, pc)
            page = _page_of(line)
            if _refill(record, page, TROUBLED_READS) or not _page_bits(record, page) & SEEN:
                _report(record, 0, load64(record + 8 * FIRST) + (line << LINE_SHIFT), REPORT_INVALIDATED, 0)
        _copy_line(_content(record, MAIN, line), _content(record, HOST, line))
        _set_mask(record, WRITTEN, line, 0)
        _set_mask(record, STICKY, line, 0)
        _set_mask(record, STALE, line, 0)
        bits &= ~(DIRTY | TOLD)
    if what & INVALIDATE:
        bits &= ~CACHED
        if _mask(record, STALE, line):  # as it should be: only what else is wrong in the page matters
            reads = _page_word(record, _page_of(line), READS)
            store64(reads, min(load64(reads), NEXT_READS))
        _set_mask(record, STALE, line, 0)
        _set_mask(record, STICKY, line, 0)
    store8(pointer, bits)


@njit
def _maintain_set(cache: int, number: int, value: int, what: int, pc: int) -> None:
    """By set and way: lines of a set are in any of its ways, so all ways make it."""
    sets: int = load64(cache + 8 * CACHE_SETS)
    ways: int = load64(cache + 8 * CACHE_WAYS)
    index = value >> LINE_SHIFT & sets - 1
    bits = _first_bit(ways)
    way = value >> 32 - bits if bits else 0
    pointer = load64(cache + 8 * (CACHE_DONE + number)) + 4 * index
    done = load32(pointer) | 1 << way
    if done != (1 << ways) - 1:
        store32(pointer, done)
        return
    store32(pointer, 0)
    for memory in range(load64(cache + 8 * CACHE_COUNT)):
        record = load64(cache + 8 * (CACHE_RECORDS + memory))
        first = load64(record + 8 * FIRST) >> LINE_SHIFT
        count = (load64(record + 8 * END) >> LINE_SHIFT) - first
        line = (index - first) & sets - 1
        while line < count:
            _maintain_line(record, line, what, pc)
            line += sets


@njit
def _maintain(cache: int, offset: int, value: int, pc: int) -> None:
    if offset == DCISW:
        _maintain_set(cache, 0, value, INVALIDATE, pc)
    elif offset == DCCSW:
        _maintain_set(cache, 1, value, CLEAN, pc)
    elif offset == DCCISW:
        _maintain_set(cache, 2, value, CLEAN | INVALIDATE, pc)
    else:
        what = CLEAN
        if offset == DCIMVAC:
            what = INVALIDATE
        elif offset == DCCIMVAC:
            what = CLEAN | INVALIDATE
        for memory in range(load64(cache + 8 * CACHE_COUNT)):
            record = load64(cache + 8 * (CACHE_RECORDS + memory))
            first = load64(record + 8 * FIRST)
            if first <= value < load64(record + 8 * END):
                _maintain_line(record, (value - first) >> LINE_SHIFT, what, pc)
                return


# Other bus masters


@njit
def _master_reads_line(record: int, line: int, mask: int) -> int:
    _catch_up(record, line)
    found = 0
    lost = _mask(record, LOST, line)
    if lost & mask:
        _note(record, LOST_READ, (line << LINE_SHIFT) + _first_bit(lost & mask))
        _set_mask(record, LOST, line, 0)
        found |= LOST_READ
    written = _mask(record, WRITTEN, line) & mask
    if not written:
        return found
    if not load8(load64(record + 8 * LINES) + line) & WRITE_BACK:
        written &= ~_differing(_content(record, HOST, line), _content(record, HELD, line), 0, LINE)
    if written:
        _note(record, UNCLEANED, (line << LINE_SHIFT) + _first_bit(written))
        found |= UNCLEANED
        # Told: not again until the core has written it once more.
        _set_mask(record, WRITTEN, line, _mask(record, WRITTEN, line) & ~written)
        _set_mask(record, STICKY, line, _mask(record, STICKY, line) & ~written)
        for place in range(LINE):
            if written >> place & 1:
                store8(_content(record, MAIN, line) + place, load8(_content(record, HOST, line) + place))
    return found


@njit
def _master_writes_line(record: int, line: int, first: int, end: int, data: int) -> int:
    """``data`` points to what is about to be written to bytes ``first`` to ``end``."""
    _catch_up(record, line)
    mask = (1 << end) - (1 << first)
    pointer = load64(record + 8 * LINES) + line
    bits = load8(pointer)
    lost = _mask(record, LOST, line) & mask
    if lost:
        _set_mask(record, LOST, line, _mask(record, LOST, line) & ~mask)
    found = 0
    host, main, held = _content(record, HOST, line), _content(record, MAIN, line), _content(record, HELD, line)
    if bits & (CACHED | DIRTY):
        other = lost | _differing(host, data - first, first, end)
        if bits & DIRTY:
            if other and not bits & TOLD:
                _note(record, OVER, (line << LINE_SHIFT) + _first_bit(other))
                found |= OVER
                store8(pointer, bits | TOLD)
            _set_mask(record, WRITTEN, line, _mask(record, WRITTEN, line) & ~mask)
            _set_mask(record, STICKY, line, _mask(record, STICKY, line) & ~mask)
        if bits & CACHED and bits & CACHEABLE:
            stale, sticky = _mask(record, STALE, line), _mask(record, STICKY, line)
            for place in range(first, end):
                bit = 1 << place
                if sticky & bit:
                    continue
                if lost & bit:
                    stale |= bit
                    sticky |= bit
                elif stale & bit:
                    if load8(held + place) == load8(data + place - first):
                        stale &= ~bit
                elif other & bit:
                    store8(held + place, load8(host + place))
                    stale |= bit
            _set_mask(record, STALE, line, stale)
            _set_mask(record, STICKY, line, sticky)
            if stale:
                found |= NEW_STALE
    _copy(main, data - first, first, end)
    return found


@njit
def _begin(record: int) -> None:
    for slot in range(FOUND, FOUND + KINDS):
        store64(record + 8 * slot, 0)


# Settings


@njit
def _set_line_policy(record: int, line: int, policy: int) -> None:
    pointer = load64(record + 8 * LINES) + line
    if load8(pointer) & POLICY != policy:
        _catch_up(record, line)
        bits = load8(pointer)
        if policy & WRITE_BACK and not bits & WRITE_BACK:
            _copy_line(_content(record, MAIN, line), _content(record, HOST, line))
            _set_mask(record, WRITTEN, line, 0)
            bits &= ~(DIRTY | TOLD)
        elif bits & DIRTY and not policy & WRITE_BACK:
            _copy_line(_content(record, HELD, line), _content(record, HOST, line))
        if not policy or not bits & CACHEABLE:
            bits &= ~CACHED
            _set_mask(record, STALE, line, 0)
            _set_mask(record, STICKY, line, 0)
        store8(pointer, bits & ~POLICY | policy)
