"""A register that counts by the clock, as native code can answer reads of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NativeCounter:
    """A register that counts: at ``start`` in cycle ``anchor``, moved by whole steps of ``numerator / denominator`` a
    cycle (down where that is negative), before cycle ``until``."""

    start: int
    anchor: int
    numerator: int
    denominator: int
    until: int

    @property
    def fits(self) -> bool:
        """The product stays within 63 bits."""
        return 0 <= (self.until - self.anchor) * abs(self.numerator) < 1 << 62 and self.denominator > 0
