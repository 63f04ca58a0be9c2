"""A register that counts by the clock, as native code can answer reads of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST = 1 << 62


@dataclass(frozen=True)
class NativeCounter:
    """A register that counts: at ``start`` in cycle ``anchor``, moved by whole steps of ``numerator / denominator`` a
    cycle (down where that is negative), before cycle ``until``."""

    start: int
    anchor: int
    numerator: int
    denominator: int
    until: int

    @classmethod
    def made(cls, start: int, anchor: int, numerator: int, denominator: int, until: int) -> NativeCounter:
        """In lowest terms, and for no longer than its products stay within 63 bits."""
        divisor = math.gcd(numerator, denominator)
        numerator, denominator = numerator // divisor, denominator // divisor
        return cls(start, anchor, numerator, denominator, min(until, anchor + _MOST // abs(numerator)))
