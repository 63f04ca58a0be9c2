"""A clock of a peripheral, counted without events: how many ticks have passed, and when the next ones come."""

from __future__ import annotations

import math
from fractions import Fraction

from sim.engine.devices.base import ClockService


class Ticks:
    """Ticks of ``frequency`` / ``divider`` Hz since ``restart``. A change of the core's clock does not disturb them."""

    def __init__(self, clock: ClockService, frequency: int, divider: int = 1) -> None:
        self._clock = clock
        self._frequency = frequency
        self._rate = Fraction(frequency, divider)
        self._start = clock.exact_seconds

    def restart(self, divider: int | None = None) -> None:
        """Count from 0 from now on, with another ``divider`` if one is given."""
        self._start = self._clock.exact_seconds
        if divider is not None:
            self._rate = Fraction(self._frequency, divider)

    def retune(self, frequency: int) -> None:
        """Count from 0 from now on, of another clock; its divider is kept."""
        self._start = self._clock.exact_seconds
        self._rate = self._rate * frequency / self._frequency
        self._frequency = frequency

    @property
    def frequency(self) -> int:
        """Hz of the clock before its divider."""
        return self._frequency

    @property
    def passed(self) -> int:
        """Whole ticks since the restart."""
        # Polled by firmware: in integers, since arithmetic of Fractions costs several times as much.
        (now, per), (start, of) = self._clock.exact_seconds.as_integer_ratio(), self._start.as_integer_ratio()
        return (now * of - start * per) * self._rate.numerator // (per * of * self._rate.denominator)

    def cycles_until(self, tick: int) -> int:
        """Core cycles from now until ``passed`` is ``tick``; 0 when it is already."""
        seconds = self._start + tick / self._rate - self._clock.exact_seconds
        return max(0, math.ceil(seconds * self._clock.frequency))
