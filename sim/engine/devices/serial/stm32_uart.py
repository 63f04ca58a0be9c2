"""USART of STM32F1, F2, F4 and L1 (RM0090 section 30): one status register, one data register.

As in Renode's ``UART.STM32_UART``, by the ``instructions`` clock a character leaves the moment DR is written, so TXE is
always 1 and TC is 1 again at once; characters from the host wait until DR is free (no overrun); ``DMARequest`` asks for
each while DMAR is set. By the other clocks characters take their bits (``stm32_serial.py``).

Beyond Renode, as on the chip: ``TransmitDmaRequest``, where it is wired (else the DMA model pushes); sending and
receiving need UE as well as TE or RE; IDLE comes after a whole frame of silence (word length and stop bits) and is
cleared by reading SR, then DR, as is ORE; TC falls when SR was read with it and DR is written; writing RXNE with 0
drops a character; every configuration bit reads back. Parity, noise and framing errors, LIN break, CTS, smartcard and
multiprocessor mode never raise a flag.
"""

from __future__ import annotations

from collections.abc import Iterable

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode
from sim.engine.devices.serial.stm32_serial import Silence, Stm32Serial

_RXNE, _TC, _TXE = 1 << 5, 1 << 6, 1 << 7
_ORE, _IDLE = 1 << 3, 1 << 4


class Stm32Uart(Stm32Serial):
    """One USART or UART; ``frequency`` is the clock of its bus in Hz."""

    RENODE_TYPES = ("UART.STM32_UART",)
    size = 0x100

    def __init__(self, services: Services, name: str, *, frequency: int = 8_000_000) -> None:
        super().__init__(services, name, frequency, "DMARequest")
        self._latched = self._seen = 0  # ORE and IDLE; those, and TC, that SR was read with
        bank = self.bank
        sr = bank.register(0x00, "SR", reset=0xC0).value_from(self._status)
        sr.flag(5, "RXNE", Mode.WRITE_ZERO_TO_CLEAR, on_write=self._rxne_written)
        sr.flag(6, "TC", Mode.WRITE_ZERO_TO_CLEAR, on_write=self._tc_written)
        sr.field(8, 2, "LBD CTS", Mode.WRITE_ZERO_TO_CLEAR)
        bank.register(0x04, "DR").field(0, 9, "DR", read=self._take, on_write=self._send)
        self._brr = bank.register(0x08, "BRR").field(0, 16, "DIV")
        cr1 = bank.register(0x0C, "CR1").after_write(lambda _: self._control_written())
        self._receive_enabled = cr1.flag(2, "RE")
        self._transmit_enabled = cr1.flag(3, "TE")
        self._idleie = cr1.flag(4, "IDLEIE")
        self._rxneie = cr1.flag(5, "RXNEIE")
        self._tcie = cr1.flag(6, "TCIE")
        self._txeie = cr1.flag(7, "TXEIE")
        self._nine_bits = cr1.flag(12, "M")
        self._enabled = cr1.flag(13, "UE")
        self._over8 = cr1.flag(15, "OVER8")
        cr1.storage(0xBFFF)
        cr2 = bank.register(0x10, "CR2")
        self._stop = cr2.field(12, 2, "STOP")
        cr2.storage(0x7F6F)
        cr3 = bank.register(0x14, "CR3").after_write(lambda _: self._update())
        self._eie = cr3.flag(0, "EIE")
        self._rtse = cr3.flag(8, "RTSE")
        self._dmar = cr3.flag(6, "DMAR", on_change=lambda old, new: self._changed())
        self._dmat = cr3.flag(7, "DMAT", on_change=self._dma_transmission)
        cr3.storage(0xFFF)
        bank.register(0x18, "GTPR").storage(0xFFFF)

    @property
    def baud_rate(self) -> int:
        divisor = self._brr.value
        if self._over8:  # eight samples a bit; the fraction has three bits (RM0090 30.3.4)
            divisor = divisor >> 4 << 3 | divisor & 7
        return self.frequency // divisor if divisor else 0

    @property
    def _frame_bits(self) -> int:
        """A start bit, 8 or 9 bits, 1 or 2 stop bits."""
        return 10 + self._nine_bits.value + (self._stop.value == 2)

    @property
    def _sender_waits(self) -> bool:
        return bool(self._rtse)

    def _overrun(self, value: int) -> None:
        self._latched |= _ORE

    def _begins_to_send(self) -> None:
        if self._seen & _TC:
            self._seen &= ~_TC
            self._transfer_complete = False

    @property
    def _by_dma(self) -> tuple[bool, bool]:
        return bool(self._dmar), bool(self._dmat)

    def reset(self) -> None:
        self._latched = self._seen = 0
        super().reset()

    def _status(self) -> int:
        result = self._latched | self._may_write * _TXE | self._transfer_complete * _TC | bool(self._received) * _RXNE
        self._seen |= result & (_ORE | _IDLE | _TC)
        return result

    def _take(self) -> int:
        """DR read. Read while empty too: drivers do so to clear flags (SR, then DR), which deserves no warning."""
        self._latched &= ~self._seen
        self._seen &= _TC
        if not self._received:
            self._update()
            return 0
        return self._pop()

    def _rxne_written(self, value: int) -> None:
        """Writing 0 says that the character in DR is not wanted."""
        if not value:
            self._drop_received(1)

    def _tc_written(self, value: int) -> None:
        if not value:
            self._transfer_complete = False
            self._update()

    def _control_written(self) -> None:
        if not self._receiving:
            self._stop_receiving()
        if not self._transmitting:
            self._stop_sending()
        self._changed()

    def _silent_times(self) -> Iterable[Silence]:
        return ((self._frame_bits, self._line_idle),)

    def _line_idle(self) -> None:
        self._latched |= _IDLE

    def _update(self) -> None:
        overrun = bool(self._latched & _ORE)
        self.irq.set(
            (bool(self._txeie) and self._may_write)
            or (bool(self._tcie) and self._transfer_complete)
            or (bool(self._rxneie) and (bool(self._received) or overrun))
            or (bool(self._idleie) and bool(self._latched & _IDLE))
            or (bool(self._eie) and bool(self._dmar) and overrun)
        )
