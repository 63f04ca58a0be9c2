"""Real-time clock: calendar arithmetic, registers, write protection, alarms, wake-up timer, reset."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.devices.clocks.rtc_calendar import DAY, Alarm, Moment, from_bcd, hours_from_bits, hours_to_bits, to_bcd
from sim.engine.devices.clocks.stm32f4_rtc import Stm32F4Rtc
from sim.engine.devices.clocks.stm32l_rtc import Stm32LRtc
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

TR, DR, CR, ISR, PRER, WUTR, ALRMAR, ALRMBR, WPR, SSR, SHIFTR = (
    *(0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x1C, 0x20, 0x24, 0x28, 0x2C),
)
ALRMASSR, BKP0R = 0x44, 0x50
BYPSHAD, FMT, ALRAE, ALRBE, WUTE, ALRAIE, WUTIE = 1 << 5, 1 << 6, 1 << 8, 1 << 9, 1 << 10, 1 << 12, 1 << 14
ADD1H, SUB1H = 1 << 16, 1 << 17
INITS, RSF, INITF, INIT, ALRAF, ALRBF, WUTF = 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8, 1 << 9, 1 << 10
MSK1, MSK2, MSK3, MSK4, WDSEL, PM = 1 << 7, 1 << 15, 1 << 23, 1 << 31, 1 << 30, 1 << 22
NO_DATE = MSK4


class Bench:
    """A clock of 1.024 MHz for the core, 32768 Hz for the RTC: a tick of ck_apre is 4000 cycles."""

    def __init__(self) -> None:
        self.services = FakeServices()
        self.services.clock.frequency = 1_024_000
        self.rtc = Stm32F4Rtc(self.services, "rtc")
        self.alarm, self.wakeup = Probe(), Probe()
        self.rtc.outputs["AlarmIRQ"].connect(self.alarm, 41)
        self.rtc.outputs["WakeupIRQ"].connect(self.wakeup, 3)

    def seconds(self, count: float) -> None:
        self.services.clock.advance(round(count * 1_024_000))

    def read(self, offset: int) -> int:
        return self.rtc.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.rtc.write(offset, 4, value)

    def unlock(self) -> None:
        self.write(WPR, 0xCA)
        self.write(WPR, 0x53)

    def set(self, date: int, time: int, control: int = BYPSHAD) -> None:
        """Write the calendar as a driver does."""
        self.unlock()
        self.write(ISR, 0xFFFFFFFF)
        self.seconds(0.0001)
        assert self.read(ISR) & INITF
        self.write(CR, control)
        self.write(DR, date)
        self.write(TR, time)
        self.write(ISR, 0xFFFFFFFF & ~INIT)


@pytest.fixture
def bench() -> Bench:
    return Bench()


# The arithmetic


@given(st.integers(0, 99))
def test_bcd_is_undone(value: int) -> None:
    assert from_bcd(to_bcd(value)) == value


@given(st.integers(0, 23), st.booleans())
def test_hours_are_undone(hours: int, twelve: bool) -> None:
    assert hours_from_bits(hours_to_bits(hours, twelve), twelve) == hours


@given(st.integers(0, 36524), st.integers(0, DAY - 1), st.integers(1, 7), st.integers(0, 10 * DAY))
def test_calendar_follows_datetime(days: int, seconds: int, weekday: int, later: int) -> None:
    start = Moment(days, seconds, weekday)
    got = start.later(later)
    wanted = datetime.datetime(2000, 1, 1) + datetime.timedelta(days=days, seconds=seconds + later)
    if wanted.year == 2100:
        wanted = wanted.replace(year=2000)
    assert got.date == wanted.date()
    assert got.seconds == wanted.hour * 3600 + wanted.minute * 60 + wanted.second
    assert (got.weekday - weekday) % 7 == (seconds + later) // DAY % 7
    again = Moment(weekday=1).with_date(got.date_register())
    assert again is not None and again.with_time(got.time_register(True), True) == got


@settings(deadline=None)
@given(
    st.integers(0, 36524),
    st.integers(0, DAY - 1),
    st.integers(1, 7),
    st.tuples(*(st.none() | st.integers(0, top) for top in (59, 59, 23))),
)
def test_next_alarm_is_the_first_matching_second(
    days: int, seconds: int, weekday: int, fields: tuple[int | None, int | None, int | None]
) -> None:
    alarm, start = Alarm(*fields, None, False), Moment(days, seconds, weekday)
    found = alarm.next_after(start)
    assert found is not None and alarm.matches(start.later(found))
    wanted = [range(top) if field is None else (field,) for field, top in zip(fields, (60, 60, 24), strict=True)]
    every = (3600 * hour + 60 * minute + second for second in wanted[0] for minute in wanted[1] for hour in wanted[2])
    assert found == min((each - seconds - 1) % DAY + 1 for each in every)


def test_next_alarm_by_date_and_weekday() -> None:
    start = Moment(0, 100, 1)  # 2000-01-01
    assert Alarm(0, 0, 0, 31, False).next_after(start) == 30 * DAY - 100
    assert Alarm(0, 0, 0, 3, True).next_after(start) == 2 * DAY - 100
    assert Alarm(0, 0, 0, 1, False).next_after(start) == 31 * DAY - 100
    assert Alarm(0, 0, 0, 32, False).next_after(start) is None
    assert Alarm(75, None, None, None, False).next_after(start) is None
    assert Alarm.read(0x1A, False) is None  # no decimal digit


# The calendar


def test_reset_values(bench: Bench) -> None:
    assert bench.read(TR) == 0 and bench.read(DR) == 0x2101 and bench.read(CR) == 0
    assert bench.read(ISR) == 7 and bench.read(PRER) == 0x7F00FF and bench.read(WUTR) == 0xFFFF
    assert bench.read(SSR) == 255


def test_time_goes_on(bench: Bench) -> None:
    bench.set(0x24 << 16 | 4 << 13 | 0x02 << 8 | 0x28, 0x235958)
    assert bench.read(TR) == 0x235958
    bench.seconds(1)
    assert bench.read(TR) == 0x235959
    bench.seconds(1)
    assert bench.read(TR) == 0 and bench.read(DR) == 0x24 << 16 | 5 << 13 | 0x02 << 8 | 0x29
    assert bench.read(ISR) & INITS
    bench.seconds(DAY)
    assert bench.read(DR) == 0x24 << 16 | 6 << 13 | 0x03 << 8 | 0x01


def test_sub_seconds_count_down(bench: Bench) -> None:
    bench.set(0x2101, 0)
    bench.seconds(0.25)
    assert bench.read(SSR) == 255 - 64
    bench.seconds(0.75)
    assert bench.read(SSR) == 255 and bench.read(TR) == 1


def test_twelve_hour_format(bench: Bench) -> None:
    bench.set(0x2101, 0x115959, BYPSHAD | FMT)
    bench.seconds(1)
    assert bench.read(TR) == PM | 0x120000
    bench.seconds(3600)
    assert bench.read(TR) == PM | 0x010000
    bench.seconds(11 * 3600)
    assert bench.read(TR) == 0x120000 and bench.read(DR) & 0x3F == 2


def test_prescalers_set_the_length_of_a_second(bench: Bench) -> None:
    bench.unlock()
    bench.write(ISR, 0xFFFFFFFF)
    bench.seconds(0.0001)
    bench.write(PRER, 255)  # PREDIV_S alone, PREDIV_A 0: 128 seconds a second
    bench.write(CR, BYPSHAD)
    bench.write(ISR, 0)
    bench.seconds(1)
    assert bench.read(TR) == 0x000208


def test_nothing_changes_while_protected_or_outside_initialisation(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.write(CR, BYPSHAD)
    bench.write(ISR, 0xFFFFFFFF)
    bench.seconds(1)
    assert bench.read(CR) == 0 and not bench.read(ISR) & INITF
    bench.unlock()
    bench.write(TR, 0x120000)
    bench.write(PRER, 0)
    assert bench.read(PRER) == 0x7F00FF
    bench.write(ISR, 0xFFFFFFFF)
    bench.write(TR, 0x120000)  # INITF takes two periods
    bench.write(WPR, 0xFF)
    bench.seconds(1)
    bench.write(TR, 0x120000)
    assert bench.read(TR) == 1
    assert "write protection is on" in caplog.text and "outside initialisation mode" in caplog.text


def test_a_time_that_is_none_is_ignored(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.set(0x0230 | 1 << 13, 0x250000)
    assert bench.read(TR) == 0 and "no time" in caplog.text


def test_a_date_that_is_none_stays_until_midnight_and_alarms_know_it(bench: Bench) -> None:
    """ST's time base writes DR = 0 and an alarm for second 1 of day 0 at each tick."""
    bench.set(0, 0x235958)
    assert bench.read(DR) == 0
    bench.unlock()
    bench.write(0x1C, 0x235959)
    bench.write(CR, BYPSHAD | ALRAE | ALRAIE)
    bench.seconds(1.01)
    assert bench.read(ISR) & 1 << 8 and bench.read(DR) == 0
    bench.seconds(1)
    bench.read(TR)
    assert bench.read(DR) != 0


def test_the_calendar_stands_still_in_initialisation(bench: Bench) -> None:
    bench.set(0x2101, 0x100000)
    bench.write(ISR, 0xFFFFFFFF)
    bench.seconds(5)
    assert bench.read(TR) == 0x100000 and not bench.read(ISR) & RSF


def test_reading_tr_holds_dr_unless_shadows_are_bypassed(bench: Bench) -> None:
    bench.set(0x2101, 0x235959, 0)
    assert bench.read(TR) == 0x235959
    bench.seconds(2)
    assert bench.read(DR) & 0x3F == 1
    assert bench.read(TR) == 1
    assert bench.read(DR) & 0x3F == 2


def test_rsf_is_away_for_two_periods_after_it_was_cleared(bench: Bench) -> None:
    bench.seconds(1)
    assert bench.read(ISR) & RSF
    bench.write(ISR, 0xFFFFFFFF & ~(RSF | INIT))
    assert not bench.read(ISR) & RSF
    bench.seconds(2.1 / 32768)
    assert bench.read(ISR) & RSF


@pytest.mark.parametrize("case", ["after a start", "in initialisation", "before year 01", "before year 00"])
def test_status_stands_still_until_native_code_asks_again(bench: Bench, case: str) -> None:
    """Loops that poll ISR get the same answer until the cycle named; then another bit may be there."""
    if case.startswith("before year"):
        bench.set({"before year 01": 0x00D231, "before year 00": 0x99D231}[case], 0x235959)
        bench.seconds(0.5)
    bench.unlock()
    if case == "in initialisation":
        bench.write(ISR, 0xFFFFFFFF)
    counter = bench.rtc.native_counter(ISR, 4)
    assert counter is not None and counter.numerator == 0
    clock = bench.services.clock
    clock.advance(counter.until - clock.now - 1)
    assert bench.read(ISR) == counter.start
    clock.advance(1)
    assert bench.read(ISR) != counter.start
    assert bench.rtc.native_counter(TR, 4) is None


def test_an_hour_more_and_an_hour_less(bench: Bench) -> None:
    bench.set(0x2101, 0x233000)
    bench.write(CR, BYPSHAD | ADD1H)
    assert bench.read(TR) == 0x003000 and bench.read(DR) & 0x3F == 2 and bench.read(CR) == BYPSHAD
    bench.write(CR, BYPSHAD | SUB1H)
    assert bench.read(TR) == 0x003000  # no effect in the first hour
    bench.write(CR, BYPSHAD | ADD1H)
    bench.write(CR, BYPSHAD | SUB1H)
    assert bench.read(TR) == 0x003000


def test_shift_moves_the_clock_by_fractions(bench: Bench) -> None:
    bench.set(0x2101, 0)
    bench.seconds(0.5)
    bench.write(SHIFTR, 1 << 31 | 64)  # three quarters on
    assert bench.read(TR) == 1 and bench.read(SSR) == 255 - 64
    bench.write(SHIFTR, 32)
    assert bench.read(SSR) == 255 - 32


# Alarms


def test_an_alarm_comes_at_its_second_and_stays_until_cleared(bench: Bench) -> None:
    bench.set(0x2101, 0x120000)
    bench.write(ALRMAR, NO_DATE | 0x120003)
    bench.write(CR, BYPSHAD | ALRAE | ALRAIE)
    bench.seconds(2.99)
    assert not bench.read(ISR) & ALRAF
    bench.seconds(0.02)
    assert bench.read(ISR) & ALRAF and bench.alarm.calls[-1] == (41, True)
    bench.seconds(10)
    assert bench.read(ISR) & ALRAF
    bench.write(ISR, 0xFFFFFFFF & ~(ALRAF | INIT))
    assert not bench.read(ISR) & ALRAF and bench.alarm.calls[-1] == (41, False)
    bench.seconds(DAY)
    assert bench.alarm.rises == 2


def test_masked_fields_match_every_time(bench: Bench) -> None:
    bench.set(0x2101, 0x120000)
    bench.write(ALRMBR, MSK4 | MSK3 | MSK2 | 0x30)
    bench.write(CR, BYPSHAD | ALRBE)
    for _ in range(3):
        bench.seconds(60)
        assert bench.read(ISR) & ALRBF
        bench.write(ISR, 0xFFFFFFFF & ~(ALRBF | INIT))
        assert not bench.read(ISR) & ALRBF


def test_an_alarm_by_weekday(bench: Bench) -> None:
    bench.set(0x2101, 0)
    bench.write(ALRMAR, WDSEL | 4 << 24)
    bench.write(CR, BYPSHAD | ALRAE)
    bench.seconds(3 * DAY - 1)
    assert not bench.read(ISR) & ALRAF
    bench.seconds(1)
    assert bench.read(ISR) & ALRAF


def test_an_alarm_in_the_afternoon(bench: Bench) -> None:
    bench.set(0x2101, 0x115900, BYPSHAD | FMT)
    bench.write(ALRMAR, NO_DATE | PM | 0x120000)
    bench.write(CR, BYPSHAD | FMT | ALRAE)
    bench.seconds(59)
    assert not bench.read(ISR) & ALRAF
    bench.seconds(1.01)
    assert bench.read(ISR) & ALRAF


def test_sub_second_alarms_compare_low_bits(bench: Bench) -> None:
    bench.set(0x2101, 0)
    bench.write(ALRMAR, MSK1 | MSK2 | MSK3 | MSK4)
    bench.write(ALRMASSR, 6 << 24 | 63)  # SSR = ..63, four times a second
    bench.write(CR, BYPSHAD | ALRAE | ALRAIE)
    for count in range(1, 6):
        bench.seconds(0.25)
        assert bench.alarm.rises == count
        assert bench.read(SSR) & 63 == 63
        bench.write(ISR, 0xFFFFFFFF & ~(ALRAF | INIT))


def test_an_alarm_cannot_be_changed_while_enabled(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.set(0x2101, 0)
    bench.write(CR, BYPSHAD | ALRAE)
    bench.write(ALRMAR, 0x123456)
    assert bench.read(ALRMAR) == 0 and "while that alarm is enabled" in caplog.text
    bench.write(CR, BYPSHAD)
    bench.write(ALRMAR, 0x123456)
    assert bench.read(ALRMAR) == 0x123456


def test_alarm_write_flags_follow_the_enables(bench: Bench) -> None:
    bench.unlock()
    bench.write(CR, ALRAE | WUTE)
    assert bench.read(ISR) & 7 == 2


# Wake-up timer


@pytest.mark.parametrize(("select", "period"), [(0, 10 / 2048), (3, 10 / 16384), (4, 10.0), (6, 10.0 + 65536)])
def test_wake_up_comes_every_period(bench: Bench, select: int, period: float) -> None:
    bench.unlock()
    bench.write(WUTR, 9)
    bench.write(CR, WUTE | WUTIE | select)
    for count in range(1, 4):
        bench.seconds(period * 0.999)
        assert bench.wakeup.rises == count - 1
        bench.seconds(period * 0.001)
        assert bench.wakeup.rises == count and bench.read(ISR) & WUTF
        bench.write(ISR, 0xFFFFFFFF & ~(WUTF | INIT))
        assert bench.wakeup.calls[-1] == (3, False)


def test_wake_up_without_interrupt_sets_the_flag_only(bench: Bench) -> None:
    bench.unlock()
    bench.write(WUTR, 0)
    bench.write(CR, WUTE | 4)
    bench.seconds(1)
    assert bench.read(ISR) & WUTF and bench.wakeup.rises == 0
    bench.write(WUTR, 5)
    assert bench.read(WUTR) == 0  # locked while enabled
    bench.write(CR, 4)
    bench.write(ISR, 0xFFFFFFFF & ~(WUTF | INIT))
    bench.seconds(5)
    assert not bench.read(ISR) & WUTF


# Reset and clock


def test_backup_domain_outlives_a_system_reset(bench: Bench) -> None:
    bench.set(0x2101, 0x120000)
    bench.write(BKP0R, 0xCAFE)
    bench.services.last_reset = "SYSRESETREQ"
    bench.rtc.reset()
    bench.seconds(1)
    assert bench.read(TR) == 0x120001 and bench.read(BKP0R) == 0xCAFE
    bench.services.last_reset = "power-on"
    bench.rtc.reset()
    assert bench.read(TR) == 0 and bench.read(BKP0R) == 0


def test_without_a_clock_it_stands_still(bench: Bench) -> None:
    bench.set(0x2101, 0x120000)
    bench.write(ALRMAR, NO_DATE | 0x120005)
    bench.write(CR, BYPSHAD | ALRAE)
    bench.seconds(2)
    bench.rtc.set_clock(0)
    bench.seconds(100)
    assert bench.read(TR) == 0x120002
    bench.rtc.set_clock(32_768)
    bench.seconds(3.1)
    assert bench.read(TR) == 0x120005 and bench.read(ISR) & ALRAF


def test_another_frequency_and_a_wrong_one() -> None:
    services = FakeServices()
    rtc = Stm32F4Rtc(services, "rtc", wakeup_timer_frequency=32_000)
    services.clock.advance(round(480e6 * 1.03))
    assert rtc.read(TR, 4) == 1
    with pytest.raises(CrosscamError, match="wakeupTimerFrequency is 0 Hz"):
        Stm32F4Rtc(services, "rtc", wakeup_timer_frequency=0)


def test_the_l1_has_the_wake_up_line_as_its_interrupt() -> None:
    services, probe = FakeServices(), Probe()
    rtc = Stm32LRtc(services, "rtc")
    assert rtc.default_output is rtc.outputs["IRQ"]
    rtc.outputs["IRQ"].connect(probe, 20)
    for offset, value in ((WPR, 0xCA), (WPR, 0x53), (WUTR, 2047), (CR, WUTE | WUTIE)):
        rtc.write(offset, 4, value)
    services.clock.advance(480_000_000 + 1)
    assert probe.rises == 1
