"""Timers and the watchdog on virtual time."""

from __future__ import annotations

import pytest

from sim.engine.devices.timers.stm32_independent_watchdog import Stm32IndependentWatchdog
from sim.engine.devices.timers.stm32_timer import Stm32Timer
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

CR1, DIER, SR, EGR, CCMR1, CCER, CNT, PSC, ARR, RCR, CCR1, CCR2 = (
    0x00,
    0x0C,
    0x10,
    0x14,
    0x18,
    0x20,
    0x24,
    0x28,
    0x2C,
    0x30,
    0x34,
    0x38,
)
CEN, UDIS, URS, OPM, DOWN, ARPE = 1, 2, 4, 8, 16, 128
UIF, CC1IF = 1, 2
CYCLES_PER_COUNT = 480  # core at 480 MHz, timer at 240 MHz divided by 240: 1 MHz


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def timer(services: FakeServices) -> Stm32Timer:
    timer = Stm32Timer(services, "timer3", frequency=240_000_000, initial_limit=0xFFFF)
    timer.write(PSC, 4, 239)
    timer.write(EGR, 4, 1)
    timer.write(SR, 4, 0)
    return timer


def test_counts_microseconds_of_virtual_time(timer: Stm32Timer, services: FakeServices) -> None:
    services.clock.microseconds(10)
    assert timer.read(CNT, 4) == 0, "CEN is 0"
    timer.write(CR1, 4, CEN)
    services.clock.advance(CYCLES_PER_COUNT - 1)
    assert timer.read(CNT, 4) == 0
    services.clock.advance(1)
    assert timer.read(CNT, 4) == 1
    services.clock.microseconds(65534)
    assert timer.read(CNT, 4) == 0xFFFF and not timer.read(SR, 4) & UIF
    services.clock.microseconds(1)
    assert timer.read(CNT, 4) == 0 and timer.read(SR, 4) & UIF
    timer.write(CR1, 4, 0)
    services.clock.microseconds(5)
    assert timer.count_now == 0


def test_a_free_running_timer_schedules_nothing(timer: Stm32Timer, services: FakeServices) -> None:
    timer.write(CR1, 4, CEN)
    assert services.clock.pending == 0
    services.clock.microseconds(65536 * 1000 + 7)
    assert timer.read(CNT, 4) == 7
    services.clock.microseconds(65536 * 1000)
    assert timer.read(CNT, 4) == 7


def test_prescaler_waits_for_the_update_event(services: FakeServices) -> None:
    timer = Stm32Timer(services, "timer6", frequency=480_000_000, initial_limit=0xFFFF)
    timer.write(ARR, 4, 99)
    timer.write(PSC, 4, 9)
    assert timer.read(PSC, 4) == 9
    timer.write(CR1, 4, CEN)
    services.clock.advance(100 + 55)
    assert timer.read(CNT, 4) == 5, "first period undivided, then divided by ten"
    services.clock.advance(5)
    assert timer.read(CNT, 4) == 6


def test_rates_that_do_not_divide_do_not_drift(services: FakeServices) -> None:
    timer = Stm32Timer(services, "timer2", frequency=7_000_000, initial_limit=0xFFFFFFFF)
    timer.write(CR1, 4, CEN)
    for _ in range(700):
        services.clock.advance(480_000)
        timer.read(CNT, 4)
    assert timer.read(CNT, 4) == 4_900_000


def test_update_interrupt_every_period_until_acknowledged(timer: Stm32Timer, services: FakeServices) -> None:
    probe = Probe()
    timer.irq.connect(probe, 29)
    timer.write(ARR, 4, 999)
    timer.write(DIER, 4, 1)
    timer.write(CR1, 4, CEN)
    services.clock.microseconds(999)
    assert probe.rises == 0
    for count in range(1, 5):
        services.clock.microseconds(1000 if count > 1 else 1)
        assert probe.rises == count and timer.update_interrupt.value
        timer.write(SR, 4, ~UIF & 0xFFFFFFFF)
        assert not timer.irq.value
    timer.write(DIER, 4, 0)
    services.clock.microseconds(5000)
    assert probe.rises == 4 and timer.read(SR, 4) & UIF, "the flag rises without the interrupt"
    timer.write(DIER, 4, 1)
    assert timer.irq.value


def test_one_pulse_stops_at_the_update(timer: Stm32Timer, services: FakeServices) -> None:
    timer.write(ARR, 4, 9)
    timer.write(DIER, 4, 1)
    timer.write(CR1, 4, CEN | OPM)
    services.clock.microseconds(100)
    assert timer.irq.value and not timer.read(CR1, 4) & CEN and timer.read(CNT, 4) == 0


def test_counting_down(timer: Stm32Timer, services: FakeServices) -> None:
    timer.write(ARR, 4, 9)
    timer.write(CR1, 4, DOWN)
    timer.write(CNT, 4, 3)
    timer.write(CR1, 4, DOWN | CEN)
    services.clock.microseconds(3)
    assert timer.read(CNT, 4) == 0 and not timer.read(SR, 4) & UIF
    services.clock.microseconds(1)
    assert timer.read(CNT, 4) == 9 and timer.read(SR, 4) & UIF


def test_update_generation_and_its_source_bits(timer: Stm32Timer) -> None:
    timer.write(CNT, 4, 50)
    timer.write(CR1, 4, URS)
    timer.write(EGR, 4, 1)
    assert timer.read(CNT, 4) == 0 and timer.read(SR, 4) == 0
    timer.write(CR1, 4, 0)
    timer.write(EGR, 4, 1)
    assert timer.read(SR, 4) == UIF
    timer.write(SR, 4, 0)
    timer.write(CR1, 4, UDIS)
    timer.write(EGR, 4, 1 | CC1IF)
    assert timer.read(SR, 4) == CC1IF


def test_auto_reload_preload_waits_for_the_update(timer: Stm32Timer, services: FakeServices) -> None:
    timer.write(ARR, 4, 9)
    timer.write(EGR, 4, 1)
    timer.write(SR, 4, 0)
    timer.write(CR1, 4, CEN | ARPE)
    timer.write(ARR, 4, 4)
    services.clock.microseconds(9)
    assert timer.read(CNT, 4) == 9
    services.clock.microseconds(1 + 5)
    assert timer.read(CNT, 4) == 0


def test_limit_below_the_counter_runs_all_the_way_round(timer: Stm32Timer, services: FakeServices) -> None:
    timer.write(CNT, 4, 100)
    timer.write(CR1, 4, CEN)
    timer.write(ARR, 4, 50)
    services.clock.microseconds(0x10000 - 100 - 1)
    assert timer.read(CNT, 4) == 0xFFFF
    services.clock.microseconds(1)
    assert timer.read(CNT, 4) == 0


def test_limit_of_zero_blocks_the_counter(timer: Stm32Timer, services: FakeServices) -> None:
    timer.write(ARR, 4, 0)
    timer.write(DIER, 4, 1)
    timer.write(CR1, 4, CEN)
    services.clock.microseconds(10)
    assert timer.read(CNT, 4) == 0 and not timer.read(SR, 4) & UIF
    timer.write(ARR, 4, 4)
    services.clock.microseconds(5)
    assert timer.irq.value


def test_repetition_counter_thins_out_the_updates(timer: Stm32Timer, services: FakeServices) -> None:
    timer.write(ARR, 4, 9)
    timer.write(RCR, 4, 2)
    timer.write(EGR, 4, 1)
    timer.write(SR, 4, 0)
    timer.write(DIER, 4, 1)
    timer.write(CR1, 4, CEN)
    services.clock.microseconds(29)
    assert not timer.irq.value
    services.clock.microseconds(1)
    assert timer.irq.value


def test_compare_interrupt(timer: Stm32Timer, services: FakeServices) -> None:
    probe = Probe()
    timer.capture_compare_interrupt.connect(probe, 46)
    timer.write(ARR, 4, 99)
    timer.write(CCR2, 4, 40)
    timer.write(DIER, 4, 1 << 2)
    timer.write(CR1, 4, CEN)
    services.clock.microseconds(39)
    assert probe.rises == 0
    services.clock.microseconds(1)
    assert probe.rises == 1 and timer.read(SR, 4) & 1 << 2 and timer.read(CNT, 4) == 40
    timer.write(SR, 4, 0)
    services.clock.microseconds(100)
    assert probe.rises == 2


def test_pwm_output_on_a_wired_channel(timer: Stm32Timer, services: FakeServices) -> None:
    edges: list[tuple[int, bool]] = []

    class Pin:
        def on_gpio(self, number: int, value: bool) -> None:
            edges.append((services.clock.now // CYCLES_PER_COUNT, value))

    timer.outputs[0].connect(Pin(), 0)
    timer.write(ARR, 4, 9)
    timer.write(CCR1, 4, 3)
    timer.write(CCMR1, 4, 6 << 4)
    timer.write(CCER, 4, 1)
    timer.write(CR1, 4, CEN)
    services.clock.microseconds(24)
    assert edges == [(0, False), (0, True), (3, False), (10, True), (13, False), (20, True), (23, False)]
    timer.write(CCER, 4, 0)
    services.clock.microseconds(10)
    assert len(edges) == 7


def test_toggle_on_match(timer: Stm32Timer, services: FakeServices) -> None:
    probe = Probe()
    timer.outputs[0].connect(probe, 0)
    timer.write(ARR, 4, 9)
    timer.write(CCR1, 4, 5)
    timer.write(CCMR1, 4, 3 << 4)
    timer.write(CCER, 4, 1)
    timer.write(CR1, 4, CEN)
    services.clock.microseconds(30)
    assert [value for _, value in probe.calls] == [False, True, False, True]


def test_timer_reset_and_bad_width(timer: Stm32Timer, services: FakeServices) -> None:
    timer.write(DIER, 4, 1)
    timer.write(CR1, 4, CEN)
    services.clock.microseconds(70000)
    assert timer.irq.value
    timer.on_gpio(0xFF, True)
    assert not timer.irq.value and timer.read(CNT, 4) == 0 and timer.read(ARR, 4) == 0xFFFF
    assert services.clock.pending == 0
    with pytest.raises(CrosscamError, match="initialLimit is 0"):
        Stm32Timer(services, "timer9", frequency=1, initial_limit=0)


KR, PR, RLR, WSR, WINR = 0x00, 0x04, 0x08, 0x0C, 0x10


@pytest.fixture
def watchdog(services: FakeServices) -> Stm32IndependentWatchdog:
    return Stm32IndependentWatchdog(services, "watchdog", frequency=32_000)


def configure(watchdog: Stm32IndependentWatchdog, prescaler: int, reload: int) -> None:
    for offset, value in ((KR, 0xCCCC), (KR, 0x5555), (PR, prescaler), (RLR, reload), (KR, 0xAAAA)):
        watchdog.write(offset, 4, value)


def test_watchdog_resets_the_chip_when_it_is_not_reloaded(
    watchdog: Stm32IndependentWatchdog, services: FakeServices
) -> None:
    configure(watchdog, 3, 999)  # 32 / 32000 Hz: 1 ms a count
    assert watchdog.running and watchdog.read(PR, 4) == 3 and watchdog.read(WSR, 4) == 0
    for _ in range(5):
        services.clock.microseconds(999_000)
        assert watchdog.count_now == 0 and services.resets == []
        watchdog.write(KR, 4, 0xAAAA)
        assert watchdog.count_now == 999
    services.clock.microseconds(999_999)
    assert services.resets == []
    services.clock.microseconds(1)
    assert services.resets == ["IWDG1: watchdog not reloaded in time"] and not watchdog.running


def test_watchdog_default_period_is_the_manuals_512_ms(
    watchdog: Stm32IndependentWatchdog, services: FakeServices
) -> None:
    watchdog.write(KR, 4, 0xCCCC)
    services.clock.microseconds(511_999)
    assert services.resets == []
    services.clock.microseconds(1)
    assert len(services.resets) == 1


def test_watchdog_registers_need_the_key(watchdog: Stm32IndependentWatchdog, caplog: pytest.LogCaptureFixture) -> None:
    watchdog.write(RLR, 4, 5)
    assert watchdog.read(RLR, 4) == 0xFFF and "without the key" in caplog.text
    watchdog.write(KR, 4, 0x5555)
    watchdog.write(RLR, 4, 5)
    watchdog.write(KR, 4, 0xAAAA)
    watchdog.write(PR, 4, 2)
    assert watchdog.read(RLR, 4) == 5 and watchdog.read(PR, 4) == 0 and watchdog.count_now == 5


def test_watchdog_window(watchdog: Stm32IndependentWatchdog, services: FakeServices) -> None:
    configure(watchdog, 3, 999)
    watchdog.write(KR, 4, 0x5555)
    watchdog.write(WINR, 4, 500)
    services.clock.microseconds(600_000)
    watchdog.write(KR, 4, 0xAAAA)
    assert services.resets == []
    services.clock.microseconds(100_000)
    watchdog.write(KR, 4, 0xAAAA)
    assert services.resets == ["IWDG1: watchdog reloaded before its window opened"]


def test_watchdog_new_prescaler_keeps_the_count(watchdog: Stm32IndependentWatchdog, services: FakeServices) -> None:
    configure(watchdog, 3, 999)
    services.clock.microseconds(400_000)
    watchdog.write(KR, 4, 0x5555)
    watchdog.write(PR, 4, 4)
    assert watchdog.count_now == 599
    services.clock.microseconds(1_199_999)
    assert services.resets == []
    services.clock.microseconds(1)
    assert len(services.resets) == 1


def test_watchdog_stops_at_reset(watchdog: Stm32IndependentWatchdog, services: FakeServices) -> None:
    configure(watchdog, 0, 10)
    watchdog.reset()
    services.clock.microseconds(10_000_000)
    assert services.resets == [] and not watchdog.running and watchdog.count_now == 0xFFF
    assert Stm32IndependentWatchdog(services, "w", frequency=1, window_option=False).read(WINR, 4) == 0
