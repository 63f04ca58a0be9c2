"""What the native halves of the clocks that count by blocks share: a block's head and tail, its address program, the
pipeline's answers, device accesses.

``on_block`` of a clock finds the block's record, evaluates its address program over the registers (``addresses.py``),
looks the pipeline's answer up (Python fills in what is missing), and adds what memories cost. It keeps the same slots
of the engine's state as ``hooks.on_block``; its own are in a second int64 array, found by ``shared.TIMING`` and laid
out by ``block_layout.py``.
"""

from __future__ import annotations

from sim.engine.native import hooks, shared
from sim.engine.native.access import get, host_pointer, put, table_slot
from sim.engine.native.intrinsics import call1, call3, call4, load8, load16, load32, load64, store8, store64
from sim.engine.native.native_code import cfunc, inline, njit
from sim.engine.native.protection import forbids
from sim.engine.timing import addresses
from sim.engine.timing.block_layout import (
    BLOCK_BITS,
    CYCLES,
    DATA_MAP,
    DATA_STALL,
    DEVICE_COUNT,
    DEVICE_STALL,
    DEVICES,
    EDGE_BITS,
    EDGE_PROBES,
    EDGE_WORDS,
    EDGES,
    FETCH,
    FN_BLOCK,
    FN_EDGE,
    INTERLOCK,
    ISSUE_TIMES,
    ITEM_COUNT,
    ITEM_WORDS,
    ITEMS,
    POOL,
    PREVIOUS,
    PREVIOUS_END,
    READ_REGISTERS,
    REGISTER_IDS,
    REGISTER_POINTERS,
    REGISTERS,
    RUNS,
    SLOT_BASE,
    STATE_BITS,
    STORES,
    UC_MEM_WRITE_PROT,
    VARIANT_SHIFT,
)


@inline
def entered(uc: int, address: int, size: int, state: int, now: int) -> int:
    """What has to happen at the head of a block: its entry (record number and flags); -1: the run ends here."""
    if now >= get(state, shared.DEADLINE):
        how = hooks.continues(state, address, size)
        if how != 1:
            call1(get(state, shared.FN_EMU_STOP), uc)
        if how != 2:
            return -1
    slot = table_slot(state, address)
    key = address | size << 32
    if load64(slot) == key:
        entry = load64(slot + 8)
    else:
        entry = call3(get(get(state, shared.TIMING), FN_BLOCK), address, size, 0) | hooks.hooked(state, address, size)
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
            return -1
        if flags & shared.FLAG_MASKS:
            put(state, shared.DEADLINE, 0)
        if flags & shared.FLAG_SEND_EVENT:
            put(state, shared.EVENT_REGISTER, 1)
        if flags & shared.FLAG_HOOKED:
            put(state, shared.STOPPED, shared.STOP_COUNTED)
            call1(get(state, shared.FN_EMU_STOP), uc)
        if flags & shared.FLAGS_TRAPS:
            hooks.stop_at_trap(uc, state, slot, address, size)
    return entry & 0xFFFFFFFF


@inline
def left(state: int, clock: int, record: int, address: int, size: int, now: int, start: int, end: int) -> None:
    """What has to be kept of a block: when it was come to (``now``), when it began and when it ends."""
    put(clock, PREVIOUS, record)
    put(clock, PREVIOUS_END, address + size)
    put(state, shared.BLOCK_ADDRESS, address)
    put(state, shared.BLOCK_SIZE, size)
    put(state, shared.BLOCK_ENTERED, now)
    put(state, shared.BLOCK_START, start)
    put(state, shared.NOW, end)


@inline
def _value(clock: int, registers: int, slot: int) -> int:
    if slot < 16:
        return load32(registers + 4 * slot)
    return get(clock, SLOT_BASE + slot)


@njit
def _signed(value: int) -> int:
    return value - ((value & 0x80000000) << 1)


@njit
def _width(value: int) -> int:
    """Bits of a number up to its highest 1."""
    bits = 0
    while value:
        value >>= 1
        bits += 1
    return bits


@njit
def quotient_bits(dividend: int, divisor: int, signed: int) -> int:
    """Bits of a quotient at most, by the widths of the words divided; 0 where it is 0."""
    if signed:
        dividend, divisor = abs(_signed(dividend)), abs(_signed(divisor))
    if divisor == 0 or dividend < divisor:
        return 0
    return _width(dividend) - _width(divisor) + 1


@njit
def evaluate(state: int, clock: int, uc: int, record: int) -> int:
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
        elif operation == addresses.MEMORY:
            data_map = get(clock, DATA_MAP)
            first = load8(data_map + (((a + constant) & 0xFFFFFFFF) >> shared.PAGE_SHIFT))
            second = load8(data_map + (((b + (extra & 0xFFFFFFFF)) & 0xFFFFFFFF) >> shared.PAGE_SHIFT))
            if (first ^ second) & 15 and not (first | second) >> 4:
                variant |= 1 << ((head >> 40) & 0xFF)
        elif operation == addresses.DIVIDE:
            divisor = (b + (extra & 0xFFFFFFFF)) & 0xFFFFFFFF
            store64(item + 24, quotient_bits((a + constant) & 0xFFFFFFFF, divisor, shift))
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


@inline
def answer_key(pipeline: int, block: int, taken: int, variant: int) -> int:
    """What the pipeline's answer depends on, as one number."""
    return pipeline | block << STATE_BITS | taken << (STATE_BITS + BLOCK_BITS) | variant << VARIANT_SHIFT


@njit
def edge_of(clock: int, key: int) -> int:
    """Pointer to the pipeline's answer to a key; Python works it out the first time."""
    place = (key ^ (key >> 17) ^ (key >> 34) ^ (key >> 51)) & ((1 << EDGE_BITS) - 1)
    table = get(clock, EDGES)
    for probe in range(EDGE_PROBES):
        entry = table + 8 * EDGE_WORDS * (place + probe)
        if load64(entry) == key:
            return entry
    return call3(get(clock, FN_EDGE), key, place, 0)


@njit
def add(record: int, word: int, value: int) -> None:
    """Count ``value`` more in a word of a block record."""
    store64(record + 8 * word, load64(record + 8 * word) + value)


@inline
def counted(record: int, cycles: int, stalls: int, data: int) -> None:
    """One more run of a block, of ``cycles`` in all: ``stalls`` of the pipeline as its answer packs them (interlock,
    fetch, stores), ``data`` of the accesses."""
    add(record, RUNS, 1)
    add(record, CYCLES, cycles)
    if stalls:
        add(record, INTERLOCK, stalls & 0xFFFF)
        add(record, FETCH, (stalls >> 16) & 0xFFFF)
        add(record, STORES, stalls >> 32)
    if data:
        add(record, DATA_STALL, data)


@cfunc("boolean(int64, int32, int64, int32, int64, int64)")
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
                add(record, DEVICE_STALL, cost)
                add(record, CYCLES, cost)
            break
        device += 32
    epsr = state + 8 * shared.SCRATCH
    store64(epsr, 0x01000000)
    call3(get(state, shared.FN_REG_WRITE), uc, shared.REG_EPSR, epsr)
    return True
