"""Scaling and tables against LiteRT's reference kernels, on and beside rounding ties."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.compiler.quantize import (
    SoftmaxScaling,
    activation_range,
    high_multiply,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    round_half_away,
    rounding_shift,
)
from model.compiler.tests.host import reference, run_reference
from model.compiler.tests.tflite_builder import TfliteBuilder


def _biases_through(
    op: str, biases: np.ndarray, weight_scales: np.ndarray, scale: float, out_scale: float
) -> np.ndarray:
    """LiteRT's output for zero weights and the given biases: its scaling of exactly these sums."""
    build, count = TfliteBuilder(), len(biases)
    shape: tuple[int, ...]
    weights: tuple[int, ...]
    out: tuple[int, ...]
    if op == "CONV_2D":
        shape, weights, out = (1, 1, 1, 1), (count, 1, 1, 1), (1, 1, 1, count)
    else:
        shape, weights, out = (1, 1), (count, 1), (1, count)
    x = build.tensor("x", shape, scale=scale)
    w = build.tensor("w", weights, scale=weight_scales, data=np.zeros(weights, np.int8))
    b = build.tensor(
        "b", (count,), dtype=np.int32, scale=weight_scales * np.float32(scale), data=biases.astype(np.int32)
    )
    y = build.tensor("y", out, scale=out_scale)
    options = {"padding": 1, "strideH": 1, "strideW": 1} if op == "CONV_2D" else {}
    build.op(op, [x, w, b], [y], **options)
    return run_reference(reference(build.finish([x], [y])), np.zeros(shape, np.int8))


def _near_ties(rng: np.random.Generator, real: np.ndarray) -> np.ndarray:
    """Sums whose scaled value lies on k + 1/2 or within a few units of the sum beside it."""
    halves = rng.integers(-100, 100, size=len(real)) + 0.5
    sums: np.ndarray = np.rint(halves / real).astype(np.int64) + rng.integers(-1, 2, size=len(real))
    clipped: np.ndarray = np.clip(sums, -(2**30), 2**30)
    return clipped


def test_convolution_rounds_twice() -> None:
    rng, count = np.random.default_rng(1), 2000
    scale, out_scale = float(np.float32(0.0173)), float(np.float32(0.0091))
    weight_scales = np.exp(rng.uniform(math.log(2e-5), math.log(3e-3), count)).astype(np.float32)
    real = scale * weight_scales.astype(np.float64) / out_scale
    sums = _near_ties(rng, real)
    ours = [
        multiply_by_quantized_multiplier(int(total), *quantize_multiplier(float(factor)))
        for total, factor in zip(sums, real, strict=True)
    ]
    theirs = _biases_through("CONV_2D", sums, weight_scales, scale, out_scale)
    assert np.array_equal(np.clip(ours, -128, 127), theirs)
    once = np.floor(sums * real + 0.5)  # what a single rounding would give: it has to differ somewhere
    assert np.count_nonzero(np.clip(once, -128, 127) != theirs) > 100


@pytest.mark.parametrize("per_channel", [False, True])
def test_fully_connected_rounds_in_double(per_channel: bool) -> None:
    rng, count = np.random.default_rng(2), 2000
    scale, out_scale = float(np.float32(0.0173)), float(np.float32(0.0091))
    weight_scales = np.exp(rng.uniform(math.log(2e-5), math.log(3e-3), count)).astype(np.float32)
    if not per_channel:
        weight_scales[:] = weight_scales[0]
    real = scale * weight_scales.astype(np.float64) / out_scale
    sums = _near_ties(rng, real)
    ours = [round_half_away(int(total) * float(factor)) for total, factor in zip(sums, real, strict=True)]
    theirs = _biases_through(
        "FULLY_CONNECTED", sums, weight_scales if per_channel else weight_scales[:1], scale, out_scale
    )
    assert np.array_equal(np.clip(ours, -128, 127), theirs)


def test_softmax_exponentials_are_close_to_exp() -> None:
    table = SoftmaxScaling.of(0.05, 1.0).exponentials()
    errors = [abs(value / 2**31 - math.exp(-0.05 * d)) for d, value in enumerate(table)]
    assert max(errors) < 5e-7
    assert SoftmaxScaling.of(1.0, 1.0).exponentials()[32:] == [0] * 224  # beyond the input radius of 31


def test_quantize_multiplier_reproduces_the_real_number() -> None:
    for real in (1.0, 0.5, 0.999999999999, 3.7, 1e-9, 2.0**-31, 123456.0):
        multiplier, shift = quantize_multiplier(real)
        assert 2**30 <= multiplier < 2**31
        assert multiplier / 2**31 * 2.0**shift == pytest.approx(real, rel=2**-30)
    assert quantize_multiplier(0.0) == quantize_multiplier(1e-12) == (0, 0)


def test_rounding_primitives() -> None:
    assert [rounding_shift(value, 1) for value in (-3, -1, 1, 3)] == [-2, -1, 1, 2]  # ties away from zero
    assert [rounding_shift(value, 2) for value in (-7, -6, -5, 5, 6, 7)] == [-2, -2, -1, 1, 2, 2]
    assert high_multiply(1, 2**30) == 1  # 0.5, ties up
    assert high_multiply(-1, 2**30) == 0
    assert high_multiply(-(2**31), -(2**31)) == 2**31 - 1


def test_activation_ranges() -> None:
    assert activation_range("NONE", 0.1, 3) == (-128, 127)
    assert activation_range("RELU", 0.1, 3) == (3, 127)
    assert activation_range("RELU6", 0.1, 3) == (3, 63)
    assert activation_range("RELU6", 6 / 255, -128) == (-128, 127)
    assert activation_range("RELU_N1_TO_1", 0.5, 0) == (-2, 2)
