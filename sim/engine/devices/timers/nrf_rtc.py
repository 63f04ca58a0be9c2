"""RTC of nRF52840 (PS 6.22): 24 bits on 32768 Hz / (PRESCALER + 1); ticks, overflow, compare.

As Renode's ``Timers.NRF52840_RTC``, and beyond it OVRFLW and TRIGOVRFLW. An event happens only where EVTEN or INTEN
enables it. The low-frequency clock is there from the beginning.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode
from sim.engine.devices.timers.nrf_counter import COMPARE, NrfCounter, NrfCounting
from sim.engine.members import Between

_TICK, _OVERFLOW = 0x100, 0x104
_EVTEN, _EVTENSET, _EVTENCLR = 0x340, 0x344, 0x348
_LFCLK = 32_768
_NEAR_OVERFLOW = 0xFFFFF0


class NrfRtc(NrfCounting):
    """``number_of_events``: its compare registers."""

    RENODE_TYPES = ("Timers.NRF52840_RTC",)

    def __init__(self, services: Services, name: str, *, number_of_events: Annotated[int, Between(1, 4)]) -> None:
        super().__init__(services, name)
        bank = self.bank
        # The last two values it is compared with are those of overflow (0) and tick (the next count).
        self._offsets = [*(COMPARE + 4 * number for number in range(number_of_events)), _OVERFLOW, _TICK]
        self._counter = NrfCounter(services.clock, _LFCLK, 24, number_of_events + 2, self._matched, self._wanted)
        self._started = False
        for offset, task, action in (
            (0x00, "START", self._start),
            (0x04, "STOP", self._stop),
            (0x08, "CLEAR", lambda: self._set(0)),
            (0x0C, "TRIGOVRFLW", lambda: self._set(_NEAR_OVERFLOW)),
        ):
            self.task(offset, task, action)
        self.event(_TICK, "TICK")
        self.event(_OVERFLOW, "OVRFLW")
        self._routed = bank.register(_EVTEN, "EVTEN").storage().after_write(lambda _: self.interests_changed())
        for offset, register, clears in ((_EVTENSET, "EVTENSET", False), (_EVTENCLR, "EVTENCLR", True)):
            declared = bank.register(offset, register).value_from(lambda: self._routed.raw)
            declared.field(0, 32, register, Mode.WRITE)
            declared.after_write(partial(self._route, clears))
        bank.register(0x504, "COUNTER").field(0, 24, "COUNTER", Mode.READ, read=lambda: self._counter.value)
        self._prescaler = bank.register(0x508, "PRESCALER").field(0, 12, "PRESCALER")
        self._declare_compares(number_of_events, 24)

    def reset(self) -> None:
        super().reset()
        self._started = False
        self._counter.forget(24)

    def _plan(self) -> None:
        self._counter.compare[-1] = self._counter.value + 1 if self._enabled(_TICK) else 0
        self._counter.plan()

    def _route(self, clears: bool, written: int) -> None:
        self._routed.raw = self._routed.raw & ~written if clears else self._routed.raw | written
        self.interests_changed()

    def _start(self) -> None:
        if not self._started:
            self._counter.start(self._prescaler.value + 1)
        self._started = True

    def _stop(self) -> None:
        self._started = False
        self._counter.stop()

    def _set(self, value: int) -> None:
        self._counter.set(value)

    def _enabled(self, offset: int) -> bool:
        return self.interrupts(offset) or bool(self._routed.raw >> (offset - _TICK) // 4 & 1)

    def _wanted(self, number: int) -> bool:
        return self._enabled(self._offsets[number]) and self.matters(self._offsets[number])

    def _matched(self, number: int) -> None:
        offset = self._offsets[number]
        if not self._enabled(offset):
            return
        if offset == _TICK:
            self._counter.compare[-1] += 1
        self.happen(offset)
