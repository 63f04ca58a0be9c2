"""USART of STM32F7 and H7 (RM0433 section 48; LPUART section 49).

As in Renode's ``UART.STM32F7_USART``, by the ``instructions`` clock a character leaves the moment TDR is written, so
TXE is always 1 and TC is 1 again at once; characters from the host wait on the wire until RDR (or the FIFO of 16) is
free, so nothing is overrun; the interrupt is a level. By the other clocks characters take their bits
(``stm32_serial.py``).

Beyond Renode, as on the chip: IDLE after a frame of silence, once for each time characters came, and its interrupt
(48.5.10); the receiver time-out; character match; ``TransmitDmaRequest`` (where nobody wired it the DMA model pushes
instead, as Renode's does); the H7's FIFO bits and thresholds; ORE and OVRDIS; RTS; PRESC; all configuration bits read
back what was written; TEACK and REACK need UE; UE = 0 drops what was received and all flags. ``receive_error`` lets the
host play what a line without noise never does: noise, framing and parity errors (and overrun by either clock). CTS,
LIN, smartcard, auto baud rate, mute mode and the SPI slave's underrun never happen.
"""

from __future__ import annotations

from collections.abc import Iterable

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Field, Mode
from sim.engine.devices.serial.stm32_serial import Silence, Stm32Serial
from sim.errors import CrosscamError

_FIFO_DEPTH = 16
_THRESHOLDS = (2, 4, 8, 12, 14, 16)  # RXFTCFG: 1/8, 1/4, 1/2, 3/4, 7/8, all of it full; TXFTCFG: empty
_PRESCALERS = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256)
_PE, _FE, _NE, _ORE, _IDLE, _RXNE, _TC, _TXE = (1 << bit for bit in range(8))
_RTOF, _CMF, _TEACK, _REACK = 1 << 11, 1 << 17, 1 << 21, 1 << 22
_TXFE, _RXFF, _RXFT, _TXFT = 1 << 23, 1 << 24, 1 << 26, 1 << 27
_ERRORS = {"PE": _PE, "FE": _FE, "NE": _NE, "ORE": _ORE}


class Stm32F7Usart(Stm32Serial):
    """One USART, UART or (``low_power_mode``) LPUART; ``frequency`` is its kernel clock in Hz."""

    RENODE_TYPES = ("UART.STM32F7_USART",)
    HAS_DEFAULT_OUTPUT = False

    def __init__(self, services: Services, name: str, *, frequency: int, low_power_mode: bool = False) -> None:
        super().__init__(services, name, frequency, "ReceiveDmaRequest")
        self.low_power_mode = low_power_mode
        self._latched = 0  # errors, IDLE, RTOF, CMF
        self._interrupting = 0  # flags whose interrupt is enabled
        self._declare()

    def _declare(self) -> None:
        bank = self.bank
        cr1 = self._cr1 = bank.register(0x00, "CR1").after_write(lambda _: self._control_written())
        self._enabled = cr1.flag(0, "UE")
        self._receive_enabled = cr1.flag(2, "RE")
        self._transmit_enabled = cr1.flag(3, "TE", on_change=self._transmitter_switched)
        self._word0 = cr1.flag(12, "M0")
        self._over8 = cr1.flag(15, "OVER8")
        self._word1 = cr1.flag(28, "M1")
        self._fifo_enabled = cr1.flag(29, "FIFOEN")
        cr1.storage()
        cr2 = bank.register(0x04, "CR2")
        self._stop = cr2.field(12, 2, "STOP")
        self._rtoen = cr2.flag(23, "RTOEN")
        self._address = cr2.field(24, 8, "ADD")
        cr2.storage(0xFFFFFF79)
        cr3 = self._cr3 = bank.register(0x08, "CR3").after_write(lambda _: self._control_written())
        self._dmar = cr3.flag(6, "DMAR")
        self._dmat = cr3.flag(7, "DMAT", on_change=self._dma_transmission)
        self._rtse = cr3.flag(8, "RTSE")
        self._ovrdis = cr3.flag(12, "OVRDIS")
        self._rxftcfg = cr3.field(25, 3, "RXFTCFG")
        self._txftcfg = cr3.field(29, 3, "TXFTCFG")
        cr3.storage()
        self._brr = bank.register(0x0C, "BRR").field(0, 20 if self.low_power_mode else 16, "BRR")
        bank.register(0x10, "GTPR").storage(0xFFFF)
        self._rto = bank.register(0x14, "RTOR").storage(0xFF000000).field(0, 24, "RTO")
        rqr = bank.register(0x18, "RQR")
        rqr.flag(3, "RXFRQ", Mode.WRITE, on_write=self._flush_requested)
        rqr.field(0, 3, "ABRRQ SBKRQ MMRQ", Mode.WRITE)
        rqr.flag(4, "TXFRQ", Mode.WRITE, on_write=self._transmit_flush_requested)
        bank.register(0x1C, "ISR").value_from(self._status)
        icr = bank.register(0x20, "ICR").after_write(self._clear)
        icr.field(0, 32, "ICR", Mode.WRITE)
        bank.register(0x24, "RDR").field(0, 9, "RDR", Mode.READ, read=self._pop)
        bank.register(0x28, "TDR").field(0, 9, "TDR", on_write=self._send)  # reads give the last value written
        self._prescaler = bank.register(0x2C, "PRESC").field(0, 4, "PRESCALER")

    @property
    def baud_rate(self) -> int:
        """Bits per second the firmware has programmed; 0 while BRR is 0."""
        divisor = self._brr.value * _PRESCALERS[min(self._prescaler.value, len(_PRESCALERS) - 1)]
        if not divisor:
            return 0
        return (256 if self.low_power_mode else 2 if self._over8 else 1) * self.frequency // divisor

    @property
    def _receive_depth(self) -> int:
        return _FIFO_DEPTH if self._fifo_enabled else 1

    @property
    def _transmit_depth(self) -> int:
        return _FIFO_DEPTH if self._fifo_enabled else 1

    @property
    def _frame_bits(self) -> int:
        """A start bit, 7 to 9 bits, 1 to 2 stop bits."""
        word = 7 if self._word1 else 8 + self._word0.value
        return 1 + word + (2 if self._stop.value >= 2 else 1)

    @property
    def _sender_waits(self) -> bool:
        return bool(self._rtse)

    def _overrun(self, value: int) -> None:
        if self._ovrdis:
            self._received[-1] = value
        else:
            self._latched |= _ORE

    @property
    def _by_dma(self) -> tuple[bool, bool]:
        return bool(self._dmar), bool(self._dmat)

    def receive_error(self, kind: str) -> None:
        """The receiver notices an error: PE, FE, NE or ORE."""
        if kind not in _ERRORS:
            raise CrosscamError(f"{self.name}: no receive error {kind[:20]!r}: expected one of {', '.join(_ERRORS)}")
        if self._receiving:
            self._latched |= _ERRORS[kind]
            self._changed()

    def reset(self) -> None:
        self._latched = self._interrupting = 0
        super().reset()

    def _status(self) -> int:
        count = len(self._received)
        result = self._latched | self._may_write * _TXE | self._transfer_complete * _TC | (count != 0) * _RXNE
        if self._enabled:
            result |= self._transmit_enabled.value * _TEACK | self._receive_enabled.value * _REACK
        if self._fifo_enabled:
            result |= (not self._waiting) * _TXFE | _reached(self._txftcfg, _FIFO_DEPTH - len(self._waiting)) * _TXFT
            result |= (count >= _FIFO_DEPTH) * _RXFF | _reached(self._rxftcfg, count) * _RXFT
        return result

    def _flush_requested(self, written: int) -> None:
        if written:
            self._drop_received(_FIFO_DEPTH)

    def _transmit_flush_requested(self, written: int) -> None:
        if written:
            self._waiting.clear()
            self._changed()

    def _transmitter_switched(self, old: int, new: int) -> None:
        if not new:
            self._stop_sending()
            self._transfer_complete = True

    def _control_written(self) -> None:
        if not self._enabled:  # flags go back to what they are after reset (48.7.1)
            self._latched = 0
            self._stop_sending()
            self._transfer_complete = True
            self._forget_received()
        elif not self._receiving:
            self._stop_receiving()
        self._enables_changed()
        self._changed()

    def _clear(self, written: int) -> None:
        if written & _TC:
            self._transfer_complete = False
        self._latched &= ~written
        self._changed()

    def _taken_in(self, value: int) -> None:
        if value == self._address.value:
            self._latched |= _CMF

    def _silent_times(self) -> Iterable[Silence]:
        yield self._frame_bits, self._line_idle
        if self._rtoen and not self.low_power_mode:
            yield self._rto.value, self._timed_out

    def _line_idle(self) -> None:
        self._latched |= _IDLE

    def _timed_out(self) -> None:
        self._latched |= _RTOF

    def _enables_changed(self) -> None:
        """Which flags interrupt: the enables of CR1, those of CR3."""
        first, third = self._cr1.raw, self._cr3.raw
        wanted = first & (_IDLE | _RXNE | _TC | _TXE)  # enables lie where their flags do
        wanted |= _ORE if first & _RXNE else 0
        for register, bit, flags in (
            (first, 8, _PE),
            (first, 14, _CMF),
            (first, 26, _RTOF),
            (first, 30, _TXFE),
            (first, 31, _RXFF),
            (third, 0, _FE | _NE | _ORE),
            (third, 23, _TXFT),
            (third, 28, _RXFT),
        ):
            wanted |= flags if register >> bit & 1 else 0
        self._interrupting = wanted

    def _update(self) -> None:
        self.irq.set(bool(self._status() & self._interrupting))


def _reached(threshold: Field, count: int) -> bool:
    """Whether ``count`` is what RXFTCFG or TXFTCFG asks for."""
    return threshold.value < len(_THRESHOLDS) and count >= _THRESHOLDS[threshold.value]
