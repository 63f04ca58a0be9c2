"""Caches and buses of the cortex-m7 clock, natively: what a line, a load, a store adds to a hit."""

from __future__ import annotations

from sim.engine.native import shared
from sim.engine.native.access import get, put
from sim.engine.native.intrinsics import load8, load64, store64
from sim.engine.native.native_code import inline, njit
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
from sim.engine.timing.m7_layout import (
    BEAT,
    BUS_FREE,
    BUSY,
    CODE_SETS,
    CODE_TAGS,
    CODE_WAYS,
    DATA_SETS,
    DATA_TAGS,
    DATA_WAYS,
    DIRTY,
    FILL,
    FILL_LINE,
    FILL_MEMORY,
    FILL_PART,
    FILL_TIME,
    FIRST,
    HELD,
    HELD_FIRST,
    HELD_SHIFT,
    LAST_CODE_LINE,
    LEAST_RECENT,
    LINE_BYTES,
    LINE_FETCH,
    LINE_SHIFT,
    QUEUE_CREDIT,
    RANDOM,
    READY,
    WORD,
    WRITE,
    WRITE_BACK_ALLOCATE,
    WRITE_BUFFER,
    WRITE_LINE,
    WRITE_STREAK,
    WRITE_STREAK_LIMIT,
    WRITE_THROUGH,
)


@njit
def _random(clock: int) -> int:
    """Next of a xorshift sequence: the pseudo-random replacement, the same in every run."""
    value = get(clock, RANDOM)
    value ^= (value << 13) & 0xFFFFFFFF
    value ^= value >> 17
    value ^= (value << 5) & 0xFFFFFFFF
    put(clock, RANDOM, value)
    return value


@njit
def _find(clock: int, tags: int, sets: int, ways: int, line: int, mark: int) -> int:
    """Look a line up and bring it in when it is missing: -1 a hit, else the old content of its place (0 empty).

    A tag is line << 1 | dirty, plus one line so that 0 is empty.
    """
    row = tags + 8 * ways * (line & sets)
    wanted = (line + 1) << 1
    empty = -1
    for way in range(ways):
        tag = load64(row + 8 * way)
        if tag & ~DIRTY == wanted:
            tag |= mark
            if get(clock, LEAST_RECENT):
                for place in range(way, 0, -1):
                    store64(row + 8 * place, load64(row + 8 * (place - 1)))
                way = 0
            store64(row + 8 * way, tag)
            return -1
        if tag == 0 and empty < 0:
            empty = way
    if get(clock, LEAST_RECENT):
        victim = empty if empty >= 0 else ways - 1
        old = load64(row + 8 * victim)
        for place in range(victim, 0, -1):
            store64(row + 8 * place, load64(row + 8 * (place - 1)))
        store64(row, wanted | mark)
        return old
    victim = empty if empty >= 0 else _random(clock) % ways
    old = load64(row + 8 * victim)
    store64(row + 8 * victim, wanted | mark)
    return old


@njit
def _contains(tags: int, sets: int, ways: int, line: int) -> int:
    row = tags + 8 * ways * (line & sets)
    wanted = (line + 1) << 1
    for way in range(ways):
        if load64(row + 8 * way) & ~DIRTY == wanted:
            return 1
    return 0


@njit
def _bus_wait(clock: int, now: int) -> int:
    free = get(clock, BUS_FREE)
    return free - now if free > now else 0


@njit
def _memory(clock: int, number: int) -> int:
    """Pointer to a memory's record."""
    return get(clock, MEMORIES) + 8 * MEMORY_WORDS * number


@njit
def _of(memory: int, word: int) -> int:
    return load64(memory + 8 * word)


@inline
def _moves(clock: int, memory: int, which: int, size: int) -> None:
    """``size`` bytes more go over the memory's bus."""
    number = (memory - get(clock, MEMORIES)) // (8 * MEMORY_WORDS)
    place = get(clock, TRAFFIC) + 8 * (TRAFFIC_WORDS * number + which)
    store64(place, load64(place) + size)


@njit
def _writes_back(clock: int, tag: int) -> None:
    """A dirty line with ``tag`` is thrown out."""
    address = ((tag >> 1) - 1) << LINE_SHIFT
    number = load8(get(clock, DATA_MAP) + (address >> shared.PAGE_SHIFT)) & 15
    _moves(clock, _memory(clock, number), BYTES_WRITTEN, LINE_BYTES)


@njit
def _taken_up(memory: int, now: int) -> int:
    """Cycles until the memory begins with a line asked for at ``now``: a flash reads one word after the other."""
    ready = _of(memory, READY)
    start = ready if ready > now else now
    store64(memory + 8 * READY, start + _of(memory, BUSY))
    return start - now


@njit
def _first_part(memory: int, address: int, now: int) -> int:
    """Cycles until the part at ``address`` of a line asked for at ``now`` arrives.

    A memory that keeps the word it read last answers from it; of words that are half a line it keeps the later one.
    """
    shift = _of(memory, HELD_SHIFT)
    word = (address >> shift) + 1
    if shift >= LINE_SHIFT and _of(memory, HELD) == word:
        return _of(memory, HELD_FIRST)
    if shift:
        store64(memory + 8 * HELD, word if shift >= LINE_SHIFT else ((address >> shift) ^ 1) + 1)
    return _taken_up(memory, now) + _of(memory, FIRST)


@njit
def _uncached_reads(memory: int, address: int, span: int, count: int) -> int:
    """Cycles of ``count`` reads of ``span`` bytes from ``address`` on, one after the other."""
    shift = _of(memory, HELD_SHIFT)
    if shift == 0:
        return _of(memory, FIRST) * count
    first, last = (address >> shift) + 1, ((address + span - 1) >> shift) + 1
    words = last - first + (0 if _of(memory, HELD) == first else 1)
    store64(memory + 8 * HELD, last)
    return words * _of(memory, FIRST) + max(count - words, 0) * _of(memory, HELD_FIRST)


@njit
def _part_time(memory: int, first: int, part: int) -> int:
    """Cycles after part ``first`` of a line, which was asked for, that 8-byte part ``part`` arrives."""
    later = (part - first) & 3
    word = _of(memory, WORD)
    if word == 0:
        return later * _of(memory, BEAT)
    place = (first & 1) + later  # in 16-byte words, from the one that holds the first part
    if place < 2:
        return later * _of(memory, BEAT)
    return (place >> 1) * word + (place & 1) * _of(memory, BEAT)


@njit
def _write_out(clock: int, memory: int, now: int, count: int) -> int:
    """Writes that go to the bus: the core waits only when the buffer in front of it is full."""
    each = _of(memory, WRITE)
    start = now + _bus_wait(clock, now)
    put(clock, BUS_FREE, start + each * count)
    wait = start + each * (count - WRITE_BUFFER) - now
    return wait if wait > 0 else 0


@njit
def _arrival(clock: int, memory: int, address: int, now: int, extra: int) -> int:
    """The line of ``address`` is asked for at ``now``: cycles until its first word is there. Requests overlap, data do
    not.

    ``extra``: cycles of the bus that a write-back takes after it.
    """
    wait = _first_part(memory, address, now)
    busy = _bus_wait(clock, now) + _of(memory, BEAT)
    if busy > wait:
        wait = busy
    put(clock, BUS_FREE, now + wait + _of(memory, FILL) - _of(memory, FIRST) + extra)
    return wait


@inline
def _part(line: int, first: int, end: int) -> int:
    """Bytes of ``first`` up to ``end`` that lie in a line."""
    start = line << LINE_SHIFT
    return min(end, start + LINE_BYTES - 1) - max(first, start) + 1


@njit
def _store_line(clock: int, memory: int, line: int, policy: int, count: int, now: int, first: int, end: int) -> int:
    """Stall of stores to one line of cacheable memory, of those to ``first`` up to ``end`` (included)."""
    tags, sets, ways = get(clock, DATA_TAGS), get(clock, DATA_SETS), get(clock, DATA_WAYS)
    present = _contains(tags, sets, ways, line)
    if policy != WRITE_BACK_ALLOCATE and not present:
        _moves(clock, memory, BYTES_WRITTEN, _part(line, first, end))
        return _write_out(clock, memory, now, count)
    last = get(clock, WRITE_LINE)
    if present:
        if line == last + 1:
            put(clock, WRITE_LINE, line)
    else:
        if line == last and get(clock, WRITE_STREAK) > WRITE_STREAK_LIMIT:
            return 0
        streak = get(clock, WRITE_STREAK) + 1 if line == last + 1 else 0
        put(clock, WRITE_STREAK, streak)
        put(clock, WRITE_LINE, line)
        if streak > WRITE_STREAK_LIMIT:  # whole lines are being written: no allocation any more
            _moves(clock, memory, BYTES_WRITTEN, LINE_BYTES)
            start = now + _bus_wait(clock, now)
            put(clock, BUS_FREE, start + _of(memory, WRITE) + 3 * _of(memory, BEAT))
            wait = start - now - _of(memory, FILL)
            return wait if wait > 0 else 0
    old = _find(clock, tags, sets, ways, line, DIRTY if policy != WRITE_THROUGH else 0)
    stall = 0
    if old >= 0:
        put(clock, DATA_MISSES, get(clock, DATA_MISSES) + 1)
        _moves(clock, memory, BYTES_READ, LINE_BYTES)
        if old & DIRTY:
            _writes_back(clock, old)
        # The fill goes on behind the store buffer; the core waits when one is still under way before it.
        waited = _bus_wait(clock, now)
        _arrival(clock, memory, line << LINE_SHIFT, now, _of(memory, FILL) if old & DIRTY else 0)
        stall = waited
    if policy == WRITE_THROUGH:
        _moves(clock, memory, BYTES_WRITTEN, _part(line, first, end))
        stall += _write_out(clock, memory, now + stall, count)
    return stall


@njit
def _data_access(
    clock: int, address: int, span: int, count: int, write: int, now: int, later: int, surplus: int
) -> int:
    """Cycles that loads or stores of ``span`` bytes add to a hit; the last of them issues ``later`` cycles on.

    ``surplus``: cycles by which multiple stores take longer into the cache, a word a cycle, than into TCM, two.
    """
    attributes = load8(get(clock, DATA_MAP) + (address >> shared.PAGE_SHIFT))
    if attributes == 0:
        return 0
    memory = _memory(clock, attributes & 15)
    policy = attributes >> 4
    if policy == 0:
        _moves(clock, memory, BYTES_WRITTEN if write else BYTES_READ, span)
        if write:
            return _write_out(clock, memory, now, count)
        wait = _bus_wait(clock, now) + _uncached_reads(memory, address, span, count)
        put(clock, BUS_FREE, now + wait)
        return wait
    stall = surplus
    end = address + span - 1
    last = end >> LINE_SHIFT
    for line in range(address >> LINE_SHIFT, last + 1):
        if write:
            stall += _store_line(clock, memory, line, policy, count, now + stall, address, end)
            continue
        tags, sets, ways = get(clock, DATA_TAGS), get(clock, DATA_SETS), get(clock, DATA_WAYS)
        old = _find(clock, tags, sets, ways, line, 0)
        if old >= 0:
            _moves(clock, memory, BYTES_READ, LINE_BYTES)
            if old & DIRTY:
                _writes_back(clock, old)
        first_part = (address >> 3) & 3 if line == address >> LINE_SHIFT else 0
        last_part = (end >> 3) & 3 if line == last else 3
        if old >= 0:
            put(clock, DATA_MISSES, get(clock, DATA_MISSES) + 1)
            start = (line << LINE_SHIFT) + 8 * first_part
            stall += _arrival(clock, memory, start, now + stall, _of(memory, FILL) if old & DIRTY else 0)
            put(clock, FILL_LINE, line)
            put(clock, FILL_PART, first_part)
            put(clock, FILL_TIME, now + stall)
            put(clock, FILL_MEMORY, memory)
        elif line != get(clock, FILL_LINE):
            continue
        # The line is still coming in, from the word that missed on and round.
        filling, asked = get(clock, FILL_MEMORY), get(clock, FILL_PART)
        when = get(clock, FILL_TIME) + _part_time(filling, asked, first_part)
        if when > now + stall:
            stall = when - now
        # With even beats the last one says it all; where the halves of a line come apart, any may be waited for.
        for part in range(first_part + 1 if _of(filling, WORD) else last_part, last_part + 1):
            issued = later
            if part < last_part:
                issued = later * ((line << LINE_SHIFT) + 8 * part - address) // (span if span < 5 else span - 4)
            when = get(clock, FILL_TIME) + _part_time(filling, asked, part)
            if when > now + stall + issued:
                stall = when - now - issued
    return stall


@njit
def _fetch_stall(clock: int, record: int, address: int, size: int, taken: int, now: int) -> int:
    """Cycles that instruction fetch adds: lines that miss, or every line when the cache is off."""
    attributes = load8(get(clock, CODE_MAP) + (address >> shared.PAGE_SHIFT))
    if attributes == 0:
        return 0
    first, last = address >> LINE_SHIFT, (address + size - 1) >> LINE_SHIFT
    before = get(clock, LAST_CODE_LINE)
    cached = attributes >> 4
    if first == last and first == before and (cached or not taken):
        return 0
    memory = _memory(clock, attributes & 15)
    tags, sets, ways = get(clock, CODE_TAGS), get(clock, CODE_SETS), get(clock, CODE_WAYS)
    times = get(clock, POOL) + 8 * load64(record + 8 * ISSUE_TIMES)
    stall = 0
    issued = 0
    for line in range(first, last + 1):
        # How long the code of the line before kept the slots busy: the queue runs ahead meanwhile.
        ahead = QUEUE_CREDIT if line == before + 1 and not taken else 0
        if line > first:
            start = load64(times + 8 * (((line << LINE_SHIFT) - address) >> 1))
            ahead = start - issued - LINE_FETCH
            issued = start
        elif line == before and not taken:
            continue
        if cached and _find(clock, tags, sets, ways, line, 0) < 0:
            continue
        put(clock, CODE_MISSES, get(clock, CODE_MISSES) + 1)
        _moves(clock, memory, BYTES_READ, LINE_BYTES)
        asked = now + stall + issued
        free = _bus_wait(clock, asked)
        wait = free + _first_part(memory, line << LINE_SHIFT, asked + free)
        put(clock, BUS_FREE, asked + wait + _of(memory, FILL) - _of(memory, FIRST))
        if ahead > 0:
            wait -= ahead if ahead < wait else wait
        stall += wait
    put(clock, LAST_CODE_LINE, last)
    return stall
