"""A register that counts by the clock, as native code can answer reads of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST = 1 << 62


@dataclass(frozen=True)
class NativeCounter:
    """A register that counts: ``start`` in cycle ``anchor``, moved by whole steps of ``numerator / denominator`` a
    cycle (down where that is negative), before cycle ``until``. At ``anchor`` so much of the first step has passed:
    ``offset / denominator``."""

    start: int
    anchor: int
    numerator: int
    denominator: int
    until: int
    offset: int = 0

    @classmethod
    def made(
        cls, start: int, anchor: int, numerator: int, denominator: int, until: int, offset: int = 0
    ) -> NativeCounter:
        """In lowest terms, and for no longer than its products stay within 63 bits."""
        divisor = math.gcd(numerator, denominator, offset)
        numerator, denominator, offset = numerator // divisor, denominator // divisor, offset // divisor
        return cls(start, anchor, numerator, denominator, min(until, anchor + _MOST // abs(numerator)), offset)
