"""The F1's ports and the multiplexer of its interrupt lines."""

from __future__ import annotations

import pytest

from sim.engine.devices.pins.stm32f1_gpio_port import Stm32F1Afio, Stm32F1GpioPort
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

CRL, CRH, IDR, ODR, BSRR, BRR, LCKR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18
ANALOG, FLOATING, PULLED = 0x0, 0x4, 0x8
PUSH_PULL, OPEN_DRAIN, ALTERNATE = 0x3, 0x7, 0xB
LOCK = 1 << 16


class Bench:
    def __init__(self) -> None:
        self.services = FakeServices()
        self.port = Stm32F1GpioPort(self.services, "gpioPortA", inverted_af_pins=[[7, 1]])
        self.probe = Probe()
        for pin in range(16):
            self.port.outputs[pin].connect(self.probe, pin)
        self.probe.calls.clear()

    def configure(self, pin: int, bits: int) -> None:
        register, shift = (CRL, CRH)[pin >> 3], 4 * (pin & 7)
        self.set(register, self.get(register) & ~(15 << shift) | bits << shift)

    def set(self, offset: int, value: int) -> None:
        self.port.write(offset, 4, value)

    def get(self, offset: int) -> int:
        return self.port.read(offset, 4)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_every_pin_floats_after_reset(bench: Bench) -> None:
    assert (bench.get(CRL), bench.get(CRH), bench.get(IDR), bench.get(ODR)) == (0x44444444, 0x44444444, 0, 0)


def test_the_latch_reaches_the_pad_of_an_output_only(bench: Bench) -> None:
    bench.set(BSRR, 1 << 3 | 1 << 12)
    assert bench.probe.calls == [] and bench.get(ODR) == 1 << 3 | 1 << 12
    bench.configure(12, PUSH_PULL)
    assert bench.probe.calls == [(12, True)] and bench.get(IDR) == 1 << 12
    bench.set(BRR, 1 << 12)
    assert bench.probe.calls[-1] == (12, False) and bench.get(ODR) == 1 << 3
    bench.set(BSRR, 1 << 12 | 1 << 28)
    assert bench.get(ODR) >> 12 & 1, "setting wins"


def test_inputs_follow_outside_and_pulls_until_driven(bench: Bench) -> None:
    bench.configure(5, PULLED)
    bench.set(ODR, 1 << 5)
    assert bench.get(IDR) == 1 << 5
    bench.port.on_gpio(5, False)
    assert bench.get(IDR) == 0
    bench.port.on_gpio(4, True)
    assert bench.get(IDR) == 1 << 4
    bench.configure(4, ANALOG)
    assert bench.get(IDR) == 0


def test_open_drain_lets_go(bench: Bench) -> None:
    bench.configure(2, OPEN_DRAIN)
    bench.set(ODR, 1 << 2)
    assert bench.get(IDR) == 1 << 2
    bench.port.on_gpio(2, False)
    assert bench.get(IDR) == 0


def test_alternate_functions_drive_and_may_be_complemented(bench: Bench) -> None:
    bench.configure(7, ALTERNATE)
    function = bench.port.local_receiver(7)
    function.on_gpio(2, True)
    assert bench.get(IDR) == 1 << 7
    function.on_gpio(1, True)
    assert bench.get(IDR) == 0
    with pytest.raises(CrosscamError, match="no pin 16"):
        bench.port.local_receiver(16)


def test_a_locked_pin_keeps_its_mode(bench: Bench) -> None:
    for value in (LOCK | 1 << 9, 1 << 9, LOCK | 1 << 9):
        bench.set(LCKR, value)
    assert bench.get(LCKR) == LOCK | 1 << 9
    bench.set(CRH, 0x33333333)
    assert bench.get(CRH) == 0x33333343
    bench.set(LCKR, LOCK | 0xFFFF)
    assert bench.get(LCKR) == LOCK | 1 << 9
    bench.port.reset()
    assert bench.get(LCKR) == 0


def test_a_lock_sequence_that_was_broken_can_be_started_anew(bench: Bench) -> None:
    for value in (LOCK | 1 << 9, 1 << 9 | 1 << 4, LOCK | 1 << 9):  # another pin in the middle: no lock
        bench.set(LCKR, value)
    assert bench.get(LCKR) == 0
    for value in (LOCK | 1 << 9, 1 << 9, LOCK | 1 << 9):
        bench.set(LCKR, value)
    assert bench.get(LCKR) == LOCK | 1 << 9


def test_bad_parameters() -> None:
    with pytest.raises(CrosscamError, match=r"invertedAFPins entry \[16, 1\]: expected \[pin 0..15, timer 0..17\]"):
        Stm32F1GpioPort(FakeServices(), "gpioPortA", inverted_af_pins=[[16, 1]])


def test_each_line_comes_from_the_port_it_is_told() -> None:
    services = FakeServices()
    ports = [Stm32F1GpioPort(services, f"gpioPort{name}") for name in "AB"]
    afio = Stm32F1Afio(services, "afio", gpio_ports=ports)
    probe = Probe()
    afio.outputs[6].connect(probe, 6)
    probe.calls.clear()
    ports[1].on_gpio(6, True)
    assert probe.calls == []
    afio.write(0x0C, 4, 1 << 8)
    assert probe.calls == [(6, True)]
    ports[0].on_gpio(6, True)
    ports[1].on_gpio(6, False)
    assert probe.calls == [(6, True), (6, False)]
    afio.reset()
    assert probe.calls[-1] == (6, True)
