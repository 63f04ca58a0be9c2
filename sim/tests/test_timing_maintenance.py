"""Maintenance of the cortex-m7 clock's data cache: native code and Python do the same."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.engine.native.hooks import address_of
from sim.engine.timing import block_layout
from sim.engine.timing import m7_layout as layout
from sim.engine.timing import m7_maintenance as maintenance
from sim.engine.timing.chip import Cache

CACHE = Cache(size=1024, ways=4)
LINES = 64
FIRST = 0xEF5C
native = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(
    address_of(maintenance.on_maintenance)
)


def filled(lines: list[tuple[int, bool]]) -> NDArray[np.int64]:
    """Tags of a cache that holds these lines, some of them dirty; what has no way any more is left out."""
    tags = np.zeros((CACHE.sets, CACHE.ways), np.int64)
    for line, dirty in lines:
        row = tags[line % CACHE.sets]
        empty = np.flatnonzero(row == 0)
        if len(empty) and not np.any(row >> 1 == line + 1):
            row[empty[0]] = (line + 1) << 1 | dirty
    return tags.reshape(-1)


@given(
    st.lists(st.tuples(st.integers(0, LINES - 1), st.booleans()), max_size=40),
    st.sampled_from(maintenance.DATA),
    st.integers(0, LINES * 32 - 1),
)
@settings(max_examples=100, deadline=None)
def test_native_code_does_what_python_does_or_leaves_it_to_python(
    lines: list[tuple[int, bool]], operation: str, address: int
) -> None:
    """A dirty line that goes out takes bus time, which Python keeps: native code must not have touched it."""
    tags = filled(lines)
    before, wanted = tags.copy(), tags.copy()
    goes_out = maintenance.maintain(wanted, CACHE, operation, address)
    clock = np.zeros(block_layout.CLOCK_SIZE, np.int64)
    clock[[layout.DATA_TAGS, layout.DATA_SETS, layout.DATA_WAYS]] = tags.ctypes.data, CACHE.sets - 1, CACHE.ways
    done = native(clock.ctypes.data, FIRST + 4 * maintenance.DATA.index(operation), address)
    if done:
        assert goes_out is None
        np.testing.assert_array_equal(tags, wanted)
    else:
        np.testing.assert_array_equal(tags, before)
        assert goes_out is not None or operation in ("DCISW", "DCCSW", "DCCISW")


@pytest.mark.parametrize(
    ("operation", "left", "out"), [("DCIMVAC", 0, None), ("DCCMVAC", 4 << 1, 3), ("DCCIMVAC", 0, 3)]
)
def test_a_dirty_line_by_address(operation: str, left: int, out: int | None) -> None:
    """ARMv7-M B2.2.7: invalidated, cleaned, or both."""
    tags = filled([(3, True)])
    assert maintenance.maintain(tags, CACHE, operation, 3 * 32 + 5) == out
    assert tags[3 * CACHE.ways] == left


def test_by_set_and_way() -> None:
    """The way stands in the top bits; the line of that place goes out when it is dirty."""
    tags = filled([(3, False), (3 + CACHE.sets, True)])
    assert maintenance.maintain(tags, CACHE, "DCCSW", 1 << 30 | 3 << 5) == 3 + CACHE.sets
    assert maintenance.maintain(tags, CACHE, "DCISW", 3 << 5) is None
    assert tags[3 * CACHE.ways : 3 * CACHE.ways + 2].tolist() == [0, (4 + CACHE.sets) << 1]


def test_a_line_taken_out_leaves_its_neighbours() -> None:
    tags = filled([(3, False), (3 + CACHE.sets, True)])
    maintenance.take(tags, CACHE, 3 * 32)
    assert tags[3 * CACHE.ways : 3 * CACHE.ways + 2].tolist() == [0, (4 + CACHE.sets) << 1 | 1]
