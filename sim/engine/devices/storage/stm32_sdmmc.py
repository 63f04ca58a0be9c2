"""SD/MMC host interface: SDMMC of STM32F7 and SDIO of F4 (RM0385 section 35, RM0090 section 31), SDMMC of STM32H7
(RM0433 section 58).

As on the chip: a command takes the card clock's time, then CMDREND, CMDSENT, CTIMEOUT, or CCRCFAIL for an answer
without CRC (R3) where one is expected; data move block by block at the card clock and bus width; DTIMER runs while
data is waited for; the F interface asks the DMA (output ``DMAReceive``, for both directions as its DMA request), the
H interface has its own DMA (IDMA, single and double buffer). A full FIFO stops the card clock, as with HWFC_EN set,
so neither overrun nor underrun occurs, and the card's CRCs are always right.

The kernel clock is 48 MHz on F, 200 MHz on H (Renode's types have no parameter for it). Renode answers commands at
once and moves a whole transfer at once; it has no IDMA. Not modelled, warned of: stream and SDIO modes, read wait,
suspend, boot, voltage switching, ``WAITINT``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from sim.engine.devices.base import Device, Event, Services
from sim.engine.devices.registers import Mode, Register, RegisterDevice
from sim.engine.devices.storage.sd_card import LONG_COMMANDS, SdCard
from sim.errors import CrosscamError

_CCRCFAIL, _CTIMEOUT, _DTIMEOUT = 1 << 0, 1 << 2, 1 << 3
_CMDREND, _CMDSENT, _DATAEND, _DBCKEND, _DABORT = 1 << 6, 1 << 7, 1 << 8, 1 << 10, 1 << 11
_IDMATE, _IDMABTC = 1 << 27, 1 << 28
_TXFIFOHE, _RXFIFOHF, _TXFIFOF, _RXFIFOF = 1 << 14, 1 << 15, 1 << 16, 1 << 17
_TXFIFOE, _RXFIFOE, _TXDAVL, _RXDAVL = 1 << 18, 1 << 19, 1 << 20, 1 << 21
_HALF_WORDS = 8
_COMMAND_CLOCKS, _SHORT_CLOCKS, _LONG_CLOCKS, _TIMEOUT_CLOCKS = 48, 8 + 48, 8 + 136, 64
_SEND_OPERATING_CONDITIONS = 41  # ACMD41, answered by R3: no CRC
_RETRY_CLOCKS = 64
_CRC_CLOCKS = 17  # CRC16 and the end bit


class Stm32Sdmmc(RegisterDevice):
    """What both kinds share; the subclasses say where their bits are."""

    takes_cards: ClassVar[bool] = True
    _fifo_words: ClassVar[int]
    _clearable: ClassVar[int]
    _kernel_clock: ClassVar[int]
    _block_flag: ClassVar[int]  # raised at the end of each block

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self._card: SdCard | None = None
        self._events: list[Event] = []
        self._forget()
        bank = self.bank
        self._power = bank.register(0x00, "POWER").field(0, 2, "PWRCTRL")
        self._clock = bank.register(0x04, "CLKCR")
        self._argument = bank.register(0x08, "ARG").field(0, 32, "CMDARG")
        self._cmd = bank.register(0x0C, "CMD")
        self._index = self._cmd.field(0, 6, "CMDINDEX")
        self._answered_index = bank.register(0x10, "RESPCMD").field(0, 6, "RESPCMD", Mode.READ)
        self._responses = [
            bank.register(0x14 + 4 * each, f"RESP{each + 1}").field(0, 32, "CARDSTATUS", Mode.READ) for each in range(4)
        ]
        self._data_timer = bank.register(0x24, "DTIMER").field(0, 32, "DATATIME")
        self._data_length = bank.register(0x28, "DLEN").field(0, 25, "DATALENGTH")
        self._data_control = bank.register(0x2C, "DCTRL")
        self._data_enable = self._data_control.flag(0, "DTEN", on_change=self._data_enable_changed)
        self._from_card = self._data_control.flag(1, "DTDIR")
        self._block_size = self._data_control.field(4, 4, "DBLOCKSIZE")
        bank.register(0x30, "DCOUNT").value_from(lambda: self._remaining)
        bank.register(0x34, "STA").value_from(self.status)
        bank.register(0x38, "ICR").after_write(self._clear).field(0, 32, "ICR", Mode.WRITE)
        self._mask = bank.register(0x3C, "MASK").storage().after_write(lambda _: self._update())
        self._declare()

    def _declare(self) -> None:
        raise NotImplementedError

    def register_child(self, child: Device, point: int) -> None:
        """Insert the card."""
        if not isinstance(child, SdCard):
            raise CrosscamError(f"{self.name}: {child.name} is no SD card; expected an SD.SDCard")
        super().register_child(child, point)
        self._card = child

    def unregister_child(self, child: Device) -> None:
        super().unregister_child(child)
        if not self.children:
            self._card = None

    def _forget(self) -> None:
        for event in self._events:
            self.services.clock.cancel(event)
        self._events.clear()
        self._flags = 0
        self._active = False  # the data path waits for or moves data
        self._moving = False  # a block is on its way
        self._remaining = 0
        self._fifo = bytearray()
        self._timeout: Event | None = None
        self._commanding = False

    def reset(self) -> None:
        self._forget()
        super().reset()
        self._update()

    def read(self, offset: int, width: int) -> int:
        if 0x80 <= offset < 0xC0:
            return self._pop_fifo(width)
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        if 0x80 <= offset < 0xC0:
            self._push_fifo(value.to_bytes(width, "little"))
        else:
            self.bank.write(offset, width, value)

    # Time

    def _card_frequency(self) -> int:
        """SDMMC_CK in Hz."""
        raise NotImplementedError

    def _bus_width(self) -> int:
        raise NotImplementedError

    def _after(self, card_clocks: int, action: Callable[[], None]) -> Event:
        clock = self.services.clock
        event = clock.schedule(max(1, card_clocks * clock.frequency // self._card_frequency()), action)
        self._events = [each for each in self._events if each.due >= clock.now]
        self._events.append(event)
        return event

    # Commands

    def _response_kind(self) -> tuple[bool, bool, bool]:
        """Whether an answer is expected, whether it is long, whether its CRC is checked."""
        raise NotImplementedError

    def _start_command(self) -> None:
        """CPSMEN was written 1."""
        if self._commanding:
            self.log.warning("CMD written while a command is under way: ignored")
            return
        self._commanding = True
        expected, long, _ = self._response_kind()
        clocks = _COMMAND_CLOCKS + (0 if not expected else _LONG_CLOCKS if long else _SHORT_CLOCKS)
        self._after(clocks, self._finish_command)

    def _finish_command(self) -> None:
        self._commanding = False
        index = self._index.value
        expected, long, checked = self._response_kind()
        answer = None
        if self._card is None:
            self.log.warning("CMD%d: no card is inserted", index)
        elif self._power.value != 3:
            self.log.warning("CMD%d while the card has no power (PWRCTRL is %d)", index, self._power.value)
        else:
            answer = self._card.command(index, self._argument.value)
        if not expected:
            self._flags |= _CMDSENT
        elif answer is None:
            self._flags |= _CTIMEOUT
        else:
            self._take_answer(index, answer, long)
            bare = index == _SEND_OPERATING_CONDITIONS
            self._answered_index.value = 0x3F if bare or long else index
            self._flags |= _CCRCFAIL if bare and checked else _CMDREND
        self._command_done(answer is not None or not expected)
        self._pump()
        self._update()

    def _take_answer(self, index: int, answer: int, long: bool) -> None:
        if long != (index in LONG_COMMANDS):
            self.log.warning("CMD%d: WAITRESP asks for a %s answer", index, "long" if long else "short")
        if long:
            for place, field in enumerate(self._responses):
                field.value = answer >> 96 - 32 * place
            self._responses[3].value = answer & 0xFFFFFFFE
        else:
            self._responses[0].value = answer

    def _command_done(self, answered: bool) -> None:
        """For what a subclass couples to commands."""

    # Data

    def _data_enable_changed(self, old: int, new: int) -> None:
        if new:
            self._start_data()
        elif self._active:
            self._stop_data()
        self._update()

    def _start_data(self) -> None:
        if self._active:
            return
        self._active = True
        self._remaining = self._data_length.value
        if self._from_card:
            self._fifo.clear()
        if self._block_size.value == 15:
            self.log.warning("DBLOCKSIZE 15 is reserved")
        if self._unmodelled_mode():
            self.log.error("only block transfers are modelled, DTMODE asks for another kind")
        if self._from_card:
            self._timeout = self._after(self._data_timer.value, self._time_out)
        self._pump()

    def _unmodelled_mode(self) -> bool:
        return bool(self._data_control.raw & 1 << 2)

    def _stop_data(self) -> None:
        self._active = self._moving = False
        self._data_enable.value = 0
        self._end_timeout()

    def _end_timeout(self) -> None:
        if self._timeout is not None:
            self.services.clock.cancel(self._timeout)
            self._timeout = None

    def _time_out(self) -> None:
        self.log.warning("no data from the card within DTIMER's %d card clocks", self._data_timer.value)
        self._timeout = None
        self._flags |= _DTIMEOUT
        self._stop_data()
        self._update()

    def _block_bytes(self) -> int:
        return min(1 << self._block_size.value, self._remaining)

    def _pump(self) -> None:
        """Start moving the next block when both sides are ready."""
        card = self._card
        if not self._active or self._moving or card is None:
            return
        block = self._block_bytes()
        if not block:
            return
        if self._from_card:
            if not card.sending or len(self._fifo) > 4 * (self._fifo_words - _HALF_WORDS):
                return
        else:
            self._fetch(block)
            if not card.receiving or len(self._fifo) < block:
                return
        self._end_timeout()
        self._moving = True
        clocks = block * 8 // self._bus_width()
        if self._from_card:
            self._after(clocks, self._block_received)
        else:
            self._after(clocks + _CRC_CLOCKS, self._block_ended)

    def _block_received(self) -> None:
        """Its data is in the FIFO; the CRC is still to come."""
        if self._moving and self._card is not None:
            self._fifo += self._card.read_data(self._block_bytes())
            self._after(_CRC_CLOCKS, self._block_ended)
            self._deliver()
            self._update()

    def _block_ended(self) -> None:
        if not self._moving or self._card is None:
            return
        self._moving = False
        block = self._block_bytes()
        self._remaining -= block
        if not self._from_card:
            self._card.write_data(bytes(self._fifo[:block]))
            del self._fifo[:block]
        self._flags |= self._block_flag
        self._settle()
        self._pump()
        self._update()

    def _settle(self) -> None:
        """DATAEND once the counter is 0."""
        if self._active and not self._remaining and not self._moving and self._all_taken():
            self._flags |= _DATAEND
            self._stop_data()

    def _all_taken(self) -> bool:
        """Whether the end of the data path waits for the FIFO."""
        return True

    def _deliver(self) -> None:
        """Received data is in the FIFO: hand it to a DMA."""

    def _fetch(self, count: int) -> None:
        """The FIFO should hold ``count`` bytes to send: ask a DMA."""

    # FIFO

    def _pop_fifo(self, width: int) -> int:
        if not self._fifo or not self._from_card:
            self.log.warning("FIFO read with nothing received")
            return 0
        data = bytes(self._fifo[:width])
        del self._fifo[:width]
        self._settle()
        self._pump()
        self._update()
        return int.from_bytes(data, "little")

    def _push_fifo(self, data: bytes) -> None:
        if self._active and self._from_card:
            self.log.warning("FIFO written while receiving: ignored")
            return
        self._fifo += data
        self._pump()
        self._update()

    def _levels(self) -> int:
        """The FIFO bits of STA."""
        words = (len(self._fifo) + 3) // 4
        if self._from_card:
            if not self._active and not words:
                return 0
            return (
                (_RXFIFOHF if words >= _HALF_WORDS else 0)
                | (_RXFIFOF if words >= self._fifo_words else 0)
                | (0 if words else _RXFIFOE)
                | (_RXDAVL if words else 0)
            )
        if not self._active:
            return 0
        # What belongs to the block on the wire has left the FIFO.
        words = max(0, words - (self._block_bytes() + 3) // 4)
        room = self._fifo_words - words
        return (
            (_TXFIFOHE if room >= _HALF_WORDS else 0)
            | (0 if room > 0 else _TXFIFOF)
            | (0 if words else _TXFIFOE)
            | (_TXDAVL if words else 0)
        )

    # Status and interrupt

    def status(self) -> int:
        """STA."""
        raise NotImplementedError

    def _clear(self, written: int) -> None:
        self._flags &= ~(written & self._clearable)
        self._update()

    def _update(self) -> None:
        self.irq.set(bool(self.status() & self._mask.raw))


class Stm32FSdmmc(Stm32Sdmmc):
    """The interface of F4 and F7; data beyond the FIFO go over the DMA or the core."""

    RENODE_TYPES = ("SD.STM32FSDMMC", "SD.STM32SDMMC")
    HAS_DEFAULT_OUTPUT = False
    size = 0x400
    _fifo_words, _clearable, _kernel_clock, _block_flag = 32, 0x00C007FF, 48_000_000, _DBCKEND

    def _declare(self) -> None:
        self.dma_receive = self.add_output("DMAReceive")
        self._clock.storage(0x7FFF)
        self._wait_response = self._cmd.field(6, 2, "WAITRESP")
        self._cmd.flag(10, "CPSMEN")
        self._cmd.storage(0xFFF).after_write(self._command_written)
        self._dma_enable = self._data_control.flag(3, "DMAEN")
        self._data_control.storage(0xFFF)
        self.bank.register(0x48, "FIFOCNT").value_from(self._words_left)

    def _command_written(self, written: int) -> None:
        if written & (1 << 8 | 1 << 11):
            self.log.warning("CMD 0x%X: WAITINT and SDIOSuspend are not modelled", written)
        if written & 1 << 10:
            self._start_command()

    def _response_kind(self) -> tuple[bool, bool, bool]:
        kind = self._wait_response.value
        return kind in (1, 3), kind == 3, True

    def _card_frequency(self) -> int:
        clock = self._clock.raw
        return self._kernel_clock if clock & 1 << 10 else self._kernel_clock // ((clock & 0xFF) + 2)

    def _bus_width(self) -> int:
        return (1, 4, 8, 1)[self._clock.raw >> 11 & 3]

    def _words_left(self) -> int:
        waiting = len(self._fifo) if self._from_card else -len(self._fifo)
        return max(0, self._remaining + waiting + 3) // 4

    def _deliver(self) -> None:
        if self._dma_enable and self._fifo and self._from_card:
            self._request_while(lambda: bool(self._fifo))
            if self._fifo:  # the stream is not on yet: the request stays
                self._after(_RETRY_CLOCKS, self._deliver)

    def _fetch(self, count: int) -> None:
        if self._dma_enable:
            self._request_while(lambda: len(self._fifo) < count)

    def _request_while(self, wanted: Callable[[], bool]) -> None:
        """Ask the DMA until it has nothing more to give or take."""
        before = -1
        while wanted() and len(self._fifo) != before:
            before = len(self._fifo)
            self.dma_receive.pulse()

    def status(self) -> int:
        busy = self._active and (1 << 13 if self._from_card else 1 << 12)
        return self._flags | self._levels() | int(busy) | self._commanding << 11


class Stm32HSdmmc(Stm32Sdmmc):
    """The interface of H7, with its own DMA."""

    RENODE_TYPES = ("SD.STM32HSDMMC",)
    size = 0x2000
    _fifo_words, _clearable, _kernel_clock = 16, 0x1FE00FFF, 200_000_000
    _block_flag = 0  # DBCKEND is only for a held transfer (58.9.11), which is not modelled

    def _declare(self) -> None:
        bank = self.bank
        self.bank[0x00].storage(0x1F).after_write(self._power_written)
        self._divider = self._clock.field(0, 10, "CLKDIV")
        self._wide = self._clock.field(14, 2, "WIDBUS")
        self._clock.storage(0x003FFFFF)
        self._transfer = self._cmd.flag(6, "CMDTRANS")
        self._stops = self._cmd.flag(7, "CMDSTOP")
        self._wait_response = self._cmd.field(8, 2, "WAITRESP")
        self._enable = self._cmd.flag(12, "CPSMEN")
        self._cmd.storage(0x1FFFF).after_write(self._command_written)
        self._data_control.flag(13, "FIFORST", Mode.WRITE, on_write=self._reset_fifo)
        self._data_control.storage(0x1FFF)
        bank.register(0x40, "ACKTIMER").storage(0x01FFFFFF)
        control = bank.register(0x50, "IDMACTRLR")
        self._dma_enable = control.flag(0, "IDMAEN")
        self._double = control.flag(1, "IDMABMODE")
        self._second = control.flag(2, "IDMABACT")
        self._buffer_size = bank.register(0x54, "IDMABSIZER").field(5, 8, "IDMABNDT")
        self._bases: list[Register] = [
            bank.register(0x58 + 4 * each, f"IDMABASE{each}R").storage(0xFFFFFFFC) for each in range(2)
        ]
        self._buffer_offset = 0

    def reset(self) -> None:
        self._buffer_offset = 0
        super().reset()

    def _power_written(self, written: int) -> None:
        if written & 0xC:
            self.log.warning("POWER 0x%X: voltage switching is not modelled", written)

    def _command_written(self, written: int) -> None:
        if written & (1 << 10 | 0x1E000):
            self.log.warning("CMD 0x%X: WAITINT, DTHOLD, boot and suspend are not modelled", written)
        if written & 1 << 12:
            self._start_command()

    def _response_kind(self) -> tuple[bool, bool, bool]:
        kind = self._wait_response.value
        return kind != 0, kind == 3, kind != 2

    def _card_frequency(self) -> int:
        return self._kernel_clock // (2 * self._divider.value or 1)

    def _bus_width(self) -> int:
        return (1, 4, 8, 1)[self._wide.value]

    def _unmodelled_mode(self) -> bool:
        return bool(self._data_control.raw & 3 << 2) and self._data_control.raw >> 2 & 3 != 3

    def _command_done(self, answered: bool) -> None:
        self._enable.value = 0
        if self._stops and self._active:
            self._flags |= _DABORT
            self._stop_data()
        if self._transfer and answered:
            self._start_data()

    def _start_data(self) -> None:
        if not self._active:
            self._buffer_offset = 0
            self._second.value = 0
        super()._start_data()

    def _reset_fifo(self, value: int) -> None:
        if value:
            self._fifo.clear()

    def _all_taken(self) -> bool:
        return not self._fifo or not self._from_card

    # IDMA (58.5.5): whole blocks between FIFO and memory

    def _chunks(self, count: int) -> list[tuple[int, int]]:
        """Addresses and lengths of the next ``count`` bytes; moves on."""
        if not self._double:
            address = self._bases[0].raw + self._buffer_offset
            self._buffer_offset += count
            return [(address, count)]
        found: list[tuple[int, int]] = []
        size = self._buffer_size.value * 32
        if not size:
            self.log.warning("IDMA in double-buffer mode with IDMABNDT = 0")
            self._flags |= _IDMATE
            return []
        while count:
            part = min(count, size - self._buffer_offset)
            found.append((self._bases[self._second.value].raw + self._buffer_offset, part))
            self._buffer_offset += part
            count -= part
            if self._buffer_offset == size:
                self._buffer_offset = 0
                self._second.value ^= 1
                self._flags |= _IDMABTC
        return found

    def _deliver(self) -> None:
        if self._dma_enable:
            for address, count in self._chunks(len(self._fifo)):
                self.services.sysbus.write_bytes(address, bytes(self._fifo[:count]))
                del self._fifo[:count]

    def _fetch(self, count: int) -> None:
        if self._dma_enable and len(self._fifo) < count:
            for address, part in self._chunks(count - len(self._fifo)):
                self._fifo += self.services.sysbus.read_bytes(address, part)

    def status(self) -> int:
        return self._flags | self._levels() | self._active << 12 | self._commanding << 13
