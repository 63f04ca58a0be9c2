# mypy: disable-error-code="untyped-decorator,misc,var-annotated,call-arg,arg-type,import-untyped,no-any-return"
"""The native half of the cortex-m7 clock: what has to happen before every block.

``on_block`` finds the block's record, settles the branch before it (BTAC), evaluates the block's address program over
the registers (``addresses.py``), looks the pipeline's answer up (``pipeline.py``; Python fills in what is missing),
and adds what caches and buses cost. It keeps the same slots of the engine's state as ``hooks.on_block``; its own are
in a second int64 array, found by ``hooks.TIMING`` and laid out by ``m7_layout.py``.
"""

from __future__ import annotations

from numba import types

from sim.engine import hooks
from sim.engine.hooks import (
    _call1,
    _call3,
    _call4,
    _get,
    _load8,
    _load32,
    _load64,
    _set,
    _slot,
    _store8,
    _store64,
)
from sim.engine.native_code import cfunc, inline, njit
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
    FN_MARK,
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
    if ending == ENDING_CONDITIONAL:
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
    foreseen = 1 if known and target == address else 0
    depth = _get(clock, RETURN_DEPTH)
    if depth:
        top = _get(clock, RETURN_TOP)
        if ending == ENDING_RETURN:
            top = (top + depth - 1) % depth
            # The stack says where to, but only a known branch is followed without a look at the instruction.
            right = _get(clock, RETURNS + top) == address
            _set(clock, RETURN_TOP, top)
            _store64(entry, branch)
            _store64(entry + 8, address | 3 << 32)
            if right:
                return 0 if known else _get(clock, REDIRECT)
            _set(clock, MISPREDICTIONS, _get(clock, MISPREDICTIONS) + 1)
            return _get(clock, PREVIOUS_PENALTY)
        if ending in (ENDING_CALL, ENDING_INDIRECT_CALL):
            _set(clock, RETURNS + top, _get(clock, PREVIOUS_END))
            _set(clock, RETURN_TOP, (top + 1) % depth)
    if foreseen:
        return 0
    _store64(entry, branch)
    _store64(entry + 8, address | 3 << 32)
    if ending >= ENDING_INDIRECT:
        _set(clock, MISPREDICTIONS, _get(clock, MISPREDICTIONS) + 1)
        return _get(clock, PREVIOUS_PENALTY)
    return _get(clock, REDIRECT)


@inline
def _value(clock: int, registers: int, slot: int) -> int:
    if slot < 16:
        return _load32(registers + 4 * slot)
    return _get(clock, SLOT_BASE + slot)


@njit
def _signed(value: int) -> int:
    return value - ((value & 0x80000000) << 1)


@njit
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


@njit
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


@njit
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


@njit
def _edge(clock: int, key: int) -> int:
    """Pointer to the pipeline's answer to a key; Python works it out the first time."""
    place = (key ^ (key >> 17) ^ (key >> 34) ^ (key >> 51)) & ((1 << EDGE_BITS) - 1)
    table = _get(clock, EDGES)
    for probe in range(EDGE_PROBES):
        entry = table + 8 * EDGE_WORDS * (place + probe)
        if _load64(entry) == key:
            return entry
    return _call3(_get(clock, FN_EDGE), key, place, 0)


@njit
def _add(record: int, word: int, value: int) -> None:
    _store64(record + 8 * word, _load64(record + 8 * word) + value)


@cfunc(types.void(types.int64, types.int64, types.uint32, types.int64))
def on_block(uc: int, address: int, size: int, state: int) -> None:
    """UC_HOOK_BLOCK: stop at the deadline, else add what the block costs to the time."""
    now = _get(state, hooks.NOW)
    if now >= _get(state, hooks.DEADLINE):
        if not hooks._continues(state, address, size):
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
        if flags & hooks.FLAGS_TRAPS and hooks._may_trap(uc, state, slot, address, size):
            return
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


@cfunc(types.boolean(types.int64, types.int32, types.int64, types.int32, types.int64, types.int64))
def on_access(uc: int, kind: int, address: int, size: int, value: int, state: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT on device windows: as ``hooks.on_access``, and the bus takes its time."""
    pc = hooks._accessing_pc(uc, state)
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
    if _get(clock, FN_MARK) and address == _get(state, hooks.CYCCNT_ADDRESS):
        _call3(_get(clock, FN_MARK), now, _get(state, hooks.NOW) - now, pc)
    if hooks._faults_unaligned(state, address, size):
        return False
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


@cfunc(types.int64(*[types.int64] * 7))
def access(clock: int, address: int, span: int, count: int, write: int, now: int, later: int) -> int:
    """What loads or stores outside of blocks (an exception's frame) add to a hit."""
    return _data_access(clock, address, span, count, write, now, later)
