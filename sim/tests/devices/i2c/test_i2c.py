"""I2C controller and the mock slave, used as the camera's SCCB driver uses them."""

from __future__ import annotations

import pytest

from sim.engine.devices.i2c.stm32f7_i2c import Stm32F7I2c
from sim.engine.devices.mocks.dummy_i2c_slave import DummyI2CSlave
from sim.engine.devices.parts.led import Led
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

CR1, CR2, TIMINGR, ISR, ICR, RXDR, TXDR = 0x00, 0x04, 0x10, 0x18, 0x1C, 0x24, 0x28
TXE, TXIS, RXNE, NACKF, STOPF, TC, TCR, BUSY = 1, 1 << 1, 1 << 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 15
READ, START, STOP, RELOAD, AUTOEND = 1 << 10, 1 << 13, 1 << 14, 1 << 24, 1 << 25
ADDRESS = 0x21 << 1


def nbytes(count: int) -> int:
    return count << 16


class Bench:
    def __init__(self) -> None:
        services = FakeServices()
        self.i2c = Stm32F7I2c(services, "i2c1")
        self.slave = DummyI2CSlave(services, "sccb")
        self.i2c.register_child(self.slave, 0x21)
        self.log: list[object] = []
        self.slave.data_received += lambda data: self.log.append(data)
        self.slave.read_requested += lambda count: self.log.append(count)
        self.slave.transmission_finished += lambda: self.log.append("stop")
        self.i2c.write(CR1, 4, 1)

    def status(self) -> int:
        return self.i2c.read(ISR, 4)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_register_write_with_automatic_end(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(2) | AUTOEND | START)
    assert not bench.i2c.read(CR2, 4) & START, "START clears itself"
    assert bench.status() == TXE | TXIS | BUSY
    bench.i2c.write(TXDR, 4, 0x12)
    assert bench.status() == TXE | TXIS | BUSY and bench.log == []
    bench.i2c.write(TXDR, 4, 0x80)
    assert bench.log == [b"\x12\x80", "stop"]
    assert bench.status() == TXE | STOPF
    bench.i2c.write(ICR, 4, STOPF)
    assert bench.status() == TXE


def test_register_read_is_a_write_then_a_read(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | AUTOEND | START)
    bench.i2c.write(TXDR, 4, 0x0A)
    bench.i2c.write(ICR, 4, STOPF)
    bench.slave.read_requested += lambda count: bench.slave.enqueue_response_byte(0x76)
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(2) | READ | AUTOEND | START)
    assert bench.status() == TXE | RXNE | BUSY, "the second byte waits on the bus"
    assert bench.i2c.read(RXDR, 4) == 0x76
    assert bench.status() == TXE | RXNE | STOPF
    assert bench.i2c.read(RXDR, 4) == 0, "the queue is empty: zeros"
    assert bench.status() == TXE | STOPF
    assert bench.log == [b"\x0a", "stop", 2, "stop"]


def test_software_end_and_repeated_start(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | START)
    bench.i2c.write(TXDR, 4, 0x0B)
    assert bench.status() == TXE | TC | BUSY
    bench.slave.enqueue_response_bytes(b"\x73")
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | READ | START)
    assert bench.status() == TXE | RXNE | TC | BUSY, "TC comes with the byte, read or not"
    assert bench.i2c.read(RXDR, 4) == 0x73
    assert bench.status() == TXE | TC | BUSY
    bench.i2c.write(CR2, 4, STOP)
    assert bench.status() == TXE | STOPF
    assert bench.log == [b"\x0b", 1, "stop"]


def test_no_answer_sets_nack_and_stop(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.i2c.write(CR1, 4, 1 | 1 << 4)
    bench.i2c.write(CR2, 4, 0x3C << 1 | nbytes(1) | AUTOEND | START)
    assert bench.status() == TXE | NACKF | STOPF
    assert bench.i2c.event_interrupt.value
    assert "no slave answers at address 0x3C" in caplog.text
    bench.i2c.write(ICR, 4, NACKF | STOPF)
    assert bench.status() == TXE and not bench.i2c.event_interrupt.value
    bench.i2c.write(TXDR, 4, 1)
    assert bench.log == [] and bench.status() == 0, "it waits in TXDR"
    bench.i2c.write(ISR, 4, TXE)
    assert bench.status() == TXE


@pytest.mark.parametrize("address", [ADDRESS, 0x3C << 1], ids=["answered", "not answered"])
def test_a_byte_written_before_start_is_the_first_on_the_bus(bench: Bench, address: int) -> None:
    """RM0433 47.4.9; ST's HAL preloads TXDR for every master transmit."""
    bench.i2c.write(TXDR, 4, 0x6B)
    assert bench.status() == 0, "TXE is down, nothing else is up"
    bench.i2c.write(CR2, 4, address | nbytes(2) | AUTOEND | START)
    if address != ADDRESS:
        assert bench.status() == NACKF | STOPF, "the byte has not left TXDR"
        bench.i2c.write(ISR, 4, TXE)
        assert bench.status() == TXE | NACKF | STOPF
        return
    assert bench.status() == TXE | TXIS | BUSY
    bench.i2c.write(TXDR, 4, 0x4A)
    assert bench.log == [b"\x6b\x4a", "stop"] and bench.status() == TXE | STOPF


def test_a_byte_too_many_is_the_first_of_the_next_transfer(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | AUTOEND | START)
    bench.i2c.write(TXDR, 4, 1)
    bench.i2c.write(TXDR, 4, 2)
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | AUTOEND | START)
    assert bench.log == [b"\x01", "stop", b"\x02", "stop"]


def test_start_during_a_transfer_waits_for_its_end(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | START)
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(2) | START)
    assert bench.i2c.read(CR2, 4) & START
    bench.i2c.write(TXDR, 4, 1)
    assert not bench.i2c.read(CR2, 4) & START and bench.log == [b"\x01"]
    for value in (2, 3):
        bench.i2c.write(TXDR, 4, value)
    assert bench.status() == TXE | TC | BUSY
    bench.i2c.write(CR2, 4, STOP)
    assert bench.log == [b"\x01", b"\x02\x03", "stop"]


def test_writing_zero_to_start_and_stop_changes_nothing(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(2) | START)
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(2))
    assert bench.status() == TXE | TXIS | BUSY


def test_reload_of_a_read(bench: Bench) -> None:
    bench.slave.enqueue_response_bytes(b"abc")
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | READ | RELOAD | START)
    assert bench.status() == TXE | RXNE | TCR | BUSY
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(2) | READ | AUTOEND)
    assert [bench.i2c.read(RXDR, 4) for _ in range(3)] == list(b"abc")
    assert bench.status() == TXE | STOPF and bench.log == [1, 2, "stop"]


class Picky(DummyI2CSlave):
    """Acknowledges two bytes of a write."""

    def accepts(self, data: bytes) -> bool:
        return len(data) <= 2


def test_a_refused_byte_ends_the_transfer(bench: Bench) -> None:
    slave = Picky(FakeServices(), "picky")
    seen: list[bytes] = []
    slave.data_received += seen.append
    bench.i2c.register_child(slave, 0x50)
    bench.i2c.write(CR2, 4, 0x50 << 1 | nbytes(5) | START)
    for value in (1, 2, 3):
        assert bench.status() == TXE | TXIS | BUSY
        bench.i2c.write(TXDR, 4, value)
    assert bench.status() == TXE | NACKF | STOPF and seen == [b"\x01\x02\x03"]


def test_address_probe_with_no_bytes(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | AUTOEND | START)
    assert bench.status() == TXE | STOPF


def test_reload_continues_the_transfer(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | RELOAD | START)
    bench.i2c.write(TXDR, 4, 1)
    assert bench.status() == TXE | TCR | BUSY
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(2) | AUTOEND)
    assert bench.status() == TXE | TXIS | BUSY
    bench.i2c.write(TXDR, 4, 2)
    bench.i2c.write(TXDR, 4, 3)
    assert bench.log == [b"\x01\x02\x03", "stop"], "one write to the slave: there was one START"


def test_stop_in_the_middle_hands_over_what_was_sent(bench: Bench) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(3) | START)
    bench.i2c.write(TXDR, 4, 0x55)
    bench.i2c.write(CR2, 4, ADDRESS | STOP)
    assert bench.log == [b"\x55", "stop"] and bench.status() == TXE | STOPF


@pytest.mark.parametrize(
    ("enable", "command"),
    [(1 << 1, nbytes(1) | START), (1 << 2, nbytes(1) | READ | START), (1 << 6, START), (1 << 5, AUTOEND | START)],
    ids=["TXIE", "RXIE", "TCIE", "STOPIE"],
)
def test_event_interrupts(bench: Bench, enable: int, command: int) -> None:
    bench.i2c.write(CR2, 4, ADDRESS | command)
    assert not bench.i2c.event_interrupt.value
    bench.i2c.write(CR1, 4, 1 | enable)
    assert bench.i2c.event_interrupt.value
    bench.i2c.write(CR1, 4, 0)
    assert not bench.i2c.event_interrupt.value and bench.status() == TXE, "PE = 0 is the software reset"


def test_misuse_is_logged_and_harmless(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.i2c.read(RXDR, 4) == 0
    bench.i2c.write(TXDR, 4, 9)
    bench.i2c.write(TXDR, 4, 8)
    bench.i2c.write(CR2, 4, ADDRESS | START | STOP)
    bench.i2c.write(CR1, 4, 0)
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | START)
    assert bench.status() == TXE and bench.log == []
    assert len(caplog.records) == 4


def test_timing_register_reads_back_and_reset_clears(bench: Bench) -> None:
    bench.i2c.write(TIMINGR, 4, 0x307075B1)
    assert bench.i2c.read(TIMINGR, 4) == 0x307075B1
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | START)
    bench.i2c.reset()
    assert bench.i2c.read(TIMINGR, 4) == 0 and bench.status() == TXE


def test_only_i2c_slaves_may_be_attached(bench: Bench) -> None:
    with pytest.raises(CrosscamError, match="led1 is no I2C slave"):
        bench.i2c.register_child(Led(FakeServices(), "led1"), 0x42)


def test_slave_reset_empties_the_queue_and_keeps_the_handlers(bench: Bench) -> None:
    bench.slave.enqueue_response_bytes([1, 2])
    bench.slave.reset()
    assert bench.slave.read(1) == b"\0" and bench.log == [1]


def test_a_slave_that_is_taken_away_answers_no_more(bench: Bench) -> None:
    bench.i2c.unregister_child(bench.slave)
    bench.i2c.write(CR2, 4, ADDRESS | nbytes(1) | START | AUTOEND)
    assert bench.status() & NACKF and not bench.i2c.children
    assert bench.log == []


def test_a_slave_has_no_registers_on_the_bus(caplog: pytest.LogCaptureFixture) -> None:
    monitor = Monitor()
    monitor.execute(
        'mach create; machine LoadPlatformDescriptionFromString """i2c: I2C.STM32F7_I2C @ sysbus 0x40005400\n'
        'slave: Mocks.DummyI2CSlave @ i2c 0x21"""'
    )
    assert monitor.execute("sysbus.i2c.slave ReadDoubleWord 2") == "0x00000000"
    monitor.execute("sysbus.i2c.slave WriteDoubleWord 2 1")
    assert caplog.text.count("offset 0x2") == 2
