# mypy: disable-error-code="untyped-decorator,misc,call-arg,arg-type,import-untyped,no-any-return"
"""Native time keeping: the one place that knows Unicorn's C calling convention.

Unicorn calls these functions before every block of instructions and on every access to a device window, so they are
compiled (numba ``@cfunc``, cached on disk) and handed over by address. They share one int64 array, the *state*, with
Python: its slots are the constants below. Addresses of C functions travel in the state too, never as compile-time
constants, or the disk cache would be useless in the next process.

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

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sim.engine.native_code import cfunc, inline, njit

# Slots of the state array.
NOW = 0  # cycles up to the end of the block being run (or exactly now, between runs)
DEADLINE = 1  # a block that would start at or after this cycle is not run
BLOCK_ADDRESS = 2  # block being run
BLOCK_SIZE = 3  # its bytes
BLOCK_START = 4  # cycle at which it started
WATCH = 5  # block flags (below) that matter now
STOPPED = 6  # why the block hook stopped: 0 it did not, else a STOP_ value
INTERRUPT = 7  # number handed to the interrupt hook, -1 when none came
ACCESS_NOW = 8  # cycle of the device access in progress, exact to the instruction
ACCESS_PC = 9  # its instruction
EVENT_REGISTER = 10  # set by SEV
CYCCNT_ON = 11  # DWT: the cycle counter runs with the core clock, and may be read natively
CYCCNT_OFFSET = 12  # DWT: to be added to the cycle to get CYCCNT
CYCCNT_ADDRESS = 13  # DWT: absolute address of the counter
IN_RUN = 14  # 1 while Unicorn runs
TABLE = 15  # pointer to the block table
CODE_PAGES = 16  # pointer to the map of 4 KiB pages that code was run from
FN_EMU_STOP = 17  # uc_emu_stop, uc_reg_read, uc_reg_write
FN_REG_READ = 18
FN_REG_WRITE = 19
FN_PRIVATE_READ = 20  # Python's read callback of the private peripheral bus
FAULT_ADDRESS = 21  # where the last access to nothing went
SCRATCH = 22  # a word for values handed to Unicorn by address
REGION_COUNT = 23
TIMING = 24  # pointer to the state of a clock that needs more than this
REGIONS = 25  # REGION_COUNT times (base, size, host pointer)
MAX_REGIONS = 24
UNALIGNED = REGIONS + 3 * MAX_REGIONS  # the unaligned device access that faults: address, bytes from bit 32
CONTINUE = UNALIGNED + 1  # the next block hook is inside a block already counted: a CONTINUE_ value
NEXT_DEADLINE = CONTINUE + 1  # the deadline from then on
FN_PRIVATE_WRITE = NEXT_DEADLINE + 1  # Python's write callback of the private peripheral bus
MAINTENANCE = FN_PRIVATE_WRITE + 1  # 0, or pointer to who hears of cache maintenance (see on_private_write)
STOP_ADDRESS = MAINTENANCE + 1  # the block the deadline stopped before
READ_PAGES = STOP_ADDRESS + 1  # pointers to what to add to an address to read or write there, by page; 0: ask
WRITE_PAGES = READ_PAGES + 1
CORE_REGISTERS = WRITE_PAGES + 1  # where Unicorn keeps r0 .. r15 and the flags in this process
CORE_FLAGS = CORE_REGISTERS + 1
LOOPS = CORE_FLAGS + 1  # pointer to records of native loops (sim/engine/loops), LOOP_WORDS each
FN_MEMCMP = LOOPS + 1
FN_TRAPS = FN_MEMCMP + 1  # sim/engine/traps/native.py: does a block hold an instruction that traps?
FN_TRAP_PROGRAM = FN_TRAPS + 1  # Python's callback for a block's program
TRAP_PROGRAMS = FN_TRAP_PROGRAM + 1  # pointer to the programs' pointers, one for each entry of the table
TRAP_OFFSET = TRAP_PROGRAMS + 1  # the instruction in question, behind BLOCK_ADDRESS
TRAP_SLOTS = TRAP_OFFSET + 1  # what a program computes
ANSWERS = (
    TRAP_SLOTS + 256
)  # MOST_ANSWERS rows of ANSWER_WORDS: what device reads are answered with (sim/engine/polling)
MOST_ANSWERS = 8
TIME_SHOWN = ANSWERS + 8 * MOST_ANSWERS  # 1: the core was told the time natively, or changed its caches, since it was 0
TRACE_HASH = TIME_SHOWN + 1  # of every block so far, where blocks are traced (sim/engine/loops/trace.py)
TRACE_COUNT = TRACE_HASH + 1
STATE_SIZE = TRACE_COUNT + 1

NEVER = (1 << 63) - 1

STOP_DEADLINE = 1
STOP_FLOATING_POINT = 2
STOP_SPLIT = 3  # the code of a block being continued ends elsewhere than the block did
STOP_HOOK = 4  # at an instruction that has a hook (sim/engine/hooking)
STOP_CONDITIONAL = 5  # at an IT instruction, whose block has to be walked one by one
STOP_STEPPED = 6  # all steps asked for are done
STOP_WATCHPOINT = 7  # before an access that is watched
STOP_TRAP = 8  # before a block with an instruction that may trap (sim/engine/traps)

CONTINUE_WHOLE = 1  # up to the end of the block
CONTINUE_PART = 2  # one instruction

# Block flags: bits of WATCH, and of a table entry from bit FLAG_SHIFT.
FLAG_MASKS = 1  # ends with an instruction that may unmask interrupts (CPS, MSR to PRIMASK .. CONTROL)
FLAG_FLOATING_POINT = 2  # holds a floating-point instruction
FLAG_SEND_EVENT = 4  # holds SEV
FLAG_LOOP = 8  # a native loop may be entered here; its number from bit LOOP_SHIFT
FLAG_MULTIPLE = 16  # loads or stores several words, and not at SP
FLAG_DIVIDES = 32
FLAG_ACCESSES = 64  # any other load or store
FLAGS_TRAPS = FLAG_MULTIPLE | FLAG_DIVIDES | FLAG_ACCESSES
FLAG_SHIFT = 32
LOOP_SHIFT = 40

# A row of ANSWERS. A counter has moved from its start by (now - anchor) * numerator // denominator, down where that is
# negative.
ANSWER_KEY = 0  # address | bytes << 32
ANSWER_START = 1
ANSWER_LEFT = 2  # times it may be given
ANSWER_NUMERATOR = 3
ANSWER_DENOMINATOR = 4  # 0: no counter
ANSWER_ANCHOR = 5
ANSWER_UNTIL = 6  # cycle from which on the counter is another
ANSWER_WORDS = 8

# A record of a native loop.
LOOP_FUNCTION = 0  # f(registers, flags, state, entry): the address to go on at
LOOP_ENTRY = 1
LOOP_CODE = 2  # pointer to what it was made from: count, then (code, copy, bytes)
LOOP_RUNS = 3  # of the present window
LOOP_CYCLES = 4
LOOP_DROPS = 5  # times it was given up because it hardly ran
LOOP_TOTAL = 6  # cycles of all runs
LOOP_WORDS = 7
LOOP_WINDOW = 64
LOOP_WORTH = 256  # cycles a run must last on average; to enter and leave takes as long as Unicorn takes for about 150

PRIVATE_BUS_BASE = 0xE0000000
DCIMVAC, DCCISW = 0xEF5C, 0xEF74  # offsets there: first and last register of data cache maintenance
LINE_SHIFT = 5
TABLE_BITS = 16
PAGE_SHIFT = 12
REG_PC = 11  # UC_ARM_REG_PC
REG_EPSR = 121  # UC_ARM_REG_EPSR


@intrinsic
def _load64(typingctx: Any, pointer: Any) -> Any:
    """The int64 at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(builder.inttoptr(args[0], ir.IntType(64).as_pointer()))

    return types.int64(types.int64), codegen


@intrinsic
def _store64(typingctx: Any, pointer: Any, value: Any) -> Any:
    """Write an int64 to an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[1], builder.inttoptr(args[0], ir.IntType(64).as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


@intrinsic
def _load32(typingctx: Any, pointer: Any) -> Any:
    """The word at an address, zero-extended."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = builder.load(builder.inttoptr(args[0], ir.IntType(32).as_pointer()))
        return builder.zext(word, ir.IntType(64))

    return types.int64(types.int64), codegen


@intrinsic
def _load16(typingctx: Any, pointer: Any) -> Any:
    """The halfword at an address, zero-extended."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        half = builder.load(builder.inttoptr(args[0], ir.IntType(16).as_pointer()), align=1)
        return builder.zext(half, ir.IntType(64))

    return types.int64(types.int64), codegen


@intrinsic
def _load8(typingctx: Any, pointer: Any) -> Any:
    """The byte at an address, zero-extended."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = builder.load(builder.inttoptr(args[0], ir.IntType(8).as_pointer()))
        return builder.zext(byte, ir.IntType(64))

    return types.int64(types.int64), codegen


@intrinsic
def _store8(typingctx: Any, pointer: Any, value: Any) -> Any:
    """Write the low byte of a value to an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = builder.trunc(args[1], ir.IntType(8))
        builder.store(byte, builder.inttoptr(args[0], ir.IntType(8).as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


def _calling(arguments: int) -> Any:
    """An intrinsic that calls the C function at an address with ``arguments`` word arguments."""
    word = ir.IntType(64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = builder.inttoptr(args[0], ir.FunctionType(word, [word] * arguments).as_pointer())
        return builder.call(function, list(args[1:]))

    return types.int64(*[types.int64] * (arguments + 1)), codegen


@intrinsic
def _call1(typingctx: Any, function: Any, a: Any) -> Any:
    """Call a C function of one word."""
    return _calling(1)


@intrinsic
def _call3(typingctx: Any, function: Any, a: Any, b: Any, c: Any) -> Any:
    """Call a C function of three words."""
    return _calling(3)


@intrinsic
def _call4(typingctx: Any, function: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Call a C function of four words."""
    return _calling(4)


@intrinsic
def _call5(typingctx: Any, function: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call a C function of five words."""
    return _calling(5)


@inline
def _get(state: int, slot: int) -> int:
    return _load64(state + 8 * slot)


@inline
def _set(state: int, slot: int, value: int) -> None:
    _store64(state + 8 * slot, value)


@njit
def _host_pointer(state: int, address: int) -> int:
    """Where a guest address lies in this process; 0 when no memory is there."""
    for index in range(_get(state, REGION_COUNT)):
        base = _get(state, REGIONS + 3 * index)
        if base <= address < base + _get(state, REGIONS + 3 * index + 1):
            return _get(state, REGIONS + 3 * index + 2) + address - base
    return 0


@njit
def _count(state: int, address: int, size: int) -> int:
    """Instructions in ``size`` bytes of code at ``address``, with block flags from bit FLAG_SHIFT."""
    pointer = _host_pointer(state, address)
    if pointer == 0:
        return 0
    end = pointer + size
    count = 0
    flags = 0
    while pointer < end:
        first: int = _load16(pointer)
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
        second = _load16(pointer + 2)
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


@inline
def _slot(state: int, address: int) -> int:
    """Pointer to the table entry of a block address: two words, key and count."""
    index = ((address >> 1) ^ (address >> 17)) & ((1 << TABLE_BITS) - 1)
    return _get(state, TABLE) + 16 * index


@njit
def _continues(state: int, address: int, size: int) -> int:
    """The deadline has passed: 1 when it had to, because the code of a counted block goes on; else say why to stop.

    Whoever stopped inside a block has set the deadline to 0 and the real one aside.
    """
    how = _get(state, CONTINUE)
    if how == 0:
        _set(state, STOPPED, STOP_DEADLINE)
        return 0
    _set(state, CONTINUE, 0)
    _set(state, DEADLINE, _get(state, NEXT_DEADLINE))
    if how == CONTINUE_PART or address + size == _get(state, BLOCK_ADDRESS) + _get(state, BLOCK_SIZE):
        return 1
    _set(state, STOPPED, STOP_SPLIT)
    return 0


@njit
def _run_loop(state: int, slot: int, address: int, index: int) -> int:
    """Run the native loop ``index``, which starts at ``address``; the address of the block to be run next."""
    record = _get(state, LOOPS) + 8 * LOOP_WORDS * index
    code: int = _load64(record + 8 * LOOP_CODE)
    for _ in range(_load64(code)):
        if _call3(_get(state, FN_MEMCMP), _load64(code + 8), _load64(code + 16), _load64(code + 24)) & 0xFFFFFFFF:
            _store64(slot, -1)
            _store64(record + 8 * LOOP_DROPS, NEVER)
            return address
        code += 24
    before = _get(state, NOW)
    following: int = _call4(
        _load64(record + 8 * LOOP_FUNCTION),
        _get(state, CORE_REGISTERS),
        _get(state, CORE_FLAGS),
        state,
        _load64(record + 8 * LOOP_ENTRY),
    )
    runs = _load64(record + 8 * LOOP_RUNS) + 1
    spent = _get(state, NOW) - before
    cycles = _load64(record + 8 * LOOP_CYCLES) + spent
    _store64(record + 8 * LOOP_TOTAL, _load64(record + 8 * LOOP_TOTAL) + spent)
    if runs == LOOP_WINDOW:
        if cycles < LOOP_WINDOW * LOOP_WORTH:
            _store64(slot, -1)
            _store64(record + 8 * LOOP_DROPS, _load64(record + 8 * LOOP_DROPS) + 1)
        runs = cycles = 0
    _store64(record + 8 * LOOP_RUNS, runs)
    _store64(record + 8 * LOOP_CYCLES, cycles)
    return following


@inline
def _may_trap(uc: int, state: int, slot: int, address: int, size: int) -> int:
    """Stop before a block that holds an instruction which looks as if it would trap; 0 when none does."""
    found: int = _call4(_get(state, FN_TRAPS), state, address, size, slot)
    if found:
        _set(state, TRAP_OFFSET, found - 1)
        _set(state, STOPPED, STOP_TRAP)
        _set(state, BLOCK_ADDRESS, address)
        _set(state, BLOCK_SIZE, size)
        _call1(_get(state, FN_EMU_STOP), uc)
    return found


@cfunc(types.void(types.int64, types.int64, types.uint32, types.int64))
def on_block(uc: int, address: int, size: int, state: int) -> None:
    """UC_HOOK_BLOCK: stop at the deadline, else add the block's instructions to the time."""
    now = _get(state, NOW)
    if now >= _get(state, DEADLINE):
        if not _continues(state, address, size):
            _set(state, STOP_ADDRESS, address)
            _call1(_get(state, FN_EMU_STOP), uc)
        return
    slot = _slot(state, address)
    key = address | size << 32
    if _load64(slot) == key:
        entry = _load64(slot + 8)
    else:
        entry = _count(state, address, size)
        _store64(slot, key)
        _store64(slot + 8, entry)
        for page in range(address >> PAGE_SHIFT, ((address + size - 1) >> PAGE_SHIFT) + 1):
            _store8(_get(state, CODE_PAGES) + page, 1)
            _store64(_get(state, WRITE_PAGES) + 8 * page, 0)
    flags = (entry >> FLAG_SHIFT) & _get(state, WATCH)
    if flags:
        if flags & FLAG_FLOATING_POINT:
            _set(state, STOPPED, STOP_FLOATING_POINT)
            _set(state, BLOCK_ADDRESS, address)
            _set(state, BLOCK_SIZE, size)
            _call1(_get(state, FN_EMU_STOP), uc)
            return
        if flags & FLAG_MASKS:
            _set(state, DEADLINE, 0)
        if flags & FLAG_SEND_EVENT:
            _set(state, EVENT_REGISTER, 1)
        if flags & FLAG_LOOP:
            following = _run_loop(state, slot, address, entry >> LOOP_SHIFT)
            if following != address:
                scratch = state + 8 * SCRATCH
                _store64(scratch, following | 1)
                _call3(_get(state, FN_REG_WRITE), uc, REG_PC, scratch)
                return
            now = _get(state, NOW)
            if now >= _get(state, DEADLINE):
                _set(state, STOPPED, STOP_DEADLINE)
                _set(state, STOP_ADDRESS, address)
                _call1(_get(state, FN_EMU_STOP), uc)
                return
        if flags & FLAGS_TRAPS and _may_trap(uc, state, slot, address, size):
            return
    _set(state, BLOCK_ADDRESS, address)
    _set(state, BLOCK_SIZE, size)
    _set(state, BLOCK_START, now)
    _set(state, NOW, now + (entry & 0xFFFFFFFF))


@cfunc(types.void(types.int64, types.int64, types.int64, types.int64))
def on_edge(uc: int, block: int, previous: int, state: int) -> None:
    """UC_HOOK_EDGE_GENERATED: a block was (re)translated, so what is cached about that address is void."""
    slot = _slot(state, _load64(block))
    _store64(slot, -1)
    if _get(
        state, TRAP_PROGRAMS
    ):  # to be held against the code, which is mostly the same: Unicorn forgets and translates
        place = _get(state, TRAP_PROGRAMS) + ((slot - _get(state, TABLE)) >> 1)
        _store64(place, _load64(place) | 1)


@cfunc(types.void(types.int64, types.uint32, types.int64))
def on_interrupt(uc: int, number: int, state: int) -> None:
    """UC_HOOK_INTR: note which, and stop; Python takes the exception."""
    _set(state, INTERRUPT, number)
    _call1(_get(state, FN_EMU_STOP), uc)


@inline
def _accessing_pc(uc: int, state: int) -> int:
    """The instruction that makes the access, which Unicorn has just recovered."""
    registers = _get(state, CORE_REGISTERS)
    if registers:
        _set(state, ACCESS_PC, _load32(registers + 60))
    else:
        _set(state, ACCESS_PC, 0)
        _call3(_get(state, FN_REG_READ), uc, REG_PC, state + 8 * ACCESS_PC)
    return _get(state, ACCESS_PC)


@inline
def _faults_unaligned(state: int, address: int, size: int) -> int:
    """An unaligned access to Device memory is a fault (ARM DDI 0403E A3.2.1, B3.1): note it. To normal memory behind a
    device window Unicorn makes aligned accesses of it."""
    if address & (size - 1) == 0:
        return 0
    region = address >> 29
    if region == 2 or region >= 5:
        _set(state, UNALIGNED, address | size << 32)
        return 1
    return 0


@cfunc(types.boolean(types.int64, types.int32, types.int64, types.int32, types.int64, types.int64))
def on_access(uc: int, kind: int, address: int, size: int, value: int, state: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT on device windows: note the exact cycle and PC, repair the IT state, allow."""
    pc = _accessing_pc(uc, state)
    start = _get(state, BLOCK_ADDRESS)
    part = _count(state, start, pc - start) & 0xFFFFFFFF
    _set(state, ACCESS_NOW, _get(state, BLOCK_START) + part)
    epsr = state + 8 * SCRATCH
    _store64(epsr, 0x01000000)
    _call3(_get(state, FN_REG_WRITE), uc, REG_EPSR, epsr)
    return not _faults_unaligned(state, address & 0xFFFFFFFF, size)


@cfunc(types.boolean(types.int64, types.int32, types.int64, types.int32, types.int64, types.int64))
def on_unmapped(uc: int, kind: int, address: int, size: int, value: int, state: int) -> bool:
    """UC_HOOK_MEM_READ_UNMAPPED/WRITE_UNMAPPED: note the address and let the run end with the error."""
    _set(state, FAULT_ADDRESS, address)
    return False


@inline
def _answer(state: int, key: int) -> int:
    """The native answer to a read (address | bytes << 32); -1 when Python has to give it."""
    row = state + 8 * ANSWERS
    for _ in range(MOST_ANSWERS):
        known: int = _load64(row)
        if known == key:
            now = _get(state, ACCESS_NOW)
            left = _load64(row + 8 * ANSWER_LEFT) - 1
            _store64(row + 8 * ANSWER_LEFT, left)
            value: int = _load64(row + 8 * ANSWER_START)
            denominator = _load64(row + 8 * ANSWER_DENOMINATOR)
            if left < 0:
                return -1
            if denominator:
                if now >= _load64(row + 8 * ANSWER_UNTIL):
                    return -1
                numerator = _load64(row + 8 * ANSWER_NUMERATOR)
                passed = (now - _load64(row + 8 * ANSWER_ANCHOR)) * abs(numerator) // denominator
                value += passed if numerator > 0 else -passed
                _set(state, TIME_SHOWN, 1)
            return value
        if known == 0:
            return -1
        row += 8 * ANSWER_WORDS
    return -1


@cfunc(types.int64(types.int64, types.int64, types.uint32, types.int64))
def on_window_read(uc: int, offset: int, size: int, window: int) -> int:
    """Read in a device window: natively what polls have shown to stay as it is, the rest by Python.

    ``window`` points to the engine's state, the window's address and Python's callback.
    """
    state: int = _load64(window)
    if _get(state, ANSWERS):
        value = _answer(state, (offset + _load64(window + 8)) | size << 32)
        if value >= 0:
            return value
    return _call4(_load64(window + 16), uc, offset, size, state)


@cfunc(types.int64(types.int64, types.int64, types.uint32, types.int64))
def on_private_read(uc: int, offset: int, size: int, state: int) -> int:
    """Read in the private peripheral bus: CYCCNT natively (delay loops poll it), the rest by Python."""
    if offset + PRIVATE_BUS_BASE == _get(state, CYCCNT_ADDRESS) and _get(state, CYCCNT_ON) and size == 4:
        _set(state, TIME_SHOWN, 1)
        return (_get(state, ACCESS_NOW) + _get(state, CYCCNT_OFFSET)) & 0xFFFFFFFF
    if _get(state, ANSWERS):
        value = _answer(state, (offset + PRIVATE_BUS_BASE) | size << 32)
        if value >= 0:
            return value
    return _call4(_get(state, FN_PRIVATE_READ), uc, offset, size, state)


@cfunc(types.void(types.int64, types.int64, types.uint32, types.int64, types.int64))
def on_private_write(uc: int, offset: int, size: int, value: int, state: int) -> None:
    """Write in the private peripheral bus: data cache maintenance natively (a frame has 9,600 of them).

    MAINTENANCE points to a function, its first argument, and 1 if Python wants to hear of it as well.
    """
    _set(state, TIME_SHOWN, 1)
    maintenance = _get(state, MAINTENANCE)
    if maintenance and size == 4 and DCIMVAC <= offset <= DCCISW:
        who: int = _load64(maintenance + 8)
        _call4(_load64(maintenance), who, offset, value & 0xFFFFFFFF, _get(state, ACCESS_PC))
        if not _load64(maintenance + 16):
            return
    _call5(_get(state, FN_PRIVATE_WRITE), uc, offset, size, value, state)


@cfunc(types.int64(types.int64, types.int64, types.int64))
def count_until(state: int, address: int, size: int) -> int:
    """Instructions in ``size`` bytes of code at ``address``."""
    return _count(state, address, size) & 0xFFFFFFFF


@cfunc(types.int64(types.int64, types.int64, types.int64))
def count_with_flags(state: int, address: int, size: int) -> int:
    """Instructions in ``size`` bytes of code at ``address``, with block flags from bit FLAG_SHIFT."""
    return _count(state, address, size)


def address_of(function: Any) -> int:
    """The machine address of one of the compiled functions above."""
    return int(function.address)
