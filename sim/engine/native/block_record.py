"""The native half of profile and coverage: which blocks ran, what they took, and on which call stack.

A second block hook, behind the clock's, there only while somebody observes. The time from a block's start to the next
block's is that block's: device accesses, a mispredicted branch behind it and the fetch of what follows are in it. So
the sums are the clock's to the cycle, whichever clock it is.

Python fills in what is met for the first time (FN_ROW, FN_NODE) and says where a core goes on that something else than
its own code has moved (FN_MOVED): exceptions, their return, another thread's stack.
"""

from __future__ import annotations

from sim.engine.native.access import get, put
from sim.engine.native.intrinsics import call3, load32, load64, store64
from sim.engine.native.native_code import cfunc, inline, njit
from sim.engine.native.shared import BLOCK_ADDRESS, BLOCK_START, CORE_REGISTERS, FN_REG_READ, SCRATCH, STOPPED

# Slots of the recorder's array.
STATE = 0  # pointer to the engine's state
TABLE = 1  # pointer to (address | bytes << 32, pointer to the row) by a hash of the address
LAST = 2  # pointer to the row of the block being run
LAST_START = 3  # the cycle it began
PENDING = 4  # how it ends, or MOVED
STACKS = 5  # 0: nobody asks for call stacks
NODES = 6  # pointer to the nodes of the tree of call stacks
FRAMES = 7  # pointer to the call stack, lowest first
DEPTH = 8  # frames on it
FLOOR = 9  # frames of what was interrupted: returns stay above
CHILDREN = 10  # pointer to (node << 32 | function, child) by a hash of the key; -1: empty
CHILDREN_MASK = 11
LOWEST = 12  # the lowest stack pointer seen on the present stack
FN_ROW = 13
FN_NODE = 14
FN_MOVED = 15
LOG = 16  # pointer to (cycle, node | section << 32) whenever these change; 0: nobody asks
LOG_COUNT = 17
LOG_ROOM = 18
FN_LOG = 19  # it is full
SECTIONS = 20  # pointer to the cycles of each section: what ran in a marked function and in all it led to
SLOTS = 21

# Words of a row: one block.
KIND = 0
END = 1  # address behind it
FUNCTION = 2  # address of its function; 0: unknown
DEEPEST = 3  # bytes its own pushes take below the stack pointer it begins with
RUNS = 4
CYCLES = 5
TAKEN = 6  # times its conditional branch was taken
MARK = 7  # number of the section that begins here; 0: none
ROW_WORDS = 8

# Words of a node: a function as called by the node above it.
NODE_FUNCTION = 0
NODE_PARENT = 1
NODE_CYCLES = 2
NODE_CALLS = 3
NODE_WORDS = 4

# Words of a frame.
FRAME_NODE = 0
FRAME_RETURN = 1
FRAME_STACK = 2  # the stack pointer at entry
FRAME_SECTION = 3  # the one it belongs to, handed down to what it calls; 0: none
FRAME_WORDS = 4
MOST_FRAMES = 1024

# How a block ends.
ONWARD = 0  # into the next, or by a direct jump
CONDITIONAL = 1
CALL = 2
INDIRECT = 3  # a return, a tail call by pointer, a jump table
MOVED = 4

TABLE_BITS = 16
REG_SP = 12  # UC_ARM_REG_SP


@inline
def _at(place: int, word: int) -> int:
    return load64(place + 8 * word)


@inline
def _set(place: int, word: int, value: int) -> None:
    store64(place + 8 * word, value)


@inline
def _add(place: int, word: int, value: int) -> None:
    store64(place + 8 * word, load64(place + 8 * word) + value)


@inline
def _frame(record: int, number: int) -> int:
    return _at(record, FRAMES) + 8 * FRAME_WORDS * number


@inline
def _node(record: int, number: int) -> int:
    return _at(record, NODES) + 8 * NODE_WORDS * number


@njit
def _child(record: int, parent: int, function: int) -> int:
    """The node of ``function`` as called by ``parent``."""
    key = parent << 32 | function
    mask = _at(record, CHILDREN_MASK)
    place = (function >> 1 ^ parent * 0x9E3779B1) & mask
    while True:
        entry = _at(record, CHILDREN) + 16 * place
        found: int = load64(entry)
        if found == key:
            known: int = load64(entry + 8)
            return known
        if found == -1:
            made: int = call3(_at(record, FN_NODE), parent, function, 0)
            return made
        place = (place + 1) & mask


@inline
def _running(record: int) -> int:
    """Node and section of what runs, as the log has them."""
    top = _frame(record, _at(record, DEPTH) - 1)
    return _at(top, FRAME_NODE) | _at(top, FRAME_SECTION) << 32


@njit
def _push(record: int, function: int, back: int, stack: int) -> None:
    """``function`` begins, to return to ``back``; beyond MOST_FRAMES calls are not followed."""
    depth: int = _at(record, DEPTH)
    if depth == MOST_FRAMES:
        return
    caller = _frame(record, depth - 1)
    node = _child(record, _at(caller, FRAME_NODE), function)
    frame = _frame(record, depth)
    _set(frame, FRAME_NODE, node)
    _set(frame, FRAME_RETURN, back)
    _set(frame, FRAME_STACK, stack)
    _set(frame, FRAME_SECTION, _at(caller, FRAME_SECTION))
    _set(record, DEPTH, depth + 1)
    _add(_node(record, node), NODE_CALLS, 1)


@njit
def _unwind(record: int, address: int, function: int, stack: int) -> None:
    """An indirect jump went to ``address``: drop what has returned.

    A function that has was entered with a stack pointer below the present one (longjmp), or with the present one and
    is left for where it was to return to, or for somewhere inside its caller.
    """
    depth: int = _at(record, DEPTH)
    floor: int = _at(record, FLOOR)
    while depth > floor and _at(_frame(record, depth - 1), FRAME_STACK) < stack:
        depth -= 1
    if depth > floor:
        top = _frame(record, depth - 1)
        if _at(top, FRAME_STACK) == stack:
            if _at(top, FRAME_RETURN) == address:
                depth -= 1
            elif address != function and depth - 1 > floor:
                own = _at(_node(record, _at(top, FRAME_NODE)), NODE_FUNCTION)
                caller = _at(_node(record, _at(_frame(record, depth - 2), FRAME_NODE)), NODE_FUNCTION)
                if function == caller and function != own:
                    depth -= 1
    _set(record, DEPTH, depth)


@njit
def _follow(record: int, address: int, row: int, kind: int, stack: int) -> None:
    """Bring the call stack to where the block at ``address`` runs."""
    last = _at(record, LAST)
    function: int = _at(row, FUNCTION)
    if kind == CALL:
        back = _at(last, END)
        if address != back:  # a conditional call that was not made
            _push(record, function if function else address, back, stack)
            return
    elif kind == INDIRECT:
        _unwind(record, address, function, stack)
    depth = _at(record, DEPTH)
    if depth == _at(record, FLOOR):
        _push(record, function if function else address, 0, stack)
    elif function:
        # A jump into another function takes the place of the one that jumped: a tail call.
        top = _frame(record, depth - 1)
        node = _node(record, _at(top, FRAME_NODE))
        if _at(node, NODE_FUNCTION) != function:
            found = _child(record, _at(node, NODE_PARENT), function)
            _set(top, FRAME_NODE, found)
            _add(_node(record, found), NODE_CALLS, 1)


@njit
def _log(record: int, cycle: int) -> None:
    """Note what runs now."""
    count = _at(record, LOG_COUNT)
    if count == _at(record, LOG_ROOM):
        call3(_at(record, FN_LOG), 0, 0, 0)
        count = _at(record, LOG_COUNT)
    place = _at(record, LOG) + 16 * count
    store64(place, cycle)
    store64(place + 8, _running(record))
    _set(record, LOG_COUNT, count + 1)


@inline
def _stack_pointer(uc: int, state: int) -> int:
    registers = get(state, CORE_REGISTERS)
    if registers:
        return load32(registers + 52)
    put(state, SCRATCH, 0)
    call3(get(state, FN_REG_READ), uc, REG_SP, state + 8 * SCRATCH)
    return get(state, SCRATCH)


@inline
def _row_of(record: int, address: int, size: int) -> int:
    slot = _at(record, TABLE) + 16 * ((address >> 1 ^ address >> 17) & ((1 << TABLE_BITS) - 1))
    row: int = load64(slot + 8)
    if load64(slot) != address | size << 32:
        row = call3(_at(record, FN_ROW), address, size, slot)
    return row


@inline
def _begins(uc: int, state: int, record: int, address: int, row: int, start: int) -> None:
    """The block at ``address`` begins at cycle ``start``: charge the one before, follow the calls."""
    last = _at(record, LAST)
    kind = _at(record, PENDING)
    spent = start - _at(record, LAST_START)
    _add(last, CYCLES, spent)
    _set(record, LAST_START, start)
    stacks = _at(record, STACKS)
    stack = 0
    before = 0
    if stacks:
        before = _running(record)
        _add(_node(record, before & 0xFFFFFFFF), NODE_CYCLES, spent)
        _add(_at(record, SECTIONS), before >> 32, spent)
    if stacks or kind == MOVED:
        stack = _stack_pointer(uc, state)
    if kind == MOVED:
        kind = call3(_at(record, FN_MOVED), address, stack, 0)
    if kind == CONDITIONAL and address != _at(_at(record, LAST), END):
        _add(_at(record, LAST), TAKEN, 1)
    if stacks:
        _follow(record, address, row, kind, stack)
        if _at(row, MARK):
            _set(_frame(record, _at(record, DEPTH) - 1), FRAME_SECTION, _at(row, MARK))
        lowest = stack - _at(row, DEEPEST)
        if lowest < _at(record, LOWEST):
            _set(record, LOWEST, lowest)
        if _at(record, LOG) and _running(record) != before:
            _log(record, start)
    _set(record, LAST, row)


@cfunc("void(int64, int64, uint32, int64)")
def on_recorded_block(uc: int, address: int, size: int, record: int) -> None:
    """UC_HOOK_BLOCK, behind the clock's: charge the block before, note this one."""
    state = _at(record, STATE)
    if get(state, STOPPED) or get(state, BLOCK_ADDRESS) != address or get(state, BLOCK_START) < _at(record, LAST_START):
        return  # it is not run yet, or goes on inside, or was left to a native loop
    start = get(state, BLOCK_START)
    row = _row_of(record, address, size)
    if _at(record, LAST) == row and start == _at(record, LAST_START) and _at(record, PENDING) != MOVED:
        return  # begun already: something has stopped before its first instruction
    _begins(uc, state, record, address, row, start)
    _add(row, RUNS, 1)
    _set(record, PENDING, _at(row, KIND))


@cfunc("int64(int64, int64, int64, int64)")
def on_recorded_loop(address: int, size: int, start: int, record: int) -> int:
    """A native loop that began with this block at ``start`` has run: it has counted its blocks itself, and stayed in
    one function."""
    row = _row_of(record, address, size)
    _begins(0, _at(record, STATE), record, address, row, start)
    _set(record, PENDING, ONWARD)
    return 0


@cfunc("void(int64, int64, int64, int64)")
def on_recorded_edge(uc: int, block: int, previous: int, record: int) -> None:
    """UC_HOOK_EDGE_GENERATED: a block was translated again, so its code may be another."""
    address: int = load64(block)
    store64(_at(record, TABLE) + 16 * ((address >> 1 ^ address >> 17) & ((1 << TABLE_BITS) - 1)), -1)
