"""SPI of the H7: packets, FIFOs, directions, interrupts, DMA."""

from __future__ import annotations

import pytest

from sim.engine.devices.base import Device
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.parts.led import Led
from sim.engine.devices.spi.stm32h7_spi import Stm32H7Spi
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

CR1, CR2, CFG1, CFG2, IER, SR, IFCR, TXDR, RXDR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x20, 0x30
SPE, CSTART, CSUSP = 1, 1 << 9, 1 << 10
RXP, TXP, DXP, EOT, TXTF, OVR, SUSP, TXC = 1, 2, 4, 8, 16, 1 << 6, 1 << 11, 1 << 12
RXDMAEN, TXDMAEN, MASRX, HDDIR = 1 << 14, 1 << 15, 1 << 8, 1 << 11
SEND_ONLY, RECEIVE_ONLY, HALF_DUPLEX = 1 << 17, 2 << 17, 3 << 17
MASTER = 1 << 22


class Echo(Device):
    """Answers the complement of each byte."""

    def __init__(self) -> None:
        super().__init__(FakeServices(), "echo")
        self.bytes = bytearray()
        self.finished = 0

    def transmit(self, byte: int) -> int:
        self.bytes.append(byte)
        return ~byte & 0xFF

    def finish_transmission(self) -> None:
        self.finished += 1


class SpiBench:
    def __init__(self, bits: int = 8, size: int = 0, first: int = 0, second: int = 0, control: int = 0) -> None:
        """``first``, ``second``, ``control``: further bits of CFG1, CFG2 and CR1."""
        self.services = FakeServices()
        self.spi, self.echo = Stm32H7Spi(self.services, "spi1"), Echo()
        self.spi.register_child(self.echo, 0)
        self.control = control | SPE
        self.spi.write(CFG1, 4, bits - 1 | first)
        self.spi.write(CFG2, 4, MASTER | second)
        self.spi.write(CR2, 4, size)
        self.spi.write(CR1, 4, self.control)
        self.start()

    def start(self) -> None:
        self.spi.write(CR1, 4, self.control | CSTART)

    def status(self) -> int:
        return self.spi.read(SR, 4)


def test_exchanges_packets_and_ends_with_the_last() -> None:
    bench = SpiBench(size=2)
    assert bench.spi.read(SR, 4) == TXP | 2 << 16
    bench.spi.write(TXDR, 1, 0x9F)
    assert bench.spi.read(SR, 4) & 0xFFFF1FFF == RXP | TXP | DXP | 1 << 16
    assert bench.spi.read(RXDR, 1) == 0x60 and not bench.spi.read(SR, 4) & RXP
    bench.spi.write(TXDR, 1, 0x00)
    assert bench.spi.read(SR, 4) & 0xFFFF1FFF == RXP | TXP | DXP | EOT | TXTF | TXC and bench.echo.finished == 1
    assert not bench.spi.read(CR1, 4) & CSTART
    bench.spi.write(IFCR, 4, EOT | TXTF)
    assert bench.spi.read(RXDR, 1) == 0xFF and bench.spi.read(SR, 4) == TXP
    assert bytes(bench.echo.bytes) == b"\x9f\x00"


def test_waits_for_enable_and_start() -> None:
    bench = SpiBench()
    bench.spi.write(CR1, 4, 0)
    bench.spi.write(TXDR, 1, 1)
    bench.spi.write(CR1, 4, SPE)
    assert bytes(bench.echo.bytes) == b""
    bench.spi.write(CR1, 4, SPE | CSTART)
    assert bytes(bench.echo.bytes) == b"\x01"


def test_wide_access_packs_packets_and_wide_packets_go_high_byte_first() -> None:
    bench = SpiBench()
    bench.spi.write(TXDR, 4, 0x04030201)
    assert bytes(bench.echo.bytes) == b"\x01\x02\x03\x04"
    assert bench.spi.read(SR, 4) & 1 << 15 and bench.spi.read(RXDR, 2) == 0xFDFE
    wide = SpiBench(bits=16)
    wide.spi.write(TXDR, 2, 0x1234)
    assert bytes(wide.echo.bytes) == b"\x12\x34" and wide.spi.read(RXDR, 2) == 0xEDCB


def test_suspend_and_interrupts() -> None:
    bench, probe = SpiBench(), Probe()
    bench.spi.irq.connect(probe, 35)
    bench.spi.write(IER, 4, 1 | 8)
    bench.spi.write(TXDR, 1, 7)
    assert bench.spi.irq.value
    bench.spi.read(RXDR, 1)
    assert not bench.spi.irq.value
    bench.spi.write(CR1, 4, SPE | CSUSP)
    assert bench.spi.irq.value and bench.spi.read(SR, 4) & SUSP and bench.echo.finished == 1
    bench.spi.write(IFCR, 4, SUSP)
    assert not bench.spi.irq.value and probe.rises == 2
    bench.spi.write(IER, 4, 2)
    assert bench.spi.irq.value, "TXP is always there"


def test_misuse(caplog: pytest.LogCaptureFixture) -> None:
    bench = SpiBench()
    bench.spi.write(CFG1, 4, 15)
    assert bench.spi.read(CFG1, 4) == 7 and "while SPE is 1" in caplog.text
    assert bench.spi.read(RXDR, 1) == 0 and "nothing received" in caplog.text
    with pytest.raises(CrosscamError, match="no SPI target"):
        bench.spi.register_child(Led(FakeServices(), "led1"), 0)
    bench.spi.reset()
    assert bench.spi.read(CFG1, 4) == 0x00070007 and bench.spi.read(SR, 4) == TXP | TXC


def test_the_fifos_hold_sixteen_bytes_and_the_thresholds_count_packets(caplog: pytest.LogCaptureFixture) -> None:
    bench = SpiBench(first=3 << 5)  # FTHLV: four packets
    bench.spi.write(CR1, 4, 0)
    bench.spi.write(CR1, 4, SPE)
    for value in range(16):
        assert bool(bench.status() & TXP) == (value <= 12)
        bench.spi.write(TXDR, 1, value)
    bench.spi.write(TXDR, 1, 16)
    assert "FIFO is full" in caplog.text
    bench.start()
    assert bytes(bench.echo.bytes) == bytes(range(16)) and bench.status() & RXP
    for _ in range(13):
        bench.spi.read(RXDR, 1)
    assert not bench.status() & (RXP | 1 << 15) and bench.status() >> 13 & 3 == 3, "three packets, no whole word"


def test_sending_alone_receives_nothing_however_much_it_is() -> None:
    bench = SpiBench(size=40, second=SEND_ONLY)
    for value in range(40):
        bench.spi.write(TXDR, 1, value)
    assert bytes(bench.echo.bytes) == bytes(range(40))
    assert bench.status() & (RXP | EOT | TXTF | OVR) == EOT | TXTF


def test_receiving_alone_clocks_packets_in_without_data() -> None:
    bench = SpiBench(size=20, second=RECEIVE_ONLY)
    assert len(bench.echo.bytes) == 16 and bench.status() & (RXP | EOT) == RXP, "the FIFO is full"
    taken = [bench.spi.read(RXDR, 1) for _ in range(20)]
    assert taken == [0xFF] * 20 and bench.status() & EOT and not bench.status() & RXP


def test_half_duplex_follows_hddir() -> None:
    bench = SpiBench(size=2, second=HALF_DUPLEX, control=HDDIR)
    bench.spi.write(TXDR, 1, 1)
    bench.spi.write(TXDR, 1, 2)
    assert bench.status() & (RXP | EOT) == EOT
    bench.spi.write(CR1, 4, 0)
    bench.control = SPE
    bench.spi.write(CR1, 4, SPE)
    bench.start()
    assert bench.status() & (RXP | EOT) == RXP | EOT and bytes(bench.echo.bytes) == b"\1\2\0\0"


def test_a_full_duplex_master_that_never_reads_overruns_and_goes_on() -> None:
    """ST's older HAL sends this way."""
    bench = SpiBench(size=60)
    probe = Probe()
    bench.spi.irq.connect(probe, 35)
    bench.spi.write(IER, 4, 1 << 6)
    sent = 0
    while sent < 60:
        if bench.status() & TXP:
            bench.spi.write(TXDR, 1, sent)
            sent += 1
        else:
            bench.services.clock.microseconds(1)
    assert bench.status() & (OVR | EOT) == OVR | EOT and len(bench.echo.bytes) == 60 and probe.rises == 1
    assert [bench.spi.read(RXDR, 1) for _ in range(16)] == [~value & 0xFF for value in range(16)]
    bench.spi.write(IFCR, 4, OVR)
    assert not bench.status() & (OVR | RXP)


def test_firmware_that_writes_ahead_and_then_reads_loses_nothing() -> None:
    bench, taken, sent = SpiBench(size=60), bytearray(), 0
    while len(taken) < 60:
        while sent < 60 and bench.status() & TXP:
            bench.spi.write(TXDR, 1, sent)
            sent += 1
        while bench.status() & RXP:
            taken.append(bench.spi.read(RXDR, 1))
    assert bytes(taken) == bytes(~value & 0xFF for value in range(60)) and not bench.status() & OVR


def test_masrx_waits_for_the_reader() -> None:
    bench = SpiBench(size=30, control=MASRX)
    for value in range(30):
        bench.spi.write(TXDR, 1, value)
    bench.services.clock.microseconds(1000)
    assert len(bench.echo.bytes) == 16 and not bench.status() & OVR


def stream(bench: SpiBench, dma: Stm32Dma, index: int, count: int, control: int, register: int, width: int) -> None:
    base = 0x10 + 0x18 * index
    memory = 0x24000000 + 0x100 * index
    for offset, value in ((4, count), (8, 0x40013000 + register), (12, memory)):
        dma.write(base + offset, 4, value)
    dma.write(base, 4, width << 13 | width << 11 | control | 1 << 10 | 1)


@pytest.mark.parametrize(("width", "count"), [(0, 40), (1, 20), (2, 10)], ids=["bytes", "packed twos", "packed fours"])
@pytest.mark.parametrize("second", [0, SEND_ONLY])
def test_dma_both_ways(width: int, count: int, second: int) -> None:
    """ST's order: receive stream, transmit stream, requests, SPE, CSTART."""
    bench = SpiBench()
    bench.spi.write(CR1, 4, 0)
    dma = Stm32Dma(bench.services, "dma1")
    bench.spi.dma_receive.connect(dma, 0)
    bench.spi.dma_transmit.connect(dma, 1)
    bench.services.sysbus.windows.append((0x40013000, bench.spi))
    bench.services.sysbus.write_bytes(0x24000100, bytes(range(40)))
    bench.spi.write(CR2, 4, 40)
    bench.spi.write(CFG2, 4, MASTER | second)
    bench.spi.write(CFG1, 4, 7 | ((1 << width) - 1) << 5)
    stream(bench, dma, 0, count, 0, RXDR, width)
    bench.spi.write(CFG1, 4, bench.spi.read(CFG1, 4) | (0 if second else RXDMAEN))
    stream(bench, dma, 1, count, 1 << 6, TXDR, width)
    bench.spi.write(CFG1, 4, bench.spi.read(CFG1, 4) | TXDMAEN)
    assert bench.echo.bytes == b""
    bench.spi.write(CR1, 4, SPE)
    bench.start()
    assert bytes(bench.echo.bytes) == bytes(range(40)) and bench.status() & EOT
    assert dma.read(0, 4) & 1 << 11, "TCIF1"
    if not second:
        assert dma.read(0, 4) & 1 << 5
        assert bench.services.sysbus.read_bytes(0x24000000, 40) == bytes(~value & 0xFF for value in range(40))
