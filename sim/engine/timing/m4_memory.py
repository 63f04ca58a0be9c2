"""The ART accelerator of the cortex-m4 clock, natively: what fetches and reads of the flash add (RM0090 3.5.2, RM0432
3.3.4).

The flash reads one word (64 or 128 bits) at a time. A word that was fetched is kept in a cache of lines, least recently
used replaced, each line's words by themselves; the next word may be prefetched behind the one in use. Data have a small
cache of their own, no prefetch, and the same flash.
"""

from __future__ import annotations

from sim.engine.native import shared
from sim.engine.native.access import get, put
from sim.engine.native.intrinsics import load8, load64, store64
from sim.engine.native.native_code import njit
from sim.engine.timing.block_layout import (
    BYTES_READ,
    BYTES_WRITTEN,
    CODE_MAP,
    CODE_MISSES,
    DATA_MAP,
    DATA_MISSES,
    ISSUE_TIMES,
    MEMORIES,
    MEMORY_WORDS,
    POOL,
    TRAFFIC,
    TRAFFIC_WORDS,
)
from sim.engine.timing.m4_layout import (
    ACCELERATOR,
    CODE_CACHE,
    CODE_LINE_COUNT,
    CODE_LINES,
    CODE_PLACES,
    CODE_WORD,
    DATA_CACHE,
    DATA_LEAD,
    DATA_LINE_COUNT,
    DATA_LINES,
    DATA_PLACES,
    DATA_WORD,
    ENTER,
    FLASH_BASE,
    FLASH_FREE,
    FLASH_SIZE,
    IS_FLASH,
    LINE,
    LINE_SHIFT,
    LINE_WORDS,
    NOW_USED,
    PREFETCH,
    PREFETCHED,
    PREFETCHED_AT,
    QUEUE_BYTES,
    READ_WAIT,
    USED,
    VALID,
    WAIT_STATES,
    WORD_SHIFT,
)


@njit
def _held(clock: int, lines: int, places: int, word: int) -> int:
    """1: the cache has word number ``word`` of the flash, which is the one used last now."""
    shift = get(clock, LINE_SHIFT) - get(clock, WORD_SHIFT)
    place = load64(get(clock, places) + 8 * (word >> shift))
    if place == 0:
        return 0
    entry = get(clock, lines) + 8 * LINE_WORDS * (place - 1)
    if not load64(entry + 8 * VALID) >> (word & ((1 << shift) - 1)) & 1:
        return 0
    use = get(clock, NOW_USED) + 1
    put(clock, NOW_USED, use)
    store64(entry + 8 * USED, use)
    return 1


@njit
def _keep(clock: int, lines: int, count: int, places: int, word: int) -> None:
    """Bring a word that was read into the cache."""
    shift = get(clock, LINE_SHIFT) - get(clock, WORD_SHIFT)
    line = word >> shift
    table = get(clock, places)
    place = load64(table + 8 * line)
    use = get(clock, NOW_USED) + 1
    put(clock, NOW_USED, use)
    if place == 0:
        oldest = 0
        for index in range(get(clock, count)):
            entry = get(clock, lines) + 8 * LINE_WORDS * index
            if load64(entry + 8 * USED) < load64(get(clock, lines) + 8 * (LINE_WORDS * oldest + USED)):
                oldest = index
        entry = get(clock, lines) + 8 * LINE_WORDS * oldest
        if load64(entry + 8 * LINE) >= 0:
            store64(table + 8 * load64(entry + 8 * LINE), 0)
        store64(entry + 8 * LINE, line)
        store64(entry + 8 * VALID, 0)
        place = oldest + 1
        store64(table + 8 * line, place)
    entry = get(clock, lines) + 8 * LINE_WORDS * (place - 1)
    store64(entry + 8 * VALID, load64(entry + 8 * VALID) | 1 << (word & ((1 << shift) - 1)))
    store64(entry + 8 * USED, use)


@njit
def _read(clock: int, asked: int) -> int:
    """When the flash gives a word asked for at ``asked``."""
    free = get(clock, FLASH_FREE)
    start = free if free > asked else asked
    arrival = start + get(clock, WAIT_STATES)
    put(clock, FLASH_FREE, arrival + 1)
    return arrival


@njit
def _prefetch(clock: int, word: int, now: int) -> None:
    """The flash reads the word behind the one in use, where nobody has it."""
    if word == get(clock, PREFETCHED) or word << get(clock, WORD_SHIFT) >= get(clock, FLASH_SIZE):
        return
    if get(clock, ACCELERATOR) & CODE_CACHE:
        shift = get(clock, LINE_SHIFT) - get(clock, WORD_SHIFT)
        place = load64(get(clock, CODE_PLACES) + 8 * (word >> shift))
        if place:
            entry = get(clock, CODE_LINES) + 8 * LINE_WORDS * (place - 1)
            if load64(entry + 8 * VALID) >> (word & ((1 << shift) - 1)) & 1:
                return
    put(clock, PREFETCHED, word)
    put(clock, PREFETCHED_AT, _read(clock, now))


@njit
def _moves(clock: int, number: int, which: int, size: int) -> None:
    place = get(clock, TRAFFIC) + 8 * (TRAFFIC_WORDS * number + which)
    store64(place, load64(place) + size)


@njit
def _fetch_word(clock: int, word: int, asked: int) -> int:
    """When the word of the flash that code is fetched from at ``asked`` is there."""
    on = get(clock, ACCELERATOR)
    arrival = asked
    if not (on & CODE_CACHE and _held(clock, CODE_LINES, CODE_PLACES, word)):
        put(clock, CODE_MISSES, get(clock, CODE_MISSES) + 1)
        if word == get(clock, PREFETCHED):
            if get(clock, PREFETCHED_AT) > asked:
                arrival = get(clock, PREFETCHED_AT)
            put(clock, PREFETCHED, -1)
        else:
            arrival = _read(clock, asked)
        if on & CODE_CACHE:
            _keep(clock, CODE_LINES, CODE_LINE_COUNT, CODE_PLACES, word)
    put(clock, CODE_WORD, word + 1)
    if on & PREFETCH:
        _prefetch(clock, word + 1, arrival + 1)
    return arrival


@njit
def fetch_stall(clock: int, record: int, address: int, size: int, taken: int, now: int) -> int:
    """Cycles that fetching a block adds, which is come to at ``now``, by a branch (``taken``) or in order."""
    number = load8(get(clock, CODE_MAP) + (address >> shared.PAGE_SHIFT))
    if number == 0:
        return 0
    memory = get(clock, MEMORIES) + 8 * MEMORY_WORDS * number
    if not load64(memory + 8 * IS_FLASH):
        return load64(memory + 8 * ENTER) if taken else 0
    shift = get(clock, WORD_SHIFT)
    offset = address - get(clock, FLASH_BASE)
    first, last = offset >> shift, (offset + size - 1) >> shift
    stall = 0
    times = get(clock, POOL) + 8 * load64(record + 8 * ISSUE_TIMES)
    for word in range(first, last + 1):
        if word + 1 == get(clock, CODE_WORD) and (get(clock, ACCELERATOR) & CODE_CACHE or not taken):
            continue
        # The core asks for it as soon as its queue has room, three words ahead, and waits when it gets to it.
        start = (word << shift) - offset
        needed = load64(times + 8 * (start >> 1)) if start > 0 else 0
        ahead = start - QUEUE_BYTES
        asked = load64(times + 8 * (ahead >> 1)) if ahead > 0 else 0
        if start <= 0 and not taken:
            asked = -(QUEUE_BYTES >> 2)
        arrival = _fetch_word(clock, word, now + stall + asked)
        wait = arrival - (now + stall + needed)
        if wait > 0:
            stall += wait
            _moves(clock, number, BYTES_READ, 1 << shift)
    return stall


@njit
def _data_word(clock: int, word: int, now: int) -> int:
    """Cycles until a word of the flash that is read for data is there."""
    on = get(clock, ACCELERATOR)
    if word + 1 == get(clock, DATA_WORD) or get(clock, WAIT_STATES) == 0:
        return 0
    if on & DATA_CACHE and _held(clock, DATA_LINES, DATA_PLACES, word):
        return 0
    put(clock, DATA_MISSES, get(clock, DATA_MISSES) + 1)
    put(clock, DATA_WORD, word + 1)
    wait = _read(clock, now) - now - DATA_LEAD
    if on & DATA_CACHE:
        _keep(clock, DATA_LINES, DATA_LINE_COUNT, DATA_PLACES, word)
    return wait


@njit
def data_stall(clock: int, address: int, span: int, count: int, write: int, mask: int, now: int, later: int) -> int:
    """Cycles that ``count`` loads or stores of ``span`` bytes add; the last one issues ``later`` cycles on.

    ``mask``: address bits that are 0 when aligned.

    An unaligned halfword takes one access more, a word one, at an odd address two (Cortex-M4 TRM 3.3.2); a store does
    not wait for them.
    """
    number = load8(get(clock, DATA_MAP) + (address >> shared.PAGE_SHIFT)) & 15
    stall = 0
    odd = address & mask
    if odd and not write:
        stall = count * (2 if odd & 1 and mask == 3 else 1)
    if number == 0:
        return stall
    _moves(clock, number, BYTES_WRITTEN if write else BYTES_READ, span)
    memory = get(clock, MEMORIES) + 8 * MEMORY_WORDS * number
    if write:
        return stall
    if load64(memory + 8 * IS_FLASH):
        shift = get(clock, WORD_SHIFT)
        offset = address - get(clock, FLASH_BASE)
        for word in range(offset >> shift, ((offset + span - 1) >> shift) + 1):
            into = (word << shift) - offset
            issued = later * into // (span - 4 if span > 4 else span) if into > 0 else 0
            stall += _data_word(clock, word, now + stall + (issued if issued < later else later))
        return stall
    return stall + count * load64(memory + 8 * READ_WAIT)
