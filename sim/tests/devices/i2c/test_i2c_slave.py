"""I2C version 2 addressed by another master, and its transfers by DMA (RM0433 47.4.8, 47.4.16)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.dma.stm32_dmamux import Stm32Dmamux
from sim.engine.devices.i2c.stm32f7_i2c import Stm32F7I2c
from sim.engine.devices.mocks.dummy_i2c_slave import DummyI2CSlave
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

CR1, CR2, OAR1, OAR2, ISR, ICR, RXDR, TXDR = 0x00, 0x04, 0x08, 0x0C, 0x18, 0x1C, 0x24, 0x28
TXE, TXIS, RXNE, ADDR, NACKF, STOPF, BUSY, DIR = 1, 2, 4, 8, 16, 32, 1 << 15, 1 << 16
NACK, START, AUTOEND, READ = 1 << 15, 1 << 13, 1 << 25, 1 << 10
OWN = 0x32
ADDCODE = OWN << 17


@pytest.fixture
def i2c() -> Stm32F7I2c:
    made = Stm32F7I2c(FakeServices(), "i2c1")
    made.write(OAR1, 4, 1 << 15 | OWN << 1)
    made.write(CR1, 4, 1)
    return made


def status(i2c: Stm32F7I2c) -> int:
    return i2c.read(ISR, 4)


def test_receive_stretches_at_address_and_data(i2c: Stm32F7I2c) -> None:
    i2c.master_write(OWN, "0a 0b")
    assert status(i2c) == TXE | ADDR | BUSY | ADDCODE
    i2c.write(ICR, 4, ADDR)
    assert status(i2c) == TXE | RXNE | BUSY | ADDCODE
    assert i2c.read(RXDR, 4) == 0x0A
    assert status(i2c) == TXE | RXNE | STOPF | ADDCODE, "STOP follows the last byte, read or not"
    assert i2c.read(RXDR, 4) == 0x0B
    i2c.write(ICR, 4, STOPF)
    assert status(i2c) == TXE | ADDCODE
    assert i2c.last_transfer.done and i2c.last_transfer.acknowledged == 2


def test_transmit_ends_with_a_nack_and_a_stop(i2c: Stm32F7I2c) -> None:
    i2c.master_read(OWN, 2)
    assert status(i2c) == TXE | ADDR | BUSY | DIR | ADDCODE
    i2c.write(ICR, 4, ADDR)
    for value in (0x11, 0x22):
        assert status(i2c) == TXE | TXIS | BUSY | DIR | ADDCODE
        i2c.write(TXDR, 4, value)
    assert status(i2c) == TXE | NACKF | STOPF | DIR | ADDCODE
    assert i2c.master_received == "11 22"


def test_a_byte_preloaded_is_the_first_sent(i2c: Stm32F7I2c) -> None:
    i2c.write(TXDR, 4, 0x77)
    i2c.master_read(OWN, 1)
    i2c.write(ICR, 4, ADDR)
    assert i2c.master_received == "77"


def test_write_then_read_with_a_repeated_start(i2c: Stm32F7I2c) -> None:
    i2c.master_write(OWN, "05", stop=False)
    i2c.write(ICR, 4, ADDR)
    assert i2c.read(RXDR, 4) == 5 and status(i2c) == TXE | BUSY | ADDCODE
    i2c.master_read(OWN, 1)
    assert status(i2c) == TXE | ADDR | BUSY | DIR | ADDCODE


def test_another_address_is_not_answered(i2c: Stm32F7I2c) -> None:
    i2c.master_write(OWN + 1, "00")
    assert status(i2c) == TXE and i2c.last_transfer.acknowledged == -1


@pytest.mark.parametrize(
    ("oar2", "address", "answered"),
    [
        (0x40 << 1, 0x40, False),
        (1 << 15 | 0x40 << 1, 0x40, True),
        (1 << 15 | 0x40 << 1, 0x41, False),
        (1 << 15 | 1 << 8 | 0x40 << 1, 0x41, True),
        (1 << 15 | 3 << 8 | 0x40 << 1, 0x47, True),
        (1 << 15 | 3 << 8 | 0x40 << 1, 0x48, False),
        (1 << 15 | 7 << 8, 0x55, True),
        (1 << 15 | 7 << 8, 0x03, False),
    ],
)
def test_second_address_with_its_mask(i2c: Stm32F7I2c, oar2: int, address: int, answered: bool) -> None:
    i2c.write(OAR2, 4, oar2)
    i2c.master_write(address, "00")
    assert bool(status(i2c) & ADDR) == answered
    assert status(i2c) >> 17 == (address if answered else 0)


def test_general_call_and_ten_bit_address(i2c: Stm32F7I2c) -> None:
    i2c.master_write(0, "06")
    assert not status(i2c) & ADDR
    i2c.write(CR1, 4, 1 | 1 << 19)
    i2c.master_write(0, "06")
    assert status(i2c) & ADDR
    i2c.write(CR1, 4, 0)
    i2c.write(OAR1, 4, 1 << 15 | 1 << 10 | 0x2A5)
    i2c.write(CR1, 4, 1)
    i2c.master_write(0x2A5, "01")
    assert status(i2c) >> 17 == 0b1111010


def test_nack_refuses_the_byte_after_next_address_match_has_cleared_it(i2c: Stm32F7I2c) -> None:
    i2c.write(CR2, 4, NACK)
    i2c.master_write(OWN, "01 02 03")
    assert not i2c.read(CR2, 4) & NACK, "an address match clears it"
    i2c.write(ICR, 4, ADDR)
    i2c.write(CR2, 4, NACK)
    i2c.read(RXDR, 4)
    assert i2c.last_transfer.acknowledged == 1 and status(i2c) == TXE | RXNE | STOPF | ADDCODE
    assert not i2c.read(CR2, 4) & NACK


@pytest.mark.parametrize(("enable", "read"), [(1 << 3, False), (1 << 4, True), (1 << 5, False)])
def test_interrupts_of_a_slave(i2c: Stm32F7I2c, enable: int, read: bool) -> None:
    i2c.write(CR1, 4, 1 | enable)
    if read:
        i2c.master_read(OWN, 1)
        i2c.write(ICR, 4, ADDR)
        i2c.write(TXDR, 4, 0)
        flag = NACKF
    else:
        i2c.master_write(OWN, "01")
        flag = ADDR
        if enable == 1 << 5:
            i2c.write(ICR, 4, ADDR)
            i2c.read(RXDR, 4)
            flag = STOPF
    assert i2c.event_interrupt.value
    i2c.write(ICR, 4, flag)
    assert not i2c.event_interrupt.value


def test_the_other_master_waits_for_the_controller(i2c: Stm32F7I2c) -> None:
    i2c.write(CR1, 4, 0)
    i2c.master_write(OWN, "01")
    assert status(i2c) == TXE
    i2c.write(CR1, 4, 1)
    assert status(i2c) & ADDR
    i2c.write(CR1, 4, 0)
    assert status(i2c) == TXE and i2c.last_transfer.done, "PE = 0 forgets it"


def test_start_waits_while_another_master_holds_the_bus(i2c: Stm32F7I2c) -> None:
    slave = DummyI2CSlave(FakeServices(), "slave")
    log: list[bytes] = []
    slave.data_received += log.append
    i2c.register_child(slave, 0x21)
    i2c.master_write(OWN, "01")
    i2c.write(TXDR, 4, 9)
    i2c.write(CR2, 4, 0x42 | 1 << 16 | AUTOEND | START)
    assert log == [] and i2c.read(CR2, 4) & START
    i2c.write(ICR, 4, ADDR)
    assert log == [b"\x09"], "RXDR still holds the other master's byte"
    assert i2c.read(RXDR, 4) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda i2c: i2c.master_write(OWN, "xyz"), "expected bytes in hexadecimal"),
        (lambda i2c: i2c.master_read(OWN, 0), "0 bytes to read"),
        (lambda i2c: i2c.master_read(4000, 1), "expected 0 to 0x3FF"),
        (lambda i2c: [i2c.master_read(OWN, 1) for _ in range(2)], "has not ended"),
    ],
)
def test_bad_wishes_of_the_other_master(i2c: Stm32F7I2c, call: object, message: str) -> None:
    with pytest.raises(CrosscamError, match=message):
        call(i2c)  # type: ignore[operator]


class DmaBench:
    """I2C1 behind DMAMUX1 inputs 33 and 34, on streams 0 and 1 of a DMA."""

    def __init__(self) -> None:
        self.services = FakeServices()
        self.i2c = Stm32F7I2c(self.services, "i2c1")
        self.dma = Stm32Dma(self.services, "dma1")
        mux = Stm32Dmamux(
            self.services, "mux", number_of_output_request_channels=8, number_of_request_generator_channels=0
        )
        for channel in range(8):
            mux.outputs[channel].connect(self.dma, channel)
        self.i2c.receive_dma_request.connect(mux, 33)
        self.i2c.transmit_dma_request.connect(mux, 34)
        self.services.sysbus.windows += [(0x40005400, self.i2c)]
        self.slave = DummyI2CSlave(self.services, "slave")
        self.log: list[bytes] = []
        self.slave.data_received += self.log.append
        self.i2c.register_child(self.slave, 0x21)
        mux.write(0, 4, 33)
        mux.write(4, 4, 34)
        self.i2c.write(CR1, 4, 1 | 1 << 14 | 1 << 15)

    def stream(self, index: int, count: int, control: int, register: int) -> None:
        base = 0x10 + 0x18 * index
        for offset, value in ((4, count), (8, 0x40005400 + register), (12, 0x24000000)):
            self.dma.write(base + offset, 4, value)
        self.dma.write(base, 4, control | 1 << 10 | 1)


@pytest.mark.parametrize("stream_first", [True, False])
def test_dma_feeds_a_write(stream_first: bool) -> None:
    bench = DmaBench()
    bench.services.sysbus.write_bytes(0x24000000, b"hello")
    steps: list[Callable[[], None]] = [
        lambda: bench.stream(1, 5, 1 << 6, TXDR),
        lambda: bench.i2c.write(CR2, 4, 0x42 | 5 << 16 | AUTOEND | START),
    ]
    for step in steps if stream_first else steps[::-1]:
        step()
    assert bench.log == [b"hello"] and status(bench.i2c) == TXE | STOPF
    assert bench.dma.read(0, 4) & 1 << 11, "TCIF1"


@pytest.mark.parametrize("stream_first", [True, False])
def test_dma_takes_a_read(stream_first: bool) -> None:
    bench = DmaBench()
    bench.slave.enqueue_response_bytes(b"world")
    steps: list[Callable[[], None]] = [
        lambda: bench.stream(0, 5, 0, RXDR),
        lambda: bench.i2c.write(CR2, 4, 0x42 | 5 << 16 | READ | AUTOEND | START),
    ]
    for step in steps if stream_first else steps[::-1]:
        step()
    assert bench.services.sysbus.read_bytes(0x24000000, 5) == b"world"
    assert status(bench.i2c) == TXE | STOPF and bench.dma.read(0, 4) & 1 << 5


def test_dma_serves_a_slave() -> None:
    bench = DmaBench()
    bench.i2c.write(OAR1, 4, 1 << 15 | OWN << 1)
    bench.stream(0, 3, 0, RXDR)
    bench.i2c.master_write(OWN, "61 62 63")
    bench.i2c.write(ICR, 4, ADDR)
    assert bench.services.sysbus.read_bytes(0x24000000, 3) == b"abc"
    bench.stream(1, 3, 1 << 6, TXDR)
    bench.i2c.master_read(OWN, 3)
    bench.i2c.write(ICR, 4, ADDR)
    assert bench.i2c.master_received == "61 62 63"
