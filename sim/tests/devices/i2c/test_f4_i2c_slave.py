"""I2C version 1 addressed by another master, 10-bit addresses, refused bytes and DMA (RM0090 section 27)."""

from __future__ import annotations

import pytest

from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.tests.devices.i2c.test_f4_i2c import (  # fmt: skip
    ACK,
    ADDR,
    ADDRESS,
    AF,
    BTF,
    BUSY,
    CR1,
    CR2,
    DR,
    ITEVTEN,
    MSL,
    OAR1,
    PE,
    RXNE,
    SR1,
    SR2,
    START,
    STOP,
    TRA,
    TXE,
    Driver,
    Slave,
)

ADD10, STOPF, ENGC, DMAEN, LAST = 1 << 3, 1 << 4, 1 << 6, 1 << 11, 1 << 12
GENCALL, DUALF = 1 << 4, 1 << 7
OAR2 = 0x0C
OWN = 0x32


@pytest.fixture
def driver() -> Driver:
    made = Driver()
    made.i2c.write(OAR1, 4, 1 << 14 | OWN << 1)
    made.set(ACK)
    return made


def test_a_slave_receives(driver: Driver) -> None:
    driver.i2c.master_write(OWN, "0a 0b 0c")
    driver.wait(ADDR)
    driver.settle()
    assert driver.i2c.read(SR1, 4) == ADDR, "the bus waits"
    assert driver.i2c.read(SR2, 4) == BUSY
    driver.settle()
    assert driver.i2c.read(SR1, 4) == RXNE | BTF, "DR and the shift register are full"
    assert [driver.take(), driver.take()] == [0x0A, 0x0B]
    driver.wait(RXNE)
    assert driver.take() == 0x0C
    driver.wait(STOPF)
    assert driver.i2c.read(SR2, 4) == 0
    driver.i2c.write(CR1, 4, PE | ACK)
    assert driver.i2c.read(SR1, 4) == 0 and driver.i2c.last_transfer.acknowledged == 3


def test_a_slave_transmits_until_it_is_refused(driver: Driver) -> None:
    driver.i2c.master_read(OWN, 3)
    driver.wait(ADDR)
    assert driver.clear_addr() == BUSY | TRA
    assert driver.i2c.read(SR1, 4) == TXE
    for value in (1, 2, 3):
        driver.wait(TXE)
        driver.i2c.write(DR, 4, value)
    driver.wait(AF)
    assert driver.i2c.read(SR1, 4) & (STOPF | BTF) == 0 and driver.i2c.read(SR2, 4) == 0
    assert driver.i2c.master_received == "01 02 03"


def test_btf_says_that_the_master_waits_for_a_byte(driver: Driver) -> None:
    driver.i2c.master_read(OWN, 2)
    driver.wait(ADDR)
    driver.clear_addr()
    driver.i2c.write(DR, 4, 7)
    driver.settle()
    assert driver.i2c.read(SR1, 4) == TXE | BTF


@pytest.mark.parametrize(
    ("address", "setup", "flags"),
    [
        (OWN, {CR1: PE}, None),
        (OWN + 1, {}, None),
        (0x44, {OAR2: 0x44 << 1}, None),
        (0x44, {OAR2: 0x44 << 1 | 1}, BUSY | DUALF),
        (0, {}, None),
        (0, {CR1: PE | ACK | ENGC}, BUSY | GENCALL),
        (0x2A5, {OAR1: 1 << 15 | 1 << 14 | 0x2A5}, BUSY),
    ],
    ids=["without ACK", "another", "second off", "second", "general call off", "general call", "ten bits"],
)
def test_which_addresses_are_answered(driver: Driver, address: int, setup: dict[int, int], flags: int | None) -> None:
    for offset, value in setup.items():
        driver.i2c.write(offset, 4, value)
    driver.i2c.master_write(address, "01")
    driver.settle()
    assert bool(driver.i2c.read(SR1, 4) & ADDR) == (flags is not None)
    assert driver.i2c.read(SR2, 4) == (flags or 0)


def test_a_byte_that_is_not_acknowledged_ends_the_write(driver: Driver) -> None:
    driver.i2c.master_write(OWN, "01 02 03")
    driver.wait(ADDR)
    driver.clear_addr()
    driver.clear(ACK)
    driver.settle()
    assert driver.i2c.last_transfer.done and driver.i2c.last_transfer.acknowledged == 0


def test_slave_events_interrupt_and_start_waits_for_the_bus(driver: Driver) -> None:
    driver.i2c.write(CR2, 4, 42 | ITEVTEN)
    driver.i2c.master_write(OWN, "01")
    driver.settle()
    assert driver.i2c.event_interrupt.value
    driver.clear_addr()
    driver.set(START)
    driver.settle()
    assert driver.i2c.read(SR1, 4) & (1 | STOPF) == 1 | STOPF, "SB after the other master's STOP"
    assert driver.i2c.read(SR2, 4) & MSL


def test_a_ten_bit_slave_is_written_and_read(driver: Driver) -> None:
    slave = Slave(driver.services)
    driver.i2c.register_child(slave, 0x1A7)
    driver.set(START)
    driver.wait(1)
    driver.i2c.write(DR, 4, 0xF0 | 1 << 1)
    driver.wait(ADD10)
    driver.i2c.write(DR, 4, 0xA7)
    driver.wait(ADDR)
    driver.clear_addr()
    driver.i2c.write(DR, 4, 9)
    driver.wait(BTF)
    driver.set(START)
    driver.wait(1)
    driver.clear(ACK)
    driver.i2c.write(DR, 4, 0xF0 | 1 << 1 | 1)
    driver.wait(ADDR)
    driver.clear_addr()
    driver.set(STOP)
    driver.wait(RXNE)
    assert driver.take() == 0x10
    driver.settle()
    assert slave.log_of == [b"\x09", "stop"]


class Picky(Slave):
    def accepts(self, data: bytes) -> bool:
        return len(data) < 2


def test_a_refused_byte_sets_af(driver: Driver) -> None:
    driver.i2c.register_child(Picky(driver.services), 0x50)
    driver.address(0xA0)
    driver.clear_addr()
    for value in (1, 2):
        driver.wait(TXE)
        driver.i2c.write(DR, 4, value)
    driver.wait(AF)


def with_dma(driver: Driver, line: str, count: int, control: int) -> Stm32Dma:
    dma = Stm32Dma(driver.services, "dma1")
    driver.i2c.outputs[line].connect(dma, 0)
    driver.services.sysbus.windows.append((0x40005400, driver.i2c))
    for offset, value in ((0x14, count), (0x18, 0x40005400 + DR), (0x1C, 0x24000000), (0x10, control | 1 << 10 | 1)):
        dma.write(offset, 4, value)
    return dma


def test_dma_writes(driver: Driver) -> None:
    driver.services.sysbus.write_bytes(0x24000000, b"dma")
    driver.i2c.write(CR2, 4, 42 | DMAEN)
    with_dma(driver, "TransmitDmaRequest", 3, 1 << 6)
    driver.address(ADDRESS << 1)
    driver.clear_addr()
    driver.wait(BTF)
    driver.set(STOP)
    assert driver.slave.log_of == [b"dma", "stop"]


def test_dma_reads_and_last_refuses_its_last_byte(driver: Driver) -> None:
    driver.i2c.write(CR2, 4, 42 | DMAEN | LAST)
    dma = with_dma(driver, "ReceiveDmaRequest", 4, 0)
    driver.address(ADDRESS << 1 | 1)
    driver.clear_addr()
    driver.settle()
    assert dma.read(0, 4) & 1 << 5
    driver.settle()
    assert driver.slave.next == 0x14, "nothing beyond the fourth byte was asked for"
    assert driver.services.sysbus.read_bytes(0x24000000, 4) == bytes(range(0x10, 0x14))
