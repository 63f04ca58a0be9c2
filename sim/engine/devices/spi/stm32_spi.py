"""SPI version 1 of STM32F1, F2, F4, L1 and, with FIFO bits, F7 (RM0090 section 28, RM0385 section 32); master mode.

As in Renode's ``SPI.STM32SPI``, by the ``instructions`` clock a frame is exchanged the moment it is written, so TXE is
always 1 and RXNE follows at once; with RXDMAEN each received frame pulses ``DMARecieve`` (sic); ``bufferCapacity``
frames may wait unread. By the other clocks frames take their bits of PCLK divided by BR; one waits in DR (four bytes in
the F7's FIFO) while another is shifted. ``DMATransmit`` asks for each while TXDMAEN is set; where nobody wired it the
DMA model pushes all of a transfer, and all of it waits. Frames that only DMA sees go 100 us of them at a time.

Beyond Renode, as on the chip:

- 16-bit frames (DFF; on the F7, where DS in CR2 says so, 4 to 16 bits, two of 8 bits packed into one 16-bit access,
  and RXNE only from FRXTH's threshold on);
- BSY lasts as long as the frames take on the wire by either clock (PCLK is half the core clock where the board's
  clocks are not followed), and of frames that are through by then only the first stays readable: the others are lost
  and OVR says so, until DR and then SR are read;
- RXONLY and the receiving half of BIDIMODE clock frames in without a write; the sending half receives nothing;
- SSM with SSI = 0 is a mode fault: MODF, SPE and MSTR cleared.

The target is told ``finish_transmission`` when SPE goes to 0. Slave mode, CRC and I2S are not modelled.
"""

from __future__ import annotations

from collections import deque

from sim.engine.devices.base import Services
from sim.engine.devices.dma_request import add_request
from sim.engine.devices.registers import Mode
from sim.engine.devices.spi.spi_controller import SpiController
from sim.engine.devices.wire import Wire, together
from sim.errors import CrosscamError

_DR = 0x0C
_DUMMY = 0xFFFF  # what a receive-only master leaves on MOSI
_PCLK_DIVIDER = 2


class Stm32Spi(SpiController):
    """One SPI controller; its target is its child.

    ``series`` is what board files for Renode after 1.16.1 give; here CR2's DS tells the families apart.
    """

    RENODE_TYPES = ("SPI.STM32SPI",)
    HAS_DEFAULT_OUTPUT = False

    def __init__(
        self, services: Services, name: str, *, buffer_capacity: int = 4, series: str | int | None = None
    ) -> None:
        super().__init__(services, name)
        if buffer_capacity < 1:
            raise CrosscamError(f"{name}: bufferCapacity is {buffer_capacity}, expected at least 1")
        self.irq = self.add_output("IRQ")
        self.dma_receive = self.add_output("DMARecieve")
        self.dma_transmit = add_request(self, "DMATransmit", self._transmit_wanted, True)
        self._capacity = buffer_capacity
        self.frequency = 0
        """PCLK in Hz; 0: half of the core's clock."""
        self._wire = Wire(services.clock)
        self._received: deque[tuple[int, int]] = deque()  # frame, cycle at which it is through on the wire
        self._forget()
        self._declare()

    def _declare(self) -> None:
        bank = self.bank
        cr1 = bank.register(0x00, "CR1").after_write(lambda _: self._control_written())
        self._master = cr1.flag(2, "MSTR")
        self._baud = cr1.field(3, 3, "BR")
        self._enabled = cr1.flag(6, "SPE", on_change=self._enable_changed)
        self._lsb_first = cr1.flag(7, "LSBFIRST")
        self._ssi = cr1.flag(8, "SSI")
        self._ssm = cr1.flag(9, "SSM")
        self._rxonly = cr1.flag(10, "RXONLY")
        self._dff = cr1.flag(11, "DFF")
        cr1.flag(13, "CRCEN", on_change=self._crc_changed)
        self._bidioe = cr1.flag(14, "BIDIOE")
        self._bidimode = cr1.flag(15, "BIDIMODE")
        cr1.storage(0xFFFF)
        cr2 = bank.register(0x04, "CR2").after_write(lambda _: self._update())
        self._rxdmaen = cr2.flag(0, "RXDMAEN", on_change=self._dma_switched)
        self._txdmaen = cr2.flag(1, "TXDMAEN")
        self._errie = cr2.flag(5, "ERRIE")
        self._rxneie = cr2.flag(6, "RXNEIE")
        self._txeie = cr2.flag(7, "TXEIE")
        self._ds = cr2.field(8, 4, "DS")
        self._frxth = cr2.flag(12, "FRXTH")
        cr2.storage(0x7FFF)
        sr = bank.register(0x08, "SR", reset=2).value_from(self._status)
        sr.flag(4, "CRCERR", Mode.WRITE_ZERO_TO_CLEAR)
        bank.register(0x10, "CRCPR", reset=7).storage(0xFFFF)
        bank.register(0x14, "RXCRCR").field(0, 16, "RXCRC", Mode.READ)
        bank.register(0x18, "TXCRCR").field(0, 16, "TXCRC", Mode.READ)
        bank.register(0x1C, "I2SCFGR").storage(0xFFF).after_write(self._i2s_written)
        bank.register(0x20, "I2SPR", reset=2).storage(0x3FF)

    def read(self, offset: int, width: int) -> int:
        if offset == _DR:
            return self._read_data(width)
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        if offset == _DR:
            self._write_data(width, value)
        else:
            self.bank.write(offset, width, value)

    def reset(self) -> None:
        super().reset()
        self._forget()
        self.dma_receive.set(False)
        self._update()

    def _forget(self) -> None:
        self._received.clear()
        # Written before SPE was set (drivers start DMA first) or, where frames take time, while another is shifted.
        self._unsent: deque[int] = deque()
        self._wire_free = 0  # cycle at which the last frame is through, where none takes time
        self._wire.cut()
        self._shifted: int | None = None  # on the wire
        self._delivering = False
        self._under_way = 0  # frames on the wire, of which ``_shifted`` is the first
        self._overrun = self._overrun_data_read = False
        self._mode_fault = self._mode_fault_seen = False
        self._requests, self._requesting = 0, False  # DMA requests still to send, and whether that is under way

    # Frames

    @property
    def _has_fifo(self) -> bool:
        """CR2 programmed as on the F7: DS is reserved elsewhere, and 0 to 2 are no sizes."""
        return self._ds.value >= 3

    @property
    def _bits(self) -> int:
        if self._has_fifo:
            return self._ds.value + 1
        return 16 if self._dff else 8

    @property
    def _packing(self) -> bool:
        """Two frames go into one 16-bit access (RM0385 32.5.13)."""
        return self._has_fifo and self._bits <= 8

    @property
    def _clocks_by_itself(self) -> bool:
        return bool(self._rxonly) or (bool(self._bidimode) and not self._bidioe)

    def _write_data(self, width: int, value: int) -> None:
        if self._clocks_by_itself:
            self.log.debug("DR written (0x%X) in a receive-only mode: ignored", value)
            return
        frames = [value >> shift for shift in ((0, 8) if self._packing and width >= 2 else (0,))]
        if not self._enabled:
            self._unsent.extend(frames)
            return
        for frame in frames:
            if self._wire.takes_time:
                self._queue(frame)
            else:
                self._exchange(frame)
        self._update()

    def _exchange(self, value: int) -> None:
        self._settle()
        answer = self._exchanged(value)
        clock = self.services.clock
        self._wire_free = max(self._wire_free, clock.now) + self._bits * clock.frequency // self._rate
        if self._bidimode and self._bidioe:
            return
        if len(self._received) >= self._capacity:
            self._overrun = True
            return
        self._received.append((answer, self._wire_free))
        if self._rxdmaen:
            self._request_dma(1)

    def _exchanged(self, value: int) -> int:
        bits = self._bits
        return self.exchange_frame(value & (1 << bits) - 1, bits, bool(self._lsb_first))

    @property
    def _rate(self) -> int:
        """Bits a second."""
        pclk = self.frequency or self.services.clock.frequency // _PCLK_DIVIDER
        return max(1, pclk >> self._baud.value + 1)

    @property
    def _depth(self) -> int:
        """Frames that DR, on the F7 the FIFO of four bytes, holds."""
        return 4 if self._packing else 2 if self._has_fifo else 1

    def _settle(self) -> None:
        """Lose the frames that are through while earlier ones fill DR."""
        if self._wire.takes_time:
            return
        now, received, kept = self.services.clock.now, self._received, self._depth
        while len(received) > kept and received[kept][1] <= now:
            del received[kept]
            self._overrun = True

    # Frames that take time

    def _queue(self, frame: int) -> None:
        """A frame waits for the wire."""
        if self.dma_transmit.is_connected and len(self._unsent) >= self._depth:
            self.log.warning("DR written (0x%X) while TXE is 0: 0x%X is lost", frame, self._unsent.pop())
        self._unsent.append(frame)
        self._load()

    def _load(self) -> None:
        """The next frame goes on the wire, if it is free and there is one; those behind it too, if nobody looks."""
        if (
            self._wire.busy
            or self._delivering
            or not self._enabled
            or not self._master
            or (self._shifted is None and not self._next())
        ):
            return
        bits, rate = self._bits, self._rate
        self._under_way = min(self._unseen(), together(bits, rate))
        self._wire.carry(self._under_way * bits, rate, self._carried)

    def _next(self) -> bool:
        """A frame into the shift register; whether there was one."""
        if self._unsent and not self._clocks_by_itself:
            self._shifted = self._unsent.popleft()
            self.dma_transmit.ask()
        elif self._clocks_by_itself and not (self._overrun and self._full):  # more would only be lost, too
            self._shifted = _DUMMY
        else:
            self._shifted = None
        return self._shifted is not None

    def _unseen(self) -> int:
        """Frames that only a DMA stream would see one by one."""
        if self._rxdmaen or self._rxneie or self._txeie or self._clocks_by_itself:
            return 1
        waiting = 1 + len(self._unsent)
        if self.dma_transmit.is_connected:
            return (self.dma_transmit.until_flag or waiting) if self._txdmaen else 1
        return waiting

    def _carried(self) -> None:
        self._delivering = True
        for _ in range(self._under_way):
            if self._shifted is None:
                break
            answer = self._exchanged(self._shifted)
            self._shifted = None
            if not (self._bidimode and self._bidioe):
                self._keep(answer)
            self._next()
        self._delivering = False
        self._load()
        self._update()

    def _keep(self, answer: int) -> None:
        """A frame came in."""
        if self._full:
            self._overrun = True
            return
        self._received.append((answer, self.services.clock.now))
        if self._rxdmaen:
            self._request_dma(1)

    @property
    def _full(self) -> bool:
        return len(self._received) >= self._depth

    def _read_data(self, width: int) -> int:
        """DR read. Read while empty too: drivers do so to clear OVR, which deserves no warning."""
        self._settle()
        if self._overrun:
            self._overrun_data_read = True
        value = 0
        for shift in (0, 8) if self._packing and width >= 2 else (0,):
            if self._received:
                value |= self._received.popleft()[0] << shift
                self._clock_in()
        self._update()
        return value

    def _clock_in(self) -> None:
        """The next frame of a receive-only transfer, which lasts until SPE is cleared."""
        if self._wire.takes_time:
            self._load()
        elif self._enabled and self._clocks_by_itself and not self._received:
            self._exchange(_DUMMY)

    # Registers

    @property
    def _readable(self) -> bool:
        least = 2 if self._packing and not self._frxth else 1
        return len(self._received) >= least

    @property
    def _room_to_send(self) -> bool:
        """TXE: DR is empty, the FIFO half empty."""
        return not self._wire.takes_time or len(self._unsent) <= self._depth // 2

    def _status(self) -> int:
        self._settle()
        result = self._readable | self._room_to_send << 1 | self._mode_fault << 5 | self._overrun << 6
        if self._wire.takes_time:
            result |= (self._wire.busy or len(self._unsent) > 0) << 7
        else:
            result |= (self.services.clock.now < self._wire_free) << 7
        if self._has_fifo:
            size = 1 if self._packing else 2
            result |= min(3, len(self._received) * size) << 9 | min(3, len(self._unsent) * size) << 11
        if self._overrun_data_read:
            self._overrun = self._overrun_data_read = False
        self._mode_fault_seen = self._mode_fault
        self._update()
        return result

    def _control_written(self) -> None:
        if self._mode_fault_seen:
            self._mode_fault = self._mode_fault_seen = False
        if self._enabled and self._master and self._ssm and not self._ssi:
            self.log.warning("mode fault: SSM = 1 with SSI = 0 selects this master as a slave (MODF); set SSI")
            self._mode_fault = True
            self._master.value = self._enabled.value = 0
        elif self._enabled and not self._master:
            self.log.error("slave mode (CR1.MSTR = 0) is not modelled")
        self._update()

    def _enable_changed(self, old: int, new: int) -> None:
        if new and self._master:
            while self._unsent and not self._wire.takes_time:
                self._exchange(self._unsent.popleft())
            self._clock_in()
        elif not new:
            if self._wire.takes_time:
                self._unsent.clear()
            self._wire.cut()
            self._shifted = None
            self.release_target()

    def _dma_switched(self, old: int, new: int) -> None:
        if new:
            self._request_dma(len(self._received))

    def _request_dma(self, count: int) -> None:
        """Pulse one after the other: the read that serves a request may clock in the frame that asks next."""
        self._requests += count
        if self._requesting:
            return
        self._requesting = True
        while self._requests:
            self._requests -= 1
            self.dma_receive.pulse()
        self._requesting = False

    def _crc_changed(self, old: int, new: int) -> None:
        if new:
            self.log.warning("CRC calculation (CR1.CRCEN) is not modelled: no CRC is sent or checked")

    def _i2s_written(self, written: int) -> None:
        if written & 1 << 11:
            self.log.warning("I2S mode (I2SCFGR.I2SMOD) is not modelled")

    def _transmit_wanted(self) -> int:
        return int(bool(self._txdmaen) and bool(self._enabled) and self._room_to_send)

    def _update(self) -> None:
        errors = self._overrun or self._mode_fault
        self.irq.set(
            bool(self._enabled)
            and (
                (bool(self._txeie) and self._room_to_send)
                or (bool(self._rxneie) and self._readable)
                or (bool(self._errie) and errors)
            )
        )
        self.dma_transmit.ask()
