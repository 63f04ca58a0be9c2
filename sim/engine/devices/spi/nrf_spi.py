"""SPI and SPIM of nRF52840 (PS 6.25, 6.26): a master, byte by byte (ENABLE = 1) or by EasyDMA (ENABLE = 7).

As Renode's ``SPI.NRF52840_SPI``; bytes take no time. Chip select is a pin of the board's, so the target is released at
the end of each transfer of SPIM, and in SPI when it is disabled.
"""

from __future__ import annotations

from collections import deque

from sim.engine.devices.base import Services
from sim.engine.devices.nrf_tasks import EasyDma, NrfPeripheral
from sim.engine.devices.registers import Mode
from sim.engine.devices.spi.spi_controller import SpiController

_START, _STOP = 0x10, 0x14
_STOPPED, _READY, _ENDRX, _END, _ENDTX, _STARTED = 0x104, 0x108, 0x110, 0x118, 0x120, 0x14C
_EVENTS = {
    _STOPPED: "STOPPED",
    _READY: "READY",
    _ENDRX: "ENDRX",
    _END: "END",
    _ENDTX: "ENDTX",
    _STARTED: "STARTED",
}
_SPI, _SPIM = 1, 7


class NrfSpi(NrfPeripheral, SpiController):
    """A master whose target is its child; without one, reads give 0."""

    RENODE_TYPES = ("SPI.NRF52840_SPI",)

    def __init__(self, services: Services, name: str, *, easy_dma: bool = True) -> None:
        super().__init__(services, name)
        self._easy_dma = easy_dma
        self._received: deque[int] = deque()
        for offset, event in _EVENTS.items():
            self.event(offset, event)
        self.task(_START, "START", self._start)
        self.task(_STOP, "STOP", lambda: self.happen(_STOPPED))
        self.task(0x1C, "SUSPEND", lambda: None)
        self.task(0x20, "RESUME", lambda: None)
        self.shortcuts({17: (_END, _START)})
        bank = self.bank
        self._enabled = bank.register(0x500, "ENABLE").field(0, 4, "ENABLE", on_change=self._switched)
        for offset, pin in ((0x508, "SCK"), (0x50C, "MOSI"), (0x510, "MISO"), (0x514, "CSN")):
            bank.register(offset, f"PSEL.{pin}", 0xFFFFFFFF).storage()
        bank.register(0x518, "RXD").field(0, 8, "RXD", Mode.READ, read=self._take)
        bank.register(0x51C, "TXD").field(0, 8, "TXD", Mode.WRITE, on_write=self._send)
        bank.register(0x524, "FREQUENCY", 0x04000000).storage()
        self._rx, self._tx = EasyDma(bank, 0x534, "RXD"), EasyDma(bank, 0x544, "TXD")
        bank.register(0x554, "CONFIG").storage(0x7)
        self._filler = bank.register(0x5C0, "ORC").field(0, 8, "ORC")

    def reset(self) -> None:
        super().reset()
        self._received.clear()

    def _exchange(self, byte: int) -> int:
        return self.exchange_frame(byte, 8, lsb_first=False)

    def _switched(self, old: int, new: int) -> None:
        if old == _SPI:
            self.release_target()
            self._received.clear()

    # Byte by byte

    def _send(self, byte: int) -> None:
        if self._enabled.value == _SPI:
            self._received.append(self._exchange(byte))
            if len(self._received) == 1:
                self.happen(_READY)

    def _take(self) -> int:
        if not self._received:
            return 0
        byte = self._received.popleft()
        if self._received:
            self.happen(_READY)
        return byte

    # By EasyDMA

    def _start(self) -> None:
        if self._enabled.value != _SPIM or not self._easy_dma:
            return
        bus, count = self.services.sysbus, max(self._tx.most, self._rx.most)
        self.happen(_STARTED)
        data = self._tx.take(bus).ljust(count, bytes((self._filler.value,)))
        answers = bytes(map(self._exchange, data))
        self.release_target()
        self._rx.put(bus, answers[: self._rx.most])
        for event in (_ENDTX, _ENDRX, _END):
            self.happen(event)
