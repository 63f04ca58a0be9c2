"""I2C version 1 (F4): the sequences of RM0090 figures 243 and 244, as drivers program them."""

from __future__ import annotations

import pytest

from sim.engine.devices.base import Device
from sim.engine.devices.i2c.stm32f4_i2c import Stm32F4I2c
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

CR1, CR2, OAR1, DR, SR1, SR2, CCR, TRISE = 0x00, 0x04, 0x08, 0x10, 0x14, 0x18, 0x1C, 0x20
PE, START, STOP, ACK, POS, SWRST = 1, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 15
ITERREN, ITEVTEN, ITBUFEN = 1 << 8, 1 << 9, 1 << 10
SB, ADDR, BTF, RXNE, TXE, AF = 1, 2, 4, 1 << 6, 1 << 7, 1 << 10
MSL, BUSY, TRA = 1, 2, 4
ADDRESS = 0x38


class Slave(Device):
    """Counts up from 0x10 on reads; remembers what happened on the bus."""

    def __init__(self, services: FakeServices) -> None:
        super().__init__(services, "slave")
        self.log_of: list[object] = []
        self.next = 0x10

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.log_of.append(data)

    def read(self, count: int = 1) -> bytes:  # type: ignore[override]
        taken = bytes(range(self.next, self.next + count))
        self.next += count
        return taken

    def finish_transmission(self) -> None:
        self.log_of.append("stop")


class Driver:
    """What firmware does, waiting for each flag with a limit."""

    def __init__(self) -> None:
        self.services = FakeServices()
        self.i2c = Stm32F4I2c(self.services, "i2c1")
        self.slave = Slave(self.services)
        self.i2c.register_child(self.slave, ADDRESS)
        self.i2c.write(CR2, 4, 42)
        self.i2c.write(CCR, 4, 210)  # 100 kHz
        self.i2c.write(CR1, 4, PE)

    def set(self, bits: int) -> None:
        self.i2c.write(CR1, 4, self.i2c.read(CR1, 4) | bits)

    def clear(self, bits: int) -> None:
        self.i2c.write(CR1, 4, self.i2c.read(CR1, 4) & ~bits)

    def wait(self, flags: int) -> None:
        for _ in range(2000):
            if self.i2c.read(SR1, 4) & flags:
                return
            self.services.clock.microseconds(1)
        raise AssertionError(f"SR1 0x{self.i2c.read(SR1, 4):X}: 0x{flags:X} did not come")

    def address(self, byte: int) -> None:
        self.set(START)
        self.wait(SB)
        self.i2c.write(DR, 4, byte)
        self.wait(ADDR | AF)

    def clear_addr(self) -> int:
        self.i2c.read(SR1, 4)
        return self.i2c.read(SR2, 4)

    def settle(self) -> None:
        self.services.clock.microseconds(2000)

    def take(self) -> int:
        return self.i2c.read(DR, 4)


@pytest.fixture
def driver() -> Driver:
    return Driver()


def test_reset_values(driver: Driver) -> None:
    driver.i2c.reset()
    assert [driver.i2c.read(offset, 4) for offset in (CR1, CR2, SR1, SR2, CCR, TRISE)] == [0, 0, 0, 0, 0, 2]


def test_a_write_reaches_the_slave_in_one_piece(driver: Driver) -> None:
    driver.address(ADDRESS << 1)
    assert driver.clear_addr() == MSL | BUSY | TRA
    for byte in (1, 2, 3):
        driver.wait(TXE)
        driver.i2c.write(DR, 4, byte)
    driver.wait(BTF)
    assert driver.slave.log_of == []
    driver.set(STOP)
    assert driver.slave.log_of == [b"\x01\x02\x03", "stop"]
    assert driver.i2c.read(SR2, 4) == 0 and driver.i2c.read(SR1, 4) == 0
    assert driver.i2c.read(CR1, 4) == PE


def test_stop_set_with_the_last_byte_on_its_way_waits_for_it(driver: Driver) -> None:
    driver.address(ADDRESS << 1)
    driver.clear_addr()
    driver.i2c.write(DR, 4, 7)
    driver.wait(TXE)
    driver.set(STOP)
    assert driver.slave.log_of == [] and driver.i2c.read(SR2, 4) & BUSY
    driver.settle()
    assert driver.slave.log_of == [b"\x07", "stop"] and not driver.i2c.read(SR2, 4) & BUSY


def test_a_byte_takes_nine_periods(driver: Driver) -> None:
    driver.address(ADDRESS << 1)
    driver.clear_addr()
    driver.i2c.write(DR, 4, 7)
    driver.services.clock.microseconds(89)
    assert not driver.i2c.read(SR1, 4) & BTF
    driver.services.clock.microseconds(2)
    assert driver.i2c.read(SR1, 4) & BTF


@pytest.mark.parametrize(("ccr", "microseconds"), [(1 << 15 | 35, 2.5), (1 << 15 | 1 << 14 | 4, 100 / 42), (0, 10)])
def test_speed_follows_ccr(driver: Driver, ccr: int, microseconds: float) -> None:
    driver.i2c.write(CCR, 4, ccr)
    driver.set(START)
    driver.services.clock.microseconds(microseconds * 0.99)
    assert not driver.i2c.read(SR1, 4) & SB
    driver.services.clock.microseconds(microseconds * 0.02)
    assert driver.i2c.read(SR1, 4) & SB


def test_one_byte_is_read_without_acknowledge(driver: Driver) -> None:
    driver.address(ADDRESS << 1 | 1)
    driver.clear(ACK)
    assert driver.clear_addr() == MSL | BUSY
    driver.set(STOP)
    driver.wait(RXNE)
    assert driver.take() == 0x10
    driver.settle()
    assert driver.slave.next == 0x11 and driver.slave.log_of == ["stop"]


def test_two_bytes_are_read_with_pos(driver: Driver) -> None:
    driver.set(ACK | POS)
    driver.address(ADDRESS << 1 | 1)
    driver.clear_addr()
    driver.clear(ACK)
    driver.wait(BTF)
    driver.set(STOP)
    assert [driver.take(), driver.take()] == [0x10, 0x11]
    driver.settle()
    assert driver.slave.next == 0x12 and driver.slave.log_of == ["stop"]


def test_five_bytes_are_read_with_the_last_three_by_btf(driver: Driver) -> None:
    driver.set(ACK)
    driver.address(ADDRESS << 1 | 1)
    driver.clear_addr()
    taken: list[int] = []
    for _ in range(2):
        driver.wait(RXNE)
        taken.append(driver.take())
    driver.wait(BTF)
    driver.clear(ACK)
    taken.append(driver.take())
    driver.wait(BTF)
    driver.set(STOP)
    taken += [driver.take(), driver.take()]
    driver.settle()
    assert taken == [0x10, 0x11, 0x12, 0x13, 0x14]
    assert driver.slave.next == 0x15 and driver.slave.log_of == ["stop"]


def test_a_simple_loop_that_clears_ack_before_the_last_byte(driver: Driver) -> None:
    driver.set(ACK)
    driver.address(ADDRESS << 1 | 1)
    driver.clear_addr()
    taken: list[int] = []
    for left in (3, 2, 1):
        if left == 1:
            driver.clear(ACK)
            driver.set(STOP)
        driver.wait(RXNE)
        taken.append(driver.take())
    driver.settle()
    assert taken == [0x10, 0x11, 0x12] and driver.slave.next == 0x13


def test_the_bus_stalls_while_two_bytes_wait(driver: Driver) -> None:
    driver.set(ACK)
    driver.address(ADDRESS << 1 | 1)
    driver.clear_addr()
    driver.services.clock.microseconds(10_000)
    assert driver.slave.next == 0x12 and driver.i2c.read(SR1, 4) == RXNE | BTF
    driver.take()
    driver.settle()
    assert driver.slave.next == 0x13


def test_write_then_repeated_start_then_read(driver: Driver) -> None:
    driver.address(ADDRESS << 1)
    driver.clear_addr()
    driver.i2c.write(DR, 4, 0xA8)
    driver.wait(BTF)
    driver.address(ADDRESS << 1 | 1)
    assert driver.slave.log_of == [b"\xa8"]  # no STOP between
    driver.clear_addr()
    driver.set(STOP)
    driver.wait(RXNE)
    assert driver.take() == 0x10
    driver.settle()
    assert driver.slave.log_of == [b"\xa8", "stop"]


@pytest.mark.parametrize("byte", [0x50 << 1, 0xF0])
def test_nobody_answers(driver: Driver, byte: int) -> None:
    driver.i2c.write(CR2, 4, 42 | ITERREN)
    driver.address(byte)
    assert driver.i2c.read(SR1, 4) == AF and driver.i2c.error_interrupt.value
    driver.set(STOP)
    driver.i2c.write(SR1, 4, 0xFFFF & ~AF)
    assert driver.i2c.read(SR1, 4) == 0 and driver.i2c.read(SR2, 4) == 0
    assert not driver.i2c.error_interrupt.value and driver.slave.log_of == []


def test_event_interrupts(driver: Driver) -> None:
    driver.i2c.write(CR2, 4, 42 | ITEVTEN)
    driver.set(START)
    driver.settle()
    assert driver.i2c.event_interrupt.value
    driver.i2c.write(DR, 4, ADDRESS << 1)
    assert not driver.i2c.event_interrupt.value
    driver.settle()
    assert driver.i2c.event_interrupt.value
    driver.clear_addr()
    assert not driver.i2c.event_interrupt.value  # TXE needs ITBUFEN
    driver.i2c.write(CR2, 4, 42 | ITEVTEN | ITBUFEN)
    assert driver.i2c.event_interrupt.value
    driver.i2c.write(CR2, 4, 42 | ITEVTEN)
    driver.i2c.write(DR, 4, 1)
    driver.settle()
    assert driver.i2c.event_interrupt.value  # BTF


def test_software_reset_and_switching_off_forget_the_transfer(driver: Driver) -> None:
    driver.address(ADDRESS << 1)
    driver.set(SWRST)
    assert driver.i2c.read(CR1, 4) == SWRST and driver.i2c.read(CCR, 4) == 0 and driver.i2c.read(SR2, 4) == 0
    driver.i2c.write(CR1, 4, PE)
    driver.set(START)
    driver.clear(PE)
    driver.settle()
    assert driver.i2c.read(SR1, 4) == 0 and driver.i2c.read(CR1, 4) == 0


def test_mistakes_are_told(driver: Driver, caplog: pytest.LogCaptureFixture) -> None:
    driver.i2c.write(DR, 4, 5)
    driver.take()
    driver.clear(PE)
    driver.set(START)
    for text in ("sends nothing", "nothing has been received", "PE = 0"):
        assert text in caplog.text
    with pytest.raises(CrosscamError, match="no I2C slave"):
        driver.i2c.register_child(Device(driver.services, "led"), 1)
