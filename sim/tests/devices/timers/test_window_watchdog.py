"""The window watchdog: when it bites, its window, the early wake-up."""

from __future__ import annotations

import pytest

from sim.engine.devices.timers.stm32h7_window_watchdog import Stm32H7WindowWatchdog
from sim.tests.fake_services import FakeServices, Probe

CR, CFR, SR = 0x00, 0x04, 0x08
WDGA, EWI = 1 << 7, 1 << 9
STEP = 40.96  # us: 4096 periods of 100 MHz


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def watchdog(services: FakeServices) -> Stm32H7WindowWatchdog:
    return Stm32H7WindowWatchdog(services, "wwdg", apb_frequency=100_000_000)


def test_it_stands_until_it_is_activated(watchdog: Stm32H7WindowWatchdog, services: FakeServices) -> None:
    assert [watchdog.read(each, 4) for each in (CR, CFR, SR)] == [0x7F, 0x7F, 0]
    services.clock.microseconds(1_000_000)
    assert services.resets == [] and watchdog.read(CR, 4) == 0x7F


@pytest.mark.parametrize(("timebase", "steps"), [(0, 0x20), (3, 0x20), (7, 0x20)])
def test_it_bites_when_t6_falls(
    watchdog: Stm32H7WindowWatchdog, services: FakeServices, timebase: int, steps: int
) -> None:
    watchdog.write(CFR, 4, 0x7F | timebase << 11)
    watchdog.write(CR, 4, WDGA | 0x5F)
    services.clock.microseconds(STEP * (1 << timebase) * (steps - 0.1))
    assert services.resets == [] and watchdog.read(CR, 4) == WDGA | 0x40
    services.clock.microseconds(STEP * (1 << timebase) * 0.2)
    assert len(services.resets) == 1 and services.resets[0].startswith("WWDG")


def test_reloads_in_the_window_keep_it_quiet(watchdog: Stm32H7WindowWatchdog, services: FakeServices) -> None:
    watchdog.write(CFR, 4, 0x50)
    watchdog.write(CR, 4, WDGA | 0x60)
    for _ in range(5):
        services.clock.microseconds(STEP * 20)
        watchdog.write(CR, 4, WDGA | 0x60)
    assert services.resets == []
    services.clock.microseconds(STEP * 5)
    watchdog.write(CR, 4, WDGA | 0x60)
    assert "before its window" in services.resets[0]


def test_software_can_reset_and_cannot_stop_it(watchdog: Stm32H7WindowWatchdog, services: FakeServices) -> None:
    watchdog.write(CR, 4, WDGA | 0x7F)
    watchdog.write(CR, 4, 0x7F)
    assert watchdog.read(CR, 4) & WDGA and services.resets == []
    watchdog.write(CR, 4, WDGA | 0x3F)
    assert "T6 = 0" in services.resets[0]


def test_the_early_wake_up_comes_a_step_before(watchdog: Stm32H7WindowWatchdog, services: FakeServices) -> None:
    probe = Probe()
    watchdog.irq.connect(probe, 0)
    watchdog.write(CFR, 4, 0x7F | EWI)
    watchdog.write(CR, 4, WDGA | 0x45)
    for turn in range(1, 4):
        services.clock.microseconds(STEP * 4.9)
        assert probe.rises == turn - 1
        services.clock.microseconds(STEP * 0.2)
        assert probe.rises == turn and watchdog.read(SR, 4) == 1
        watchdog.write(CR, 4, WDGA | 0x45)
        watchdog.write(SR, 4, 0)
    assert services.resets == []
