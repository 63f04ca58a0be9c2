"""A scaling in few instructions for any arithmetic of the reference, found at the sums where its output changes.

    output = saturate((sum * multiplier + addend) >> (32 + shift))

with a product and an addend of 64 bits. Both sides only grow with the sum, so they are equal for all sums when they
are on both sides of each of the 255 changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.compiler.fast.requantize import NoFormError
from model.compiler.quantize import INT8, quantize_multiplier

_MOST_SUM = 1 << 23
"""What a sum has to stay below; dense_code.py loses its upper eight bits."""
_MOST_SHIFT = 22
_INT32 = 1 << 31
_FAR = 1 << 62
_WORD = 1 << 32
_NEARBY = 16  # multipliers on both sides of the rounded one that are tried
_LEVELS = np.arange(INT8[0] + 1, INT8[1] + 1, dtype=np.int64)
_AROUND = np.arange(-3, 4, dtype=np.int64)

Reference = Callable[[np.ndarray], np.ndarray]
"""Outputs before the zero point is added, of sums (channels, n)."""


@dataclass(frozen=True)
class SharedScaling:
    """``multipliers`` by channel; ``shift`` of all; ``high``, the addend's upper word, of all, ``lows`` by channel or,
    where that does, a single one."""

    multipliers: list[int]
    high: int
    lows: list[int]
    shift: int


def in_double(reals: np.ndarray) -> Reference:
    """FULLY_CONNECTED of LiteRT: round(sum * real), ties away from zero."""

    def reference(sums: np.ndarray) -> np.ndarray:
        products = sums.astype(np.float64) * reals[:, None]
        magnitudes = np.abs(products)
        whole = np.floor(magnitudes)
        rounded = whole + (magnitudes - whole >= 0.5)
        result: np.ndarray = np.where(products < 0, -rounded, rounded).astype(np.int64)
        return result

    return reference


def in_fixed_point(reals: np.ndarray) -> Reference:
    """CONV_2D, and FULLY_CONNECTED of TensorFlow Lite Micro: a 31-bit multiplier and two roundings."""
    pairs = np.array([quantize_multiplier(float(real)) for real in reals], np.int64)
    multipliers, shifts = pairs[:, :1], pairs[:, 1:]
    left, right = np.maximum(shifts, 0), np.maximum(-shifts, 0)

    def reference(sums: np.ndarray) -> np.ndarray:
        if np.any(np.abs(sums << left) >= _INT32):
            raise NoFormError("sums that leave 32 bits when they are scaled")
        high = ((sums << left) * multipliers + (1 << 30)) >> 31
        rounded: np.ndarray = (high + ((1 << right) >> 1) - ((high < 0) & (right > 0))) >> right
        return rounded

    return reference


def shared_scaling(
    reference: Reference, reals: np.ndarray, zero: int, low: np.ndarray, high: np.ndarray
) -> SharedScaling:
    """The form for channels whose sums lie between ``low`` and ``high``, (channels,); raises NoFormError."""
    if max(np.abs(low).max(), np.abs(high).max()) >= _MOST_SUM:
        raise NoFormError(f"sums of {max(np.abs(low).max(), np.abs(high).max()):,}, expected less than {_MOST_SUM:,}")
    if not 0 < reals.min() <= reals.max() < 1:
        raise NoFormError("a channel scaled by 1 or more, or by 0")
    changes = _changes(reference, reals, zero)
    matters = (changes > low[:, None]) & (changes <= high[:, None])
    most = min(-1 - int(np.floor(np.log2(reals.max()))), _MOST_SHIFT)
    for shift in sorted(range(max(most - 3, 0), most + 1), key=lambda shift: (shift % 2, -shift)):
        multipliers = np.round(np.ldexp(reals, 32 + shift)).astype(np.int64)
        if multipliers.max() >= _INT32:
            continue
        usual = ((2 * zero + 1) << shift) << 31  # the zero point and a half
        steps = _Steps(changes, matters, _LEVELS << 32 + shift)
        for least, most_addend in ((usual, usual), (usual >> 32 << 32, (usual >> 32 << 32) + _WORD - 1)):
            found = steps.addends(multipliers, least, most_addend)
            if found is not None:
                fitting, addends = found
                lows = [int(addend) & (_WORD - 1) for addend in addends]
                return SharedScaling(fitting.tolist(), usual >> 32, lows[:1] if least == most_addend else lows, shift)
    raise NoFormError("channels whose scalings have no common form")


@dataclass(frozen=True)
class _Steps:
    """Sums at which the output is ``levels`` for the first time, and whether such sums occur."""

    changes: np.ndarray
    matters: np.ndarray
    levels: np.ndarray

    def addends(self, multipliers: np.ndarray, least: int, largest: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Multipliers near to ``multipliers``, and addends between two ends, that agree with all changes."""
        fitting = multipliers.copy()
        addends = np.zeros_like(multipliers)
        open_channels = np.ones(len(multipliers), bool)
        for offset in sorted(range(-_NEARBY, _NEARBY + 1), key=abs):
            tried = multipliers + offset
            from_below = np.where(self.matters, self.levels - self.changes * tried[:, None], -_FAR).max(axis=1)
            above = np.where(self.matters, self.levels - 1 - (self.changes - 1) * tried[:, None], _FAR).min(axis=1)
            low, high = np.maximum(from_below, least), np.minimum(above, largest)
            fits = open_channels & (low <= high) & (tried < _INT32)
            fitting[fits] = tried[fits]
            addends[fits] = (low + (high - low) // 2)[fits]
            open_channels &= ~fits
            if not open_channels.any():
                return fitting, addends
        return None


def _changes(reference: Reference, reals: np.ndarray, zero: int) -> np.ndarray:
    """(channels, 255): the least sum whose output is at least -127, -126, ..."""
    estimates = np.ceil((_LEVELS - zero - 0.5)[None, :] / reals[:, None]).astype(np.int64)
    bounded = np.clip(estimates, -_MOST_SUM, _MOST_SUM)
    tries = bounded[:, :, None] + _AROUND
    outputs = reference(tries.reshape(len(reals), -1)).reshape(tries.shape) + zero
    reached = outputs >= _LEVELS[None, :, None]
    inside = np.abs(estimates) < _MOST_SUM
    if np.any(inside & (reached[:, :, 0] | ~reached[:, :, -1])):
        raise NoFormError("a scaling that is none")
    first = np.argmax(reached, axis=2)
    result: np.ndarray = np.where(inside, bounded + _AROUND[0] + first, estimates)
    return result
