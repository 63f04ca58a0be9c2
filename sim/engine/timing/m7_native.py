# mypy: disable-error-code="untyped-decorator,misc,var-annotated,call-arg,arg-type,import-untyped,no-any-return"
"""The native half of the cortex-m7 clock: what has to happen before every block.

``on_block`` finds the block's record, settles the branch before it (BTAC), evaluates the block's address program over
the registers (``addresses.py``), looks the pipeline's answer up (``pipeline.py``; Python fills in what is missing),
and adds what caches and buses cost. It keeps the same slots of the engine's state as ``hooks.on_block``; its own are
in a second int64 array, found by ``hooks.TIMING``. Numba caches these functions by this file's date: a change of the
slot numbers in ``hooks.py`` wants this file touched too.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sim.engine import hooks
from sim.engine.hooks import _call1, _call3, _call4, _get, _inline, _load64, _native, _set, _slot, _store8, _store64
from sim.engine.timing import addresses

# Slots of the clock's own array.
BLOCKS = 0  # pointer to the block records
POOL = 1  # pointer to address programs and issue times
EDGES = 2  # pointer to the pipeline's answers
PIPELINE = 3  # number of the pipeline state
PREVIOUS = 4  # record of the block before
PREVIOUS_END = 5  # address behind it
PREVIOUS_PENALTY = 6  # what its last branch costs when mispredicted
CODE_MAP = 7  # pointer to a byte a 4 KiB page: memory number | cacheability << 4, for instruction fetches
DATA_MAP = 8  # the same for loads and stores
REGISTERS = 9  # pointer to r0..r15
READ_REGISTERS = 10  # function that has to be called to fill them; 0 when they are the core's own
REGISTER_IDS = 11
REGISTER_POINTERS = 12
CODE_TAGS = 13
CODE_SETS = 14  # sets - 1
CODE_WAYS = 15
DATA_TAGS = 16
DATA_SETS = 17
DATA_WAYS = 18
LAST_CODE_LINE = 19
BUS_FREE = 20  # cycle at which the AXI master has done its last transfer
RANDOM = 21
BTAC = 22  # pointer to (branch address, target | counter << 32)
BTAC_MASK = 23
REDIRECT = 24
MEMORIES = 25  # pointer to (first, beat, write, fill) by memory number
DEVICES = 26  # pointer to (base, end, read, write)
DEVICE_COUNT = 27
FN_BLOCK = 28  # Python: decode a block
FN_EDGE = 29  # Python: run the pipeline
LEAST_RECENT = 30  # 1: replace the least recently used way
CODE_MISSES = 31
DATA_MISSES = 32
MISPREDICTIONS = 33
WRITE_STREAK = 34  # line misses of stores in a row, one line after the other
WRITE_LINE = 35
BRANCHES = 36
FILL_LINE = 37  # last line of the data cache that a load brought in, its first part, when that came, cycles a part
FILL_PART = 38
FILL_TIME = 39
FILL_BEAT = 40
SLOT_BASE = 64  # temporaries of address programs
CLOCK_SIZE = SLOT_BASE + addresses.SLOTS

# Words of a block record.
ITEMS = 0  # index of the address program in the pool
ITEM_COUNT = 1
ENDING = 2
BRANCH = 3  # address of the last instruction
ISSUE_TIMES = 4  # index in the pool: for each halfword, cycles before its instruction issues
RUNS = 5
CYCLES = 6  # everything below included
INTERLOCK = 7
FETCH = 8
STORES = 9
CODE_STALL = 10
DATA_STALL = 11
MISPREDICTED = 12
ADDRESS = 13
SIZE = 14
DEVICE_STALL = 15
BLOCK_WORDS = 16

# Words of an item of an address program: the three of addresses.Item, the address, and when it issues.
ISSUED = 4  # first access | (last - first) << 16
ITEM_WORDS = 5

EDGE_BITS = 17
EDGE_PROBES = 8
EDGE_WORDS = 3  # key; cycles | state << 16 | penalty << 40; interlock | fetch << 16 | stores << 32
VARIANT_SHIFT = 38
STATE_BITS = 20
BLOCK_BITS = 17
LINE_SHIFT = 5
DIRTY = 1
WRITE_STREAK_LIMIT = 3
WEAKLY_TAKEN = 2
WRITE_THROUGH = 1  # policies of memory_map.py
WRITE_BACK_ALLOCATE = 3
QUEUE_CREDIT = 2  # cycles that the prefetch queue hides of a line reached in a row from another block
LINE_FETCH = 4  # cycles that 32 bytes take to fetch
WRITE_BUFFER = 4  # writes that wait for the bus before the core does
UC_MEM_WRITE_PROT = 22


@intrinsic
def _load32(typingctx: Any, pointer: Any) -> Any:
    """The uint32 at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = builder.load(builder.inttoptr(args[0], ir.IntType(32).as_pointer()), align=1)
        return builder.zext(word, ir.IntType(64))

    return types.int64(types.int64), codegen


@intrinsic
def _load8(typingctx: Any, pointer: Any) -> Any:
    """The byte at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = builder.load(builder.inttoptr(args[0], ir.IntType(8).as_pointer()))
        return builder.zext(byte, ir.IntType(64))

    return types.int64(types.int64), codegen


@_native
def _random(clock: int) -> int:
    """Next of a xorshift sequence: the pseudo-random replacement, the same in every run."""
    value = _get(clock, RANDOM)
    value ^= (value << 13) & 0xFFFFFFFF
    value ^= value >> 17
    value ^= (value << 5) & 0xFFFFFFFF
    _set(clock, RANDOM, value)
    return value


@_native
def _find(clock: int, tags: int, sets: int, ways: int, line: int, mark: int) -> int:
    """Look a line up and bring it in when it is missing: -1 a hit, else the old content of its place (0 empty).

    A tag is line << 1 | dirty, plus one line so that 0 is empty.
    """
    row = tags + 8 * ways * (line & sets)
    wanted = (line + 1) << 1
    empty = -1
    for way in range(ways):
        tag = _load64(row + 8 * way)
        if tag & ~DIRTY == wanted:
            tag |= mark
            if _get(clock, LEAST_RECENT):
                for place in range(way, 0, -1):
                    _store64(row + 8 * place, _load64(row + 8 * (place - 1)))
                way = 0
            _store64(row + 8 * way, tag)
            return -1
        if tag == 0 and empty < 0:
            empty = way
    if _get(clock, LEAST_RECENT):
        victim = empty if empty >= 0 else ways - 1
        old = _load64(row + 8 * victim)
        for place in range(victim, 0, -1):
            _store64(row + 8 * place, _load64(row + 8 * (place - 1)))
        _store64(row, wanted | mark)
        return old
    victim = empty if empty >= 0 else _random(clock) % ways
    old = _load64(row + 8 * victim)
    _store64(row + 8 * victim, wanted | mark)
    return old


@_native
def _contains(tags: int, sets: int, ways: int, line: int) -> int:
    row = tags + 8 * ways * (line & sets)
    wanted = (line + 1) << 1
    for way in range(ways):
        if _load64(row + 8 * way) & ~DIRTY == wanted:
            return 1
    return 0


@_native
def _bus_wait(clock: int, now: int) -> int:
    free = _get(clock, BUS_FREE)
    return free - now if free > now else 0


@_native
def _write_out(clock: int, memory: int, now: int, count: int) -> int:
    """Writes that go to the bus: the core waits only when the buffer in front of it is full."""
    each = _load64(memory + 16)
    start = now + _bus_wait(clock, now)
    _set(clock, BUS_FREE, start + each * count)
    wait = start + each * (count - WRITE_BUFFER) - now
    return wait if wait > 0 else 0


@_native
def _arrival(clock: int, memory: int, now: int, extra: int) -> int:
    """A line is asked for at ``now``: cycles until its first word is there. Requests overlap, data do not.

    ``extra``: cycles of the bus that a write-back takes after it.
    """
    wait = _load64(memory)
    busy = _bus_wait(clock, now) + _load64(memory + 8)
    if busy > wait:
        wait = busy
    _set(clock, BUS_FREE, now + wait + 3 * _load64(memory + 8) + extra)
    return wait


@_native
def _store_line(clock: int, memory: int, line: int, policy: int, count: int, now: int) -> int:
    """Stall of stores to one line of cacheable memory."""
    tags, sets, ways = _get(clock, DATA_TAGS), _get(clock, DATA_SETS), _get(clock, DATA_WAYS)
    present = _contains(tags, sets, ways, line)
    if policy != WRITE_BACK_ALLOCATE and not present:
        return _write_out(clock, memory, now, count)
    last = _get(clock, WRITE_LINE)
    if present:
        if line == last + 1:
            _set(clock, WRITE_LINE, line)
    else:
        if line == last and _get(clock, WRITE_STREAK) > WRITE_STREAK_LIMIT:
            return 0
        streak = _get(clock, WRITE_STREAK) + 1 if line == last + 1 else 0
        _set(clock, WRITE_STREAK, streak)
        _set(clock, WRITE_LINE, line)
        if streak > WRITE_STREAK_LIMIT:  # whole lines are being written: no allocation any more
            start = now + _bus_wait(clock, now)
            _set(clock, BUS_FREE, start + _load64(memory + 16) + 3 * _load64(memory + 8))
            wait = start - now - _load64(memory + 24)
            return wait if wait > 0 else 0
    old = _find(clock, tags, sets, ways, line, DIRTY if policy != WRITE_THROUGH else 0)
    stall = 0
    if old >= 0:
        _set(clock, DATA_MISSES, _get(clock, DATA_MISSES) + 1)
        # The fill goes on behind the store buffer; the core waits when one is still under way before it.
        waited = _bus_wait(clock, now)
        _arrival(clock, memory, now, _load64(memory + 24) if old & DIRTY else 0)
        stall = waited
    if policy == WRITE_THROUGH:
        stall += _write_out(clock, memory, now + stall, count)
    return stall


@_native
def _data_access(clock: int, address: int, span: int, count: int, write: int, now: int, later: int) -> int:
    """Cycles that loads or stores of ``span`` bytes add to a hit; the last of them issues ``later`` cycles on."""
    attributes = _load8(_get(clock, DATA_MAP) + (address >> hooks.PAGE_SHIFT))
    if attributes == 0:
        return 0
    memory = _get(clock, MEMORIES) + 32 * (attributes & 15)
    policy = attributes >> 4
    if policy == 0:
        if write:
            return _write_out(clock, memory, now, count)
        wait = _bus_wait(clock, now) + _load64(memory) * count
        _set(clock, BUS_FREE, now + wait)
        return wait
    stall = 0
    end = address + span - 1
    last = end >> LINE_SHIFT
    for line in range(address >> LINE_SHIFT, last + 1):
        if write:
            stall += _store_line(clock, memory, line, policy, count, now + stall)
            continue
        tags, sets, ways = _get(clock, DATA_TAGS), _get(clock, DATA_SETS), _get(clock, DATA_WAYS)
        old = _find(clock, tags, sets, ways, line, 0)
        first_part = (address >> 3) & 3 if line == address >> LINE_SHIFT else 0
        last_part = (end >> 3) & 3 if line == last else 3
        if old >= 0:
            _set(clock, DATA_MISSES, _get(clock, DATA_MISSES) + 1)
            stall += _arrival(clock, memory, now + stall, _load64(memory + 24) if old & DIRTY else 0)
            _set(clock, FILL_LINE, line)
            _set(clock, FILL_PART, first_part)
            _set(clock, FILL_TIME, now + stall)
            _set(clock, FILL_BEAT, _load64(memory + 8))
        elif line != _get(clock, FILL_LINE):
            continue
        # The line is still coming in, from the word that missed on and round.
        beat = _get(clock, FILL_BEAT)
        when = _get(clock, FILL_TIME) + beat * ((first_part - _get(clock, FILL_PART)) & 3)
        if when > now + stall:
            stall = when - now
        when = _get(clock, FILL_TIME) + beat * ((last_part - _get(clock, FILL_PART)) & 3)
        if when > now + stall + later:
            stall = when - now - later
    return stall


@_native
def _fetch_stall(clock: int, record: int, address: int, size: int, taken: int, now: int) -> int:
    """Cycles that instruction fetch adds: lines that miss, or every line when the cache is off."""
    attributes = _load8(_get(clock, CODE_MAP) + (address >> hooks.PAGE_SHIFT))
    if attributes == 0:
        return 0
    first, last = address >> LINE_SHIFT, (address + size - 1) >> LINE_SHIFT
    before = _get(clock, LAST_CODE_LINE)
    cached = attributes >> 4
    if first == last and first == before and (cached or not taken):
        return 0
    memory = _get(clock, MEMORIES) + 32 * (attributes & 15)
    tags, sets, ways = _get(clock, CODE_TAGS), _get(clock, CODE_SETS), _get(clock, CODE_WAYS)
    times = _get(clock, POOL) + 8 * _load64(record + 8 * ISSUE_TIMES)
    stall = 0
    issued = 0
    for line in range(first, last + 1):
        # How long the code of the line before kept the slots busy: the queue runs ahead meanwhile.
        ahead = QUEUE_CREDIT if line == before + 1 and not taken else 0
        if line > first:
            start = _load64(times + 8 * (((line << LINE_SHIFT) - address) >> 1))
            ahead = start - issued - LINE_FETCH
            issued = start
        elif line == before and not taken:
            continue
        if cached and _find(clock, tags, sets, ways, line, 0) < 0:
            continue
        _set(clock, CODE_MISSES, _get(clock, CODE_MISSES) + 1)
        wait = _bus_wait(clock, now + stall + issued) + _load64(memory)
        _set(clock, BUS_FREE, now + stall + issued + wait + 3 * _load64(memory + 8))
        if ahead > 0:
            wait -= ahead if ahead < wait else wait
        stall += wait
    _set(clock, LAST_CODE_LINE, last)
    return stall


@_native
def _settle_branch(clock: int, address: int) -> int:
    """What the branch before this block cost beyond its slot; -1 when there was none, or it went straight on."""
    record = _get(clock, PREVIOUS)
    if record == 0:
        return -1
    ending = _load64(record + 8 * ENDING)
    taken = 1 if address != _get(clock, PREVIOUS_END) else 0
    if ending == 0:
        return 0 if taken else -1
    branch = _load64(record + 8 * BRANCH)
    _set(clock, BRANCHES, _get(clock, BRANCHES) + 1)
    entry = _get(clock, BTAC) + 32 * (((branch >> 1) ^ (branch >> 5)) & _get(clock, BTAC_MASK))
    known = 1
    if _load64(entry) != branch:  # two ways: the other one becomes the recent one, or makes room
        known = 1 if _load64(entry + 16) == branch else 0
        tag, word = _load64(entry + 16), _load64(entry + 24)
        _store64(entry + 16, _load64(entry))
        _store64(entry + 24, _load64(entry + 8))
        _store64(entry, tag)
        _store64(entry + 8, word)
    content = _load64(entry + 8)
    counter = content >> 32
    target = content & 0xFFFFFFFF
    if ending == 1:
        if known:
            right = (1 if counter >= WEAKLY_TAKEN else 0) == taken
            counter = min(counter + 1, 3) if taken else max(counter - 1, 0)
            _store64(entry + 8, (address if taken else target) | counter << 32)
            if right:
                return 0 if taken else -1
        elif taken:
            _store64(entry, branch)
            _store64(entry + 8, address | WEAKLY_TAKEN << 32)
            if address < branch:  # backward branches are guessed taken at decode
                return _get(clock, REDIRECT)
        else:
            return -1
        _set(clock, MISPREDICTIONS, _get(clock, MISPREDICTIONS) + 1)
        return _get(clock, PREVIOUS_PENALTY)
    if known and target == address:
        return 0
    _store64(entry, branch)
    _store64(entry + 8, address | 3 << 32)
    if ending == 4:
        _set(clock, MISPREDICTIONS, _get(clock, MISPREDICTIONS) + 1)
        return _get(clock, PREVIOUS_PENALTY)
    return _get(clock, REDIRECT)


@_inline
def _value(clock: int, registers: int, slot: int) -> int:
    if slot < 16:
        return _load32(registers + 4 * slot)
    return _get(clock, SLOT_BASE + slot)


@_native
def _signed(value: int) -> int:
    return value - ((value & 0x80000000) << 1)


@_native
def _addresses(state: int, clock: int, uc: int, record: int) -> int:
    """First pass of a block's address program: compute addresses into the items; the variant mask."""
    registers = _get(clock, REGISTERS)
    if _get(clock, READ_REGISTERS):
        _call4(_get(clock, READ_REGISTERS), uc, _get(clock, REGISTER_IDS), _get(clock, REGISTER_POINTERS), 16)
    item = _get(clock, POOL) + 8 * _load64(record + 8 * ITEMS)
    variant = 0
    for _ in range(_load64(record + 8 * ITEM_COUNT)):
        head = _load64(item)
        constant = _load64(item + 8)
        extra = _load64(item + 16)
        operation = head & 0xFF
        a = _value(clock, registers, (head >> 8) & 0xFF)
        b = _value(clock, registers, (head >> 16) & 0xFF)
        shift = (head >> 24) & 0xFF
        if operation <= addresses.WRITE:
            address = (a + (b << shift) + constant) & 0xFFFFFFFF
            _store64(item + 24, address)
            bit = (head >> 40) & 0xFF
            if bit != addresses.NO_BIT and address & (extra >> 40):
                variant |= 1 << bit
        elif operation == addresses.BANK:
            if ((a + constant) ^ (b + (extra & 0xFFFFFFFF))) & 4 == 0:
                variant |= 1 << ((head >> 40) & 0xFF)
        else:
            result = a + (b << shift) + constant
            if operation == addresses.SUBTRACT:
                result = a - (b << shift) + constant
            elif operation == addresses.VALUE:
                result = _peek(state, result & 0xFFFFFFFF, extra & 0xFF)
            elif operation == addresses.SHIFT_RIGHT:
                result = a >> (b & 31)
            elif operation == addresses.SHIFT_RIGHT_SIGNED:
                result = _signed(a) >> (b & 31)
            elif operation == addresses.AND:
                result = a & b
            elif operation == addresses.MULTIPLY:
                result = a * b
            _set(clock, SLOT_BASE + ((head >> 32) & 0xFF), result & 0xFFFFFFFF)
        item += 8 * ITEM_WORDS
    return variant


@_native
def _peek(state: int, address: int, how: int) -> int:
    """What a load at ``address`` gives; 0 where no memory is (a device must not notice)."""
    pointer = hooks._host_pointer(state, address)
    if pointer == 0:
        return 0
    size = how & 7
    if size == 4:
        return _load32(pointer)
    if size == 2:
        value = hooks._load16(pointer)
        return value - ((value & 0x8000) << 1) if how & addresses.SIGNED else value
    value = _load8(pointer)
    return value - ((value & 0x80) << 1) if how & addresses.SIGNED else value


@_native
def _data_stall(clock: int, record: int, now: int) -> int:
    """Second pass: what the accesses cost beyond a hit."""
    item = _get(clock, POOL) + 8 * _load64(record + 8 * ITEMS)
    stall = 0
    for _ in range(_load64(record + 8 * ITEM_COUNT)):
        operation = _load64(item) & 0xFF
        if operation <= addresses.WRITE:
            extra = _load64(item + 16)
            write = 1 if operation == addresses.WRITE else 0
            issued = _load64(item + 8 * ISSUED)
            stall += _data_access(
                clock,
                _load64(item + 24),
                extra & 0xFFFFFFFF,
                (extra >> 32) & 0xFF,
                write,
                now + stall + (issued & 0xFFFF),
                issued >> 16,
            )
        item += 8 * ITEM_WORDS
    return stall


@_native
def _edge(clock: int, key: int) -> int:
    """Pointer to the pipeline's answer to a key; Python works it out the first time."""
    place = (key ^ (key >> 17) ^ (key >> 34) ^ (key >> 51)) & ((1 << EDGE_BITS) - 1)
    table = _get(clock, EDGES)
    for probe in range(EDGE_PROBES):
        entry = table + 8 * EDGE_WORDS * (place + probe)
        if _load64(entry) == key:
            return entry
    return _call3(_get(clock, FN_EDGE), key, place, 0)


@_native
def _add(record: int, word: int, value: int) -> None:
    _store64(record + 8 * word, _load64(record + 8 * word) + value)


@numba.cfunc(types.void(types.int64, types.int64, types.uint32, types.int64), cache=True)
def on_block(uc: int, address: int, size: int, state: int) -> None:
    """UC_HOOK_BLOCK: stop at the deadline, else add what the block costs to the time."""
    now = _get(state, hooks.NOW)
    if now >= _get(state, hooks.DEADLINE):
        _set(state, hooks.STOPPED, hooks.STOP_DEADLINE)
        _call1(_get(state, hooks.FN_EMU_STOP), uc)
        return
    clock = _get(state, hooks.TIMING)
    slot = _slot(state, address)
    key = address | size << 32
    if _load64(slot) == key:
        entry = _load64(slot + 8)
    else:
        entry = _call3(_get(clock, FN_BLOCK), address, size, 0)
        _store64(slot, key)
        _store64(slot + 8, entry)
        _store8(_get(state, hooks.CODE_PAGES) + (address >> hooks.PAGE_SHIFT), 1)
        _store8(_get(state, hooks.CODE_PAGES) + ((address + size - 1) >> hooks.PAGE_SHIFT), 1)
    flags = (entry >> hooks.FLAG_SHIFT) & _get(state, hooks.WATCH)
    if flags:
        if flags & hooks.FLAG_FLOATING_POINT:
            _set(state, hooks.STOPPED, hooks.STOP_FLOATING_POINT)
            _set(state, hooks.BLOCK_ADDRESS, address)
            _set(state, hooks.BLOCK_SIZE, size)
            _call1(_get(state, hooks.FN_EMU_STOP), uc)
            return
        if flags & hooks.FLAG_MASKS:
            _set(state, hooks.DEADLINE, 0)
        if flags & hooks.FLAG_SEND_EVENT:
            _set(state, hooks.EVENT_REGISTER, 1)
    block = entry & 0xFFFFFFFF
    record = _get(clock, BLOCKS) + 8 * BLOCK_WORDS * block
    # The branch before
    penalty = _settle_branch(clock, address)
    pipeline = _get(clock, PIPELINE)
    taken = 0
    start = now
    if penalty >= 0:
        taken = 1
    if penalty > 0:
        pipeline = 0
        start += penalty
        _add(_get(clock, PREVIOUS), MISPREDICTED, penalty)
        _add(_get(clock, PREVIOUS), CYCLES, penalty)
    # Instruction fetch
    stall = _fetch_stall(clock, record, address, size, taken, start)
    if stall:
        pipeline = 0
        _add(record, CODE_STALL, stall)
        start += stall
    # Issue
    variant = 0
    items = _load64(record + 8 * ITEM_COUNT)
    if items:
        variant = _addresses(state, clock, uc, record)
    edge = _edge(clock, pipeline | block << STATE_BITS | taken << (STATE_BITS + BLOCK_BITS) | variant << VARIANT_SHIFT)
    answer = _load64(edge + 8)
    cycles = answer & 0xFFFF
    _set(clock, PIPELINE, (answer >> 16) & 0xFFFFFF)
    stalls = _load64(edge + 16)
    # Data
    data = _data_stall(clock, record, start) if items else 0
    end = start + cycles + data
    _add(record, RUNS, 1)
    _add(record, CYCLES, end - now - (penalty if penalty > 0 else 0))
    if stalls:
        _add(record, INTERLOCK, stalls & 0xFFFF)
        _add(record, FETCH, (stalls >> 16) & 0xFFFF)
        _add(record, STORES, stalls >> 32)
    if data:
        _add(record, DATA_STALL, data)
    _set(clock, PREVIOUS, record)
    _set(clock, PREVIOUS_END, address + size)
    _set(clock, PREVIOUS_PENALTY, answer >> 40)
    _set(state, hooks.BLOCK_ADDRESS, address)
    _set(state, hooks.BLOCK_SIZE, size)
    _set(state, hooks.BLOCK_START, start)
    _set(state, hooks.NOW, end)


@numba.cfunc(types.boolean(types.int64, types.int32, types.int64, types.int32, types.int64, types.int64), cache=True)
def on_access(uc: int, kind: int, address: int, size: int, value: int, state: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT on device windows: as ``hooks.on_access``, and the bus takes its time."""
    scratch = state + 8 * hooks.ACCESS_PC
    _store64(scratch, 0)
    _call3(_get(state, hooks.FN_REG_READ), uc, hooks.REG_PC, scratch)
    pc = _load64(scratch)
    clock = _get(state, hooks.TIMING)
    record = _get(clock, PREVIOUS)
    part = 0
    offset = pc - _get(state, hooks.BLOCK_ADDRESS)
    if record and 0 <= offset < _get(state, hooks.BLOCK_SIZE):
        part = _load64(_get(clock, POOL) + 8 * (_load64(record + 8 * ISSUE_TIMES) + (offset >> 1)))
    now = _get(state, hooks.BLOCK_START) + part
    _set(state, hooks.ACCESS_NOW, now)
    device = _get(clock, DEVICES)
    address &= 0xFFFFFFFF
    if address & (size - 1):  # Unicorn makes aligned accesses of it
        _set(state, hooks.UNALIGNED, address | size << 32)
    for _ in range(_get(clock, DEVICE_COUNT)):
        if _load64(device) <= address < _load64(device + 8):
            cost = _load64(device + 24) if kind == UC_MEM_WRITE_PROT else _load64(device + 16)
            _set(state, hooks.BLOCK_START, _get(state, hooks.BLOCK_START) + cost)
            _set(state, hooks.NOW, _get(state, hooks.NOW) + cost)
            if record:
                _add(record, DEVICE_STALL, cost)
                _add(record, CYCLES, cost)
            break
        device += 32
    epsr = state + 8 * hooks.SCRATCH
    _store64(epsr, 0x01000000)
    _call3(_get(state, hooks.FN_REG_WRITE), uc, hooks.REG_EPSR, epsr)
    return True
