"""Tables of 256 results for functions of one 8-bit value, exactly as LiteRT's reference kernels compute each value.

Two families: functions evaluated in float32 and rounded once (TANH, ELU, LOGISTIC, ...; LUTPopulate in TFLite's
kernels/internal/common.h), and functions in fixed point (RELU, LEAKY_RELU, HARD_SWISH, ABS, requantization). A table is
ordered by the int8 value a byte is, -128 first.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from model.compiler.ir import Tensor
from model.compiler.quantize import (
    inverse_root,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    round_half_away,
    rounding_shift,
)

_INT16 = (-(1 << 15), (1 << 15) - 1)
_FAR = 1 << 20  # beyond every clamp: what an infinite or huge real value quantizes to


def clamp8(value: int) -> int:
    """``value`` cut to int8."""
    return min(max(value, -128), 127)


def stored(values: Callable[[int], int]) -> np.ndarray:
    """The table of ``values``, an int8 function of the int8 value."""
    return np.array([values(value) for value in range(-128, 128)], dtype=np.int8)


def float_table(source: Tensor, output: Tensor, function: Callable[[np.float32], float]) -> np.ndarray:
    """``function`` of the real value in float32, times the inverse output scale, rounded half away from zero."""
    scale, inverse = np.float32(source.scale), np.float32(1.0) / np.float32(output.scale)

    def entry(value: int) -> int:
        real = np.float32(function(scale * np.float32(value - source.zero_point)))
        scaled = float(real * inverse)
        whole = round_half_away(scaled) if abs(scaled) < _FAR else int(math.copysign(_FAR, scaled))
        return clamp8(whole + output.zero_point)

    with np.errstate(over="ignore"):
        return stored(entry)


def requantize_table(source: Tensor, output: Tensor) -> np.ndarray:
    """int8 or uint8 to int8 or uint8; entries are bytes, indexed by the byte the input is."""
    scale = quantize_multiplier(source.scale / output.scale)
    low, high = (-128, 127) if output.dtype == "int8" else (0, 255)

    def entry(byte: int) -> int:
        value = byte if source.dtype == "int8" else byte & 0xFF
        result = multiply_by_quantized_multiplier(value - source.zero_point, *scale) + output.zero_point
        return int(np.uint8(min(max(result, low), high) & 0xFF).astype(np.int8))

    return stored(entry)


def relu_table(source: Tensor, output: Tensor, clamp: tuple[int, int]) -> np.ndarray:
    """A rectifier with ``clamp`` in output values, between two scales."""
    scale = quantize_multiplier(float(np.float32(source.scale) / np.float32(output.scale)))

    def entry(value: int) -> int:
        result = multiply_by_quantized_multiplier(value - source.zero_point, *scale) + output.zero_point
        return min(max(result, clamp[0]), clamp[1])

    return stored(entry)


def leaky_relu_table(source: Tensor, output: Tensor, alpha: float) -> np.ndarray:
    """Negative values times ``alpha``."""
    ratio = np.float32(source.scale) / np.float32(output.scale)
    slope = float(np.float32(source.scale) * np.float32(alpha) / np.float32(output.scale))
    straight, bent = quantize_multiplier(float(ratio)), quantize_multiplier(abs(slope))

    def entry(value: int) -> int:
        real = value - source.zero_point
        result = multiply_by_quantized_multiplier(real, *(straight if real >= 0 else bent))
        return clamp8(output.zero_point + (-result if real < 0 and slope < 0 else result))

    return stored(entry)


def abs_table(source: Tensor, output: Tensor) -> np.ndarray:
    """Magnitudes."""
    scale = quantize_multiplier(float(np.float32(source.scale) / np.float32(output.scale)))
    same = source.scale == output.scale

    def entry(value: int) -> int:
        real = abs(value - source.zero_point)
        return clamp8((real if same else multiply_by_quantized_multiplier(real, *scale)) + output.zero_point)

    return stored(entry)


def compared_values(source: Tensor) -> np.ndarray:
    """What a comparison makes of the 256 values, int64 (ComparisonWithScaling in TFLite's reference/comparisons.h)."""
    scale = quantize_multiplier(source.scale)
    return np.array(
        [multiply_by_quantized_multiplier((value - source.zero_point) << 8, *scale) for value in range(-128, 128)]
    )


def sqrt_table(source: Tensor, output: Tensor) -> np.ndarray:
    """Roots, cut off instead of rounded; the reference refuses negative values when it runs, here they give 0."""

    def entry(value: int) -> int:
        real = np.float32(source.scale) * np.float32(max(value - source.zero_point, 0))
        return clamp8(int(np.sqrt(real) / np.float32(output.scale)) + output.zero_point)

    return stored(entry)


def rsqrt_table(source: Tensor, output: Tensor) -> np.ndarray:
    """1 over the root, in fixed point; the reference refuses negative values when it runs, here they count as 0."""
    root = np.float32(np.sqrt(np.float32(source.scale)))
    scale, shift = quantize_multiplier(float(1.0 / float(root * np.float32(output.scale))))

    def entry(value: int) -> int:
        real = value - source.zero_point
        if real <= 0:
            return 127
        multiplier, exponent = inverse_root(real)
        raised = multiply_by_quantized_multiplier(1, multiplier, exponent + 20)
        return clamp8(multiply_by_quantized_multiplier(raised, scale, shift - 20) + output.zero_point)

    return stored(entry)


def hard_swish_table(source: Tensor, output: Tensor) -> np.ndarray:
    """x * relu6(x + 3) / 6 in 16-bit fixed point (HardSwish in TFLite's reference/hard_swish.h)."""
    fine = np.float32(1.0 / 128.0) * np.float32(source.scale)
    scale, exponent = quantize_multiplier(float(fine / np.float32(output.scale)))
    bend, bend_exponent = quantize_multiplier(float(fine / np.float32(3.0 / 32768.0)))
    scale, bend = _to_int16(scale), _to_int16(bend)

    def entry(value: int) -> int:
        real = (value - source.zero_point) * 128
        bent = _saturate(real << (bend_exponent - 1)) if bend_exponent > 0 else real
        bent = _high_multiply16(bent, bend)
        if bend_exponent > 0:
            bent = _saturate(bent << 1)
        elif bend_exponent < 0:
            bent = rounding_shift(bent, -bend_exponent)
        bent = (bent + (1 << 15)) >> 1
        product = bent * _high_multiply16(real, scale)
        cut = int(product / (1 << 15))  # towards zero
        return clamp8(_wrap16(rounding_shift(cut, -exponent)) + output.zero_point)

    return stored(entry)


def _to_int16(multiplier: int) -> int:
    """A 31-bit multiplier as a 15-bit one (DownScaleInt32ToInt16Multiplier)."""
    rounded = (multiplier + (1 << 15)) >> 16
    return min(rounded, _INT16[1]) if multiplier < _INT16[1] << 16 else _INT16[1]


def _saturate(value: int) -> int:
    return min(max(value, _INT16[0]), _INT16[1])


def _wrap16(value: int) -> int:
    return ((value + (1 << 15)) & 0xFFFF) - (1 << 15)


def _high_multiply16(a: int, b: int) -> int:
    """a * b / 2**15 to nearest, ties away from zero as gemmlowp's 16-bit form has it."""
    if a == b == _INT16[0]:
        return _INT16[1]
    product = a * b
    nudge = 1 << 14 if product >= 0 else 1 - (1 << 14)
    return int((product + nudge) / (1 << 15))


def logistic(real: np.float32) -> float:
    """1 / (1 + e**-x) in float32."""
    one = np.float32(1.0)
    # e**88.8 overflows float32, where the result is 0 anyway.
    return float(one / (one + np.float32(math.exp(min(float(-real), 88.0)))))


def gelu(real: np.float32) -> float:
    """x times the normal distribution's share below x, by erfc."""
    tail = np.float32(math.erfc(float(real * np.float32(-math.sqrt(0.5)))))
    return float(np.float32(0.5) * real * tail)


def gelu_by_tanh(real: np.float32) -> float:
    """GELU's approximation by a hyperbolic tangent."""
    cubic = np.float32(0.044715) * real * real * real
    inner = np.float32(math.sqrt(2.0 / math.pi)) * (real + cubic)
    return float(np.float32(0.5) * real * (np.float32(1.0) + np.float32(math.tanh(float(inner)))))


def elu(real: np.float32) -> float:
    """e**x - 1 below zero."""
    return math.expm1(float(real)) if real < 0 else float(real)


def exponential(real: np.float32) -> float:
    """e**x; beyond float32 it is infinite."""
    return math.exp(float(real)) if real < 100 else math.inf
