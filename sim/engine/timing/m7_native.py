"""The native half of the cortex-m7 clock: ``block_native.py``, and what is the M7's: branch prediction (BTAC), caches
and buses."""

from __future__ import annotations

from sim.engine.native import shared
from sim.engine.native.access import get, put
from sim.engine.native.intrinsics import load64, store64
from sim.engine.native.native_code import cfunc, njit
from sim.engine.timing import addresses
from sim.engine.timing.block_layout import (
    BLOCK_WORDS,
    BLOCKS,
    BRANCH,
    BRANCHES,
    CODE_STALL,
    CYCLES,
    ENDING,
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
)
from sim.engine.timing.block_native import add, answer_key, counted, edge_of, entered, evaluate, left
from sim.engine.timing.m7_layout import (
    BTAC,
    BTAC_MASK,
    ENDING_CALL,
    ENDING_CONDITIONAL,
    ENDING_INDIRECT,
    ENDING_INDIRECT_CALL,
    ENDING_RETURN,
    PREVIOUS_PENALTY,
    REDIRECT,
    RETURN_DEPTH,
    RETURN_TOP,
    RETURNS,
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


@cfunc("void(int64, int64, uint32, int64)")
def on_block(uc: int, address: int, size: int, state: int) -> None:
    """UC_HOOK_BLOCK: stop at the deadline, else add what the block costs to the time."""
    now = get(state, shared.NOW)
    block = entered(uc, address, size, state, now)
    if block < 0:
        return
    clock = get(state, shared.TIMING)
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
        add(get(clock, PREVIOUS), MISPREDICTED, penalty)
        add(get(clock, PREVIOUS), CYCLES, penalty)
    # Instruction fetch
    stall = _fetch_stall(clock, record, address, size, taken, start)
    if stall:
        pipeline = 0
        add(record, CODE_STALL, stall)
        start += stall
    # Issue
    variant = 0
    items = load64(record + 8 * ITEM_COUNT)
    if items:
        variant = evaluate(state, clock, uc, record)
    edge = edge_of(clock, answer_key(pipeline, block, taken, variant))
    answer = load64(edge + 8)
    cycles = answer & 0xFFFF
    put(clock, PIPELINE, (answer >> 16) & 0xFFFFFF)
    stalls = load64(edge + 16)
    # Data
    data = _data_stall(clock, record, start) if items else 0
    end = start + cycles + data
    counted(record, end - now - (penalty if penalty > 0 else 0), stalls, data)
    put(clock, PREVIOUS_PENALTY, answer >> 40)
    left(state, clock, record, address, size, now, start, end)


@cfunc("int64(int64, int64, int64, int64, int64, int64, int64, int64)")
def access(clock: int, address: int, span: int, count: int, write: int, now: int, later: int, surplus: int) -> int:
    """What loads or stores outside of blocks (an exception's frame) add to a hit."""
    return _data_access(clock, address, span, count, write, now, later, surplus)
