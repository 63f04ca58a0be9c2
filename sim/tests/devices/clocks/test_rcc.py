"""Reset and clock control of F4 and F7: ready flags, reset lines, reset causes, the real-time clock's clock."""

from __future__ import annotations

import pytest

from sim.engine.devices.clocks.stm32f4_rcc import Stm32F4Rcc
from sim.engine.devices.clocks.stm32f4_rtc import Stm32F4Rtc
from sim.engine.devices.serial.stm32_uart import Stm32Uart
from sim.engine.devices.timers.stm32_timer import Stm32Timer
from sim.tests.fake_services import FakeServices, Probe

CR, PLLCFGR, CFGR, CIR, AHB1RSTR, APB1RSTR, APB2RSTR, AHB1ENR, APB1ENR, BDCR, CSR = (
    *(0x00, 0x04, 0x08, 0x0C, 0x10, 0x20, 0x24, 0x30, 0x40, 0x70, 0x74),
)
HSION, HSEON, PLLON = 1, 1 << 16, 1 << 24
LSEON, RTCEN, BDRST, RMVF = 1, 1 << 15, 1 << 16, 1 << 24
BKP0R = 0x50


class Bench:
    def __init__(self) -> None:
        self.services = FakeServices()
        self.rtc = Stm32F4Rtc(self.services, "rtc")
        self.rcc = Stm32F4Rcc(self.services, "rcc", rtc_peripheral=self.rtc)

    def read(self, offset: int) -> int:
        return self.rcc.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.rcc.write(offset, 4, value)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_reset_values(bench: Bench) -> None:
    wanted = {CR: 0x83, PLLCFGR: 0x24003010, CFGR: 0, AHB1ENR: 0x100000, APB1ENR: 0, BDCR: 0, CSR: 0x0E000000}
    assert {offset: bench.read(offset) for offset in wanted} == wanted


@pytest.mark.parametrize(("on", "ready"), [(0, 1), (16, 17), (24, 25), (26, 27), (28, 29)])
def test_ready_bits_follow_on_bits(bench: Bench, on: int, ready: int) -> None:
    bench.write(CR, 1 << on)
    assert bench.read(CR) & 0x3F03000F == 1 << on | 1 << ready
    bench.write(CR, 0)
    assert bench.read(CR) == 0


def test_the_switch_follows_only_to_a_clock_that_is_on(bench: Bench) -> None:
    bench.write(CFGR, 2)
    assert bench.read(CFGR) == 2
    bench.write(CR, HSION | HSEON | PLLON)
    assert bench.read(CFGR) == 2 | 2 << 2
    bench.write(CFGR, 0x9401)
    assert bench.read(CFGR) == 0x9401 | 1 << 2


def test_low_speed_oscillators(bench: Bench) -> None:
    bench.write(BDCR, LSEON)
    bench.write(CSR, 1)
    assert bench.read(BDCR) == 3 and bench.read(CSR) & 3 == 3


def test_a_reset_bit_resets_what_the_board_has_there(bench: Bench) -> None:
    uart = Stm32Uart(bench.services, "usart2")
    timer = Stm32Timer(bench.services, "timer1", frequency=1_000_000, initial_limit=0xFFFF)
    bench.services.sysbus.windows += [(0x40004400, uart), (0x40010000, timer)]
    uart.write(0x0C, 4, 1 << 13)
    timer.write(0x28, 4, 77)
    bench.write(APB1RSTR, 1 << 17)
    assert uart.read(0x0C, 4) == 0 and timer.read(0x28, 4) == 77
    uart.write(0x0C, 4, 1 << 13)
    bench.write(APB1RSTR, 1 << 17 | 1 << 18)  # not again; nothing at 0x40004800
    assert uart.read(0x0C, 4) == 1 << 13
    bench.write(APB2RSTR, 1)
    assert timer.read(0x28, 4) == 0


def test_timer9_reset_pulses_when_the_bit_goes_back(bench: Bench) -> None:
    probe = Probe()
    bench.rcc.outputs["Timer9Reset"].connect(probe, 255)
    bench.write(APB2RSTR, 1 << 16)
    assert probe.rises == 0
    bench.write(APB2RSTR, 0)
    assert probe.calls[-2:] == [(255, True), (255, False)]


@pytest.mark.parametrize(
    ("reason", "flags"), [("SYSRESETREQ", 1 << 28), ("watchdog IWDG", 1 << 29), ("WWDG", 1 << 30), ("other", 0)]
)
def test_causes_of_resets_add_up_until_removed(bench: Bench, reason: str, flags: int) -> None:
    bench.services.last_reset = reason
    bench.rcc.reset()
    assert bench.read(CSR) == 0x0E000000 | flags
    bench.write(CSR, RMVF)
    assert bench.read(CSR) == 0
    bench.rcc.reset()
    assert bench.read(CSR) == 1 << 26 | flags


def test_the_real_time_clock_runs_once_selected_and_enabled(bench: Bench) -> None:
    def seconds(count: int) -> None:
        bench.services.clock.advance(count * 480_000_000)

    seconds(3)
    assert bench.rtc.read(0, 4) == 0
    bench.write(BDCR, RTCEN)
    seconds(3)
    assert bench.rtc.read(0, 4) == 0
    bench.rtc.read(4, 4)
    bench.write(BDCR, RTCEN | 1 << 8)
    seconds(3)
    assert bench.rtc.read(0, 4) == 0, "LSE is off"
    bench.rtc.read(4, 4)
    bench.write(BDCR, RTCEN | 1 << 8 | LSEON)
    seconds(3)
    assert bench.rtc.read(0, 4) == 3


def test_the_backup_domain_outlives_a_system_reset_and_not_bdrst(bench: Bench) -> None:
    bench.write(BDCR, LSEON | RTCEN | 1 << 8)
    bench.rtc.write(BKP0R, 4, 0x1234)
    bench.services.last_reset = "SYSRESETREQ"
    bench.rcc.reset()
    bench.rtc.reset()
    assert bench.read(BDCR) == LSEON | 2 | RTCEN | 1 << 8 and bench.rtc.read(BKP0R, 4) == 0x1234
    bench.write(BDCR, BDRST)
    assert bench.read(BDCR) == BDRST and bench.rtc.read(BKP0R, 4) == 0
    bench.write(BDCR, 0)
    bench.services.last_reset = "power-on"
    bench.write(BDCR, LSEON)
    bench.rcc.reset()
    assert bench.read(BDCR) == 0


def test_enables_of_one_byte_lane(bench: Bench) -> None:
    bench.rcc.write(AHB1ENR, 1, 0xFF)
    assert bench.read(AHB1ENR) == 0x1000FF
