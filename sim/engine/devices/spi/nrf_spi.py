"""SPI and SPIM of nRF52840 (PS 6.25, 6.26): a master, byte by byte (ENABLE = 1) or by EasyDMA (ENABLE = 7).

As Renode's ``SPI.NRF52840_SPI``; bytes take no time. Chip select is a pin of the board's, so the target is released at
the end of each transfer of SPIM, and in SPI when it is disabled.
"""

from __future__ import annotations

from collections import deque

from sim.engine.devices.base import Device, Services
from sim.engine.devices.nrf_tasks import NrfPeripheral
from sim.engine.devices.registers import Mode
from sim.engine.devices.spi.spi_controller import SpiTarget
from sim.errors import CrosscamError

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


class NrfSpi(NrfPeripheral):
    """A master whose target is its child; without one, reads give 0."""

    RENODE_TYPES = ("SPI.NRF52840_SPI",)

    def __init__(self, services: Services, name: str, *, easy_dma: bool = True) -> None:
        super().__init__(services, name)
        self._easy_dma = easy_dma
        self._target: SpiTarget | None = None
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
        self._rx_pointer = bank.register(0x534, "RXD.PTR").storage()
        self._rx_most = bank.register(0x538, "RXD.MAXCNT").field(0, 16, "MAXCNT")
        self._rx_amount = bank.register(0x53C, "RXD.AMOUNT").field(0, 16, "AMOUNT", Mode.READ)
        bank.register(0x540, "RXD.LIST").storage(0x3)
        self._tx_pointer = bank.register(0x544, "TXD.PTR").storage()
        self._tx_most = bank.register(0x548, "TXD.MAXCNT").field(0, 16, "MAXCNT")
        self._tx_amount = bank.register(0x54C, "TXD.AMOUNT").field(0, 16, "AMOUNT", Mode.READ)
        bank.register(0x550, "TXD.LIST").storage(0x3)
        bank.register(0x554, "CONFIG").storage(0x7)
        self._filler = bank.register(0x5C0, "ORC").field(0, 8, "ORC")

    def register_child(self, child: Device, point: int) -> None:
        """Attach the target."""
        if not isinstance(child, SpiTarget):
            raise CrosscamError(f"{self.name}: {child.name} is no SPI target (transmit, finish_transmission)")
        super().register_child(child, point)
        self._target = child

    def unregister_child(self, child: Device) -> None:
        super().unregister_child(child)
        if not self.children:
            self._target = None

    def reset(self) -> None:
        super().reset()
        self._received.clear()

    def _exchange(self, byte: int) -> int:
        return self._target.transmit(byte) & 0xFF if self._target is not None else 0

    def _release(self) -> None:
        if self._target is not None:
            self._target.finish_transmission()

    def _switched(self, old: int, new: int) -> None:
        if old == _SPI:
            self._release()
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
        bus, sent, taken = self.services.sysbus, self._tx_most.value, self._rx_most.value
        self.happen(_STARTED)
        data = bus.read_bytes(self._tx_pointer.raw, sent) if sent else b""
        answers = bytes(map(self._exchange, data.ljust(max(sent, taken), bytes((self._filler.value,)))))
        self._release()
        if taken:
            bus.write_bytes(self._rx_pointer.raw, answers[:taken])
        self._tx_amount.value, self._rx_amount.value = sent, taken
        for event in (_ENDTX, _ENDRX, _END):
            self.happen(event)
