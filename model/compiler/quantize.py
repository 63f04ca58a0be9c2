"""Numbers of int8 quantization, exactly as LiteRT's reference kernels make them.

All of this was held against ``ai_edge_litert`` 2.3 (BUILTIN_REF resolver) with random vectors that sit on and beside
rounding ties (tests/test_quantize.py and firmware/tests repeat it):

- CONV_2D, DEPTHWISE_CONV_2D, ADD, MEAN scale with a 31-bit multiplier and TWO roundings (TFLITE_SINGLE_ROUNDING is
  off): a rounding doubling high multiply (ties up), then a rounding right shift (ties away from zero).
- FULLY_CONNECTED scales in double, ``round(acc * scale)``, ties away from zero: no fixed-point form agrees with it.
- Functions of one value are tables (tables.py); SOFTMAX is fixed point throughout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

INT8 = (-128, 127)


def effective_scales(input_scale: float, filter_scales: np.ndarray, output_scale: float, channels: int) -> list[float]:
    """input * filter / output in double, one a channel; a single filter scale serves all channels."""
    scales = [float(scale) for scale in filter_scales]
    if len(scales) == 1:
        scales *= channels
    return [input_scale * scale / output_scale for scale in scales]


def quantize_multiplier(real: float) -> tuple[int, int]:
    """``real`` >= 0 as (multiplier, shift): real ~ multiplier / 2**31 * 2**shift, multiplier in [2**30, 2**31) or 0.

    Values below about 2**-32 become 0, as in TFLite.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def high_multiply(a: int, b: int) -> int:
    """a * b / 2**31 rounded to nearest, ties up; the one overflow, both INT32_MIN, saturates."""
    if a == b == -(1 << 31):
        return (1 << 31) - 1
    return (a * b + (1 << 30)) >> 31


def rounding_shift(value: int, shift: int) -> int:
    """value / 2**shift rounded to nearest, ties away from zero; shift >= 0."""
    if shift == 0:
        return value
    return (value + (1 << (shift - 1)) - (value < 0)) >> shift


def wrap32(value: int) -> int:
    """``value`` modulo 2**32 as a signed number."""
    return ((value + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def multiply_by_quantized_multiplier(value: int, multiplier: int, shift: int) -> int:
    """``value`` scaled by (multiplier, shift) with the reference's two roundings; int32 in and out."""
    left, right = max(shift, 0), max(-shift, 0)
    return rounding_shift(high_multiply(wrap32(value << left), multiplier), right)


def round_half_away(value: float) -> int:
    """C's round(): nearest integer, ties away from zero."""
    magnitude = abs(value)
    whole = math.floor(magnitude)
    if magnitude - whole >= 0.5:
        whole += 1
    return -whole if value < 0 else whole


def activation_range(activation: str, scale: float, zero_point: int) -> tuple[int, int]:
    """The int8 clamp of a fused activation: "NONE", "RELU", "RELU6" or "RELU_N1_TO_1"."""

    def quantize(real: float) -> int:
        return zero_point + round_half_away(float(np.float32(real) / np.float32(scale)))

    low, high = INT8
    if activation == "RELU":
        low = max(low, quantize(0.0))
    elif activation == "RELU6":
        low, high = max(low, quantize(0.0)), min(high, quantize(6.0))
    elif activation == "RELU_N1_TO_1":
        low, high = max(low, quantize(-1.0)), min(high, quantize(1.0))
    elif activation != "NONE":
        raise ValueError(f"activation {activation}")
    return low, high


def mean_multiplier(real: float, count: int) -> tuple[int, int]:
    """(multiplier, shift) of a MEAN over ``count`` elements: TFLite folds 1/count into the multiplier, truncating."""
    multiplier, shift = quantize_multiplier(real)
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << extra) // count, shift - extra


@dataclass(frozen=True)
class SoftmaxScaling:
    """Differences to the largest input of a row, scaled to Q5.26; beyond ``radius`` they leave it.

    As PreprocessSoftmaxScaling and CalculateInputRadius in TFLite's kernels/internal/quantization_util.cc.
    """

    multiplier: int
    left_shift: int
    radius: int

    @classmethod
    def of(cls, scale: float, beta: float) -> SoftmaxScaling:
        """For inputs of ``scale``, multiplied by ``beta``."""
        multiplier, left_shift = quantize_multiplier(min(beta * scale * (1 << 26), (1 << 31) - 1.0))
        return cls(multiplier, left_shift, math.floor(((1 << 5) - 1) * (1 << 26) / (1 << left_shift)))

    def differences(self) -> list[int]:
        """-d for d = 0..255 in Q5.26; 0 beyond the radius."""
        return [
            high_multiply(wrap32(-difference << self.left_shift), self.multiplier) if difference <= self.radius else 0
            for difference in range(256)
        ]

    def exponentials(self) -> list[int]:
        """exp(-d) for d = 0..255 as Q0.31; 0 beyond the radius, where TFLite leaves the term out."""
        return [
            exp_on_negative(value) if difference <= self.radius else 0
            for difference, value in enumerate(self.differences())
        ]

    def inverse(self) -> tuple[int, int]:
        """Multiplier and shift from Q5.26 back to differences (PreprocessLogSoftmaxScalingExp)."""
        return quantize_multiplier((1 << (31 - self.left_shift)) / self.multiplier)


def exp_on_negative(value: int) -> int:
    """e**value for value <= 0 in Q5.26 -> Q0.31, by the method of gemmlowp's fixed-point library.

    The fractional part below a quarter goes through a Taylor polynomial around -1/8; each further bit of the argument
    multiplies by a constant e**-(2**k), k = -2..4.
    """
    if value == 0:
        return (1 << 31) - 1
    quarter = 1 << 24
    remainder_low = (value & (quarter - 1)) - quarter  # in [-1/4, 0)
    x = (remainder_low << 5) + (1 << 28)  # Q0.31, moved by 1/8
    x2 = high_multiply(x, x)
    x3 = high_multiply(x2, x)
    x4 = high_multiply(x2, x2)
    third = _q31(1.0 / 3.0)
    tail = rounding_shift(high_multiply(rounding_shift(x4, 2) + x3, third) + x2, 1)
    constant = _q31(math.exp(-0.125))
    result = constant + high_multiply(constant, x + tail)
    remainder = remainder_low - value
    for bit, exponent in enumerate(range(-2, 5)):
        if remainder & (quarter << bit):
            result = high_multiply(result, _q31(math.exp(-(2.0**exponent))))
    return result


def _q31(real: float) -> int:
    return min(math.floor(real * (1 << 31) + 0.5), (1 << 31) - 1)


def inverse_root(value: int) -> tuple[int, int]:
    """1 / sqrt(value) for value >= 0 as (multiplier, shift), by the reference's five steps of Newton's method.

    0 counts as 1 (GetInvSqrtQuantizedMultiplierExp in TFLite's kernels/internal/common.h).
    """
    if value <= 1:
        return (1 << 31) - 1, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (32 - value.bit_length() - 1) // 2 - 1
    shift -= pairs
    value = (value << (2 * pairs)) >> 1  # Q3.28
    half = rounding_shift(value, 1)
    x = 1 << 28
    for _ in range(5):
        cube = _saturating_left(high_multiply(high_multiply(x, x), x), 6)
        x = _saturating_left(high_multiply(_HALF_THREE, x) - high_multiply(half, cube), 3)
    x = high_multiply(x, 1518500250)  # half the root of two in Q0.31
    if shift < 0:
        x, shift = x << -shift, 0
    return x, -shift


_HALF_THREE = (1 << 28) + (1 << 27)


def _saturating_left(value: int, shift: int) -> int:
    return min(max(value << shift, -(1 << 31)), (1 << 31) - 1)


def fold_input_offset(bias: np.ndarray, weights_sum: np.ndarray, zero_point: int) -> Sequence[int]:
    """bias - zero_point * sum(weights) modulo 2**32: lets kernels multiply raw int8 inputs."""
    return [wrap32(int(b) - zero_point * int(total)) for b, total in zip(bias, weights_sum, strict=True)]
