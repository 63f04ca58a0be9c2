"""Quad-SPI interface of STM32H7 (RM0433 section 23), indirect, status-polling and memory-mapped mode.

As in Renode's ``SPI.STM32H7_QuadSPI``: the flash is a child, memory-mapped mode needs its memory on the bus at
0x90000000 (the description puts it there), a command starts with the register write that completes it, transfers
take no time, the polling interval is in microseconds times ``PollingMultiplier`` (it stands for the kernel clock).

Beyond Renode: the FIFO of 32 bytes stops a read until there is room, transfer errors for addresses past the flash,
ABORT, ``SIOO``, BUSY, FIFO level and threshold as on the chip; registers
locked while busy; DMA requests are not sent (as in Renode). On single lines dummy cycles go out as whole bytes, over
more lines they are not handed to the flash. DDR, dual-flash mode, sample shift and the timeout of
memory-mapped mode change nothing.
"""

from __future__ import annotations

from collections import deque

from sim.engine.devices.base import Device, Event, Services
from sim.engine.devices.registers import Mode
from sim.engine.devices.spi.spi_controller import SpiController

_TEF, _TCF, _FTF, _SMF = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_WRITE, _READ, _POLL, _MAPPED = range(4)
_FIFO_BYTES = 32
_LOCKED = frozenset((0x10, 0x14, 0x18, 0x1C, 0x24, 0x28, 0x2C))


class Stm32H7QuadSpi(SpiController):
    """One interface; its flash is the child at point 0."""

    RENODE_TYPES = ("SPI.STM32H7_QuadSPI",)
    RENODE_MEMBERS = ("PollingMultiplier",)
    size = 0x1000

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.polling_multiplier = 1
        """Factor of the polling interval's microseconds."""
        self._fifo: deque[int] = deque()
        self._forget()
        self._declare()

    def _declare(self) -> None:
        bank = self.bank
        control = bank.register(0x00, "CR").after_write(self._control_written)
        self._enabled = control.flag(0, "EN")
        control.flag(1, "ABORT", Mode.WRITE)
        self._threshold = control.field(8, 5, "FTHRES")
        self._enables = control.field(16, 5, "IE")
        self._stop_on_match = control.flag(22, "APMS")
        self._any_bit = control.flag(23, "PMM")
        control.storage()
        self._flash_size = bank.register(0x04, "DCR").field(16, 5, "FSIZE")
        bank[0x04].storage(0x701)
        bank.register(0x08, "SR").value_from(self._status)
        bank.register(0x0C, "FCR").field(0, 5, "CLEAR", Mode.WRITE, on_write=self._clear)
        self._length = bank.register(0x10, "DLR").field(0, 32, "DL")
        command = bank.register(0x14, "CCR").after_write(lambda _: self._instruction_written())
        self._instruction = command.field(0, 8, "INSTRUCTION")
        self._instruction_lines = command.field(8, 2, "IMODE")
        self._address_lines = command.field(10, 2, "ADMODE")
        self._address_size = command.field(12, 2, "ADSIZE")
        self._alternate_lines = command.field(14, 2, "ABMODE")
        self._alternate_size = command.field(16, 2, "ABSIZE")
        self._dummy = command.field(18, 5, "DCYC")
        self._data_lines = command.field(24, 2, "DMODE")
        self._mode = command.field(26, 2, "FMODE")
        self._once = command.flag(28, "SIOO")
        command.storage()
        self._address = bank.register(0x18, "AR").field(0, 32, "ADDRESS", on_write=lambda _: self._address_written())
        self._alternate = bank.register(0x1C, "ABR").field(0, 32, "ALTERNATE")
        self._polling_mask = bank.register(0x24, "PSMKR").field(0, 32, "MASK")
        self._polling_match = bank.register(0x28, "PSMAR").field(0, 32, "MATCH")
        self._interval = bank.register(0x2C, "PIR").field(0, 16, "INTERVAL")
        bank.register(0x30, "LPTR").storage(0xFFFF)

    def unregister_child(self, child: Device) -> None:
        super().unregister_child(child)
        if not self.children:
            self._stop_polling()
            self._forget()
            self._update()

    def _forget(self) -> None:
        self._flags = 0
        self._busy = False
        self._waits_for_data = False  # an indirect write that has yet to begin
        self._left = 0  # bytes of the data phase still to move
        self._instruction_sent = False
        self._polled = 0
        self._polling: Event | None = None
        self._fifo.clear()

    def reset(self) -> None:
        self._stop_polling()
        self._forget()
        super().reset()
        self._update()

    def read(self, offset: int, width: int) -> int:
        if 0x20 <= offset < 0x24:
            return self._read_data(width)
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        if 0x20 <= offset < 0x24:
            self._write_data(value.to_bytes(width, "little"))
        elif self._busy and offset & ~3 in _LOCKED:
            self.log.warning("write of 0x%X at 0x%X while BUSY: ignored", value, offset)
        else:
            self.bank.write(offset, width, value)

    # What starts a command (23.3.5)

    def _instruction_written(self) -> None:
        self._fifo.clear()
        self._instruction_sent = False
        if self._mode.value == _MAPPED:
            self._busy = bool(self._enabled)
            self._update()
        elif not self._address_lines.value and (self._instruction_lines.value or self._data_lines.value):
            self._command_known()

    def _address_written(self) -> None:
        if self._mode.value != _MAPPED and self._address_lines.value:
            self._command_known()

    def _command_known(self) -> None:
        """All but the data is there; a write with data waits for its first byte."""
        if not self._enabled:
            self.log.warning("a command while CR.EN is 0: ignored")
            return
        if self._target is None:
            self.log.warning("a command, but there is no flash: ignored")
            return
        if self._address_lines.value and self._past_the_end():
            return
        self._left = self._data_bytes() if self._data_lines.value else 0
        if self._mode.value == _WRITE and self._left:
            self._waits_for_data = True
            self._update()
            return
        self._busy = True
        if self._mode.value == _POLL:
            self._poll()
            return
        self._send_header()
        self._receive()

    def _past_the_end(self) -> bool:
        if self._address.value < 1 << self._flash_size.value + 1:
            return False
        self.log.warning("address 0x%X is past the flash that DCR.FSIZE states (TEF)", self._address.value)
        self._flags |= _TEF
        self._update()
        return True

    def _data_bytes(self) -> int:
        if self._length.value == 0xFFFFFFFF:
            return (1 << self._flash_size.value + 1) - self._address.value
        return self._length.value + 1

    def _send_header(self) -> None:
        assert self._target is not None
        single = True
        phases = (
            (self._instruction_lines, [self._instruction.value], self._once and self._instruction_sent),
            (self._address_lines, _bytes(self._address.value, self._address_size.value + 1), False),
            (self._alternate_lines, _bytes(self._alternate.value, self._alternate_size.value + 1), False),
        )
        for lines, values, skipped in phases:
            single = single and lines.value <= 1
            if lines.value and not skipped:
                for value in values:
                    self._target.transmit(value)
        self._instruction_sent = True
        if single and self._data_lines.value <= 1:
            for _ in range(self._dummy.value // 8):
                self._target.transmit(0)

    # Data

    def _receive(self) -> None:
        """Fill the FIFO; the end of the data phase, or of a command without one, completes."""
        assert self._target is not None
        while self._left and len(self._fifo) < _FIFO_BYTES:
            self._fifo.append(self._target.transmit(0) & 0xFF)
            self._left -= 1
        if not self._left:
            self._complete()
        self._update()

    def _complete(self) -> None:
        assert self._target is not None
        self._target.finish_transmission()
        self._busy = False
        self._flags |= _TCF

    def _read_data(self, width: int) -> int:
        if self._mode.value == _POLL:
            return self._polled & (1 << 8 * width) - 1
        if self._mode.value != _READ:
            self.log.warning("DR read while FMODE is not indirect read")
            return 0
        if len(self._fifo) < width:
            self.log.warning("DR read of %d bytes with %d in the FIFO", width, len(self._fifo))
        value = sum(self._fifo.popleft() << 8 * place for place in range(min(width, len(self._fifo))))
        if self._left:
            self._receive()
        self._update()
        return value

    def _write_data(self, data: bytes) -> None:
        if self._mode.value != _WRITE or not self._left or self._target is None:
            self.log.warning("DR written (%s) while no command wants data: ignored", data.hex(" "))
            return
        if self._waits_for_data:
            self._waits_for_data = False
            self._busy = True
            self._send_header()
        for byte in data[: self._left]:
            self._target.transmit(byte)
        self._left -= min(len(data), self._left)
        if not self._left:
            self._complete()
        self._update()

    # Status polling (23.3.8)

    def _poll(self) -> None:
        self._polling = None
        self._left = 0
        if self._target is None:
            return
        self._send_header()
        count = min(self._data_bytes(), 4)
        self._polled = sum((self._target.transmit(0) & 0xFF) << 8 * place for place in range(count))
        self._target.finish_transmission()
        different = (self._polled ^ self._polling_match.value) & self._polling_mask.value
        matched = different != self._polling_mask.value if self._any_bit else different == 0
        if matched:
            self._flags |= _SMF
        if matched and self._stop_on_match:
            self._busy = False
        else:
            clock = self.services.clock
            microseconds = max(1, self._interval.value * self.polling_multiplier)
            self._polling = clock.schedule(microseconds * clock.frequency // 1_000_000, self._poll)
        self._update()

    def _stop_polling(self) -> None:
        if self._polling is not None:
            self.services.clock.cancel(self._polling)
            self._polling = None

    def _control_written(self, written: int) -> None:
        if written & 2 or not self._enabled:
            self._abort()
        self._update()

    def _abort(self) -> None:
        """The command ends; TCF says that the abort is through."""
        if self._busy:
            self._stop_polling()
            if self._target is not None and self._mode.value != _MAPPED:
                self._target.finish_transmission()
            self._flags |= _TCF
        self._fifo.clear()
        self._busy = self._waits_for_data = False
        self._left = 0

    # Status and interrupt

    def _status(self) -> int:
        level = len(self._fifo) if self._mode.value == _READ else 0
        return self._flags | (_FTF if self._threshold_reached() else 0) | self._busy << 5 | level << 8

    def _threshold_reached(self) -> bool:
        wanted = self._threshold.value + 1
        if self._mode.value == _READ:
            return len(self._fifo) >= wanted or (bool(self._fifo) and not self._left)
        return self._mode.value == _WRITE and self._left > 0

    def _clear(self, written: int) -> None:
        self._flags &= ~(written & (_TEF | _TCF | _SMF))
        self._update()

    def _update(self) -> None:
        self.irq.set(bool(self._status() & 0x1F & self._enables.value))


def _bytes(value: int, count: int) -> list[int]:
    """The lower ``count`` bytes, most significant first."""
    return list((value & (1 << 8 * count) - 1).to_bytes(count, "big"))
