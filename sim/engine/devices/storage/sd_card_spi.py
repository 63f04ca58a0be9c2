"""The SPI mode of a memory card (SD Physical Layer Simplified Specification 6.00, chapter 7).

Bytes in: command frames and data tokens. Bytes out: R1, R2, R3, R7, registers and blocks as data packets with CRC16.
CRCs of the host are not checked (that is how a card starts in SPI mode). The chip select is not seen; a command
starts with a byte whose upper bits are 01.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from sim.engine.devices.storage.sd_card_registers import crc16

_IDLE_BYTE = 0xFF
_START, _START_MULTIPLE, _STOP = 0xFE, 0xFC, 0xFD
_ACCEPTED = 0x05
_IN_IDLE, _ILLEGAL, _PARAMETER = 1 << 0, 1 << 2, 1 << 6


class CardCommands(Protocol):
    """What an SPI session asks of its card."""

    block_length: int
    """Bytes."""

    @property
    def state(self) -> int:
        """As in the card's status, 0 while idle."""

    @property
    def sending(self) -> bool:
        """Whether data of the last command wait to be read."""

    @property
    def receiving(self) -> bool:
        """Whether the last command waits for data."""

    def command(self, index: int, argument: int) -> int | None:
        """The answer's content; None when there is no answer."""

    def read_data(self, count: int) -> bytes:
        """So many bytes the card sends."""

    def write_data(self, data: bytes) -> None:
        """Data of the last command."""


class SpiSession:
    """What lies between the bytes on the wire and the card's commands."""

    def __init__(self, card: CardCommands) -> None:
        self._card = card
        self._answer: deque[int] = deque()
        self.reset()

    def reset(self) -> None:
        """Nothing half received, nothing to send."""
        self._frame = bytearray()
        self._answer.clear()
        self._block = bytearray()
        self._in_block = False
        self._streaming = False  # CMD18: block after block until CMD12
        self._writing = ""  # "", "one" or "many"
        self._application = False

    def transmit(self, byte: int) -> int:
        """One byte each way."""
        if self._writing:
            return self._receive_data(byte)
        if self._frame or byte & 0xC0 == 0x40:
            self._frame.append(byte)
            if len(self._frame) == 6:
                self._command(self._frame[0] & 0x3F, int.from_bytes(self._frame[1:5], "big"))
                self._frame.clear()
                return _IDLE_BYTE
        if not self._answer and self._streaming:
            self._send_packet(self._card.read_data(self._card.block_length))
        return self._answer.popleft() if self._answer else _IDLE_BYTE

    def _r1(self, extra: int = 0) -> int:
        return extra | (_IN_IDLE if self._card.state == 0 else 0)

    def _command(self, index: int, argument: int) -> None:
        card = self._card
        application, self._application = self._application, False
        self._answer.clear()
        self._answer.append(_IDLE_BYTE)  # the card takes a byte's time
        self._streaming = False
        if index in (2, 3, 7):
            self._answer.append(self._r1(_ILLEGAL))
            return
        answer = card.command(index, argument)
        if index == 0:
            self._answer.append(_IN_IDLE)
        elif answer is None:
            self._answer.append(self._r1(_ILLEGAL))
        elif index == 8 or index == 58:
            self._answer.extend((self._r1(), *answer.to_bytes(4, "big")))
        elif index in (9, 10):
            self._answer.append(self._r1())
            self._send_packet(answer.to_bytes(16, "big"))
        elif index == 13:
            self._answer.extend((self._r1(), 0))
            if application:
                self._send_packet(card.read_data(64))
        else:
            self._answer.append(self._r1())
            self._data_phase(index, application)
        self._application = index == 55

    def _data_phase(self, index: int, application: bool) -> None:
        card = self._card
        if application and index in (22, 51):
            self._send_packet(card.read_data(4 if index == 22 else 8))
        elif index == 6 and not application:
            self._send_packet(card.read_data(64))
        elif index in (17, 18, 24, 25):
            if not (card.sending or card.receiving):
                self._answer.pop()
                self._answer.append(self._r1(_PARAMETER))
            elif index == 17:
                self._send_packet(card.read_data(card.block_length))
            elif index == 18:
                self._streaming = True
            else:
                self._writing = "one" if index == 24 else "many"

    def _send_packet(self, data: bytes) -> None:
        self._answer.extend((_IDLE_BYTE, _START, *data, *crc16(data).to_bytes(2, "big")))

    def _receive_data(self, byte: int) -> int:
        if self._answer:
            return self._answer.popleft()
        if not self._in_block:
            if byte in (_START, _START_MULTIPLE):
                self._in_block = True
            elif byte == _STOP and self._writing == "many":
                self._writing = ""
                self._card.command(12, 0)
            return _IDLE_BYTE
        self._block.append(byte)
        if len(self._block) == self._card.block_length + 2:
            self._card.write_data(bytes(self._block[:-2]))
            self._block.clear()
            self._in_block = False
            self._answer.append(_ACCEPTED)
            if self._writing == "one":
                self._writing = ""
        return _IDLE_BYTE
