# mypy: disable-error-code="untyped-decorator,misc,var-annotated,call-arg,arg-type,import-untyped,no-any-return"
"""The native half of the cortex-m7 clock: what has to happen before every block.

``on_block`` finds the block's record, settles the branch before it (BTAC), evaluates the block's address program over
the registers (``addresses.py``), looks the pipeline's answer up (``pipeline.py``; Python fills in what is missing),
and adds what caches and buses cost. It keeps the same slots of the engine's state as ``hooks.on_block``; its own are
in a second int64 array, found by ``shared.TIMING`` and laid out by ``m7_layout.py``.
"""

from __future__ import annotations

from numba import types

from sim.engine.native import hooks, shared
from sim.engine.native.access import get, host_pointer, put, table_slot
from sim.engine.native.intrinsics import call1, call3, call4, load8, load16, load32, load64, store8, store64
from sim.engine.native.native_code import cfunc, inline, njit
from sim.engine.native.protection import forbids
from sim.engine.timing import addresses
from sim.engine.timing.m7_layout import (
    BLOCK_BITS,
    BLOCK_WORDS,
    BLOCKS,
    BRANCH,
    BRANCHES,
    BTAC,
    BTAC_MASK,
    CODE_STALL,
    CYCLES,
    DATA_STALL,
    DEVICE_COUNT,
    DEVICE_STALL,
    DEVICES,
    EDGE_BITS,
    EDGE_PROBES,
    EDGE_WORDS,
    EDGES,
    ENDING,
    ENDING_CALL,
    ENDING_CONDITIONAL,
    ENDING_INDIRECT,
    ENDING_INDIRECT_CALL,
    ENDING_RETURN,
    FETCH,
    FN_BLOCK,
    FN_EDGE,
    INTERLOCK,
    ISSUE_TIMES,
    ISSUED,
    ITEM_COUNT,
    ITEM_WORDS,
    ITEMS,
    MISPREDICTED,
    MISPREDICTIONS,
    PIPELINE,
    POOL,
    PREVIOUS,
    PREVIOUS_END,
    PREVIOUS_PENALTY,
    READ_REGISTERS,
    REDIRECT,
    REGISTER_IDS,
    REGISTER_POINTERS,
    REGISTERS,
    RETURN_DEPTH,
    RETURN_TOP,
    RETURNS,
    RUNS,
    SLOT_BASE,
    STATE_BITS,
    STORES,
    UC_MEM_WRITE_PROT,
    VARIANT_SHIFT,
    WEAKLY_TAKEN,
)
from sim.engine.timing.m7_memory import _data_access, _fetch_stall


@njit
def _settle_branch(clock: int, address: int) -> int:
    """What the branch before this block cost beyond its slot; -1 when there was none, or it went straight on."""
    record = get(clock, PREVIOUS)
    if record == 0:
        return -1
    ending = load64(record + 8 * ENDING)
    taken = 1 if address != get(clock, PREVIOUS_END) else 0
    if ending == 0:
        return 0 if taken else -1
    branch = load64(record + 8 * BRANCH)
    put(clock, BRANCHES, get(clock, BRANCHES) + 1)
    entry = get(clock, BTAC) + 32 * (((branch >> 1) ^ (branch >> 5)) & get(clock, BTAC_MASK))
    known = 1
    if load64(entry) != branch:  # two ways: the other one becomes the recent one, or makes room
        known = 1 if load64(entry + 16) == branch else 0
        if not known and ending == ENDING_CONDITIONAL and not taken:
            return -1  # a branch that was never taken has no entry, and moves none
        tag, word = load64(entry + 16), load64(entry + 24)
        store64(entry + 16, load64(entry))
        store64(entry + 24, load64(entry + 8))
        store64(entry, tag)
        store64(entry + 8, word)
    content = load64(entry + 8)
    counter = content >> 32
    target = content & 0xFFFFFFFF
    if ending == ENDING_CONDITIONAL:
        if known:
            right = (1 if counter >= WEAKLY_TAKEN else 0) == taken
            counter = min(counter + 1, 3) if taken else max(counter - 1, 0)
            store64(entry + 8, (address if taken else target) | counter << 32)
            if right:
                return 0 if taken else -1
        elif taken:
            store64(entry, branch)
            store64(entry + 8, address | WEAKLY_TAKEN << 32)
            if address < branch:  # backward branches are guessed taken at decode
                return get(clock, REDIRECT)
        else:
            return -1
        put(clock, MISPREDICTIONS, get(clock, MISPREDICTIONS) + 1)
        return get(clock, PREVIOUS_PENALTY)
    foreseen = 1 if known and target == address else 0
    depth = get(clock, RETURN_DEPTH)
    if depth:
        top = get(clock, RETURN_TOP)
        if ending == ENDING_RETURN:
            top = (top + depth - 1) % depth
            # The stack says where to, but only a known branch is followed without a look at the instruction.
            right = get(clock, RETURNS + top) == address
            put(clock, RETURN_TOP, top)
            store64(entry, branch)
            store64(entry + 8, address | 3 << 32)
            if right:
                return 0 if known else get(clock, REDIRECT)
            put(clock, MISPREDICTIONS, get(clock, MISPREDICTIONS) + 1)
            return get(clock, PREVIOUS_PENALTY)
        if ending in (ENDING_CALL, ENDING_INDIRECT_CALL):
            put(clock, RETURNS + top, get(clock, PREVIOUS_END))
            put(clock, RETURN_TOP, (top + 1) % depth)
    if foreseen:
        return 0
    store64(entry, branch)
    store64(entry + 8, address | 3 << 32)
    if ending >= ENDING_INDIRECT:
        put(clock, MISPREDICTIONS, get(clock, MISPREDICTIONS) + 1)
        return get(clock, PREVIOUS_PENALTY)
    return get(clock, REDIRECT)


@inline
def _value(clock: int, registers: int, slot: int) -> int:
    if slot < 16:
        return load32(registers + 4 * slot)
    return get(clock, SLOT_BASE + slot)


@njit
def _signed(value: int) -> int:
    return value - ((value & 0x80000000) << 1)


@njit
def _addresses(state: int, clock: int, uc: int, record: int) -> int:
    """First pass of a block's address program: compute addresses into the items; the variant mask."""
    registers = get(clock, REGISTERS)
    if get(clock, READ_REGISTERS):
        call4(get(clock, READ_REGISTERS), uc, get(clock, REGISTER_IDS), get(clock, REGISTER_POINTERS), 16)
    item = get(clock, POOL) + 8 * load64(record + 8 * ITEMS)
    variant = 0
    for _ in range(load64(record + 8 * ITEM_COUNT)):
        head = load64(item)
        constant = load64(item + 8)
        extra = load64(item + 16)
        operation = head & 0xFF
        a = _value(clock, registers, (head >> 8) & 0xFF)
        b = _value(clock, registers, (head >> 16) & 0xFF)
        shift = (head >> 24) & 0xFF
        if operation <= addresses.WRITE:
            address = (a + (b << shift) + constant) & 0xFFFFFFFF
            store64(item + 24, address)
            bit = (head >> 40) & 0xFF
            if bit != addresses.NO_BIT and address & (extra >> 40) & 0xFF:
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
            put(clock, SLOT_BASE + ((head >> 32) & 0xFF), result & 0xFFFFFFFF)
        item += 8 * ITEM_WORDS
    return variant


@njit
def _peek(state: int, address: int, how: int) -> int:
    """What a load at ``address`` gives; 0 where no memory is (a device must not notice)."""
    pointer = host_pointer(state, address)
    if pointer == 0:
        return 0
    size = how & 7
    if size == 4:
        return load32(pointer)
    if size == 2:
        value = load16(pointer)
        return value - ((value & 0x8000) << 1) if how & addresses.SIGNED else value
    value = load8(pointer)
    return value - ((value & 0x80) << 1) if how & addresses.SIGNED else value


@njit
def _data_stall(clock: int, record: int, now: int) -> int:
    """Second pass: what the accesses cost beyond a hit."""
    item = get(clock, POOL) + 8 * load64(record + 8 * ITEMS)
    stall = 0
    for _ in range(load64(record + 8 * ITEM_COUNT)):
        operation = load64(item) & 0xFF
        if operation <= addresses.WRITE:
            extra = load64(item + 16)
            write = 1 if operation == addresses.WRITE else 0
            issued = load64(item + 8 * ISSUED)
            stall += _data_access(
                clock,
                load64(item + 24),
                extra & 0xFFFFFFFF,
                (extra >> 32) & 0xFF,
                write,
                now + stall + (issued & 0xFFFF),
                issued >> 16,
                extra >> 48,
            )
        item += 8 * ITEM_WORDS
    return stall


@njit
def _edge(clock: int, key: int) -> int:
    """Pointer to the pipeline's answer to a key; Python works it out the first time."""
    place = (key ^ (key >> 17) ^ (key >> 34) ^ (key >> 51)) & ((1 << EDGE_BITS) - 1)
    table = get(clock, EDGES)
    for probe in range(EDGE_PROBES):
        entry = table + 8 * EDGE_WORDS * (place + probe)
        if load64(entry) == key:
            return entry
    return call3(get(clock, FN_EDGE), key, place, 0)


@njit
def _add(record: int, word: int, value: int) -> None:
    store64(record + 8 * word, load64(record + 8 * word) + value)


@cfunc(types.void(types.int64, types.int64, types.uint32, types.int64))
def on_block(uc: int, address: int, size: int, state: int) -> None:
    """UC_HOOK_BLOCK: stop at the deadline, else add what the block costs to the time."""
    now = get(state, shared.NOW)
    if now >= get(state, shared.DEADLINE):
        how = hooks.continues(state, address, size)
        if how != 1:
            call1(get(state, shared.FN_EMU_STOP), uc)
        if how != 2:
            return
    clock = get(state, shared.TIMING)
    slot = table_slot(state, address)
    key = address | size << 32
    if load64(slot) == key:
        entry = load64(slot + 8)
    else:
        entry = call3(get(clock, FN_BLOCK), address, size, 0) | hooks.hooked(state, address, size)
        store64(slot, key)
        store64(slot + 8, entry)
        store8(get(state, shared.CODE_PAGES) + (address >> shared.PAGE_SHIFT), 1)
        store8(get(state, shared.CODE_PAGES) + ((address + size - 1) >> shared.PAGE_SHIFT), 1)
    flags = (entry >> shared.FLAG_SHIFT) & get(state, shared.WATCH)
    if flags:
        if flags & shared.FLAG_FLOATING_POINT:
            put(state, shared.STOPPED, shared.STOP_FLOATING_POINT)
            put(state, shared.BLOCK_ADDRESS, address)
            put(state, shared.BLOCK_SIZE, size)
            call1(get(state, shared.FN_EMU_STOP), uc)
            return
        if flags & shared.FLAG_MASKS:
            put(state, shared.DEADLINE, 0)
        if flags & shared.FLAG_SEND_EVENT:
            put(state, shared.EVENT_REGISTER, 1)
        if flags & shared.FLAG_HOOKED:
            put(state, shared.STOPPED, shared.STOP_COUNTED)
            call1(get(state, shared.FN_EMU_STOP), uc)
        if flags & shared.FLAGS_TRAPS:
            hooks.stop_at_trap(uc, state, slot, address, size)
    block = entry & 0xFFFFFFFF
    record = get(clock, BLOCKS) + 8 * BLOCK_WORDS * block
    # The branch before
    penalty = _settle_branch(clock, address)
    pipeline = get(clock, PIPELINE)
    taken = 0
    start = now
    if penalty >= 0:
        taken = 1
    if penalty > 0:
        pipeline = 0
        start += penalty
        _add(get(clock, PREVIOUS), MISPREDICTED, penalty)
        _add(get(clock, PREVIOUS), CYCLES, penalty)
    # Instruction fetch
    stall = _fetch_stall(clock, record, address, size, taken, start)
    if stall:
        pipeline = 0
        _add(record, CODE_STALL, stall)
        start += stall
    # Issue
    variant = 0
    items = load64(record + 8 * ITEM_COUNT)
    if items:
        variant = _addresses(state, clock, uc, record)
    edge = _edge(clock, pipeline | block << STATE_BITS | taken << (STATE_BITS + BLOCK_BITS) | variant << VARIANT_SHIFT)
    answer = load64(edge + 8)
    cycles = answer & 0xFFFF
    put(clock, PIPELINE, (answer >> 16) & 0xFFFFFF)
    stalls = load64(edge + 16)
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
    put(clock, PREVIOUS, record)
    put(clock, PREVIOUS_END, address + size)
    put(clock, PREVIOUS_PENALTY, answer >> 40)
    put(state, shared.BLOCK_ADDRESS, address)
    put(state, shared.BLOCK_SIZE, size)
    put(state, shared.BLOCK_ENTERED, now)
    put(state, shared.BLOCK_START, start)
    put(state, shared.NOW, end)


@cfunc(types.boolean(types.int64, types.int32, types.int64, types.int32, types.int64, types.int64))
def on_access(uc: int, kind: int, address: int, size: int, value: int, state: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT on device windows: as ``hooks.on_access``, and the bus takes its time."""
    pc = hooks.accessing_pc(uc, state)
    clock = get(state, shared.TIMING)
    record = get(clock, PREVIOUS)
    part = 0
    offset = pc - get(state, shared.BLOCK_ADDRESS)
    if record and 0 <= offset < get(state, shared.BLOCK_SIZE):
        part = load64(get(clock, POOL) + 8 * (load64(record + 8 * ISSUE_TIMES) + (offset >> 1)))
    now = get(state, shared.BLOCK_START) + part
    put(state, shared.ACCESS_NOW, now)
    device = get(clock, DEVICES)
    address &= 0xFFFFFFFF
    if get(state, shared.FN_MARK) and address == get(state, shared.CYCCNT_ADDRESS):
        call3(get(state, shared.FN_MARK), now, get(state, shared.NOW) - now, pc)
    if hooks.faults_unaligned(state, address, size) or forbids(state, kind, address, size):
        return False
    for _ in range(get(clock, DEVICE_COUNT)):
        if load64(device) <= address < load64(device + 8):
            cost = load64(device + 24) if kind == UC_MEM_WRITE_PROT else load64(device + 16)
            put(state, shared.BLOCK_START, get(state, shared.BLOCK_START) + cost)
            put(state, shared.NOW, get(state, shared.NOW) + cost)
            if record:
                _add(record, DEVICE_STALL, cost)
                _add(record, CYCLES, cost)
            break
        device += 32
    epsr = state + 8 * shared.SCRATCH
    store64(epsr, 0x01000000)
    call3(get(state, shared.FN_REG_WRITE), uc, shared.REG_EPSR, epsr)
    return True


@cfunc(types.int64(*[types.int64] * 8))
def access(clock: int, address: int, span: int, count: int, write: int, now: int, later: int, surplus: int) -> int:
    """What loads or stores outside of blocks (an exception's frame) add to a hit."""
    return _data_access(clock, address, span, count, write, now, later, surplus)
