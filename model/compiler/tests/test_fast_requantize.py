"""The short scalings against the reference's two roundings, at every sum where an output changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model.compiler.fast.requantize import Channel, NoFormError, Rounding, Scaling, scale_channels
from model.compiler.quantize import INT8, fold_input_offset, multiply_by_quantized_multiplier, quantize_multiplier

ALL = (-128, 127)


def reference(total: int, real: float, zero: int) -> int:
    multiplier, shift = quantize_multiplier(real)
    return min(max(multiply_by_quantized_multiplier(total, multiplier, shift) + zero, INT8[0]), INT8[1])


def by_form(total: int, channel: Channel, scaling: Scaling, scale: int) -> int:
    """What the instructions make of a sum, which the kernel has as ``total`` << ``scale``."""
    scaled = total << scale
    assert -(1 << 31) <= scaled < 1 << 31
    if scaling.rounding is Rounding.SIGNED:
        high = (scaled * channel.multiplier + (1 << 31)) >> 32
        high += -1 if high < 0 else 0
    else:
        high = (scaled * channel.multiplier) >> 32
    high += channel.addend
    assert -(1 << 31) <= high < 1 << 31
    shift = scaling.shift if scaling.rounding is Rounding.SHARED else channel.shift
    return min(max(high >> shift, INT8[0]), INT8[1])


def totals_to_try(low: int, high: int, real: float, zero: int) -> set[int]:
    """Both ends, 0, and the sums beside every change of the output."""
    tries = {low, high, min(max(0, low), high)}
    for level in range(INT8[0], INT8[1] + 1):
        below, above = low, high
        while below < above:
            middle = (below + above) // 2
            below, above = (below, middle) if reference(middle, real, zero) >= level else (middle + 1, above)
        tries |= {each for each in range(below - 2, below + 3) if low <= each <= high}
    return tries


@given(
    st.sampled_from(list(Rounding)),
    st.lists(st.floats(2**-14, 2.0), min_size=1, max_size=4),
    st.floats(1e-7, 0.9),
    st.integers(-128, 127),
    st.integers(-(2**20), 2**20),
    st.integers(1, 64),
    st.integers(0, 2**31),
)
@settings(max_examples=60, deadline=None)
def test_every_output_is_the_references(
    rounding: Rounding, spread: list[float], real: float, zero: int, bias: int, terms: int, seed: int
) -> None:
    output_zero = zero if rounding is Rounding.SIGNED else -128
    reals = [real * each for each in spread]
    weights = np.random.default_rng(seed).integers(-127, 128, (len(reals), terms)).astype(np.int8)
    biases = np.full(len(reals), bias, np.int32)
    try:
        scaling = scale_channels(weights, biases, reals, zero, output_zero, ALL, allowed=[rounding])
    except NoFormError:
        assume(False)
        raise
    folded = fold_input_offset(biases, weights.sum(axis=1, dtype=np.int64), zero)
    for row, total_bias, each_real, channel in zip(weights, folded, reals, scaling.channels, strict=True):
        wide = row.astype(np.int64)
        spans = np.stack([wide * INT8[0], wide * INT8[1]])
        low, high = total_bias + int(spans.min(axis=0).sum()), total_bias + int(spans.max(axis=0).sum())
        if channel.multiplier == 0 and not channel.weights.any():  # provably constant
            expected = {reference(end, each_real, output_zero) for end in (low, high)}
            assert expected == {by_form(0, channel, scaling, 0)}
            continue
        busiest = int(np.argmax(np.abs(row)))
        assume(row[busiest])
        ratio = int(channel.weights[busiest]) // int(row[busiest])
        assert (channel.weights == wide * ratio).all() and channel.bias == total_bias * ratio
        scale = ratio.bit_length() - 1
        for total in totals_to_try(low, high, each_real, output_zero):
            assert by_form(total, channel, scaling, scale) == reference(total, each_real, output_zero), total


def channels(reals: list[float], *, zero: int = -128, clamp: tuple[int, int] = ALL, bias: int = 0) -> Scaling:
    weights = np.full((len(reals), 8), 100, np.int8)
    return scale_channels(weights, np.full(len(reals), bias, np.int32), reals, 0, zero, clamp)


def test_the_best_form_is_taken() -> None:
    assert channels([0.003, 0.004]).rounding is Rounding.SHARED
    assert channels([0.3, 0.0003]).rounding is Rounding.OWN
    assert channels([0.003, 0.004], zero=3).rounding is Rounding.SIGNED


@pytest.mark.parametrize("clamp", [(-128, 127), (-128, 100), (-20, 127), (-30, 110), (-128, 1)])
def test_a_clamp_is_two_saturating_operations(clamp: tuple[int, int]) -> None:
    form = channels([0.003], zero=clamp[0], clamp=clamp).clamp
    for value in range(-600, 600):
        saturated = min(max(value - form.below, INT8[0]), INT8[1])
        lifted = min(saturated + form.lift, INT8[1])
        assert max(lifted - form.cut, INT8[0]) == min(max(value, clamp[0]), clamp[1])
    assert channels([0.003], zero=clamp[0], clamp=clamp).rounding is Rounding.SHARED


def test_layers_of_one_shape_share_a_shift_where_they_can() -> None:
    assert channels([2.0**-8]).shift == channels([2.0**-10]).shift == 12


def test_a_constant_channel_does_not_spoil_the_others() -> None:
    scaling = channels([0.003, 1e-8])
    assert scaling.rounding is Rounding.SHARED
    assert not scaling.channels[1].weights.any()


@pytest.mark.parametrize(
    ("reals", "zero", "clamp", "bias", "why"),
    [
        ([0.003], -100, (-100, 20), 0, "clamped to -100..20, less than half of int8"),
        ([0.9], 5, ALL, 0, "a half or more"),
        ([2.0**-23], -128, ALL, 2**30 + 2**22, "too large"),
    ],
)
def test_what_has_no_form_says_why(reals: list[float], zero: int, clamp: tuple[int, int], bias: int, why: str) -> None:
    with pytest.raises(NoFormError, match=why):
        channels(reals, zero=zero, clamp=clamp, bias=bias)
