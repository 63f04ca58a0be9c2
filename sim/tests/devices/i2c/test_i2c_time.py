"""I2C version 2 by a clock by which bits take time."""

from __future__ import annotations

import pytest

from sim.engine.devices.i2c.stm32f7_i2c import Stm32F7I2c
from sim.engine.devices.mocks.dummy_i2c_slave import DummyI2CSlave
from sim.tests.fake_services import FakeServices

CR1, CR2, TIMINGR, ISR, ICR, RXDR, TXDR = 0x00, 0x04, 0x10, 0x18, 0x1C, 0x24, 0x28
START, STOP, AUTOEND, READ = 1 << 13, 1 << 14, 1 << 25, 1 << 10
TXIS, RXNE, NACKF, STOPF, TC, BUSY = 2, 4, 1 << 4, 1 << 5, 1 << 6, 1 << 15
PERIOD = 4800  # cycles at 480 MHz: SCL at 100 kHz


class Bench:
    def __init__(self) -> None:
        self.services = FakeServices()
        self.clock = self.services.clock
        self.clock.wires_take_time = True
        self.i2c, self.slave = Stm32F7I2c(self.services, "i2c1"), DummyI2CSlave(self.services, "slave")
        self.i2c.register_child(self.slave, 0x21)
        self.written: list[bytes] = []
        self.slave.data_received += lambda data: self.written.append(bytes(data))
        # 88 ticks of 8 periods, 4 for the synchronisation and 100 ns (8 periods at 71.6 MHz): near enough to 10 us
        self.i2c.frequency = 71_600_000
        self.i2c.write(TIMINGR, 4, 38 | 48 << 8 | 7 << 28)
        self.i2c.write(CR1, 4, 1)

    def begin(self, count: int, control: int = 0, address: int = 0x21) -> None:
        self.i2c.write(CR2, 4, address << 1 | count << 16 | START | control)

    def periods(self, count: float) -> int:
        self.clock.advance(round(count * PERIOD))
        return self.i2c.read(ISR, 4)


def test_a_write_takes_its_bits() -> None:
    bench = Bench()
    bench.begin(2, AUTOEND)
    assert bench.periods(0) & (BUSY | TXIS) == BUSY
    assert bench.periods(9.9) & TXIS == 0
    assert bench.periods(0.2) & TXIS, "START, address and its acknowledge"
    bench.i2c.write(TXDR, 4, 0x12)
    assert bench.i2c.read(ISR, 4) & TXIS, "the first is in the shift register"
    bench.i2c.write(TXDR, 4, 0x34)
    assert not bench.periods(17.9) & TXIS
    status = bench.periods(1.3)
    assert status & (STOPF | BUSY) == STOPF and bench.written == [b"\x12\x34"]


def test_a_read_takes_its_bits_and_waits_for_the_reader() -> None:
    bench = Bench()
    for value in (0x56, 0x78):
        bench.slave.enqueue_response_byte(value)
    bench.begin(2, READ | AUTOEND)
    assert not bench.periods(18.9) & RXNE and bench.periods(0.3) & RXNE
    assert not bench.periods(50) & STOPF, "the bus waits with the second"
    assert bench.i2c.read(RXDR, 4) == 0x56
    assert bench.periods(0) & RXNE and bench.i2c.read(RXDR, 4) == 0x78
    assert bench.periods(1.1) & STOPF


def test_no_answer_is_known_after_the_address() -> None:
    bench = Bench()
    bench.begin(1, AUTOEND, address=0x33)
    assert not bench.periods(9.9) & NACKF and bench.periods(0.2) & NACKF
    assert bench.periods(1.1) & (STOPF | BUSY) == STOPF


@pytest.mark.parametrize("control", [STOP, 0])
def test_stop_or_a_repeated_start_after_tc(control: int) -> None:
    bench = Bench()
    bench.begin(1)
    bench.periods(10.1)
    bench.i2c.write(TXDR, 4, 0x12)
    assert bench.periods(9.1) & TC and bench.written == []
    if control:
        bench.i2c.write(CR2, 4, control)
    else:
        bench.begin(1)
    bench.periods(1.1)
    assert bench.written == [b"\x12"]
    assert bench.i2c.read(ISR, 4) & (STOPF | BUSY | TC) == (STOPF if control else BUSY)


def test_switching_off_in_the_middle_forgets_the_transfer() -> None:
    bench = Bench()
    bench.begin(1)
    bench.periods(10.1)
    bench.i2c.write(TXDR, 4, 0x12)
    bench.i2c.write(CR1, 4, 0)
    assert bench.periods(20) == 1 and bench.written == [] and bench.clock.pending == 0
