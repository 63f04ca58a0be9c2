"""TIMER of nRF52840 (PS 6.30): counter of 8 to 32 bits on 16 MHz / 2**PRESCALER, or of COUNT tasks; compare, capture.

As Renode's ``Timers.NRF52840_Timer``; beyond it the shortcuts COMPARE_CLEAR and COMPARE_STOP, and BITMODE.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from sim.engine.devices.base import Services
from sim.engine.devices.timers.nrf_counter import COMPARE, NrfCounter, NrfCounting
from sim.engine.members import Between

_START, _STOP, _COUNT, _CLEAR, _SHUTDOWN, _CAPTURE = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x40
_WIDTHS = (16, 8, 24, 32)  # by BITMODE
_TIMER = 0  # MODE; 1 and 2 count tasks
_PCLK = 16_000_000


class NrfTimer(NrfCounting):
    """``number_of_events``: its capture/compare registers."""

    RENODE_TYPES = ("Timers.NRF52840_Timer",)

    def __init__(self, services: Services, name: str, *, number_of_events: Annotated[int, Between(1, 6)]) -> None:
        super().__init__(services, name)
        bank = self.bank
        self._counter = NrfCounter(
            services.clock, _PCLK, 16, number_of_events, self._matched, lambda n: self.matters(COMPARE + 4 * n)
        )
        self._started = False
        for offset, task, action in (
            (_START, "START", self._start),
            (_STOP, "STOP", self._stop),
            (_COUNT, "COUNT", self._count),
            (_CLEAR, "CLEAR", lambda: self._counter.set(0)),
            (_SHUTDOWN, "SHUTDOWN", self._shut_down),
        ):
            self.task(offset, task, action)
        self._mode = bank.register(0x504, "MODE").field(0, 2, "MODE")
        self._width = bank.register(0x508, "BITMODE").field(0, 2, "BITMODE", on_write=self._resized)
        self._prescaler = bank.register(0x510, "PRESCALER", 4).field(0, 4, "PRESCALER")
        for number in range(number_of_events):
            self.task(_CAPTURE + 4 * number, f"CAPTURE[{number}]", partial(self._capture, number))
            self.shortcuts({number: (COMPARE + 4 * number, _CLEAR), 8 + number: (COMPARE + 4 * number, _STOP)})
        self._declare_compares(number_of_events, 32)

    def reset(self) -> None:
        super().reset()
        self._started = False
        self._counter.forget(16)

    def _start(self) -> None:
        if not self._started and self._mode.value == _TIMER:
            self._counter.start(1 << min(self._prescaler.value, 9))
        self._started = True

    def _stop(self) -> None:
        self._started = False
        self._counter.stop()

    def _shut_down(self) -> None:
        self._stop()
        self._counter.set(0)

    def _count(self) -> None:
        if self._started and self._mode.value != _TIMER:
            self._counter.step()

    def _resized(self, written: int) -> None:
        self._counter.mask = (1 << _WIDTHS[written]) - 1

    def _capture(self, number: int) -> None:
        self._counter.compare[number] = self._counter.value

    def _matched(self, number: int) -> None:
        self.happen(COMPARE + 4 * number)
