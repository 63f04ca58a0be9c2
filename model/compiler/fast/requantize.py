"""A channel's scaling in few instructions, bit for bit that of the reference kernels (nn_scale.h).

The reference rounds twice: x = round(acc * m / 2^31), ties up; y = round(x / 2^n), ties away from zero; then it adds
the zero point and clamps. With weights and bias scaled by 2^(s + 1) ahead of time, the high word of acc * m is
floor(2^s * x before rounding), and where y's clamp begins at the zero point, negative x never show, so both roundings
are one floor:

    y = saturate((high(acc * m) + c) >> (n + s)),    c = 2^(s - 1) + 2^(n + s - 1) + (zero point << (n + s))

- ``SHARED``: n + s is one number a layer and stands in the instruction: ``smmla``, ``ssat``.
- ``OWN``: s = 1, the shift comes from a register: ``smmla``, ``asr``, ``ssat``.
- ``SIGNED``: any zero point. s = 0 and x itself is computed, with 1 off where it is negative, which is the
  reference's rule for ties: ``smmulr``, ``add`` of the sign, ``add``, ``asr``, ``ssat``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from model.compiler.quantize import INT8, fold_input_offset, multiply_by_quantized_multiplier, quantize_multiplier

_MOST_SCALE = 8  # bits: 127 << 8 is still an int16
_MOST_SHIFT = 22  # bits: (zero point << shift) + 2^shift is still an int32
_COMMON_SHIFTS = (12, 10)
"""``SHARED`` takes the first of these that does, so that layers of one shape share their code."""
_INT32 = 1 << 31


class Rounding(Enum):
    """The forms of the module's head, best first."""

    SHARED = "shared shift"
    OWN = "own shifts"
    SIGNED = "signed"


@dataclass(frozen=True)
class ByteClamp:
    """A clamp to less than all of int8 behind a saturation to all of it, in at most two saturating byte operations.

    Outputs are computed ``below`` too low, so that the saturation cuts at the clamp's lower end; adding ``lift`` then
    saturates at its upper end, and subtracting ``cut`` brings them to their place.
    """

    below: int = 0
    lift: int = 0
    cut: int = 0

    @classmethod
    def of(cls, clamp: tuple[int, int]) -> ByteClamp:
        """Raises NoFormError for a clamp to less than half of int8."""
        below, cut = clamp[0] - INT8[0], INT8[1] - clamp[1]
        if below + cut > INT8[1]:
            raise NoFormError(f"outputs clamped to {clamp[0]}..{clamp[1]}, less than half of int8")
        return cls(below, below + cut, cut)

    @property
    def name(self) -> str:
        """For the names of functions; empty where nothing is to be done."""
        return f"_clamp_{self.lift}_{self.cut}" if self.lift else ""


NO_CLAMP = ByteClamp()
"""All of int8."""


class NoFormError(ValueError):
    """A layer whose scaling has none of the forms; the text says why."""


@dataclass(frozen=True)
class Channel:
    """``weights`` int16 in the operator's order, and what the kernel adds and multiplies; all scaled already."""

    weights: np.ndarray
    bias: int
    multiplier: int
    addend: int
    shift: int


@dataclass(frozen=True)
class Scaling:
    """All channels of a layer; ``shift`` is that of ``SHARED``, else 0."""

    rounding: Rounding
    channels: Sequence[Channel]
    shift: int = 0
    clamp: ByteClamp = NO_CLAMP


@dataclass(frozen=True)
class _Source:
    """A channel as the reference has it; ``low`` and ``high`` bound its sum over all int8 inputs."""

    weights: np.ndarray
    bias: int
    multiplier: int
    right: int
    left: int
    low: int
    high: int
    constant: int | None


def scale_channels(
    weights: np.ndarray,
    bias: np.ndarray,
    multipliers: Sequence[float],
    input_zero: int,
    output_zero: int,
    clamp: tuple[int, int],
    *,
    allowed: Sequence[Rounding] = tuple(Rounding),
) -> Scaling:
    """The best of the ``allowed`` forms for a layer: ``weights`` int8 (out, n), ``bias`` int32 (out,).

    Raises NoFormError where there is none.
    """
    cut = ByteClamp.of(clamp)
    output_zero -= cut.below
    folded = fold_input_offset(bias, weights.sum(axis=1, dtype=np.int64), input_zero)
    sources = [
        _source(row, offset, real, output_zero) for row, offset, real in zip(weights, folded, multipliers, strict=True)
    ]
    forms = [each for each in allowed if each is Rounding.SIGNED or output_zero == INT8[0]]
    why = f"outputs with zero point {output_zero}"
    for rounding in forms:
        for shift in _shifts(sources) if rounding is Rounding.SHARED else [0]:
            try:
                channels = [_channel(source, rounding, shift, output_zero) for source in sources]
            except NoFormError as error:
                why = str(error)
            else:
                return Scaling(rounding, channels, shift, cut)
    raise NoFormError(why)


def _shifts(sources: Sequence[_Source]) -> list[int]:
    least = max((source.right for source in sources if source.constant is None), default=0) + 1
    return [*(shift for shift in _COMMON_SHIFTS if shift > least), least]


def _source(row: np.ndarray, bias: int, real: float, zero: int) -> _Source:
    multiplier, shift = quantize_multiplier(real)
    positive, negative = int(row[row > 0].sum(dtype=np.int64)), int(row[row < 0].sum(dtype=np.int64))
    low = bias + INT8[0] * positive + INT8[1] * negative
    high = bias + INT8[1] * positive + INT8[0] * negative
    right, left = max(-shift, 0), max(shift, 0)
    constant = None
    if low << left >= -_INT32 and high << left < _INT32:
        ends = [
            min(max(multiply_by_quantized_multiplier(end, multiplier, shift) + zero, INT8[0]), INT8[1])
            for end in (low, high)
        ]
        constant = ends[0] if ends[0] == ends[1] else None
    return _Source(row, bias, multiplier, right, left, low, high, constant)


def _channel(source: _Source, rounding: Rounding, shared: int, zero: int) -> Channel:
    if source.constant is not None:
        return Channel(np.zeros(source.weights.shape, np.int16), 0, 0, source.constant << shared, 0)
    if rounding is Rounding.SIGNED:
        if source.right == 0:
            raise NoFormError("a channel scaled by a half or more")
        extra = 0
    else:
        extra = shared - source.right if shared else 1
    scale = extra + 1 + source.left
    shift = source.right + extra
    largest = max(abs(source.low), abs(source.high)) << scale
    if scale > _MOST_SCALE or shift > _MOST_SHIFT or largest >= _INT32:
        raise NoFormError("channels with scales too far apart, or sums too large")
    addend = (zero << shift) + (1 << (shift - 1) if source.right else 0) + (1 << (extra - 1) if extra else 0)
    weights = source.weights.astype(np.int16) << scale
    return Channel(weights.astype(np.int16), source.bias << scale, source.multiplier, addend, shift)
