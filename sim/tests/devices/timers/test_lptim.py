"""Low-power timer: counting, compare, one shot, preload, locks."""

from __future__ import annotations

import pytest

from sim.engine.devices.timers.stm32_lptim import Stm32LpTim
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

ISR, ICR, IER, CFGR, CR, CMP, ARR, CNT = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C
CMPM, ARRM, CMPOK, ARROK = 1, 2, 8, 16
ENABLE, SNGSTRT, CNTSTRT, COUNTRST = 1, 2, 4, 8
PRELOAD = 1 << 22


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def timer(services: FakeServices) -> Stm32LpTim:
    """1 MHz: a count a microsecond."""
    return Stm32LpTim(services, "lptimer1", frequency=1_000_000)


def start(timer: Stm32LpTim, arr: int, cmp: int, mode: int = CNTSTRT, ier: int = 0, cfgr: int = 0) -> None:
    timer.write(IER, 4, ier)
    timer.write(CFGR, 4, cfgr)
    timer.write(CR, 4, ENABLE)
    timer.write(ARR, 4, arr)
    timer.write(CMP, 4, cmp)
    timer.write(ICR, 4, CMPOK | ARROK)
    timer.write(CR, 4, ENABLE | mode)


def test_reset_values(timer: Stm32LpTim) -> None:
    assert [timer.read(offset, 4) for offset in (ISR, IER, CFGR, CR, CMP, ARR, CNT)] == [0, 0, 0, 0, 0, 1, 0]


def test_counts_to_arr_and_starts_again(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 9, 4)
    for time, count, flags in ((3, 3, 0), (4, 4, CMPM), (8, 8, CMPM), (9, 9, CMPM | ARRM), (10, 0, CMPM | ARRM)):
        services.clock.microseconds(time - services.clock.now / 480)
        assert (timer.read(CNT, 4), timer.read(ISR, 4)) == (count, flags)
    services.clock.microseconds(12345)
    assert timer.read(CNT, 4) == 12355 % 10


def test_flags_come_again_in_every_period(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 9, 4)
    for _ in range(3):
        services.clock.microseconds(10)
        assert timer.read(ISR, 4) == CMPM | ARRM
        timer.write(ICR, 4, CMPM | ARRM)
        assert timer.read(ISR, 4) == 0


def test_interrupt_rises_at_the_match_and_falls_when_cleared(timer: Stm32LpTim, services: FakeServices) -> None:
    probe = Probe()
    timer.irq.connect(probe, 47)
    start(timer, 99, 50, ier=ARRM | CMPM)
    services.clock.microseconds(49)
    assert not timer.irq.value
    services.clock.microseconds(1)
    assert timer.irq.value
    timer.write(ICR, 4, CMPM)
    assert not timer.irq.value
    services.clock.microseconds(49)
    assert timer.irq.value
    timer.write(ICR, 4, ARRM)
    services.clock.microseconds(51)
    assert timer.irq.value and probe.rises == 3


def test_prescaler_divides(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 99, 50, cfgr=3 << 9)
    services.clock.microseconds(80)
    assert timer.read(CNT, 4) == 10


def test_one_shot_stops(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 9, 4, mode=SNGSTRT, ier=ARRM)
    services.clock.microseconds(100)
    assert timer.read(ISR, 4) == CMPM | ARRM and timer.read(CNT, 4) == 0
    timer.write(ICR, 4, CMPM | ARRM)
    services.clock.microseconds(100)
    assert timer.read(ISR, 4) == 0 and services.clock.pending == 0
    timer.write(CR, 4, ENABLE | SNGSTRT)
    services.clock.microseconds(9)
    assert timer.irq.value


def test_cmpok_and_arrok_come_with_the_write(timer: Stm32LpTim) -> None:
    timer.write(IER, 4, ARROK)
    timer.write(CR, 4, ENABLE)
    timer.write(ARR, 4, 100)
    assert timer.read(ISR, 4) == ARROK and timer.irq.value
    timer.write(CMP, 4, 50)
    timer.write(ICR, 4, ARROK)
    assert timer.read(ISR, 4) == CMPOK and not timer.irq.value


def test_preload_waits_for_the_end_of_the_period(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 9, 4, cfgr=PRELOAD)
    timer.write(ARR, 4, 19)
    services.clock.microseconds(11)
    assert timer.read(CNT, 4) == 1
    services.clock.microseconds(18)
    assert timer.read(CNT, 4) == 19


def test_without_preload_arr_counts_at_once(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 9, 4)
    services.clock.microseconds(2)
    timer.write(ARR, 4, 19)
    services.clock.microseconds(17)
    assert timer.read(CNT, 4) == 19


def test_compare_zero_matches_at_each_new_period(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 9, 0, ier=CMPM)
    services.clock.microseconds(9)
    assert not timer.irq.value
    services.clock.microseconds(1)
    assert timer.irq.value


def test_registers_are_locked_as_the_manual_says(timer: Stm32LpTim, caplog: pytest.LogCaptureFixture) -> None:
    timer.write(ARR, 4, 77)
    timer.write(CMP, 4, 7)
    assert timer.read(ARR, 4) == 1 and timer.read(CMP, 4) == 0
    timer.write(CR, 4, ENABLE)
    timer.write(IER, 4, 3)
    timer.write(CFGR, 4, 1 << 9)
    assert timer.read(IER, 4) == timer.read(CFGR, 4) == 0
    assert "while ENABLE is 0: ignored" in caplog.text and "while ENABLE is 1: ignored" in caplog.text


def test_counter_reset_and_switching_off(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 99, 50)
    services.clock.microseconds(30)
    timer.write(CR, 4, ENABLE | COUNTRST)
    services.clock.microseconds(5)
    assert timer.read(CNT, 4) == 5
    timer.write(CR, 4, 0)
    services.clock.microseconds(5)
    assert timer.read(CNT, 4) == 0


def test_start_of_both_kinds_is_refused(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 99, 50, mode=SNGSTRT | CNTSTRT)
    services.clock.microseconds(10)
    assert timer.read(CNT, 4) == 0


def test_a_clock_of_zero_is_refused(services: FakeServices) -> None:
    with pytest.raises(CrosscamError, match="frequency is 0 Hz"):
        Stm32LpTim(services, "lptimer", frequency=0)


def test_reset_stops_it(timer: Stm32LpTim, services: FakeServices) -> None:
    start(timer, 9, 4, ier=ARRM)
    services.clock.microseconds(9)
    timer.reset()
    assert not timer.irq.value and timer.read(ARR, 4) == 1 and services.clock.pending == 0
