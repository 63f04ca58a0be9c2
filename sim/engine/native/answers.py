"""Reads of devices that need no Python: what polls have shown to stay as it is, and counters that show the time.

The rows at ANSWERS are filled by ``Engine.answer_natively``; CYCCNT is answered whenever it counts.
"""

from __future__ import annotations

from sim.engine.native.access import get, put
from sim.engine.native.intrinsics import load64, store64
from sim.engine.native.native_code import cfunc, inline, njit
from sim.engine.native.shared import (
    ANSWER_ANCHOR,
    ANSWER_DENOMINATOR,
    ANSWER_LEFT,
    ANSWER_NUMERATOR,
    ANSWER_OFFSET,
    ANSWER_START,
    ANSWER_UNTIL,
    ANSWER_WORDS,
    ANSWERED,
    ANSWERS,
    CYCCNT_ADDRESS,
    CYCCNT_OFFSET,
    CYCCNT_ON,
    MOST_ANSWERS,
    TIME_SHOWN,
)


@njit
def _from_rows(state: int, key: int, now: int) -> int:
    row = state + 8 * ANSWERS
    for _ in range(MOST_ANSWERS):
        known: int = load64(row)
        if known == key:
            left = load64(row + 8 * ANSWER_LEFT) - 1
            store64(row + 8 * ANSWER_LEFT, left)
            value: int = load64(row + 8 * ANSWER_START)
            denominator = load64(row + 8 * ANSWER_DENOMINATOR)
            if left < 0:
                return -1
            if denominator:
                if now >= load64(row + 8 * ANSWER_UNTIL):
                    return -1
                numerator = load64(row + 8 * ANSWER_NUMERATOR)
                parts = (now - load64(row + 8 * ANSWER_ANCHOR)) * abs(numerator) + load64(row + 8 * ANSWER_OFFSET)
                passed = parts // denominator
                value += passed if numerator > 0 else -passed
                put(state, TIME_SHOWN, 1)
            put(state, ANSWERED, now)
            return value
        if known == 0:
            return -1
        row += 8 * ANSWER_WORDS
    return -1


@inline
def answer(state: int, address: int, size: int, now: int) -> int:
    """What ``size`` bytes of a device at ``address`` read as at cycle ``now``; -1 when Python has to say."""
    if address == get(state, CYCCNT_ADDRESS) and size == 4 and get(state, CYCCNT_ON):
        put(state, TIME_SHOWN, 1)
        put(state, ANSWERED, now)
        return (now + get(state, CYCCNT_OFFSET)) & 0xFFFFFFFF
    if get(state, ANSWERS):
        return _from_rows(state, address | size << 32, now)
    return -1


@cfunc("int64(int64, int64, int64, int64)")
def read_device(state: int, address: int, size: int, now: int) -> int:
    """``answer`` for a native loop, which leaves what is not plain memory, and unaligned, to Unicorn."""
    if address & (size - 1):
        return -1
    value: int = answer(state, address, size, now)
    return value
