"""Renode's TimeInterval and TimeStamp: virtual time in ticks of one nanosecond."""

# ruff: noqa: N802 - the names are Renode's

from __future__ import annotations

import functools
import re
from fractions import Fraction
from typing import ClassVar

_WRITTEN = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+)(\.\d+)?")


@functools.total_ordering
class TimeInterval:
    """A span of virtual time; cut to whole ticks."""

    __slots__ = ("_ticks",)

    TicksPerNanosecond: ClassVar[int] = 1
    TicksPerMicrosecond: ClassVar[int] = 1_000
    TicksPerMillisecond: ClassVar[int] = 1_000_000
    TicksPerSecond: ClassVar[int] = 1_000_000_000
    Empty: ClassVar[TimeInterval]

    def __init__(self, ticks: int) -> None:
        if ticks < 0:
            raise OverflowError(f"a TimeInterval cannot be negative: {ticks} ns")
        self._ticks = ticks

    @classmethod
    def parse(cls, text: str) -> TimeInterval | None:
        """``hours:minutes:seconds.decimals``, all but the seconds optional; None when it is no such thing."""
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            return None
        hours, minutes, seconds, decimals = match.groups()
        whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
        return cls(int((whole + Fraction("0" + (decimals or ".0"))) * cls.TicksPerSecond))

    @classmethod
    def from_cycles(cls, cycles: int, frequency: int) -> TimeInterval:
        """``cycles`` of a clock of ``frequency`` Hz."""
        return cls(cycles * cls.TicksPerSecond // frequency)

    @classmethod
    def from_seconds(cls, seconds: Fraction) -> TimeInterval:
        """An exact span in seconds, cut to whole ticks."""
        return cls(int(seconds * cls.TicksPerSecond))

    @classmethod
    def from_host(cls, seconds: float) -> TimeInterval:
        """A span of the host's clock, cut to whole ticks."""
        return cls(int(seconds * cls.TicksPerSecond))

    def to_cycles(self, frequency: int) -> int:
        """Cycles of a clock of ``frequency`` Hz, to the nearest: 1/3 of a cycle is none, 2/3 is one."""
        return (self._ticks * frequency * 2 + self.TicksPerSecond) // (2 * self.TicksPerSecond)

    @classmethod
    def FromTicks(cls, ticks: int) -> TimeInterval:
        return cls(int(ticks))

    @classmethod
    def FromNanoseconds(cls, value: float) -> TimeInterval:
        return cls(int(value))

    @classmethod
    def FromMicroseconds(cls, value: float) -> TimeInterval:
        return cls(int(value * cls.TicksPerMicrosecond))

    @classmethod
    def FromMilliseconds(cls, value: float) -> TimeInterval:
        return cls(int(value * cls.TicksPerMillisecond))

    @classmethod
    def FromSeconds(cls, value: float) -> TimeInterval:
        return cls(int(value * cls.TicksPerSecond))

    @classmethod
    def FromMinutes(cls, value: float) -> TimeInterval:
        return cls(int(value * 60 * cls.TicksPerSecond))

    @property
    def Ticks(self) -> int:
        return self._ticks

    @property
    def TotalNanoseconds(self) -> int:
        return self._ticks

    @property
    def TotalMicroseconds(self) -> float:
        return self._ticks / self.TicksPerMicrosecond

    @property
    def TotalMilliseconds(self) -> float:
        return self._ticks / self.TicksPerMillisecond

    @property
    def TotalSeconds(self) -> float:
        return self._ticks / self.TicksPerSecond

    def __add__(self, other: TimeInterval) -> TimeInterval:
        return TimeInterval(self._ticks + other._ticks)

    def __sub__(self, other: TimeInterval) -> TimeInterval:
        return TimeInterval(self._ticks - other._ticks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeInterval) and self._ticks == other._ticks

    def __lt__(self, other: TimeInterval) -> bool:
        return self._ticks < other._ticks

    def __hash__(self) -> int:
        return hash(self._ticks)

    def __str__(self) -> str:
        seconds, decimals = divmod(self._ticks, self.TicksPerSecond)
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{decimals:09}"

    __repr__ = __str__


TimeInterval.Empty = TimeInterval(0)


class TimeStamp:
    """A moment: the virtual time that has gone by since the machine started."""

    __slots__ = ("TimeElapsed",)

    def __init__(self, elapsed: TimeInterval) -> None:
        self.TimeElapsed = elapsed
