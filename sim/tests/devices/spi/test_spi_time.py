"""Both SPI generations by a clock by which bits take time: flags while frames are on the wire, overrun, DMA."""

from __future__ import annotations

import pytest

from sim.engine.devices.base import Device
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.spi.stm32_spi import Stm32Spi
from sim.engine.devices.spi.stm32h7_spi import Stm32H7Spi
from sim.tests.fake_services import FakeServices

BASE, MEMORY, TAKEN = 0x40013000, 0x24000000, 0x24010000
BYTE = 480 * 8  # cycles: at 1 Mbit/s of a core at 480 MHz
BUFFER = bytes(index & 0xFF for index in range(1000))


class Recorder(Device):
    """Answers each byte with its complement and remembers when it came."""

    def __init__(self, services: FakeServices) -> None:
        super().__init__(services, "recorder")
        self.bytes, self.cycles = bytearray(), list[int]()

    def transmit(self, byte: int) -> int:
        self.bytes.append(byte)
        self.cycles.append(self.services.clock.now)
        return ~byte & 0xFF

    def finish_transmission(self) -> None:
        """Chip select goes inactive."""


class TimedBench:
    """A controller, its target, and DMA streams 0 (in) and 1 (out)."""

    spi: Stm32H7Spi | Stm32Spi

    def __init__(self, kind: type[Stm32H7Spi] | type[Stm32Spi]) -> None:
        self.services = FakeServices()
        self.clock = self.services.clock
        self.clock.wires_take_time = True
        self.spi, self.target = kind(self.services, "spi1"), Recorder(self.services)
        self.spi.frequency = 8_000_000
        self.spi.register_child(self.target, 0)
        self.dma = Stm32Dma(self.services, "dma1")
        self.services.sysbus.windows.append((BASE, self.spi))
        self.services.sysbus.write_bytes(MEMORY, BUFFER)

    def stream(self, index: int, count: int, memory: int, register: int, control: int) -> None:
        base = 0x10 + 0x18 * index
        for offset, value in ((4, count), (8, BASE + register), (12, memory), (0, control | 1 << 10 | 1)):
            self.dma.write(base + offset, 4, value)

    @property
    def dma_flags(self) -> int:
        """Of stream 1: half 16, complete 32."""
        return self.dma.read(0, 4) >> 6 & 0x30


# The H7's

CR1, CR2, CFG1, CFG2, IER, SR, IFCR, TXDR, RXDR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x20, 0x30
RXP, TXP, EOT, OVR, SUSP, TXC = 1, 2, 8, 1 << 6, 1 << 11, 1 << 12
SPE, CSTART, CSUSP, MASTER, SEND_ONLY, DIVIDE_BY_8 = 1, 1 << 9, 1 << 10, 1 << 22, 1 << 17, 2 << 28
TXDMAEN, RXDMAEN = 1 << 15, 1 << 14


def h7(size: int = 0, first: int = 0, second: int = 0) -> TimedBench:
    bench = TimedBench(Stm32H7Spi)
    bench.spi.dma_receive.connect(bench.dma, 0)
    bench.spi.dma_transmit.connect(bench.dma, 1)
    for offset, value in ((CFG1, 7 | DIVIDE_BY_8 | first), (CFG2, MASTER | second), (CR2, size), (CR1, SPE)):
        bench.spi.write(offset, 4, value)
    bench.spi.write(CR1, 4, SPE | CSTART)
    return bench


def test_a_packet_is_there_when_its_bits_are_through() -> None:
    bench = h7(size=2)
    bench.spi.write(TXDR, 2, 0x2211)
    bench.clock.advance(BYTE - 1)
    assert bench.target.bytes == b"" and not bench.spi.read(SR, 4) & (RXP | EOT)
    bench.clock.advance(1)
    assert bench.spi.read(SR, 4) & (RXP | EOT) == RXP
    bench.clock.advance(BYTE)
    assert bench.spi.read(SR, 4) & EOT and bench.target.cycles == [BYTE, 2 * BYTE]
    assert bench.spi.read(RXDR, 2) == 0xDDEE


def test_the_gap_between_packets_counts() -> None:
    bench = h7(size=2, second=4 << 4)  # MIDI: four clocks
    bench.spi.write(TXDR, 2, 0x2211)
    bench.clock.advance(10 * BYTE)
    assert bench.target.cycles == [BYTE * 12 // 8, 2 * BYTE * 12 // 8]


def test_the_transmit_fifo_fills_and_txc_waits_for_the_wire() -> None:
    bench = h7(second=SEND_ONLY)
    for value in range(16):
        assert bench.spi.read(SR, 4) & TXP
        bench.spi.write(TXDR, 1, value)
    assert not bench.spi.read(SR, 4) & (TXP | TXC)
    bench.clock.advance(BYTE)
    assert bench.spi.read(SR, 4) & TXP
    bench.clock.advance(15 * BYTE - 1)
    assert not bench.spi.read(SR, 4) & TXC
    bench.clock.advance(1)
    assert bench.spi.read(SR, 4) & TXC and bytes(bench.target.bytes) == bytes(range(16))


def test_a_master_that_does_not_read_in_time_overruns() -> None:
    bench = h7(size=20)
    sent = 0
    while sent < 20:
        if bench.spi.read(SR, 4) & TXP:
            bench.spi.write(TXDR, 1, sent)
            sent += 1
        else:
            bench.clock.advance(BYTE)
    bench.clock.advance(20 * BYTE)
    assert bench.spi.read(SR, 4) & (OVR | EOT) == OVR | EOT and len(bench.target.bytes) == 20


def test_suspension_ends_the_packet_that_is_under_way() -> None:
    bench = h7(size=0, second=SEND_ONLY)
    bench.spi.write(TXDR, 4, 0x04030201)
    bench.clock.advance(BYTE + BYTE // 2)
    bench.spi.write(CR1, 4, SPE | CSUSP)
    bench.clock.advance(10 * BYTE)
    assert bench.spi.read(SR, 4) & SUSP and bytes(bench.target.bytes) == b"\1\2"


def test_switching_off_loses_what_is_not_through() -> None:
    bench = h7(size=4, second=SEND_ONLY)
    bench.spi.write(TXDR, 4, 0x04030201)
    bench.clock.advance(BYTE + BYTE // 2)
    bench.spi.write(CR1, 4, 0)
    bench.clock.advance(10 * BYTE)
    assert bytes(bench.target.bytes) == b"\1"


@pytest.mark.parametrize("rate", [1, 40], ids=["a packet at a time", "packets together"])
def test_dma_sends_at_the_wires_rate_and_its_flags_come_when_they_are_due(rate: int) -> None:
    bench = h7(size=1000, second=SEND_ONLY)
    bench.spi.frequency *= rate
    each = BYTE // rate
    bench.spi.write(CR1, 4, 0)
    bench.stream(1, 1000, MEMORY, TXDR, 1 << 6)
    bench.spi.write(CFG1, 4, 7 | DIVIDE_BY_8 | TXDMAEN)
    bench.spi.write(CR1, 4, SPE)
    bench.spi.write(CR1, 4, SPE | CSTART)
    start = bench.clock.now
    bench.clock.advance(483 * each)  # the FIFO is 16 ahead: items 500 and 1000 leave memory so much earlier
    assert bench.dma_flags == 0
    bench.clock.advance(2 * each)
    assert bench.dma_flags == 16
    bench.clock.advance(498 * each)
    assert bench.dma_flags == 16
    bench.clock.advance(2 * each)
    assert bench.dma_flags == 48 and not bench.spi.read(SR, 4) & EOT
    bench.clock.advance(15 * each)
    assert bench.spi.read(SR, 4) & EOT
    assert bytes(bench.target.bytes) == BUFFER and bench.target.cycles[-1] - start == 1000 * each


def test_dma_both_ways_loses_nothing_at_any_speed() -> None:
    bench = h7(size=1000)
    bench.spi.frequency *= 40
    bench.spi.write(CR1, 4, 0)
    bench.stream(0, 1000, TAKEN, RXDR, 0)
    bench.spi.write(CFG1, 4, 7 | DIVIDE_BY_8 | RXDMAEN)
    bench.stream(1, 1000, MEMORY, TXDR, 1 << 6)
    bench.spi.write(CFG1, 4, 7 | DIVIDE_BY_8 | TXDMAEN | RXDMAEN)
    bench.spi.write(CR1, 4, SPE)
    bench.spi.write(CR1, 4, SPE | CSTART)
    bench.clock.advance(1000 * BYTE // 40)
    assert bench.spi.read(SR, 4) & (EOT | OVR) == EOT
    assert bench.services.sysbus.read_bytes(TAKEN, 1000) == bytes(~value & 0xFF for value in BUFFER)


# F4, F7

V1_CR1, V1_CR2, V1_SR, V1_DR = 0x00, 0x04, 0x08, 0x0C
V1_ON, V1_DIVIDE_BY_8 = 1 << 2 | 1 << 9 | 1 << 8 | 1 << 6, 2 << 3
V1_RXNE, V1_TXE, V1_OVR, V1_BSY = 1, 2, 1 << 6, 1 << 7


def v1(control: int = 0) -> TimedBench:
    bench = TimedBench(Stm32Spi)
    bench.spi.write(V1_CR1, 4, V1_ON | V1_DIVIDE_BY_8 | control)
    return bench


def test_txe_rxne_and_bsy_follow_the_wire() -> None:
    bench = v1()
    bench.spi.write(V1_DR, 1, 0x11)
    assert bench.spi.read(V1_SR, 4) == V1_TXE | V1_BSY, "it is in the shift register already"
    bench.spi.write(V1_DR, 1, 0x22)
    assert bench.spi.read(V1_SR, 4) == V1_BSY
    bench.clock.advance(BYTE)
    assert bench.spi.read(V1_SR, 4) == V1_TXE | V1_RXNE | V1_BSY
    assert bench.spi.read(V1_DR, 1) == 0xEE
    bench.clock.advance(BYTE)
    assert bench.spi.read(V1_SR, 4) == V1_TXE | V1_RXNE and bench.target.cycles == [BYTE, 2 * BYTE]


def test_a_frame_nobody_read_in_time_is_kept_and_the_next_is_lost() -> None:
    bench = v1()
    bench.spi.write(V1_DR, 1, 0x11)
    bench.spi.write(V1_DR, 1, 0x22)
    bench.clock.advance(2 * BYTE)
    assert bench.spi.read(V1_SR, 4) & V1_OVR and bench.spi.read(V1_DR, 1) == 0xEE


def test_what_is_written_without_looking_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    bench = v1()
    bench.spi.dma_transmit.connect(bench.dma, 1)
    for value in (1, 2, 3):
        bench.spi.write(V1_DR, 1, value)
    bench.clock.advance(5 * BYTE)
    assert bytes(bench.target.bytes) == b"\1\3" and "while TXE is 0" in caplog.text


@pytest.mark.parametrize("wired", [True, False])
def test_dma_sends_frames_at_the_wires_rate(wired: bool) -> None:
    bench = v1()
    if wired:
        bench.spi.dma_transmit.connect(bench.dma, 1)
    bench.spi.write(V1_CR2, 4, 2)
    bench.stream(1, 1000, MEMORY, V1_DR, 1 << 6)
    bench.clock.advance(1000 * BYTE - 1)
    assert bench.spi.read(V1_SR, 4) & V1_BSY and len(bench.target.bytes) < 1000
    bench.clock.advance(1)
    assert not bench.spi.read(V1_SR, 4) & V1_BSY and bytes(bench.target.bytes) == BUFFER


def test_a_receiver_clocks_frames_in_until_it_is_full() -> None:
    bench = v1(1 << 10)
    bench.clock.advance(BYTE)
    assert bench.spi.read(V1_SR, 4) & V1_RXNE
    bench.clock.advance(100 * BYTE)
    assert bench.spi.read(V1_SR, 4) & V1_OVR and bench.clock.pending == 0, "more would only be lost, too"
