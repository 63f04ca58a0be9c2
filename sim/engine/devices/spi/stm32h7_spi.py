"""SPI version 2 of STM32H7, master mode (RM0433 section 50).

As in Renode's ``SPI.STM32H7_SPI``, by the ``instructions`` clock a packet is exchanged the moment it can be (SPE,
CSTART, something in the transmit FIFO, room in the receive FIFO); by the others it takes its bits, and MIDI's, of the
kernel clock divided by MBR. EOT comes with the TSIZE-th packet, and the target is told ``finish_transmission``
then or at suspension. Where only DMA streams look at the FIFOs, packets of 100 us go as one, up to their next flag.

Beyond Renode, as on the chip: both FIFOs hold 16 bytes, TXP and RXP follow the threshold FTHLV; simplex and
half-duplex directions (CFG2.COMM, HDDIR): a receiver clocks packets in without data to send; a TXDR or RXDR access
wider than the packet carries several packets (data packing, 50.4.11); TXTF and CTSIZE; RXPLVL and RXWNE; IFCR clears
one flag each; CFG1 and CFG2 are locked while SPE is 1; all configuration bits read back; requests ``DMARecieve`` (sic,
Renode's name) and ``DMATransmit``.

A full-duplex master that never reads overruns and goes on (MASRX = 0). Where packets take no time the bus waits a
millisecond for it first, since firmware that reads between its writes must not lose anything because the bus is so
fast; then OVR rises and what comes in is lost until it is cleared. CRC, slave mode, I2S and TSER reload are not
modelled.
"""

from __future__ import annotations

import struct
from collections import deque

from sim.engine.devices.base import Event, Services
from sim.engine.devices.dma_request import add_request
from sim.engine.devices.registers import Mode
from sim.engine.devices.spi.spi_controller import SpiController
from sim.engine.devices.wire import Wire, together

_FIFO_BYTES = 16  # of SPI1 to SPI3; SPI4 to SPI6 have 8
_PATIENCE = 1000  # waits for a reader: a second is that many of them
_FULL_DUPLEX, _SIMPLEX_SEND, _SIMPLEX_RECEIVE, _HALF_DUPLEX = range(4)
_RXP, _TXP, _DXP, _EOT, _TXTF, _OVR, _SUSP, _TXC = (1 << bit for bit in (0, 1, 2, 3, 4, 6, 11, 12))
_CODES = {1: "B", 2: "H", 4: "I"}
_ANY = 1 << 16  # more than a DMA stream can have left
_CORE_DIVIDER = 4  # kernel clock where the board's clocks are not followed: PCLK2 of a core at full speed


class Stm32H7Spi(SpiController):
    """One SPI controller; its target is the child at point 0."""

    RENODE_TYPES = ("SPI.STM32H7_SPI",)
    HAS_DEFAULT_OUTPUT = False

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.dma_receive = add_request(self, "DMARecieve", self._receive_wanted, False)
        self.dma_transmit = add_request(self, "DMATransmit", self._transmit_wanted, True)
        self._transmit: deque[int] = deque()
        self._received: deque[int] = deque()
        self._waiting: Event | None = None
        self.frequency = 0
        """Kernel clock in Hz; 0: a quarter of the core's."""
        self._wire = Wire(services.clock)
        self._forget()
        self._declare()

    def _forget(self) -> None:
        self._transmit.clear()
        self._received.clear()
        self._stop_waiting()
        self._wire.cut()
        self._under_way = 0  # packets on the wire
        self._delivering = False
        self._passing = 0  # packets of those that have just come through that DMA has not fetched yet
        self._done = 0  # packets of the transfer under way
        self._item = 4  # bytes of the last write of TXDR; a DMA stream writes as wide again
        self._end = self._suspended = self._filled = self._overrun = False

    def _declare(self) -> None:
        bank = self.bank
        cr1 = bank.register(0x00, "CR1")
        self._enabled = cr1.flag(0, "SPE", on_change=self._enable_changed)
        self._suspends = cr1.flag(8, "MASRX")
        self._started = cr1.flag(9, "CSTART", Mode.WRITE_ONE_TO_SET, on_change=self._start_changed)
        cr1.flag(10, "CSUSP", Mode.WRITE, on_write=self._suspend)
        self._sends = cr1.flag(11, "HDDIR", on_change=lambda old, new: self._exchange())
        cr1.storage(0x0001F900)
        cr2 = bank.register(0x04, "CR2")
        self._tsize = cr2.field(0, 16, "TSIZE")
        cr2.storage()
        cfg1 = bank.register(0x08, "CFG1", reset=0x00070007)
        self._dsize = cfg1.field(0, 5, "DSIZE")
        self._threshold = cfg1.field(5, 4, "FTHLV")
        self._rxdmaen = cfg1.flag(14, "RXDMAEN")
        self._txdmaen = cfg1.flag(15, "TXDMAEN")
        self._divider = cfg1.field(28, 3, "MBR")
        cfg1.storage(0x705FDFFF)
        cfg2 = bank.register(0x0C, "CFG2")
        self._gap = cfg2.field(4, 4, "MIDI")
        self._direction = cfg2.field(17, 2, "COMM")
        self._master = cfg2.flag(22, "MASTER", on_change=self._master_changed)
        self._lsb_first = cfg2.flag(23, "LSBFRST")
        cfg2.storage(0xF7FE80FF)
        ier = bank.register(0x10, "IER").after_write(lambda _: self._update())
        self._rxpie = ier.flag(0, "RXPIE")
        self._txpie = ier.flag(1, "TXPIE")
        self._dxpie = ier.flag(2, "DXPIE")
        self._eotie = ier.flag(3, "EOTIE")
        self._txtfie = ier.flag(4, "TXTFIE")
        self._ovrie = ier.flag(6, "OVRIE")
        ier.storage(0x7FF)
        bank.register(0x14, "SR", reset=0x00001002).value_from(self._status)
        bank.register(0x18, "IFCR").after_write(self._clear).field(0, 12, "IFCR", Mode.WRITE)
        bank.register(0x40, "CRCPOLY", reset=0x107).storage()
        bank.register(0x44, "TXCRC").field(0, 32, "TXCRC", Mode.READ)
        bank.register(0x48, "RXCRC").field(0, 32, "RXCRC", Mode.READ)
        bank.register(0x4C, "UDRDR").storage()
        bank.register(0x50, "I2SCFGR").storage(0x03FF7FBF)

    def read(self, offset: int, width: int) -> int:
        if 0x30 <= offset < 0x34:
            return self._read_data(width)
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        if 0x20 <= offset < 0x24:
            self._write_data(width, value)
        elif self._enabled and offset & ~3 in (0x08, 0x0C, 0x40, 0x4C):
            self.log.warning("register 0x%X written (0x%X) while SPE is 1: ignored", offset, value)
        else:
            self.bank.write(offset, width, value)

    def reset(self) -> None:
        super().reset()
        self._forget()
        self._update()

    @property
    def _packet_bytes(self) -> int:
        """Bytes a packet takes in the FIFO: 1, 2 or 4."""
        bits = self._dsize.value + 1
        return 1 if bits <= 8 else 2 if bits <= 16 else 4

    def _free(self, fifo: deque[int]) -> int:
        """Packets a FIFO has room for."""
        return _FIFO_BYTES // self._packet_bytes - len(fifo)

    @property
    def _room_to_send(self) -> bool:
        """TXP: the transmit FIFO has room for FTHLV packets."""
        return self._free(self._transmit) > self._threshold.value

    @property
    def _something_received(self) -> bool:
        """RXP: FTHLV packets wait."""
        return len(self._received) > self._threshold.value

    def _status(self) -> int:
        packet, waiting = self._packet_bytes, len(self._received)
        size = self._tsize.value
        complete = self._end if size else not self._transmit and not self._wire.busy
        word = waiting * packet >= 4
        level = min(3, waiting % (4 // packet)) if packet < 4 else 0
        room, received = self._room_to_send, self._something_received
        return (
            received * _RXP
            | room * _TXP
            | (received and room) * _DXP
            | self._end * _EOT
            | self._filled * _TXTF
            | self._overrun * _OVR
            | self._suspended * _SUSP
            | complete * _TXC
            | level << 13
            | word << 15
            | max(0, size - self._done) << 16
        )

    def _write_data(self, width: int, value: int) -> None:
        packet = self._packet_bytes
        mask = (1 << self._dsize.value + 1) - 1
        self._item = width
        for shift in range(0, 8 * max(width, packet), 8 * packet):
            if self._free(self._transmit) <= 0:
                self.log.warning("TXDR written (0x%X) while the transmit FIFO is full: lost", value)
                break
            self._transmit.append(value >> shift & mask)
            if self._flows:
                self._exchange()
        if not self._flows:
            self._update()

    def write_block(self, offset: int, width: int, data: bytes) -> bool:
        """Data for TXDR: through to the target where that may be, else into the FIFO, all at once."""
        packet = self._packet_bytes
        count = len(data) // packet
        if offset != 0x20 or width < packet:
            return False
        self._item = width
        through = 0
        if self._straight:
            size = self._tsize.value
            if size and self._done + count > size:
                return False
            through = min(count, self._passing) if self._wire.takes_time else count
        rest = count - through
        fits = through or rest <= self._free(self._transmit)
        if rest and (not fits or (self._flows and not self._wire.takes_time)):
            return False
        if through:
            self._send(data[: through * packet], packet)
            self._passing -= min(through, self._passing)
        if rest:
            mask = (1 << self._dsize.value + 1) - 1
            values = struct.unpack(f"<{rest}{_CODES[packet]}", data[through * packet :])
            self._transmit.extend(value & mask for value in values)
        self._exchange()
        return True

    @property
    def _straight(self) -> bool:
        """What is written goes out as it is: whole bytes, nothing before it, and nothing comes in."""
        return self._only_sends_bytes and self._flows and not self._transmit

    @property
    def _only_sends_bytes(self) -> bool:
        whole = self._dsize.value + 1 == 8 * self._packet_bytes
        return whole and self._directions == (True, False)

    def _send(self, data: bytes, packet: int) -> None:
        """Packets as they lie in memory, whole bytes, whose answers nobody wants."""
        self.send_bytes(data if packet == 1 or self._lsb_first else in_bus_order(data, packet))
        self._done += len(data) // packet

    def _read_data(self, width: int) -> int:
        packet = self._packet_bytes
        value = 0
        for shift in range(0, 8 * max(width, packet), 8 * packet):
            if not self._received:
                self.log.warning("RXDR read with nothing received")
                break
            value |= self._received.popleft() << shift
        self._exchange()
        return value

    # Packets on the bus

    @property
    def _flows(self) -> bool:
        return bool(self._enabled) and bool(self._started)

    @property
    def _directions(self) -> tuple[bool, bool]:
        """Whether data goes out, and whether it comes in."""
        direction = self._direction.value
        if direction == _HALF_DUPLEX:
            return bool(self._sends), not self._sends
        return direction != _SIMPLEX_RECEIVE, direction != _SIMPLEX_SEND

    def _exchange(self) -> None:
        """All packets that can go now; then the lines."""
        if self._flows:
            if self._wire.takes_time:
                self._load()
            else:
                self._move(_ANY)
            size = self._tsize.value
            if size and self._directions[0] and self._done + len(self._transmit) >= size:
                self._fill()
            if size and self._done >= size:
                self._finish()
        self._update()

    def _move(self, most: int) -> int:
        """Up to ``most`` packets, as many as can go; how many went."""
        sends, receives = self._directions
        size = self._tsize.value
        bits, lsb_first = self._dsize.value + 1, bool(self._lsb_first)
        if self._only_sends_bytes:
            packet = self._packet_bytes
            count = max(0, min(most, len(self._transmit), size - self._done if size else most))
            values = [self._transmit.popleft() for _ in range(count)]
            self._send(struct.pack(f"<{count}{_CODES[packet]}", *values), packet)
            return count
        moved = 0
        while moved < most and not (size and self._done >= size):
            if sends and not self._transmit:
                break
            if receives and not self._overrun and self._free(self._received) <= 0:
                if self._suspends or not self._wire.takes_time:
                    if sends and not self._suspends:
                        self._wait_for_reader()
                    break
                self._overrun = True
            answer = self.exchange_frame(self._transmit.popleft() if sends else 0, bits, lsb_first)
            if receives and not self._overrun:
                self._received.append(answer)
            self._done += 1
            moved += 1
        return moved

    # Where packets take time

    @property
    def _rate(self) -> int:
        """Bits a second."""
        kernel = self.frequency or self.services.clock.frequency // _CORE_DIVIDER
        return max(1, kernel >> self._divider.value + 1)

    def _load(self) -> None:
        """The next packets go on the wire, if it is free and there are some."""
        sends, receives = self._directions
        size = self._tsize.value
        left = size - self._done if size else _ANY
        held_up = receives and bool(self._suspends) and self._free(self._received) <= 0
        if self._wire.busy or self._delivering or left <= 0 or held_up or (sends and not self._transmit):
            return
        bits, rate = self._dsize.value + 1 + self._gap.value, self._rate
        self._under_way = max(1, min(left, self._unseen(sends, receives), together(bits, rate)))
        self._wire.carry(self._under_way * bits, rate, self._carried)

    def _unseen(self, sends: bool, receives: bool) -> int:
        """Packets up to the next of which anybody but a DMA stream hears."""
        if self._txpie or self._rxpie or self._dxpie:
            return 1
        count = _ANY
        if sends:
            count = (self.dma_transmit.until_flag or len(self._transmit)) if self._txdmaen else 1
        if receives:
            count = min(count, self.dma_receive.until_flag if self._rxdmaen else 1)
        return count

    def _carried(self) -> None:
        self._deliver(self._under_way)
        self._exchange()

    def _deliver(self, packets: int) -> None:
        """They are through; DMA streams feed and empty the FIFOs meanwhile."""
        receives = self._directions[1]
        self._delivering, self._passing = True, packets
        while self._passing:
            moved = self._move(min(self._passing, max(1, self._free(self._received))) if receives else self._passing)
            if not moved:
                break
            self._passing -= moved
            self.dma_receive.ask()
            self.dma_transmit.ask()
        self._delivering, self._passing = False, 0

    def _stop_wire(self, finishing: int) -> None:
        """The wire stops: what is through by now, and ``finishing`` packets more, still arrive."""
        if self._wire.busy:
            through = min(self._under_way, self._wire.passed(self._under_way) + finishing)
            self._wire.cut()
            self._deliver(through)

    def _fill(self) -> None:
        """TXTF: the last packet of the transfer is in the FIFO; the requests for more end (50.8.5)."""
        if not self._filled:
            self._filled = True
            self._txpie.value = self._dxpie.value = 0

    def _wait_for_reader(self) -> None:
        if self._waiting is None:
            clock = self.services.clock
            self._waiting = clock.schedule(clock.frequency // _PATIENCE, self._nobody_read)

    def _nobody_read(self) -> None:
        self._waiting = None
        if self._free(self._received) <= 0:
            self._overrun = True
        self._exchange()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self.services.clock.cancel(self._waiting)
            self._waiting = None

    def _finish(self) -> None:
        self.release_target()
        self._end = True
        self._started.value = 0

    def _enable_changed(self, old: int, new: int) -> None:
        if not new:
            self._stop_wire(0)
            self._forget()
            self._started.value = 0
        self._exchange()

    def _start_changed(self, old: int, new: int) -> None:
        if not self._enabled:
            self.log.warning("CSTART while SPE is 0: ignored")
            self._started.value = 0
            return
        self._done = 0
        self._end = self._filled = False
        self._exchange()

    def _suspend(self, written: int) -> None:
        if written and self._started:
            self._stop_wire(1)
            self.release_target()
            self._started.value = 0
            self._suspended = True
            self._update()

    def _master_changed(self, old: int, new: int) -> None:
        if not new:
            self.log.error("slave mode (CFG2.MASTER = 0) is not modelled")

    def _clear(self, written: int) -> None:
        if written & _EOT:
            self._end = False
        if written & _TXTF:
            self._filled = False
        if written & _OVR:
            self._overrun = False
        if written & _SUSP:
            self._suspended = False
        self._update()

    def _receive_wanted(self) -> int:
        """Reads of RXDR, each of which may take several packets."""
        if not self._rxdmaen or not (self._something_received or (self._end and self._received)):
            return 0
        return max(1, len(self._received) * self._packet_bytes // 4)

    def _transmit_wanted(self) -> int:
        """Writes of TXDR, each of which may bring several packets."""
        if not self._txdmaen or not self._enabled or not self._room_to_send:
            return 0
        if self._flows and not self._directions[1] and not self._wire.takes_time:
            return _ANY  # nothing holds them up
        room = self._passing if self._passing and self._straight else self._free(self._transmit)
        return max(1, room * self._packet_bytes // self._item)

    def _update(self) -> None:
        status = self._status()
        self.irq.set(
            (bool(self._txpie) and bool(status & _TXP))
            or (bool(self._rxpie) and bool(status & _RXP))
            or (bool(self._dxpie) and bool(status & _DXP))
            or (bool(self._eotie) and bool(status & (_EOT | _SUSP)))
            or (bool(self._txtfie) and self._filled)
            or (bool(self._ovrie) and self._overrun)
        )
        self.dma_receive.ask()
        self.dma_transmit.ask()


def in_bus_order(data: bytes, packet: int) -> bytes:
    """Little-endian packets of ``packet`` bytes, each with its most significant byte first."""
    out = bytearray(len(data))
    for place in range(packet):
        out[place::packet] = data[packet - 1 - place :: packet]
    return bytes(out)
