"""RNG of nRF52840 (PS 6.19): a byte every 30 us, 120 us with bias correction; the same sequence in every run."""

from __future__ import annotations

from sim.engine.devices.base import Event, Services
from sim.engine.devices.crypto.stm32f4_rng import SEED, xorshift
from sim.engine.devices.nrf_tasks import NrfPeripheral
from sim.engine.devices.registers import Mode

_START, _STOP, _VALRDY = 0x00, 0x04, 0x100
_PERIOD, _CORRECTED_PERIOD = 30, 120  # us (PS table "RNG electrical specification")


class NrfRng(NrfPeripheral):
    """As Renode's ``Miscellaneous.NRF52840_RNG``; the bytes take their time."""

    RENODE_TYPES = ("Miscellaneous.NRF52840_RNG",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._state = SEED
        self._event: Event | None = None
        self.task(_START, "START", self._start)
        self.task(_STOP, "STOP", self._stop)
        self.event(_VALRDY, "VALRDY")
        self.shortcuts({0: (_VALRDY, _STOP)})
        self._corrected = self.bank.register(0x504, "CONFIG").flag(0, "DERCEN")
        self._value = self.bank.register(0x508, "VALUE").field(0, 8, "VALUE", Mode.READ)

    def reset(self) -> None:
        super().reset()
        self._stop()

    def _start(self) -> None:
        if self._event is None:
            clock = self.services.clock
            period = _CORRECTED_PERIOD if self._corrected else _PERIOD
            self._event = clock.schedule(period * clock.frequency // 1_000_000, self._ready)

    def _stop(self) -> None:
        if self._event is not None:
            self.services.clock.cancel(self._event)
            self._event = None

    def _ready(self) -> None:
        self._event = None
        self._state = xorshift(self._state)
        self._value.value = self._state >> 8
        self._start()
        self.happen(_VALRDY)
