"""The native functions of board truth that others call: Unicorn, the private peripheral bus's write hook, Python.

Watched pages are mapped without read and write permission. Unicorn then calls ``on_watched_access``; as it answers
True, a read goes on, but a write is dropped (such memory is ROM to QEMU), so the hook does it. Like
``hooks.on_access`` it has to clear the IT state that Unicorn's recovery of the exact PC leaves behind.
"""

from __future__ import annotations

from sim.engine.native.intrinsics import call3, load8, load32, load64, store8, store32, store64
from sim.engine.native.lookups import LOOKUP_SHIFT
from sim.engine.native.native_code import cfunc, njit
from sim.engine.native.protection import forbids
from sim.engine.native.shared import CODE_PAGES, FN_REG_WRITE, LINE_SHIFT, PAGE_SHIFT, REG_EPSR, SCRATCH
from sim.engine.truth.layout import (
    AWAKE,
    END,
    FIRST,
    GATED,
    HOST,
    KNOWN,
    LEFT,
    LINE,
    LINES,
    LINES_A_PAGE,
    LOOKUP_COUNT,
    LOOKUPS,
    LOST,
    NEW_STALE,
    NEXT_READS,
    PAGE_POLICY,
    PATIENT,
    QUIET,
    READS,
    REPORT_AWAKE,
    REPORT_CODE,
    REPORT_GATED,
    REPORT_HOT,
    STALE,
    STATE,
    STICKY,
    TROUBLED_READS,
    WRITTEN,
)
from sim.engine.truth.rules import (
    _begin,
    _catch_up,
    _core_accesses,
    _is_in_trouble,
    _know,
    _maintain,
    _master_reads_line,
    _master_writes_line,
    _page_bits,
    _page_of,
    _page_word,
    _refill,
    _report,
    _set_line_policy,
    _set_mask,
    _set_page_bits,
)

_GONE = 0xFFFFFFFF
_READ_PROT = 23


@njit
def _show_next_read(record: int, address: int) -> None:
    """Let Unicorn forget that it has looked this page up for reading: the next read asks again."""
    page = address >> PAGE_SHIFT << PAGE_SHIFT
    tables: int = load64(record + 8 * LOOKUPS)
    for index in range(load64(record + 8 * LOOKUP_COUNT)):
        mask = load64(tables + 16 * index)
        entry = load64(tables + 16 * index + 8) + (address >> PAGE_SHIFT << LOOKUP_SHIFT & mask)
        if load32(entry) == page:
            store32(entry, _GONE)


@njit
def _after_read(record: int, address: int, page: int) -> None:
    word = _page_word(record, page, READS)
    left = load64(word) - 1
    if left <= 0:
        bits = _page_bits(record, page)
        if bits & PATIENT or not _is_in_trouble(record, page):
            _set_page_bits(record, page, bits | QUIET)
            return
        _set_page_bits(record, page, bits | PATIENT)
        left = TROUBLED_READS
    store64(word, left)
    _show_next_read(record, address)


@cfunc("boolean(int64, int32, int64, int32, int64, int64)")
def on_watched_access(uc: int, kind: int, address: int, size: int, value: int, record: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT: an access of the core to a watched page."""
    state: int = load64(record + 8 * STATE)
    address &= 0xFFFFFFFF
    if forbids(state, kind, address, size):
        return False
    epsr = state + 8 * SCRATCH
    store64(epsr, 0x01000000)
    call3(load64(state + 8 * FN_REG_WRITE), uc, REG_EPSR, epsr)
    size = min(size, load64(record + 8 * END) - address)
    place = address - load64(record + 8 * FIRST)
    page = place >> PAGE_SHIFT
    write = 0 if kind == _READ_PROT else 1
    if _page_bits(record, page) & GATED:
        _report(record, uc, address, REPORT_GATED, write)
    news = _core_accesses(record, uc, place, size, value, write)
    if write:
        host = load64(record + 8 * HOST) + place
        for index in range(size):
            store8(host + index, value >> (8 * index) & 0xFF)
        if load8(load64(state + 8 * CODE_PAGES) + (address >> PAGE_SHIFT)):
            _report(record, uc, address, REPORT_CODE, size)
        if not _page_bits(record, page) & QUIET:
            _show_next_read(record, address)  # looked up for writing, a page is there for reading
        elif _refill(record, page, NEXT_READS):
            _report(record, uc, address, REPORT_AWAKE, 0)
    else:
        _after_read(record, address, page)
        if (address & (1 << PAGE_SHIFT) - 1) + size > 1 << PAGE_SHIFT:
            _report(record, uc, address, REPORT_AWAKE, 0)  # Unicorn has looked both pages up once more, and not asked
    if not news:
        left = _page_word(record, page, LEFT)
        store64(left, load64(left) - 1)
        if load64(left) == 0:
            _report(record, uc, address, REPORT_HOT, 0)
    return True


@cfunc("void(int64, int64, int64, int64)")
def maintain(cache: int, offset: int, value: int, pc: int) -> None:
    """A write of ``value`` to the maintenance register at ``offset`` of the private peripheral bus, by ``pc``."""
    _maintain(cache, offset, value, pc)


@cfunc("int64(int64, int64, int64)")
def master_reads(record: int, address: int, size: int) -> int:
    """A master reads ``size`` bytes at ``address``, all in this memory: what is wrong with it (bits)."""
    _begin(record)
    place = address - load64(record + 8 * FIRST)
    end = place + size
    found = 0
    while place < end:
        first = place & LINE - 1
        last = min(LINE, first + end - place)
        found |= _master_reads_line(record, place >> LINE_SHIFT, (1 << last) - (1 << first))
        place += last - first
    return found


@cfunc("int64(int64, int64, int64, int64)")
def master_writes(record: int, address: int, size: int, data: int) -> int:
    """As ``master_reads``, before the bytes at pointer ``data`` are written."""
    _begin(record)
    place = address - load64(record + 8 * FIRST)
    end = place + size
    found = 0
    while place < end:
        first = place & LINE - 1
        last = min(LINE, first + end - place)
        found |= _master_writes_line(record, place >> LINE_SHIFT, first, last, data)
        data += last - first
        place += last - first
    reads = TROUBLED_READS if found & NEW_STALE else NEXT_READS
    for page in range(address - load64(record + 8 * FIRST) >> PAGE_SHIFT, (end - 1 >> PAGE_SHIFT) + 1):
        if _refill(record, page, reads):
            found |= AWAKE
    return found


@cfunc("void(int64, int64, int64, int64)")
def set_policy(record: int, first: int, end: int, policy: int) -> None:
    """Lines ``first`` to ``end`` are cached by ``policy`` from now on.

    Dirty lines that accesses go past from now on stay in the cache: ``HELD`` keeps what it holds.
    """
    line = first
    while line < end:
        page = _page_of(line)
        if line + LINES_A_PAGE <= end and not line % LINES_A_PAGE and not _page_bits(record, page) & KNOWN:
            store8(load64(record + 8 * PAGE_POLICY) + page, policy)
            line += LINES_A_PAGE
            continue
        _know(record, page)
        _set_line_policy(record, line, policy)
        line += 1


@cfunc("void(int64, int64, int64)")
def catch_up_pages(record: int, first: int, end: int) -> None:
    """Before pages are watched, or are not any more: what the core has written there so far."""
    for page in range(first, end):
        if _page_bits(record, page) & KNOWN:
            for line in range(page * LINES_A_PAGE, (page + 1) * LINES_A_PAGE):
                _catch_up(record, line)
        else:
            _know(record, page)


@cfunc("void(int64, int64)")
def forget(record: int, pages: int) -> None:
    """The cache is empty, and nothing may be cached: as at the beginning."""
    for page in range(pages):
        store8(load64(record + 8 * PAGE_POLICY) + page, 0)
        bits = _page_bits(record, page)
        if bits & KNOWN:
            _set_page_bits(record, page, bits & ~KNOWN)
            for line in range(page * LINES_A_PAGE, (page + 1) * LINES_A_PAGE):
                store8(load64(record + 8 * LINES) + line, 0)
                for name in (WRITTEN, STALE, STICKY, LOST):
                    _set_mask(record, name, line, 0)


@cfunc("int64(int64, int64)")
def is_page_in_trouble(record: int, page: int) -> int:
    """Whether a read of the page may show something: STALE or LOST bytes."""
    return _is_in_trouble(record, page)


@cfunc("void(int64, int64, int64, int64, int64)")
def core_accesses(record: int, address: int, size: int, value: int, write: int) -> None:
    """An access of the core, without Unicorn; the memory itself stays as it is."""
    _core_accesses(record, 0, address - load64(record + 8 * FIRST), size, value, write)
