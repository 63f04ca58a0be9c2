"""UART and UARTE of nRF52840 (PS 6.33, 6.34): characters by register (ENABLE = 4) or by EasyDMA (ENABLE = 8).

As Renode's ``UART.NRF52840_UART``: bytes take no time, what the host types waits until reception has been started. With
``easyDMA`` false only the registers of the UART work. As on the chip TXSTOPPED follows STOPTX alone (Renode: STARTTX),
and ENDRX_STARTRX goes on at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sim.engine.devices.base import Services
from sim.engine.devices.nrf_tasks import EasyDma, NrfPeripheral
from sim.engine.devices.registers import Mode
from sim.engine.members import Byte, UInt

_STARTRX, _STOPRX, _STARTTX, _STOPTX, _FLUSHRX = 0x00, 0x04, 0x08, 0x0C, 0x2C
_RXDRDY, _ENDRX, _TXDRDY, _ENDTX, _RXTO, _RXSTARTED, _TXSTARTED, _TXSTOPPED = (
    *(0x108, 0x110, 0x11C, 0x120, 0x144, 0x14C, 0x150, 0x158),
)
_EVENTS = {
    0x100: "CTS",
    0x104: "NCTS",
    _RXDRDY: "RXDRDY",
    _ENDRX: "ENDRX",
    _TXDRDY: "TXDRDY",
    _ENDTX: "ENDTX",
    0x124: "ERROR",
    _RXTO: "RXTO",
    _RXSTARTED: "RXSTARTED",
    _TXSTARTED: "TXSTARTED",
    _TXSTOPPED: "TXSTOPPED",
}
_UART, _UARTE = 4, 8
_CLOCK = 16_000_000  # Hz; BAUDRATE / 2**32 of it


class NrfUarte(NrfPeripheral):
    """``on_char`` tells what firmware sends; ``write_char`` is what the host types."""

    RENODE_TYPES = ("UART.NRF52840_UART",)
    RENODE_MEMBERS = ("WriteChar", "BaudRate")

    def __init__(self, services: Services, name: str, *, easy_dma: bool = False) -> None:
        super().__init__(services, name)
        self._easy_dma = easy_dma
        self.on_char: list[Callable[[int], None]] = []
        self._wire: deque[int] = deque()
        self._receiving = self._sending = False
        self._place = 0  # where the next byte goes
        for offset, event in _EVENTS.items():
            self.event(offset, event)
        for offset, task, action in (
            (_STARTRX, "STARTRX", self._start_reception),
            (_STOPRX, "STOPRX", self._stop_reception),
            (_STARTTX, "STARTTX", self._start_transmission),
            (_STOPTX, "STOPTX", self._stop_transmission),
            (0x1C, "SUSPEND", self._suspend),
            (_FLUSHRX, "FLUSHRX", lambda: None),
        ):
            self.task(offset, task, action)
        self.shortcuts({5: (_ENDRX, _STARTRX), 6: (_ENDRX, _STOPRX)})
        bank = self.bank
        bank.register(0x480, "ERRORSRC").field(0, 4, "ERRORSRC", Mode.WRITE_ONE_TO_CLEAR)
        self._enabled = bank.register(0x500, "ENABLE").field(0, 4, "ENABLE")
        for offset, pin in ((0x508, "RTS"), (0x50C, "TXD"), (0x510, "CTS"), (0x514, "RXD")):
            bank.register(offset, f"PSEL.{pin}", 0xFFFFFFFF).storage()
        bank.register(0x518, "RXD").field(0, 8, "RXD", Mode.READ, read=self._take)
        bank.register(0x51C, "TXD").field(0, 8, "TXD", Mode.WRITE, on_write=self._send)
        self._baud = bank.register(0x524, "BAUDRATE", 0x04000000).storage()
        self._rx, self._tx = EasyDma(bank, 0x534, "RXD"), EasyDma(bank, 0x544, "TXD")
        bank.register(0x56C, "CONFIG").storage(0x1F)

    def reset(self) -> None:
        super().reset()
        self._wire.clear()
        self._receiving = self._sending = False

    @property
    def baud_rate(self) -> UInt:
        """Bits per second."""
        return round(self._baud.raw * _CLOCK / 2**32)

    @property
    def _by_dma(self) -> bool:
        return self._easy_dma and self._enabled.value == _UARTE

    # Sending

    def _start_transmission(self) -> None:
        if self._enabled.value not in (_UART, _UARTE):
            self.log.warning("STARTTX while ENABLE is %d: nothing is sent", self._enabled.value)
            return
        self._sending = True
        if not self._by_dma:
            return
        self.happen(_TXSTARTED)
        for byte in self._tx.take(self.services.sysbus):
            self._out(byte)
        self.happen(_ENDTX)

    def _stop_transmission(self) -> None:
        self._sending = False
        if self._by_dma:
            self.happen(_TXSTOPPED)

    def _send(self, byte: int) -> None:
        if self._sending and self._enabled.value == _UART:
            self._out(byte)
        else:
            self.log.warning("0x%02X written to TXD while the transmitter is off: nothing is sent", byte)

    def _out(self, byte: int) -> None:
        for listener in tuple(self.on_char):
            listener(byte)
        self.happen(_TXDRDY)

    # Receiving

    def write_char(self, byte: Byte) -> None:
        """One character from the host."""
        self._wire.append(byte & 0xFF)
        self._receive(first=len(self._wire) == 1)

    def _start_reception(self) -> None:
        self._receiving = True
        if self._by_dma:
            self._rx.amount, self._place = 0, self._rx.pointer.raw
            self.happen(_RXSTARTED)
        self._receive(first=True)

    def _stop_reception(self) -> None:
        if self._by_dma and self._receiving:
            self._receiving = False
            self.happen(_ENDRX)
        self._receiving = False
        self.happen(_RXTO)

    def _suspend(self) -> None:
        self._receiving = self._sending = False

    def _receive(self, first: bool) -> None:
        """From the wire into memory; in the UART the first waiting character shows in RXD."""
        if not self._receiving:
            return
        if not self._by_dma:
            if first and self._wire:
                self.happen(_RXDRDY)
            return
        while self._receiving and self._wire and self._rx.amount < self._rx.most:
            self.services.sysbus.write(self._place, 1, self._wire.popleft())
            self._place += 1
            self._rx.amount += 1
            full = self._rx.amount == self._rx.most
            self._receiving = not full
            self.happen(_RXDRDY)
            if full:
                self.happen(_ENDRX)  # whose shortcut may start the next buffer

    def _take(self) -> int:
        if not self._wire or self._by_dma:
            return 0
        byte = self._wire.popleft()
        self._receive(first=True)
        return byte
