"""Real-time clock of STM32F4, F7, L and H7 (RM0090 section 26, RM0433 section 46).

Calendar with sub-seconds, alarms A and B, wake-up timer, write protection, backup registers; parameters and outputs as
in Renode's ``Timers.STM32F4_RTC``. ``wakeupTimerFrequency`` is RTCCLK in Hz until an RCC says which clock it is, and
whether it runs.

Beyond Renode, as on the chip: the calendar starts at year 00 (Renode: 2020); alarms set their flag once and keep it
until software clears it, on weekdays too; alarm and wake-up lines follow flag and enable; calendar, prescaler and
alarms change only in the modes the manual asks for; INITF and RSF take two RTCCLK periods; with BYPSHAD = 0 a read of
TR or SSR holds DR until it is read; ADD1H, SUB1H and SHIFTR; the backup domain (everything but the shadow registers)
outlives a system reset. Tamper pins, time stamps and smooth calibration are not modelled.
"""

from __future__ import annotations

from sim.engine.devices.base import Event, Services
from sim.engine.devices.clocks.rtc_calendar import CENTURY, DAY, Alarm, Moment
from sim.engine.devices.registers import Field, Mode, Register, RegisterDevice
from sim.engine.devices.ticks import Ticks
from sim.engine.native.counter import NativeCounter
from sim.engine.native.shared import NEVER
from sim.errors import CrosscamError

_KEYS = (0xCA, 0x53)
_SYNCHRONISATION = 2  # RTCCLK periods
_BACKUP_REGISTERS = 32
_TR, _DR, _CR, _ISR, _PRER, _WUTR, _CALIBR, _SSR, _SHIFTR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x28, 0x2C
_ALARMS, _SUB_SECONDS = (0x1C, 0x20), (0x44, 0x48)
_CALR = 0x3C
_PROTECTED = {_TR, _DR, _CR, _PRER, _WUTR, _CALIBR, *_ALARMS, _SHIFTR, _CALR, *_SUB_SECONDS}
_INIT_ONLY = {_TR, _DR, _PRER}
_YEAR_00 = 366  # days


class _AlarmUnit:
    """Registers of alarm A or B."""

    def __init__(self, time: Register, sub_second: Register, enable: Field, interrupt: Field) -> None:
        self.time, self.sub_second, self.enable, self.interrupt = time, sub_second, enable, interrupt
        self.flag = False
        self.event: Event | None = None


class Stm32F4Rtc(RegisterDevice):
    """``set_clock`` says what RTCCLK is (RCC's RTCEN and RTCSEL); it runs from the beginning where nobody does."""

    RENODE_TYPES = ("Timers.STM32F4_RTC",)
    HAS_DEFAULT_OUTPUT = False

    def __init__(self, services: Services, name: str, *, wakeup_timer_frequency: int = 32_768) -> None:
        super().__init__(services, name)
        if wakeup_timer_frequency <= 0:
            raise CrosscamError(f"{name}: wakeupTimerFrequency is {wakeup_timer_frequency} Hz, expected more than 0")
        self.alarm_irq = self.add_output("AlarmIRQ")
        self.wakeup_irq = self.add_output("WakeupIRQ")
        self._frequency = wakeup_timer_frequency
        self._rtcclk = Ticks(services.clock, wakeup_timer_frequency)  # for synchronisation
        self._sub_ticks = Ticks(services.clock, wakeup_timer_frequency)  # ck_apre
        self._wake_ticks = Ticks(services.clock, wakeup_timer_frequency)
        self._wake_event: Event | None = None
        self._clocked = True
        self._stopped_rtcclk = 0  # RTCCLK periods until the clock was changed or stopped last
        self._declare()
        self._forget()

    def _declare(self) -> None:
        bank = self.bank
        bank.register(_TR, "TR").value_from(self._read_time).after_write(self._set_time).field(0, 23, "TR")
        bank.register(_DR, "DR", 0x2101).value_from(self._read_date).after_write(self._set_date).field(0, 24, "DR")
        cr = bank.register(_CR, "CR").after_write(self._control)
        self._wucksel = cr.field(0, 3, "WUCKSEL", on_change=self._wake_clock)
        self._bypass_shadow = cr.flag(5, "BYPSHAD")
        self._twelve_hours = cr.flag(6, "FMT")
        enables = [cr.flag(8 + index, f"ALR{letter}E") for index, letter in enumerate("AB")]
        self._wake_enabled = cr.flag(10, "WUTE", on_change=self._wake_switched)
        interrupts = [cr.flag(12 + index, f"ALR{letter}IE") for index, letter in enumerate("AB")]
        self._wake_interrupt = cr.flag(14, "WUTIE")
        cr.field(16, 2, "SUB1H ADD1H", Mode.WRITE)
        cr.storage(0x00FFFFFF)
        isr = bank.register(_ISR, "ISR", 0x7).value_from(self._status)
        isr.flag(5, "RSF", Mode.WRITE_ZERO_TO_CLEAR, on_write=self._rsf_written)
        isr.flag(7, "INIT", on_write=self._init_written)
        isr.field(8, 3, "WUTF ALRBF ALRAF", Mode.WRITE_ZERO_TO_CLEAR, on_write=self._clear_flags)
        isr.field(11, 5, "TAMPxF TSOVF TSF", Mode.WRITE_ZERO_TO_CLEAR)
        prer = bank.register(_PRER, "PRER", 0x007F00FF)
        self._predivs = prer.field(0, 15, "PREDIV_S")
        self._prediva = prer.field(16, 7, "PREDIV_A")
        self._wutr = bank.register(_WUTR, "WUTR", 0xFFFF).field(0, 16, "WUT")
        bank.register(_CALIBR, "CALIBR").storage(0x9F)
        self._alarms = [
            _AlarmUnit(
                bank.register(_ALARMS[index], f"ALRM{letter}R").storage(),
                bank.register(_SUB_SECONDS[index], f"ALRM{letter}SSR").storage(0x0F007FFF),
                enables[index],
                interrupts[index],
            )
            for index, letter in enumerate("AB")
        ]
        bank.register(0x24, "WPR").field(0, 8, "KEY", Mode.WRITE, on_write=self._key)
        bank.register(_SSR, "SSR").value_from(self._read_sub_second)
        bank.register(_SHIFTR, "SHIFTR").after_write(self._shift).field(0, 32, "SHIFTR", Mode.WRITE)
        for offset, name in ((0x30, "TSTR"), (0x34, "TSDR"), (0x38, "TSSSR")):
            bank.register(offset, name).field(0, 32, name, Mode.READ)
        bank.register(_CALR, "CALR").storage(0xE1FF)
        bank.register(0x40, "TAFCR").storage(0x00FFFFFF)
        bank.register(0x4C, "OR").storage(0x3)
        for index in range(_BACKUP_REGISTERS):
            bank.register(0x50 + 4 * index, f"BKP{index}R").storage()

    def _forget(self) -> None:
        for alarm in self._alarms:
            self._cancel_alarm(alarm)
            alarm.flag = False
        self._cancel_wake()
        self._wake_flag = False
        self._key_step, self._unlocked = 0, False
        self._initialising = False
        self._init_since = 0  # RTCCLK tick of INIT
        self._base, self._base_sub_ticks = Moment(), 0  # the calendar when _sub_ticks was restarted
        self._sub_ticks.restart(self._prediva.value + 1)
        self._forget_shadow()

    def _forget_shadow(self) -> None:
        self._held: tuple[Moment, int] | None = None
        self._synchronised_from = self._rtcclk_passed + _SYNCHRONISATION

    # For RCC

    def reset(self) -> None:
        """A system reset leaves the backup domain alone; after power-on, everything is reset."""
        if str(getattr(self.services, "last_reset", "power-on")) == "power-on":
            self.backup_reset()
        else:
            self._forget_shadow()

    def backup_reset(self) -> None:
        """RCC's BDRST, or power-on."""
        self.bank.reset()
        self._forget()
        self._update()

    def set_clock(self, hertz: int) -> None:
        """RTCCLK runs at so many Hz; at 0 calendar and wake-up timer stand still, and INITF, RSF never come."""
        running = hertz > 0
        if running == self._clocked and hertz in (0, self._frequency):
            return
        if self._running:
            self._stop_calendar()
        self._stopped_rtcclk = self._rtcclk_passed
        self._clocked = running
        if running:
            self._frequency = hertz
            for ticks in (self._rtcclk, self._sub_ticks, self._wake_ticks):
                ticks.retune(hertz)
            if not self._initialising:
                self._start_calendar()
        self._wake_switched(0, 0)

    @property
    def _rtcclk_passed(self) -> int:
        """RTCCLK periods since the beginning."""
        return self._stopped_rtcclk + (self._rtcclk.passed if self._clocked else 0)

    # The calendar

    @property
    def _running(self) -> bool:
        return self._clocked and not self._initialising

    def _now(self) -> tuple[Moment, int]:
        """The calendar, and the ck_apre ticks gone by in its second."""
        ticks = self._base_sub_ticks + (self._sub_ticks.passed if self._running else 0)
        seconds, rest = divmod(ticks, self._predivs.value + 1)
        return self._base.later(seconds), rest

    def _stop_calendar(self) -> None:
        self._base, self._base_sub_ticks = self._now()
        for alarm in self._alarms:
            self._cancel_alarm(alarm)

    def _start_calendar(self) -> None:
        self._sub_ticks.restart(self._prediva.value + 1)
        self._synchronised_from = self._rtcclk_passed + _SYNCHRONISATION
        self._schedule_alarms()

    def _adjust(self, moment: Moment, sub_ticks: int) -> None:
        """The calendar is changed while it runs."""
        self._base, self._base_sub_ticks = moment, sub_ticks
        if self._running:
            self._start_calendar()

    def _shown(self) -> tuple[Moment, int]:
        """What TR, DR and SSR show."""
        return self._held or self._now()

    def _hold(self) -> None:
        if self._held is None and not self._bypass_shadow and self._running:
            self._held = self._now()

    def _read_sub_second(self) -> int:
        self._hold()
        return self._predivs.value - self._shown()[1] & 0xFFFF

    def _read_time(self) -> int:
        self._hold()
        return self._shown()[0].time_register(bool(self._twelve_hours))

    def _read_date(self) -> int:
        shown, _ = self._shown()
        self._held = None
        return shown.date_register()

    def _set_time(self, written: int) -> None:
        moment = self._base.with_time(written, bool(self._twelve_hours))
        if moment is None:
            self.log.warning("TR written with 0x%06X, which is no time: ignored", written)
            return
        self._base = moment

    def _set_date(self, written: int) -> None:
        self._base = self._base.with_date(written)
        if self._base.odd_date is not None:
            self.log.debug("DR written with 0x%06X, which is no date with a day of the week", written)

    def _shift(self, written: int) -> None:
        """ADD1S adds a second, SUBFS takes fractions of it away: less than a second together (26.6.14)."""
        period = self._predivs.value + 1
        moment, ticks = self._now()
        ticks += (period if written >> 31 else 0) - (written & 0x7FFF)
        seconds, rest = divmod(ticks, period)
        self._adjust(moment.later(seconds), rest)

    # Registers

    def write(self, offset: int, width: int, value: int) -> None:
        register = offset & ~3
        if register in _PROTECTED and not self._unlocked:
            self.log.warning("write of 0x%X at 0x%X while write protection is on: ignored", value, offset)
        elif register in _INIT_ONLY and not self._init_reached:
            self.log.warning("write of 0x%X at 0x%X outside initialisation mode (INITF): ignored", value, offset)
        elif register == _WUTR and self._wake_enabled:
            self.log.warning("WUTR written (0x%X) while WUTE is 1: ignored", value)
        elif register in (*_ALARMS, *_SUB_SECONDS) and self._alarm_locked(register):
            self.log.warning("write of 0x%X at 0x%X while that alarm is enabled: ignored", value, offset)
        else:
            self.bank.write(offset, width, value)

    def _alarm_locked(self, register: int) -> bool:
        index = (_ALARMS if register in _ALARMS else _SUB_SECONDS).index(register)
        return bool(self._alarms[index].enable) and not self._init_reached

    def _key(self, value: int) -> None:
        if value == _KEYS[self._key_step]:
            self._key_step += 1
            if self._key_step == len(_KEYS):
                self._unlocked, self._key_step = True, 0
        else:
            self._unlocked, self._key_step = False, 0

    @property
    def _init_reached(self) -> bool:
        return self._initialising and self._rtcclk_passed - self._init_since >= _SYNCHRONISATION

    def _status(self) -> int:
        synchronised = self._running and self._rtcclk_passed >= self._synchronised_from
        first, second = self._alarms
        return (
            (not first.enable)
            | (not second.enable) << 1
            | (not self._wake_enabled) << 2
            | (self._now()[0].days >= _YEAR_00) << 4
            | synchronised << 5
            | self._init_reached << 6
            | self._initialising << 7
            | first.flag << 8
            | second.flag << 9
            | self._wake_flag << 10
        )

    def native_counter(self, offset: int, width: int) -> NativeCounter | None:
        """ISR stands still until an event, or until time alone changes a bit of it."""
        if (offset, width) != (_ISR, 4):
            return None
        rtcclk, changes = self._rtcclk, []
        if self._running:
            changes.append(rtcclk.cycles_until(self._synchronised_from - self._stopped_rtcclk))
            days = self._base.days
            days = (_YEAR_00 if days < _YEAR_00 else CENTURY) - days
            seconds = days * DAY - self._base.seconds
            changes.append(self._sub_ticks.cycles_until(seconds * (self._predivs.value + 1) - self._base_sub_ticks))
        if self._initialising and self._clocked:
            changes.append(rtcclk.cycles_until(self._init_since + _SYNCHRONISATION - self._stopped_rtcclk))
        now = self.services.clock.now
        until = min((now + change for change in changes if change), default=NEVER)
        return NativeCounter(self.bank.read(_ISR, 4), now, 0, 1, until)

    def _rsf_written(self, value: int) -> None:
        if not value:
            self._forget_shadow()

    def _init_written(self, value: int) -> None:
        if not self._unlocked:
            if bool(value) != self._initialising:
                self.log.warning("ISR.INIT written (%d) while write protection is on: ignored", value)
        elif value and not self._initialising:
            self._stop_calendar()
            self._initialising, self._init_since = True, self._rtcclk_passed
            self._base_sub_ticks = 0
        elif not value and self._initialising:
            self._initialising = False
            self._start_calendar()

    def _clear_flags(self, value: int) -> None:
        for index, alarm in enumerate(self._alarms):
            if not value >> index & 1 and alarm.flag:
                alarm.flag = False
                self._schedule_alarm(alarm)
        if not value >> 2 & 1 and self._wake_flag:
            self._wake_flag = False
            self._schedule_wake()
        self._update()

    def _control(self, written: int) -> None:
        moment, ticks = self._now()
        if written & 1 << 16:
            self._adjust(moment.later(3600), ticks)
        if written & 1 << 17 and moment.seconds >= 3600:  # no effect in the first hour of the day (26.6.3)
            self._adjust(moment.later(-3600), ticks)
        self._schedule_alarms()
        self._update()

    # Alarms

    def _schedule_alarms(self) -> None:
        for alarm in self._alarms:
            self._schedule_alarm(alarm)

    def _cancel_alarm(self, alarm: _AlarmUnit) -> None:
        if alarm.event is not None:
            self.services.clock.cancel(alarm.event)
            alarm.event = None

    def _schedule_alarm(self, alarm: _AlarmUnit) -> None:
        """An event for the next match; none while the flag of the last one is still set."""
        self._cancel_alarm(alarm)
        if not alarm.enable or alarm.flag or not self._running:
            return
        wanted = Alarm.read(alarm.time.raw, bool(self._twelve_hours))
        ticks = None if wanted is None else self._ticks_to_match(wanted, alarm.sub_second.raw)
        if ticks is not None:
            delay = self._sub_ticks.cycles_until(self._sub_ticks.passed + ticks)
            alarm.event = self.services.clock.schedule(delay, lambda: self._alarm_due(alarm))

    def _ticks_to_match(self, wanted: Alarm, sub_second: int) -> int | None:
        """ck_apre ticks (at least 1) to the next match; MASKSS says how many low bits of SSR must agree."""
        period = self._predivs.value + 1
        moment, tick = self._now()
        compared = (1 << (sub_second >> 24 & 15)) - 1
        # In a matching second SSR counts down from PREDIV_S: the ticks at which its low bits agree.
        first = period - 1 - sub_second & compared
        step = compared + 1
        if compared and wanted.matches(moment):
            following = first if tick < first else first + (tick - first) // step * step + step
            if following < period:
                return following - tick
        if first >= period:
            return None
        seconds = wanted.next_after(moment)
        return None if seconds is None else seconds * period - tick + first

    def _alarm_due(self, alarm: _AlarmUnit) -> None:
        alarm.event = None
        alarm.flag = True
        self._update()

    # Wake-up timer

    @property
    def _wake_period(self) -> int:
        return self._wutr.value + 1 + (0x10000 if self._wucksel.value & 6 == 6 else 0)

    def _wake_clock(self, old: int, new: int) -> None:
        if self._wake_enabled:
            self.log.warning("CR.WUCKSEL changed while WUTE is 1")

    def _wake_switched(self, old: int, new: int) -> None:
        if self._wucksel.value & 4:
            divider = (self._prediva.value + 1) * (self._predivs.value + 1)  # ck_spre
        else:
            divider = 16 >> (self._wucksel.value & 3)
        self._wake_ticks.restart(divider)
        self._schedule_wake()

    def _cancel_wake(self) -> None:
        if self._wake_event is not None:
            self.services.clock.cancel(self._wake_event)
            self._wake_event = None

    def _schedule_wake(self) -> None:
        """An event for the end of the period under way; none while WUTF is still set."""
        self._cancel_wake()
        if not self._wake_enabled or self._wake_flag or not self._clocked:
            return
        ends = (self._wake_ticks.passed // self._wake_period + 1) * self._wake_period
        self._wake_event = self.services.clock.schedule(self._wake_ticks.cycles_until(ends), self._wake_due)

    def _wake_due(self) -> None:
        self._wake_event = None
        self._wake_flag = True
        self._update()

    def _update(self) -> None:
        self.alarm_irq.set(any(alarm.flag and bool(alarm.interrupt) for alarm in self._alarms))
        self.wakeup_irq.set(self._wake_flag and bool(self._wake_interrupt))
