"""USART of STM32F7 and H7 (RM0433 section 48; LPUART section 49).

As in Renode's ``UART.STM32F7_USART``: a character leaves the moment TDR is written, so TXE is always 1 and TC is 1
again at once; received characters wait in an unbounded queue (no overrun), RXNE says that it is not empty; the
interrupt is a level. Also as there, IDLE, CTS, LIN, smartcard and error flags never rise, and DMA transmission
needs no request because the DMA model pushes memory-to-peripheral transfers at once.

Beyond Renode: the H7's FIFO bits (FIFOEN, TXFE, RXFF, thresholds) and PRESC, all configuration bits read back what
was written, TEACK/REACK need UE as on the chip, ISR resets to 0x000000C0 (FIFO mode off), receiver time-out counts
RTO bit times and needs RTOEN.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode
from sim.engine.devices.stm32_serial import Stm32Serial

_FIFO_DEPTH = 16
_RX_THRESHOLDS = (2, 4, 8, 12, 14, 16)  # RXFTCFG: 1/8, 1/4, 1/2, 3/4, 7/8, full


class Stm32F7Usart(Stm32Serial):
    """One USART, UART or (``low_power_mode``) LPUART; ``frequency`` is its kernel clock in Hz."""

    RENODE_TYPES = ("UART.STM32F7_USART",)

    def __init__(self, services: Services, name: str, *, frequency: int, low_power_mode: bool = False) -> None:
        super().__init__(services, name, frequency)
        self.receive_dma_request = self.add_output("ReceiveDmaRequest")
        self.low_power_mode = low_power_mode
        self._timed_out = False
        self._declare()

    def _declare(self) -> None:
        bank = self.bank
        cr1 = bank.register(0x00, "CR1").after_write(lambda _: self._control_written())
        self._enabled = cr1.flag(0, "UE")
        self._receive_enabled = cr1.flag(2, "RE")
        self._transmit_enabled = cr1.flag(3, "TE", on_change=self._transmitter_switched)
        self._rxneie = cr1.flag(5, "RXNEIE")
        self._tcie = cr1.flag(6, "TCIE")
        self._txeie = cr1.flag(7, "TXEIE")
        self._over8 = cr1.flag(15, "OVER8")
        self._rtoie = cr1.flag(26, "RTOIE")
        self._fifo_enabled = cr1.flag(29, "FIFOEN")
        self._txfeie = cr1.flag(30, "TXFEIE")
        self._rxffie = cr1.flag(31, "RXFFIE")
        cr1.storage()
        cr2 = bank.register(0x04, "CR2")
        self._stop = cr2.field(12, 2, "STOP")
        self._rtoen = cr2.flag(23, "RTOEN")
        cr2.storage(0xFFFFFF79)
        cr3 = bank.register(0x08, "CR3").after_write(lambda _: self._update())
        self._dmar = cr3.flag(6, "DMAR")
        cr3.flag(7, "DMAT", on_change=self._dma_transmission)
        self._txftie = cr3.flag(23, "TXFTIE")
        self._rxftcfg = cr3.field(25, 3, "RXFTCFG")
        self._rxftie = cr3.flag(28, "RXFTIE")
        cr3.storage()
        self._brr = bank.register(0x0C, "BRR").field(0, 20 if self.low_power_mode else 16, "BRR")
        bank.register(0x10, "GTPR").storage(0xFFFF)
        self._rto = bank.register(0x14, "RTOR").storage(0xFF000000).field(0, 24, "RTO")
        rqr = bank.register(0x18, "RQR")
        rqr.flag(3, "RXFRQ", Mode.WRITE, on_write=self._flush_requested)
        rqr.field(0, 3, "ABRRQ SBKRQ MMRQ", Mode.WRITE)
        rqr.flag(4, "TXFRQ", Mode.WRITE)
        bank.register(0x1C, "ISR").value_from(self._status)
        icr = bank.register(0x20, "ICR").after_write(self._clear)
        icr.field(0, 32, "ICR", Mode.WRITE)
        bank.register(0x24, "RDR").field(0, 9, "RDR", Mode.READ, read=self._pop)
        bank.register(0x28, "TDR").field(0, 9, "TDR", on_write=self._send)  # reads give the last value written
        bank.register(0x2C, "PRESC").storage(0xF)

    @property
    def baud_rate(self) -> int:
        """Bits per second the firmware has programmed; 0 while BRR is 0."""
        divisor = self._brr.value
        if not divisor:
            return 0
        return (256 if self.low_power_mode else 2 if self._over8 else 1) * self.frequency // divisor

    @property
    def _receiving(self) -> bool:
        return bool(self._enabled) and bool(self._receive_enabled)

    @property
    def _transmitting(self) -> bool:
        return bool(self._enabled) and bool(self._transmit_enabled)

    def reset(self) -> None:
        self._timed_out = False
        super().reset()

    def _status(self) -> int:
        count = len(self._queue)
        result = 1 << 7 | self._transfer_complete << 6 | (count != 0) << 5 | self._timed_out << 11
        if self._enabled:
            result |= self._transmit_enabled.value << 21 | self._receive_enabled.value << 22
        if self._fifo_enabled:
            result |= 1 << 23 | 1 << 27 | (count >= _FIFO_DEPTH) << 24 | self._above_threshold() << 26
        return result

    def _above_threshold(self) -> bool:
        code = self._rxftcfg.value
        return code < len(_RX_THRESHOLDS) and len(self._queue) >= _RX_THRESHOLDS[code]

    def _flush_requested(self, written: int) -> None:
        if written:
            self._queue.clear()
            self._update()

    def _transmitter_switched(self, old: int, new: int) -> None:
        if not new:
            self._transfer_complete = True

    def _control_written(self) -> None:
        if not self._receiving:
            self._cancel_silence()
        self._update()

    def _clear(self, written: int) -> None:
        if written & 1 << 6:
            self._transfer_complete = False
        if written & 1 << 11:
            self._timed_out = False
        self._update()

    def _silent_bits(self) -> int | None:
        return self._rto.value if self._rtoen and not self.low_power_mode else None

    def _fell_silent(self) -> None:
        self._timed_out = True

    def _update(self) -> None:
        waiting = bool(self._queue)
        level = (
            bool(self._txeie)
            or (bool(self._tcie) and self._transfer_complete)
            or (bool(self._rxneie) and waiting)
            or (bool(self._rtoie) and self._timed_out)
        )
        if self._fifo_enabled and not level:
            level = (
                bool(self._txfeie)
                or bool(self._txftie)
                or (bool(self._rxffie) and len(self._queue) >= _FIFO_DEPTH)
                or (bool(self._rxftie) and self._above_threshold())
            )
        self.irq.set(level)
        self.receive_dma_request.set(bool(self._dmar) and waiting)
