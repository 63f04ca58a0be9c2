"""Native time keeping: the one place that knows Unicorn's C calling convention.

Unicorn calls these functions before every block of instructions and on every access to a device window, so they are
compiled (``native_code.py``) and handed over by address. They share one int64 array, the *state*, with
Python (``shared.py``).

What was found by experiment and in Unicorn 2.1.4's sources, and is relied on here:

* ``uc_emu_stop`` in a block hook ends the run before that block: PC is the block's first instruction and nothing of
  it has run. A stop asked for in a device access instead ends the run *inside* the accessing instruction, which then
  runs twice; so nobody stops from there: the deadline is lowered, and the next block hook stops.
* PC is stale in a device callback, unless a hook on that access made Unicorn recover it. A MEM_READ/WRITE hook, even
  one bounded to device addresses, takes every load and store of all code off the fast path (5 times slower); a
  READ_PROT/WRITE_PROT hook does not. So device windows are mapped without permissions, and the protection hook
  lets the access through.
* That recovery writes the middle of an IT block into the IT state and leaves it there, which would make a later block
  skip instructions; ``on_access`` clears it again.
* WFI, SVC and an exception return end their block, so the block's full count is right. A fault happens in the middle:
  ``count_until`` gives the part before it.
* A block is retranslated when its code was written; the edge hook hears of it and drops the block's cached count.
  What Python writes is not noticed by itself: ``Engine.forget_code`` has to be told (the bus does, by CODE_PAGES).
"""

from __future__ import annotations

from sim.engine.native.access import (
    get,
    host_pointer,
    put,
    table_slot,
)
from sim.engine.native.answers import answer
from sim.engine.native.intrinsics import (
    call1,
    call3,
    call4,
    call5,
    load16,
    load32,
    load64,
    store8,
    store64,
)
from sim.engine.native.native_code import CFunction, cfunc, inline, njit
from sim.engine.native.protection import forbids
from sim.engine.native.shared import (
    ACCESS_NOW,
    ACCESS_PC,
    BLOCK_ADDRESS,
    BLOCK_SIZE,
    BLOCK_START,
    CODE_PAGES,
    CONTINUE,
    CONTINUE_COUNTED,
    CONTINUE_PART,
    CORE_FLAGS,
    CORE_REGISTERS,
    CYCCNT_ADDRESS,
    DCCISW,
    DCIMVAC,
    DEADLINE,
    EVENT_REGISTER,
    FAULT_ADDRESS,
    FLAG_ACCESSES,
    FLAG_DIVIDES,
    FLAG_FLOATING_POINT,
    FLAG_HOOKED,
    FLAG_LOOP,
    FLAG_MASKS,
    FLAG_MULTIPLE,
    FLAG_SEND_EVENT,
    FLAG_SHIFT,
    FLAGS_TRAPS,
    FN_CLOCK_MAINTENANCE,
    FN_EMU_STOP,
    FN_LOOP_RAN,
    FN_MARK,
    FN_MEMCMP,
    FN_PRIVATE_READ,
    FN_PRIVATE_WRITE,
    FN_REG_READ,
    FN_REG_WRITE,
    FN_TRAPS,
    HOOKED,
    HOOKED_COUNT,
    INTERRUPT,
    LOOP_CODE,
    LOOP_CYCLES,
    LOOP_DROPS,
    LOOP_ENTRY,
    LOOP_FUNCTION,
    LOOP_LISTENER,
    LOOP_RUNS,
    LOOP_SHIFT,
    LOOP_TOTAL,
    LOOP_WINDOW,
    LOOP_WORDS,
    LOOP_WORTH,
    LOOPS,
    MAINTENANCE,
    NEVER,
    NEXT_DEADLINE,
    NOW,
    PAGE_SHIFT,
    PRIVATE_BUS_BASE,
    REG_EPSR,
    REG_PC,
    SCRATCH,
    STOP_ADDRESS,
    STOP_COUNTED,
    STOP_DEADLINE,
    STOP_FLOATING_POINT,
    STOP_SPLIT,
    STOP_TRAP,
    STOPPED,
    TABLE,
    TIME_SHOWN,
    TIMING,
    TRAP_OFFSET,
    TRAP_PROGRAMS,
    UNALIGNED,
    WATCH,
    WRITE_PAGES,
)


@njit
def _count(state: int, address: int, size: int) -> int:
    """Instructions in ``size`` bytes of code at ``address``, with block flags from bit FLAG_SHIFT."""
    pointer = host_pointer(state, address)
    if pointer == 0:
        return 0
    end = pointer + size
    count = 0
    flags = 0
    while pointer < end:
        first: int = load16(pointer)
        count += 1
        if first < 0xE800:  # 16-bit encodings: all below 0b11101...
            if first & 0xFFE8 == 0xB660:
                flags |= FLAG_MASKS
            elif first == 0xBF40:
                flags |= FLAG_SEND_EVENT
            elif first & 0xF000 == 0xC000:  # STM, LDM
                flags |= FLAG_MULTIPLE
            elif 0x4800 <= first < 0xA000:
                flags |= FLAG_ACCESSES
            pointer += 2
            continue
        second = load16(pointer + 2)
        if first & 0xEC00 == 0xEC00 and second & 0x0E00 == 0x0A00:
            flags |= FLAG_FLOATING_POINT
            if first & 0xFE00 == 0xEC00 and first & 0x01A0:  # VLDR, VSTR, VLDM, VSTM
                flags |= FLAG_MULTIPLE if first & 15 != 13 else 0
        elif first & 0xFFE0 == 0xF380 and second & 0xD0F0 == 0x8010:
            flags |= FLAG_MASKS
        elif first & 0xFE00 == 0xE800:  # STM, LDM, STRD, LDRD
            flags |= FLAG_MULTIPLE if first & 15 != 13 else 0
        elif first & 0xFE00 == 0xF800:
            flags |= FLAG_ACCESSES
        elif first & 0xFFD0 == 0xFB90 and second & 0xF0 == 0xF0:
            flags |= FLAG_DIVIDES
        pointer += 4
    return count | flags << FLAG_SHIFT


@njit
def hooked(state: int, address: int, size: int) -> int:
    """FLAG_HOOKED from bit FLAG_SHIFT where a hooked address lies in the block, else 0."""
    addresses = get(state, HOOKED)
    low, high = 0, get(state, HOOKED_COUNT)
    while low < high:  # the first that is not below the block
        middle = (low + high) >> 1
        if load64(addresses + 8 * middle) < address:
            low = middle + 1
        else:
            high = middle
    if low == get(state, HOOKED_COUNT) or load64(addresses + 8 * low) >= address + size:
        return 0
    return FLAG_HOOKED << FLAG_SHIFT


@njit
def continues(state: int, address: int, size: int) -> int:
    """The deadline has passed: 1 when it had to, because the code of a counted block goes on; 2 when the block is to be
    counted and the core to stop before it; else say why to stop.

    Whoever wants one of these has set the deadline to 0 and the real one aside.
    """
    how = get(state, CONTINUE)
    if how == 0:
        put(state, STOPPED, STOP_DEADLINE)
        return 0
    put(state, CONTINUE, 0)
    put(state, DEADLINE, get(state, NEXT_DEADLINE))
    if how == CONTINUE_COUNTED:
        late = get(state, NOW) >= get(state, DEADLINE)
        put(state, STOPPED, STOP_DEADLINE if late else STOP_COUNTED)
        return 0 if late else 2
    if how == CONTINUE_PART or address + size == get(state, BLOCK_ADDRESS) + get(state, BLOCK_SIZE):
        return 1
    put(state, STOPPED, STOP_SPLIT)
    return 0


@njit
def _run_loop(state: int, slot: int, address: int, index: int) -> int:
    """Run the native loop ``index``, which starts at ``address``; the address of the block to be run next."""
    record = get(state, LOOPS) + 8 * LOOP_WORDS * index
    code: int = load64(record + 8 * LOOP_CODE)
    for _ in range(load64(code)):
        if call3(get(state, FN_MEMCMP), load64(code + 8), load64(code + 16), load64(code + 24)) & 0xFFFFFFFF:
            store64(slot, -1)
            store64(record + 8 * LOOP_DROPS, NEVER)
            return address
        code += 24
    before = get(state, NOW)
    following: int = call4(
        load64(record + 8 * LOOP_FUNCTION),
        get(state, CORE_REGISTERS),
        get(state, CORE_FLAGS),
        state,
        load64(record + 8 * LOOP_ENTRY),
    )
    runs = load64(record + 8 * LOOP_RUNS) + 1
    spent = get(state, NOW) - before
    if spent and get(state, FN_LOOP_RAN):
        call4(get(state, FN_LOOP_RAN), address, load64(slot) >> 32, before, get(state, LOOP_LISTENER))
    cycles = load64(record + 8 * LOOP_CYCLES) + spent
    store64(record + 8 * LOOP_TOTAL, load64(record + 8 * LOOP_TOTAL) + spent)
    if runs == LOOP_WINDOW:
        if cycles < LOOP_WINDOW * LOOP_WORTH:
            store64(slot, -1)
            store64(record + 8 * LOOP_DROPS, load64(record + 8 * LOOP_DROPS) + 1)
        runs = cycles = 0
    store64(record + 8 * LOOP_RUNS, runs)
    store64(record + 8 * LOOP_CYCLES, cycles)
    return following


@inline
def stop_at_trap(uc: int, state: int, slot: int, address: int, size: int) -> None:
    """Stop before a block that holds an instruction which looks as if it would trap; it is counted all the same, and
    Python goes on inside it."""
    found: int = call4(get(state, FN_TRAPS), state, address, size, slot)
    if found:
        put(state, TRAP_OFFSET, found - 1)
        put(state, STOPPED, STOP_TRAP)
        call1(get(state, FN_EMU_STOP), uc)


@cfunc("void(int64, int64, uint32, int64)")
def on_block(uc: int, address: int, size: int, state: int) -> None:
    """UC_HOOK_BLOCK: stop at the deadline, else add the block's instructions to the time."""
    now = get(state, NOW)
    if now >= get(state, DEADLINE):
        how = continues(state, address, size)
        if how != 1:
            put(state, STOP_ADDRESS, address)
            call1(get(state, FN_EMU_STOP), uc)
        if how != 2:
            return
    slot = table_slot(state, address)
    key = address | size << 32
    if load64(slot) == key:
        entry = load64(slot + 8)
    else:
        entry = _count(state, address, size) | hooked(state, address, size)
        store64(slot, key)
        store64(slot + 8, entry)
        for page in range(address >> PAGE_SHIFT, ((address + size - 1) >> PAGE_SHIFT) + 1):
            store8(get(state, CODE_PAGES) + page, 1)
            store64(get(state, WRITE_PAGES) + 8 * page, 0)
    flags = (entry >> FLAG_SHIFT) & get(state, WATCH)
    if flags:
        if flags & FLAG_FLOATING_POINT:
            put(state, STOPPED, STOP_FLOATING_POINT)
            put(state, BLOCK_ADDRESS, address)
            put(state, BLOCK_SIZE, size)
            call1(get(state, FN_EMU_STOP), uc)
            return
        if flags & FLAG_MASKS:
            put(state, DEADLINE, 0)
        if flags & FLAG_SEND_EVENT:
            put(state, EVENT_REGISTER, 1)
        if flags & FLAG_LOOP:
            following = _run_loop(state, slot, address, entry >> LOOP_SHIFT)
            if following != address:
                scratch = state + 8 * SCRATCH
                store64(scratch, following | 1)
                call3(get(state, FN_REG_WRITE), uc, REG_PC, scratch)
                return
            now = get(state, NOW)
            if now >= get(state, DEADLINE):
                put(state, STOPPED, STOP_DEADLINE)
                put(state, STOP_ADDRESS, address)
                call1(get(state, FN_EMU_STOP), uc)
                return
        if flags & FLAG_HOOKED:
            put(state, STOPPED, STOP_COUNTED)
            call1(get(state, FN_EMU_STOP), uc)
        if flags & FLAGS_TRAPS:
            stop_at_trap(uc, state, slot, address, size)
    put(state, BLOCK_ADDRESS, address)
    put(state, BLOCK_SIZE, size)
    put(state, BLOCK_START, now)
    put(state, NOW, now + (entry & 0xFFFFFFFF))


@cfunc("void(int64, int64, int64, int64)")
def on_edge(uc: int, block: int, previous: int, state: int) -> None:
    """UC_HOOK_EDGE_GENERATED: a block was (re)translated, so what is cached about that address is void."""
    slot = table_slot(state, load64(block))
    store64(slot, -1)
    if get(
        state, TRAP_PROGRAMS
    ):  # to be held against the code, which is mostly the same: Unicorn forgets and translates
        place = get(state, TRAP_PROGRAMS) + ((slot - get(state, TABLE)) >> 1)
        store64(place, load64(place) | 1)


@cfunc("void(int64, uint32, int64)")
def on_interrupt(uc: int, number: int, state: int) -> None:
    """UC_HOOK_INTR: note which, and stop; Python takes the exception."""
    put(state, INTERRUPT, number)
    call1(get(state, FN_EMU_STOP), uc)


@inline
def accessing_pc(uc: int, state: int) -> int:
    """The instruction that makes the access, which Unicorn has just recovered."""
    registers = get(state, CORE_REGISTERS)
    if registers:
        put(state, ACCESS_PC, load32(registers + 60))
    else:
        put(state, ACCESS_PC, 0)
        call3(get(state, FN_REG_READ), uc, REG_PC, state + 8 * ACCESS_PC)
    return get(state, ACCESS_PC)


@inline
def faults_unaligned(state: int, address: int, size: int) -> int:
    """An unaligned access to Device memory is a fault (ARM DDI 0403E A3.2.1, B3.1): note it. To normal memory behind a
    device window Unicorn makes aligned accesses of it."""
    if address & (size - 1) == 0:
        return 0
    region = address >> 29
    if region == 2 or region >= 5:
        put(state, UNALIGNED, address | size << 32)
        return 1
    return 0


@cfunc("boolean(int64, int32, int64, int32, int64, int64)")
def on_access(uc: int, kind: int, address: int, size: int, value: int, state: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT on device windows: note the exact cycle and PC, repair the IT state, allow."""
    pc = accessing_pc(uc, state)
    start = get(state, BLOCK_ADDRESS)
    now = get(state, BLOCK_START) + (_count(state, start, pc - start) & 0xFFFFFFFF)
    put(state, ACCESS_NOW, now)
    if get(state, FN_MARK) and address & 0xFFFFFFFF == get(state, CYCCNT_ADDRESS):
        call3(get(state, FN_MARK), now, get(state, NOW) - now, pc)
    epsr = state + 8 * SCRATCH
    store64(epsr, 0x01000000)
    call3(get(state, FN_REG_WRITE), uc, REG_EPSR, epsr)
    address &= 0xFFFFFFFF
    return not (faults_unaligned(state, address, size) or forbids(state, kind, address, size))


@cfunc("boolean(int64, int32, int64, int32, int64, int64)")
def on_unmapped(uc: int, kind: int, address: int, size: int, value: int, state: int) -> bool:
    """UC_HOOK_MEM_READ_UNMAPPED/WRITE_UNMAPPED: note the address and let the run end with the error."""
    put(state, FAULT_ADDRESS, address)
    return False


@cfunc("int64(int64, int64, uint32, int64)")
def on_window_read(uc: int, offset: int, size: int, window: int) -> int:
    """Read in a device window: natively what polls have shown to stay as it is, the rest by Python.

    ``window`` points to the engine's state, the window's address and Python's callback.
    """
    state: int = load64(window)
    value: int = answer(state, offset + load64(window + 8), size, get(state, ACCESS_NOW))
    if value >= 0:
        return value
    return call4(load64(window + 16), uc, offset, size, state)


@cfunc("int64(int64, int64, uint32, int64)")
def on_private_read(uc: int, offset: int, size: int, state: int) -> int:
    """Read in the private peripheral bus: as ``on_window_read``."""
    value: int = answer(state, offset + PRIVATE_BUS_BASE, size, get(state, ACCESS_NOW))
    if value >= 0:
        return value
    return call4(get(state, FN_PRIVATE_READ), uc, offset, size, state)


@cfunc("void(int64, int64, uint32, int64, int64)")
def on_private_write(uc: int, offset: int, size: int, value: int, state: int) -> None:
    """Write in the private peripheral bus: data cache maintenance natively (a frame has 9,600 of them).

    MAINTENANCE points to the function that follows what memory holds, and its first argument. A clock with caches says
    by FN_CLOCK_MAINTENANCE whether it has done its part; Python does what is left.
    """
    put(state, TIME_SHOWN, 1)
    maintenance = get(state, MAINTENANCE)
    if maintenance and size == 4 and DCIMVAC <= offset <= DCCISW:
        who: int = load64(maintenance + 8)
        call4(load64(maintenance), who, offset, value & 0xFFFFFFFF, get(state, ACCESS_PC))
        clock = get(state, FN_CLOCK_MAINTENANCE)
        if not clock or call3(clock, get(state, TIMING), offset, value & 0xFFFFFFFF):
            return
    call5(get(state, FN_PRIVATE_WRITE), uc, offset, size, value, state)


@cfunc("int64(int64, int64, int64)")
def count_until(state: int, address: int, size: int) -> int:
    """Instructions in ``size`` bytes of code at ``address``."""
    return _count(state, address, size) & 0xFFFFFFFF


@cfunc("int64(int64, int64, int64)")
def count_with_flags(state: int, address: int, size: int) -> int:
    """Instructions in ``size`` bytes of code at ``address``, with block flags from bit FLAG_SHIFT."""
    return _count(state, address, size)


def address_of(function: CFunction) -> int:
    """The machine address of one of the compiled functions above."""
    return function.address
