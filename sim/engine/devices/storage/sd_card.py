"""An SD memory card (SD Physical Layer Simplified Specification 6.00, chapters 4, 5 and 7).

Up to 2 GiB it is a standard-capacity card (byte addresses, CSD version 1), above that SDHC (block addresses, CSD
version 2). Controllers speak to it in SD mode through ``command``, ``read_data`` and ``write_data``; with ``spiMode``
it is an SPI target (``sd_card_spi.py``). Parameters are those of Renode's ``SD.SDCard``; its registers (CID, OCR)
carry the same values.

Beyond Renode, as a card does: a command the present state does not allow gets no answer and ILLEGAL_COMMAND in the
next status; CMD8 echoes its argument; ACMD41 answers not ready until the host supports the capacity; addresses past
the end give OUT_OF_RANGE; CMD6 sends its 64 bytes; erase (CMD32, CMD33, CMD38), ACMD6, ACMD22, ACMD23 are there.
Programming takes no time. Write protection, locking (CMD42), UHS modes and ``compression`` are not modelled.
"""

from __future__ import annotations

import enum
from pathlib import Path

from sim.engine.devices.base import Device, Services
from sim.engine.devices.storage.sd_card_image import BLOCK, CardImage
from sim.engine.devices.storage.sd_card_registers import card_specific_data, configuration, identification
from sim.engine.devices.storage.sd_card_spi import SpiSession
from sim.engine.members import Byte, UShort
from sim.errors import CrosscamError

_STANDARD_LIMIT = 2 << 30
_OUT_OF_RANGE, _BLOCK_LEN_ERROR, _ERASE_SEQUENCE_ERROR = 1 << 31, 1 << 29, 1 << 28
_ILLEGAL_COMMAND, _READY_FOR_DATA, _APP_COMMAND = 1 << 22, 1 << 8, 1 << 5
_OCR_VOLTAGES = 0x00FFFF80  # 2.0 V to 3.6 V and the low range
LONG_COMMANDS = frozenset((2, 9, 10))
"""Commands answered by 128 bits (R2); all others by 32."""


class State(enum.IntEnum):
    """CURRENT_STATE of the card status (4.10.1)."""

    IDLE = 0
    READY = 1
    IDENTIFICATION = 2
    STANDBY = 3
    TRANSFER = 4
    SENDING = 5
    RECEIVING = 6
    PROGRAMMING = 7
    DISCONNECTED = 8


_ALLOWED: dict[int, tuple[State, ...]] = {
    2: (State.READY,),
    3: (State.IDENTIFICATION, State.STANDBY),
    6: (State.TRANSFER,),
    9: (State.STANDBY,),
    10: (State.STANDBY,),
    12: (State.SENDING, State.RECEIVING),
    **dict.fromkeys((16, 17, 18, 23, 24, 25, 32, 33, 38), (State.TRANSFER,)),
}
_ALLOWED_APPLICATION: dict[int, tuple[State, ...]] = {
    6: (State.TRANSFER,),
    13: (State.TRANSFER,),
    22: (State.TRANSFER,),
    23: (State.TRANSFER,),
    41: (State.IDLE, State.READY),
    51: (State.TRANSFER,),
}


class SdCard(Device):
    """``capacity`` in bytes, a multiple of 512; the image's bytes come first, the rest reads 0.

    ``persistent``: writes go to the image file; else they are forgotten with the machine.
    """

    RENODE_TYPES = ("SD.SDCard",)
    RENODE_MEMBERS = ("CardAddress",)
    SCRIPT_MEMBERS = ("Transmit", "FinishTransmission")

    card_address: UShort

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        capacity: int,
        image_file: Path | None = None,
        persistent: bool = False,
        spi_mode: bool = False,
        block_size: int | None = None,
    ) -> None:
        super().__init__(services, name)
        if capacity < 4 * BLOCK or capacity % BLOCK:
            raise CrosscamError(f"{name}: capacity is {capacity} bytes; expected a multiple of {BLOCK}, at least 2048")
        self.capacity = capacity
        self.image = CardImage(image_file, capacity, persistent)
        self.high_capacity = capacity > _STANDARD_LIMIT
        self.card_identification = identification()
        self.card_specific_data = card_specific_data(capacity, self.high_capacity, block_size)
        self.spi = SpiSession(self) if spi_mode else None
        self._start()

    def _start(self) -> None:
        self.state = State.IDLE
        self.card_address = 0
        self._application = False  # the next command is an application command
        self._errors = 0  # bits of the next status, gone once sent
        self.block_length = BLOCK
        self._position = 0
        self._single = False
        self._queued = b""  # a register being sent as data
        self._written = self._erase_first = self._erase_last = 0

    def reset(self) -> None:
        """Power cycle; the content stays."""
        self._start()
        if self.spi is not None:
            self.spi.reset()

    # What a controller uses

    def command(self, index: int, argument: int) -> int | None:
        """Take a command; the answer's content (32 bits, 128 after ``LONG_COMMANDS``), None for no answer."""
        application, self._application = self._application, False
        if application and index in _ALLOWED_APPLICATION:
            return self._application_command(index, argument)
        allowed = _ALLOWED.get(index)
        handler = getattr(self, f"_cmd{index}", None)
        if handler is None:
            self.log.warning("CMD%d (argument 0x%X) is not supported: no answer", index, argument)
            self._errors |= _ILLEGAL_COMMAND
            return None
        if allowed is not None and self.state not in allowed and self.spi is None:
            self.log.warning("CMD%d in state %s: no answer", index, self.state.name)
            self._errors |= _ILLEGAL_COMMAND
            return None
        answer = handler(argument)
        return None if answer is None else int(answer)

    @property
    def sending(self) -> bool:
        """Whether data of the card waits for the controller."""
        return self.state is State.SENDING

    @property
    def receiving(self) -> bool:
        """Whether the card waits for data."""
        return self.state is State.RECEIVING

    def read_data(self, count: int) -> bytes:
        """The next ``count`` bytes the card sends; zeros where it has none."""
        if self.state is not State.SENDING:
            self.log.warning("%d bytes wanted in state %s: zeros", count, self.state.name)
            return bytes(count)
        if self._queued:
            data, self._queued = self._queued[:count], self._queued[count:]
            if not self._queued:
                self.state = State.TRANSFER
            return data.ljust(count, b"\0")
        if self._position + count > self.capacity:
            self._errors |= _OUT_OF_RANGE
        data = self.image.read(self._position, count)
        self._position += count
        if self._single:
            self.state = State.TRANSFER
        return data

    def write_data(self, data: bytes) -> None:
        """Blocks from the controller."""
        if self.state is not State.RECEIVING:
            self.log.warning("%d bytes sent in state %s: lost", len(data), self.state.name)
            return
        if self._position + len(data) > self.capacity:
            self.log.warning("write of %d bytes at 0x%X is past the end of the card", len(data), self._position)
            self._errors |= _OUT_OF_RANGE
        self.image.write(self._position, data)
        self._position += len(data)
        self._written += 1
        if self._single:
            self.state = State.TRANSFER

    @property
    def operating_conditions(self) -> int:
        """OCR (5.1); ready bit and capacity only once initialised."""
        ready = self.state is not State.IDLE
        return _OCR_VOLTAGES | ready << 31 | (ready and self.high_capacity) << 30

    def status(self) -> int:
        """Card status (4.10.1); error bits are cleared by being sent."""
        errors, self._errors = self._errors, 0
        return errors | self.state << 9 | _READY_FOR_DATA | (_APP_COMMAND if self._application else 0)

    # SPI target

    def transmit(self, byte: Byte) -> Byte:
        """One byte each way in SPI mode."""
        if self.spi is None:
            self.log.error("byte 0x%02X over SPI, but the card was made without spiMode", byte)
            return 0xFF
        return self.spi.transmit(byte)

    def finish_transmission(self) -> None:
        """The controller's transfer is over. Often that is not the chip select, which drivers of cards hold over a
        command and its data with a pin of their own: the session goes on."""

    # Commands (4.7.4)

    def _cmd0(self, argument: int) -> None:
        self._start()

    def _cmd2(self, argument: int) -> int:
        self.state = State.IDENTIFICATION
        return self.card_identification

    def _cmd3(self, argument: int) -> int:
        """A new address (R6: address and status bits 23, 22, 19, 12..0)."""
        status = self.status()
        self.state = State.STANDBY
        self.card_address = self.card_address + 1 & 0xFFFF or 1
        return self.card_address << 16 | (status >> 22 & 3) << 14 | (status >> 19 & 1) << 13 | status & 0x1FFF

    def _cmd6(self, argument: int) -> int:
        """Switch function: only the default functions exist."""
        groups = [argument >> 4 * group & 0xF for group in range(6)]
        chosen = [0 if value in (0, 0xF) else 0xF for value in groups]
        block = bytearray(64)
        block[1] = 100  # mA
        block[2:14] = (0x8001).to_bytes(2, "big") * 6
        for group, value in enumerate(chosen):
            block[16 - group // 2] |= value << 4 * (group & 1)
        self._queued = bytes(block)
        answer = self.status()
        self.state = State.SENDING
        return answer

    def _cmd7(self, argument: int) -> int | None:
        selected = argument >> 16 == self.card_address and self.card_address != 0
        answer = self.status()
        if selected:
            if self.state is State.STANDBY:
                self.state = State.TRANSFER
            elif self.state is State.DISCONNECTED:
                self.state = State.PROGRAMMING
            return answer
        if self.state in (State.TRANSFER, State.SENDING):
            self.state = State.STANDBY
        elif self.state is State.PROGRAMMING:
            self.state = State.DISCONNECTED
        return None

    def _cmd8(self, argument: int) -> int | None:
        """R7: the voltage range 2.7 V to 3.6 V is accepted, the check pattern comes back."""
        return argument & 0xFFF if argument >> 8 & 0xF == 1 else None

    def _cmd9(self, argument: int) -> int | None:
        return self.card_specific_data if self._addressed(argument) else None

    def _cmd10(self, argument: int) -> int | None:
        return self.card_identification if self._addressed(argument) else None

    def _cmd12(self, argument: int) -> int:
        answer = self.status()
        if self.state in (State.SENDING, State.RECEIVING):
            self.state = State.TRANSFER
        self._queued = b""
        return answer

    def _cmd13(self, argument: int) -> int | None:
        return self.status() if self._addressed(argument) else None

    def _cmd16(self, argument: int) -> int:
        if not 0 < argument <= BLOCK:
            self._errors |= _BLOCK_LEN_ERROR
        elif not self.high_capacity:
            self.block_length = argument
        return self.status()

    def _cmd17(self, argument: int) -> int:
        return self._begin(argument, State.SENDING, single=True)

    def _cmd18(self, argument: int) -> int:
        return self._begin(argument, State.SENDING, single=False)

    def _cmd23(self, argument: int) -> int:
        return self.status()  # the controller sends CMD12, or stops by itself, after the last block

    def _cmd24(self, argument: int) -> int:
        return self._begin(argument, State.RECEIVING, single=True)

    def _cmd25(self, argument: int) -> int:
        return self._begin(argument, State.RECEIVING, single=False)

    def _cmd32(self, argument: int) -> int:
        self._erase_first = self._byte_address(argument)
        return self.status()

    def _cmd33(self, argument: int) -> int:
        self._erase_last = self._byte_address(argument)
        return self.status()

    def _cmd38(self, argument: int) -> int:
        first, last = self._erase_first, self._erase_last
        if first > last or last >= self.capacity:
            self._errors |= _ERASE_SEQUENCE_ERROR if first > last else _OUT_OF_RANGE
        else:
            first -= first % BLOCK
            self.image.erase(first, last - last % BLOCK + BLOCK - first)
        return self.status()

    def _cmd55(self, argument: int) -> int | None:
        if not self._addressed(argument):
            return None
        self._application = True
        return self.status()

    def _cmd58(self, argument: int) -> int | None:
        return self.operating_conditions if self.spi is not None else None

    def _cmd59(self, argument: int) -> int | None:
        return self.status() if self.spi is not None else None

    def _application_command(self, index: int, argument: int) -> int | None:
        if self.state not in _ALLOWED_APPLICATION[index] and self.spi is None:
            self.log.warning("ACMD%d in state %s: no answer", index, self.state.name)
            self._errors |= _ILLEGAL_COMMAND
            return None
        if index == 41:
            asks = argument & _OCR_VOLTAGES if self.spi is None else 1
            if asks and (not self.high_capacity or argument >> 30 & 1):
                self.state = State.READY if self.spi is None else State.TRANSFER
            return self.operating_conditions
        answer = self.status() | _APP_COMMAND
        registers = {
            13: bytes(64),
            22: self._written.to_bytes(4, "big"),
            51: configuration(),
        }
        if index in registers:
            self._queued = registers[index]
            self.state = State.SENDING
        return answer

    def _addressed(self, argument: int) -> bool:
        return self.spi is not None or argument >> 16 == self.card_address

    def _byte_address(self, argument: int) -> int:
        return argument * BLOCK if self.high_capacity else argument

    def _begin(self, argument: int, state: State, *, single: bool) -> int:
        position = self._byte_address(argument)
        if position >= self.capacity:
            self._errors |= _OUT_OF_RANGE
            return self.status()
        answer = self.status()
        self._position, self._single, self._queued = position, single, b""
        self._written = 0
        self.state = state
        return answer


def card_for(services: Services, host: Device, name: str, file: str, size: int, *, persistent: bool) -> SdCard:
    """A card of ``size`` bytes with the content of ``file``: in SD mode for an SDMMC controller, else in SPI mode.

    Raises:
        CrosscamError: no such file, a size no card has.
    """
    return SdCard(
        services,
        name,
        capacity=size,
        image_file=CardImage.checked(file),
        persistent=persistent,
        spi_mode=not getattr(host, "takes_cards", False),
    )
