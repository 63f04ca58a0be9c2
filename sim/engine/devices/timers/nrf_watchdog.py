"""Watchdog of nRF52840 (PS 6.36): counts CRV + 1 periods of 32768 Hz down, once started until a reset.

As Renode's ``Timers.NRF52840_Watchdog``: every enabled reload register has to be written before it is reloaded; with
the interrupt of TIMEOUT enabled the reset comes two periods after the event. CONFIG is kept: it runs while the core
sleeps or stands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sim.engine.devices.base import Event, Services
from sim.engine.devices.nrf_tasks import NrfPeripheral
from sim.engine.devices.registers import Mode

_TIMEOUT, _REQUESTS = 0x100, 8
_RELOAD = 0x6E524635
_LFCLK = 32_768
_GRACE = 2  # periods from TIMEOUT to the reset
_LEAST = 0xF


class NrfWatchdog(NrfPeripheral):
    """CRV, RREN and CONFIG can be written only before START."""

    RENODE_TYPES = ("Timers.NRF52840_Watchdog",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._event: Event | None = None
        bank = self.bank
        self.task(0x00, "START", self._start)
        self.event(_TIMEOUT, "TIMEOUT")
        bank.register(0x400, "RUNSTATUS").value_from(lambda: int(self._event is not None))
        self._missing = bank.register(0x404, "REQSTATUS", 1).field(0, _REQUESTS, "RR", Mode.READ)
        self._limit = bank.register(0x504, "CRV", 0xFFFFFFFF).storage()
        self._wanted = bank.register(0x508, "RREN", 1).field(0, _REQUESTS, "RR")
        bank.register(0x50C, "CONFIG", 1).storage(0x9)
        for number in range(_REQUESTS):
            bank.register(0x600 + 4 * number, f"RR[{number}]").field(
                0, 32, "RR", Mode.WRITE, on_write=partial(self._requested, number)
            )

    def reset(self) -> None:
        super().reset()
        self._cancel()

    def write(self, offset: int, width: int, value: int) -> None:
        if self._event is not None and offset in (0x504, 0x508, 0x50C):
            self.log.warning("register 0x%X written (0x%X) while the watchdog runs: ignored", offset, value)
            return
        self.bank.write(offset, width, value)

    def _start(self) -> None:
        if self._event is None:
            self._missing.value = self._wanted.value
            self._wait(max(self._limit.raw, _LEAST) + 1, self._timed_out)

    def _wait(self, periods: int, action: Callable[[], None]) -> None:
        self._cancel()
        clock = self.services.clock
        self._event = clock.schedule(periods * clock.frequency // _LFCLK, action)

    def _cancel(self) -> None:
        if self._event is not None:
            self.services.clock.cancel(self._event)
            self._event = None

    def _requested(self, number: int, value: int) -> None:
        if value != _RELOAD or self._event is None or self.happened(_TIMEOUT):
            return
        self._missing.value &= ~(1 << number)
        if not self._missing.value:
            self._missing.value = self._wanted.value
            self._wait(max(self._limit.raw, _LEAST) + 1, self._timed_out)

    def _timed_out(self) -> None:
        if not self.interrupts(_TIMEOUT):
            self._bite()
            return
        self._wait(_GRACE, self._bite)
        self.happen(_TIMEOUT)

    def _bite(self) -> None:
        self.services.request_reset("watchdog: its counter reached 0")
