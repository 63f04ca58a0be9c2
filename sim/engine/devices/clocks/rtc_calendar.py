"""Calendar arithmetic of the STM32 real-time clock: BCD registers, the century 2000..2099, when an alarm matches next.

A date is a number of days since 2000-01-01 (the chip's year 00), a time a number of seconds since midnight. The day
of the week is a counter of its own, 1 to 7: the chip does not work it out from the date.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

DAY = 86_400  # seconds
_EPOCH = datetime.date(2000, 1, 1).toordinal()
CENTURY = datetime.date(2100, 1, 1).toordinal() - _EPOCH  # days
_LEAP_CYCLE = 1461  # days after which a day of the month has come round, 29 February included
_PM = 1 << 22
_DATE_BITS = 0x00FFFF3F  # of DR


def to_bcd(value: int) -> int:
    """Two decimal digits as tens and units."""
    return value // 10 << 4 | value % 10


def from_bcd(value: int) -> int | None:
    """0 to 99, or None where a digit is above 9."""
    tens, units = value >> 4, value & 15
    return None if tens > 9 or units > 9 else 10 * tens + units


@dataclass(frozen=True)
class Moment:
    """A date, a time and a day of the week."""

    days: int = 0
    seconds: int = 0
    weekday: int = 1
    odd_date: int | None = None
    """What DR shows where that is no date: the chip keeps it until midnight (ST's time base writes 0)."""

    def later(self, seconds: int) -> Moment:
        """This many seconds on; year 99 is followed by year 00."""
        days, rest = divmod(self.seconds + seconds, DAY)
        odd = self.odd_date if not days else None
        return Moment((self.days + days) % CENTURY, rest, (self.weekday - 1 + days) % 7 + 1, odd)

    @property
    def date(self) -> datetime.date:
        """The day in the Gregorian calendar."""
        return datetime.date.fromordinal(_EPOCH + self.days)

    def date_register(self) -> int:
        """DR (RM0090 26.6.2)."""
        if self.odd_date is not None:
            return self.odd_date
        day = self.date
        return to_bcd(day.year - 2000) << 16 | self.weekday << 13 | to_bcd(day.month) << 8 | to_bcd(day.day)

    def time_register(self, twelve_hours: bool) -> int:
        """TR (RM0090 26.6.1)."""
        hours, rest = divmod(self.seconds, 3600)
        return hours_to_bits(hours, twelve_hours) | to_bcd(rest // 60) << 8 | to_bcd(rest % 60)

    def with_date(self, register: int) -> Moment:
        """This time on the day that DR says."""
        year, month, day = (
            from_bcd(register >> 16 & 0xFF),
            from_bcd(register >> 8 & 0x1F),
            from_bcd(register & 0x3F),
        )
        weekday = register >> 13 & 7
        try:
            day_of_century = datetime.date(2000 + (year or 0), month or 0, day or 0).toordinal() - _EPOCH
        except ValueError:
            weekday = 0
        if not weekday or year is None:
            return Moment(self.days, self.seconds, register >> 13 & 7 or 1, register & _DATE_BITS)
        return Moment(day_of_century, self.seconds, weekday)

    def with_time(self, register: int, twelve_hours: bool) -> Moment | None:
        """This day at the time that TR says; None where there is no such time."""
        hours = hours_from_bits(register, twelve_hours)
        minutes, seconds = from_bcd(register >> 8 & 0x7F), from_bcd(register & 0x7F)
        if hours is None or minutes is None or seconds is None or minutes > 59 or seconds > 59:
            return None
        return Moment(self.days, 3600 * hours + 60 * minutes + seconds, self.weekday, self.odd_date)


def hours_to_bits(hours: int, twelve_hours: bool) -> int:
    """Hours 0 to 23 as the bits 16 to 22 of TR or an alarm register."""
    if not twelve_hours:
        return to_bcd(hours) << 16
    return to_bcd((hours + 11) % 12 + 1) << 16 | (_PM if hours >= 12 else 0)


def hours_from_bits(register: int, twelve_hours: bool) -> int | None:
    """Hours 0 to 23 from the bits 16 to 22; None where they are no hours."""
    hours = from_bcd(register >> 16 & 0x3F)
    if hours is None or hours > (12 if twelve_hours else 23):
        return None
    if not twelve_hours:
        return hours
    return hours % 12 + (12 if register & _PM else 0)


@dataclass(frozen=True)
class Alarm:
    """What an alarm register (RM0090 26.6.7) asks for: None for what its mask bits leave open."""

    second: int | None
    minute: int | None
    hour: int | None
    day: int | None
    by_weekday: bool

    @staticmethod
    def read(register: int, twelve_hours: bool) -> Alarm | None:
        """The alarm in ``register``; None where a field that counts is no number."""
        second = None if register >> 7 & 1 else from_bcd(register & 0x7F)
        minute = None if register >> 15 & 1 else from_bcd(register >> 8 & 0x7F)
        hour = None if register >> 23 & 1 else hours_from_bits(register, twelve_hours)
        by_weekday = bool(register >> 30 & 1)
        day = None if register >> 31 else from_bcd(register >> 24 & (0xF if by_weekday else 0x3F))
        masks = (register >> 7 & 1, register >> 15 & 1, register >> 23 & 1, register >> 31)
        if any(not mask and field is None for mask, field in zip(masks, (second, minute, hour, day), strict=True)):
            return None
        return Alarm(second, minute, hour, day, by_weekday)

    def matches(self, moment: Moment) -> bool:
        """Whether ``moment`` is one of the alarm's seconds."""
        hours, rest = divmod(moment.seconds, 3600)
        return (
            self._matches_day(moment)
            and self.hour in (None, hours)
            and self.minute in (None, rest // 60)
            and self.second in (None, rest % 60)
        )

    def next_after(self, moment: Moment) -> int | None:
        """Seconds (at least 1) from ``moment`` to the next match; None where there never is one."""
        first = moment.seconds + 1
        for offset in range(_LEAP_CYCLE + 1):
            day = moment.later(offset * DAY)
            if self._matches_day(day):
                found = self._first_from(first)
                if found is not None:
                    return offset * DAY + found - moment.seconds
            first = 0
        return None

    def _matches_day(self, moment: Moment) -> bool:
        if self.day is None:
            return True
        if moment.odd_date is not None:
            return self.day == from_bcd(moment.odd_date >> 13 & 7 if self.by_weekday else moment.odd_date & 0x3F)
        return self.day == (moment.weekday if self.by_weekday else moment.date.day)

    def _first_from(self, first: int) -> int | None:
        """The first matching second of a day that is not before ``first``."""
        for hour in range(24) if self.hour is None else (self.hour,):
            if 3600 * (hour + 1) <= first:
                continue
            for minute in range(60) if self.minute is None else (self.minute,):
                start = 3600 * hour + 60 * minute
                if minute > 59 or start + 60 <= first:
                    continue
                if self.second is None:
                    return max(start, first)
                if self.second < 60 and start + self.second >= first:
                    return start + self.second
        return None
