"""Scalings found at the changes of the output, against the reference's own arithmetic at both sides of every change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model.compiler.fast.requantize import NoFormError
from model.compiler.fast.thresholds import SharedScaling, in_double, in_fixed_point, shared_scaling
from model.compiler.quantize import (
    INT8,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    round_half_away,
)


def reference(total: int, real: float, zero: int, *, fixed: bool) -> int:
    scaled = multiply_by_quantized_multiplier(total, *quantize_multiplier(real)) if fixed else None
    value = round_half_away(total * real) if scaled is None else scaled
    return min(max(value + zero, INT8[0]), INT8[1])


def by_form(total: int, scaling: SharedScaling, channel: int) -> int:
    low = scaling.lows[channel if len(scaling.lows) > 1 else 0]
    value = (total * scaling.multipliers[channel] + (scaling.high << 32) + low) >> (32 + scaling.shift)
    return min(max(value, INT8[0]), INT8[1])


def changes(low: int, high: int, real: float, zero: int, *, fixed: bool) -> set[int]:
    """Both ends, and the sums on both sides of every change of the output."""
    found = {low, high}
    for level in range(INT8[0] + 1, INT8[1] + 1):
        below, above = low, high
        while below < above:
            middle = (below + above) // 2
            reached = reference(middle, real, zero, fixed=fixed) >= level
            below, above = (below, middle) if reached else (middle + 1, above)
        found |= {each for each in (below - 1, below) if low <= each <= high}
    return found


@given(
    st.booleans(),
    st.lists(st.floats(0.2, 1.0), min_size=1, max_size=9),
    st.floats(1e-5, 0.6),
    st.integers(-128, 127),
    st.integers(1, (1 << 23) - 1),
)
@settings(max_examples=60, deadline=None)
def test_every_output_is_the_references(
    fixed: bool, spread: list[float], largest: float, zero: int, reach: int
) -> None:
    reals = np.array(spread) * largest
    ends = np.full(len(reals), reach, np.int64)
    form = in_fixed_point(reals) if fixed else in_double(reals)
    try:
        scaling = shared_scaling(form, reals, zero, -ends, ends)
    except NoFormError:
        assume(False)
        raise
    for channel, real in enumerate(reals.tolist()):
        for total in changes(-reach, reach, real, zero, fixed=fixed):
            assert by_form(total, scaling, channel) == reference(total, real, zero, fixed=fixed), total


def test_a_trained_networks_scales_have_a_form() -> None:
    reals = np.exp(np.random.default_rng(3).uniform(np.log(5e-4), np.log(4e-3), 128))
    ends = np.full(128, 1 << 20, np.int64)
    assert len(shared_scaling(in_double(reals), reals, -128, -ends, ends).lows) == 1
    assert len(shared_scaling(in_fixed_point(reals), reals, -128, -ends, ends).lows) == 128


def test_ties_are_between_two_multipliers() -> None:
    reals, ends = np.array([0.25]), np.array([1000])
    scaling = shared_scaling(in_double(reals), reals, 0, -ends, ends)
    assert [by_form(total, scaling, 0) for total in (-6, -2, 2, 6)] == [-2, -1, 1, 2]


@pytest.mark.parametrize(
    ("real", "zero", "reach", "why"),
    [
        (0.003, 0, 1 << 23, "expected less than 8,388,608"),
        (1.0, 0, 1000, "scaled by 1 or more"),
    ],
)
def test_what_has_no_form_says_why(real: float, zero: int, reach: int, why: str) -> None:
    reals, ends = np.array([real]), np.array([reach])
    with pytest.raises(NoFormError, match=why):
        shared_scaling(in_double(reals), reals, zero, -ends, ends)


def test_two_roundings_of_both_signs_have_no_form() -> None:
    reals, ends = np.array([0.003]), np.array([1 << 20])
    with pytest.raises(NoFormError, match="no common form"):
        shared_scaling(in_fixed_point(reals), reals, 0, -ends, ends)
