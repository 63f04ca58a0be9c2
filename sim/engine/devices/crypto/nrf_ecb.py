"""ECB of nRF52840 (PS 6.6): AES-128 of one block; key, clear text and cipher text lie one after the other in RAM."""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.crypto.aes import Aes
from sim.engine.devices.nrf_tasks import NrfPeripheral

_STARTECB, _STOPECB, _ENDECB, _ERRORECB = 0x00, 0x04, 0x100, 0x104
_BLOCK = 16


class NrfEcb(NrfPeripheral):
    """As Renode's ``Miscellaneous.NRF52840_ECB``: done at once."""

    RENODE_TYPES = ("Miscellaneous.NRF52840_ECB",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.task(_STARTECB, "STARTECB", self._start)
        self.task(_STOPECB, "STOPECB", lambda: None)
        self.event(_ENDECB, "ENDECB")
        self.event(_ERRORECB, "ERRORECB")
        self._pointer = self.bank.register(0x504, "ECBDATAPTR").storage()

    def _start(self) -> None:
        bus, place = self.services.sysbus, self._pointer.raw
        if not bus.leads_to(place, 3 * _BLOCK):
            self.log.warning("ECBDATAPTR 0x%08X leads nowhere", place)
            self.happen(_ERRORECB)
            return
        key, text = bus.read_bytes(place, _BLOCK), bus.read_bytes(place + _BLOCK, _BLOCK)
        bus.write_bytes(place + 2 * _BLOCK, Aes(key).encrypt(text))
        self.happen(_ENDECB)
