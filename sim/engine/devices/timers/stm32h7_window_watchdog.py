"""System window watchdog of STM32H7 (RM0433 section 44).

Parameter and interrupt as in Renode's ``Timers.STM32H7_SystemWindowWatchdog``: ``apbFrequency`` is PCLK3 in Hz, the
down-counter takes a step every 4096 * 2**WDGTB of it. As on the chip: once WDGA is set only a reset clears it; the
machine is reset when T6 falls, when CR is written with T6 = 0 or while T is above the window; the early wake-up
interrupt comes at 0x40. RCC_GCR.WW1RSC, which widens the reset to the system, is taken as set.
"""

from __future__ import annotations

from sim.engine.devices.base import Event, Services
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.engine.devices.ticks import Ticks
from sim.errors import CrosscamError

_FULL, _EARLY, _LOW = 0x7F, 0x40, 0x3F
_STEP = 4096


class Stm32H7WindowWatchdog(RegisterDevice):
    """WWDG_CR, WWDG_CFR, WWDG_SR."""

    RENODE_TYPES = ("Timers.STM32H7_SystemWindowWatchdog",)

    def __init__(self, services: Services, name: str, *, apb_frequency: int) -> None:
        super().__init__(services, name)
        if apb_frequency <= 0:
            raise CrosscamError(f"{name}: apbFrequency is {apb_frequency} Hz, expected more than 0")
        self.irq = self.add_output("IRQ")
        self._ticks = Ticks(services.clock, apb_frequency, _STEP)
        self._started_at = _FULL
        self._event: Event | None = None
        control = self.bank.register(0x00, "CR", _FULL).after_write(self._control)
        self._counter = control.field(0, 7, "T", read=self._count)
        self._active = control.flag(7, "WDGA", Mode.WRITE_ONE_TO_SET)
        configuration = self.bank.register(0x04, "CFR", _FULL)
        self._window = configuration.field(0, 7, "W")
        self._early = configuration.flag(9, "EWI", Mode.WRITE_ONE_TO_SET, on_write=lambda _: self._update())
        self._timebase = configuration.field(11, 3, "WDGTB", on_change=lambda old, new: self._restart(self._count()))
        self._flag = self.bank.register(0x08, "SR").flag(
            0, "EWIF", Mode.WRITE_ZERO_TO_CLEAR, on_write=lambda _: self._update()
        )

    def reset(self) -> None:
        super().reset()
        self._cancel()
        self._started_at = _FULL
        self._update()

    def write(self, offset: int, width: int, value: int) -> None:
        if offset == 0 and self._active:
            if not value & _EARLY:
                self.services.request_reset("WWDG1: CR was written with T6 = 0")
            elif self._count() > self._window.value:
                self.services.request_reset("WWDG1: the counter was reloaded before its window opened")
        self.bank.write(offset, width, value)

    def _count(self) -> int:
        """T: it counts only while the watchdog is active, and not below 0x3F, where the reset comes."""
        if not self._active:
            return self._counter.value
        return max(self._started_at - self._ticks.passed, _LOW)

    def _control(self, written: int) -> None:
        if self._active:
            self._restart(written & _FULL)

    def _restart(self, count: int) -> None:
        self._started_at = count
        self._ticks.restart(_STEP << self._timebase.value)
        if self._active:
            self._schedule()

    def _schedule(self) -> None:
        """An event for the early wake-up, then one for the reset."""
        self._cancel()
        early = self._started_at - _EARLY
        wanted = early if early > self._ticks.passed or (early == 0 and not self._flag) else self._started_at - _LOW
        self._event = self.services.clock.schedule(self._ticks.cycles_until(wanted), self._due)

    def _cancel(self) -> None:
        if self._event is not None:
            self.services.clock.cancel(self._event)
            self._event = None

    def _due(self) -> None:
        self._event = None
        if self._count() == _LOW:
            self.services.request_reset("WWDG1: the counter has fallen below 0x40")
            return
        self._flag.value = 1
        self._update()
        self._schedule()

    def _update(self) -> None:
        self.irq.set(bool(self._early) and bool(self._flag))
