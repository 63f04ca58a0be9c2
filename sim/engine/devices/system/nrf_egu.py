"""EGU of nRF52840 (PS 6.7): events that software triggers."""

from __future__ import annotations

from functools import partial

from sim.engine.devices.base import Services
from sim.engine.devices.nrf_tasks import NrfPeripheral

_CHANNELS = 16


class NrfEgu(NrfPeripheral):
    """Task TRIGGER[n] makes event TRIGGERED[n]."""

    RENODE_TYPES = ("Miscellaneous.NRF52840_EGU",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        for channel in range(_CHANNELS):
            self.event(0x100 + 4 * channel, f"TRIGGERED[{channel}]")
            self.task(4 * channel, f"TRIGGER[{channel}]", partial(self.happen, 0x100 + 4 * channel))
