"""SysTick: the 24-bit down counter, on virtual time (ARMv7-M B3.3)."""

from __future__ import annotations

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.controller import Controller
from sim.engine.devices.registers import Mode, RegisterBank
from sim.engine.native.counter import NativeCounter
from sim.engine.timing.clock import Clock, ScheduledEvent
from sim.engine.wording import SYSTICK_WITHOUT_RELOAD

CALIBRATION = 0x3E8  # RM0433: 1 ms at 1 MHz
EXTERNAL_DIVIDER = 8  # RM0433, RCC clock tree: the external SysTick clock is the core clock / 8


class SysTick:
    """Counts ``frequency`` ticks a second (an eighth with CLKSOURCE clear); each wrap to 0 may pend SysTick."""

    def __init__(self, nvic: Controller, bank: RegisterBank, clock: Clock, frequency: int) -> None:
        self._nvic = nvic
        self._clock = clock
        self.frequency = frequency
        self._event: ScheduledEvent | None = None
        self._anchor = 0  # cycle at which the counter showed _start
        self._start = 0
        self._due = 0
        control = bank.register(0x010, "CTRL")
        # The counter must be stopped with the old settings and started with the new ones: hence value_from/after_write.
        control.value_from(self._read_control).after_write(self._write_control)
        bank.register(0x014, "LOAD").field(0, 24, "RELOAD", read=lambda: self._load, on_write=self._write_load)
        bank.register(0x018, "VAL").value_from(self._value).after_write(lambda written: self._clear())
        bank.register(0x01C, "CALIB").field(0, 32, "CALIB", Mode.READ, read=lambda: CALIBRATION)
        self._load = 0
        self._enabled = self._interrupt = self._internal = self._flag = False

    def reset(self) -> None:
        """Stopped, everything 0; the processor clock is selected only when software asks."""
        self._stop()
        self._load = self._start = 0
        self._enabled = self._interrupt = self._internal = self._flag = False

    def hold(self) -> None:
        """Account for the time so far, before the core's clock or ``frequency`` changes."""
        self._catch_up()
        self._start = self._value()
        self._stop()

    def resume(self) -> None:
        """Go on from there."""
        self._go()

    @property
    def _tick_rate(self) -> int:
        return self.frequency if self._internal else self.frequency // EXTERNAL_DIVIDER

    def _read_control(self) -> int:
        self._catch_up()
        value = self._enabled | self._interrupt << 1 | self._internal << 2 | self._flag << 16
        self._flag = False
        return value

    def _write_control(self, value: int) -> None:
        self._catch_up()
        self._start = self._value()
        self._stop()
        if value & 1 and not self._enabled and not self._load:
            self._nvic.log.debug(SYSTICK_WITHOUT_RELOAD)
        self._enabled, self._interrupt, self._internal = bool(value & 1), bool(value & 2), bool(value & 4)
        self._go()

    def _write_load(self, value: int) -> None:
        self._catch_up()
        before = self._load
        self._load = value
        if self._enabled and ((self._start == 0 and self._ticks() == 0) or before == 0):
            self._start = self._value() if before else 0
            self._stop()
            self._go()

    def _clear(self) -> None:
        """A write of VAL: 0 now, reload at the next tick, COUNTFLAG gone."""
        self._catch_up()
        self._stop()
        self._start = 0
        self._flag = False
        self._go()

    def _go(self) -> None:
        self._anchor = self._clock.now
        if self._enabled and (self._load or self._start):
            self._arm()

    def _arm(self) -> None:
        rate = self._tick_rate
        self._due = self._anchor - (-self._span() * self._clock.frequency // rate)  # ceiling
        self._event = self._clock.schedule_at(self._due, self._expire)

    def _span(self) -> int:
        """Ticks from the anchor to the next 0; a counter at 0 first takes a tick to reload."""
        return self._start or self._load + 1

    def _ticks(self) -> int:
        return (self._clock.now - self._anchor) * self._tick_rate // self._clock.frequency

    def _stop(self) -> None:
        if self._event is not None:
            self._clock.cancel(self._event)
            self._event = None

    def counter(self) -> NativeCounter | None:
        """VAL as it counts until the next 0; None when it stands, or is about to be reloaded."""
        if not self._enabled or self._event is None or not (self._start or self._ticks()):
            return None
        return NativeCounter.made(self._span(), self._anchor, -self._tick_rate, self._clock.frequency, self._due)

    def _value(self) -> int:
        if not self._enabled or self._event is None:
            return self._start
        self._catch_up()
        ticks = self._ticks()
        return max(0, self._span() - ticks) if ticks else self._start

    def _catch_up(self) -> None:
        """The core may read past the due time before the event is served."""
        while self._event is not None and self._clock.now >= self._due:
            event = self._event
            self._expire()
            self._clock.cancel(event)

    def _expire(self) -> None:
        self._flag = True
        self._anchor, self._start = self._due, 0
        self._event = None
        if self._load:
            self._arm()
        if self._interrupt:
            self._nvic.pend(exc.SYS_TICK)
