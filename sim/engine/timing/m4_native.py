"""The native half of the cortex-m4 clock: ``block_native.py``, and the accelerator in front of the flash."""

from __future__ import annotations

from sim.engine.native import shared
from sim.engine.native.access import get, put
from sim.engine.native.intrinsics import load8, load64
from sim.engine.native.native_code import cfunc, njit
from sim.engine.timing import addresses
from sim.engine.timing.block_layout import (
    BLOCK_WORDS,
    BLOCKS,
    BRANCHES,
    CODE_MAP,
    CODE_STALL,
    ISSUED,
    ITEM_COUNT,
    ITEM_WORDS,
    ITEMS,
    MEMORIES,
    MEMORY_WORDS,
    PIPELINE,
    POOL,
    PREVIOUS,
    PREVIOUS_END,
)
from sim.engine.timing.block_native import add, answer_key, counted, edge_of, entered, evaluate, left
from sim.engine.timing.m4_layout import SHARED
from sim.engine.timing.m4_memory import data_stall, fetch_stall
from sim.engine.timing.m4_pipeline import DIVIDE_LEAST, DIVIDE_MOST


@njit
def _items_stall(clock: int, record: int, now: int) -> int:
    """What accesses and divisions cost beyond what the pipeline knows."""
    item = get(clock, POOL) + 8 * load64(record + 8 * ITEMS)
    stall = 0
    for _ in range(load64(record + 8 * ITEM_COUNT)):
        operation = load64(item) & 0xFF
        if operation <= addresses.WRITE:
            extra = load64(item + 16)
            issued = load64(item + 8 * ISSUED)
            when = now + stall + (issued & 0xFFFF)
            write = 1 if operation == addresses.WRITE else 0
            mask = extra >> 40 & 0xFF
            address, span, count = load64(item + 24), extra & 0xFFFFFFFF, extra >> 32 & 0xFF
            stall += data_stall(clock, address, span, count, write, mask, when, issued >> 16)
        elif operation == addresses.DIVIDE:
            stall += (load64(item + 24) * (DIVIDE_MOST - DIVIDE_LEAST) + 31) >> 5
        item += 8 * ITEM_WORDS
    return stall


@njit
def _contention(clock: int, record: int, address: int, size: int, cycles: int) -> int:
    """Where code and data share the system bus, it moves a word a cycle: what that makes a block longer."""
    memory = get(clock, MEMORIES) + 8 * MEMORY_WORDS * load8(get(clock, CODE_MAP) + (address >> shared.PAGE_SHIFT))
    if not load64(memory + 8 * SHARED):
        return 0
    words = (size + 3) >> 2
    item = get(clock, POOL) + 8 * load64(record + 8 * ITEMS)
    for _ in range(load64(record + 8 * ITEM_COUNT)):
        if load64(item) & 0xFF <= addresses.WRITE:
            words += load64(item + 16) >> 32 & 0xFF
        item += 8 * ITEM_WORDS
    return words - cycles if words > cycles else 0


@cfunc("void(int64, int64, uint32, int64)")
def on_block(uc: int, address: int, size: int, state: int) -> None:
    """UC_HOOK_BLOCK: stop at the deadline, else add what the block costs to the time."""
    now = get(state, shared.NOW)
    block = entered(uc, address, size, state, now)
    if block < 0:
        return
    clock = get(state, shared.TIMING)
    record = get(clock, BLOCKS) + 8 * BLOCK_WORDS * block
    taken = 1 if address != get(clock, PREVIOUS_END) else 0
    if taken and get(clock, PREVIOUS):
        put(clock, BRANCHES, get(clock, BRANCHES) + 1)
    stall = fetch_stall(clock, record, address, size, taken, now)
    if stall:
        add(record, CODE_STALL, stall)
    start = now + stall
    variant = 0
    items = load64(record + 8 * ITEM_COUNT)
    if items:
        variant = evaluate(state, clock, uc, record)
    edge = edge_of(clock, answer_key(get(clock, PIPELINE), block, taken, variant))
    answer = load64(edge + 8)
    cycles = answer & 0xFFFF
    put(clock, PIPELINE, (answer >> 16) & 0xFFFFFF)
    stalls = load64(edge + 16)
    data = _items_stall(clock, record, start) if items else 0
    data += _contention(clock, record, address, size, cycles)
    end = start + cycles + data
    counted(record, end - now, stalls, data)
    left(state, clock, record, address, size, now, start, end)


@cfunc("int64(int64, int64, int64, int64, int64)")
def access(clock: int, address: int, span: int, write: int, now: int) -> int:
    """What loads or stores outside of blocks (an exception's frame) add."""
    return data_stall(clock, address, span, span >> 2, write, 0, now, (span >> 2) - 1)
