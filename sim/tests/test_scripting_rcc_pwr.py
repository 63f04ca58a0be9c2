"""The scripts for RCC and PWR, by what start-up code does with them (RM0433)."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.engine.devices.base import Device
from sim.engine.scripting import PythonPeripheral
from sim.tests.test_scripting_peripheral import World

SCRIPTS = Path(sim.__file__).parent / "peripherals"
CR, CFGR, RSR, AHB1RSTR, AHB4ENR, APB4ENR = 0x00, 0x10, 0xD0, 0x80, 0xE0, 0xF4
CSR1, CR3, D3CR = 0x04, 0x0C, 0x18


class Counter(Device):
    resets = 0

    def reset(self) -> None:
        self.resets += 1


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def rcc(world: World) -> PythonPeripheral:
    return PythonPeripheral(world, "rcc", size=0x400, initable=True, filename=SCRIPTS / "stm32h7_rcc.py")


@pytest.fixture
def pwr(world: World) -> PythonPeripheral:
    return PythonPeripheral(world, "pwr", size=0x400, initable=True, filename=SCRIPTS / "stm32h7_pwr.py")


def test_oscillators_and_plls_get_ready(rcc: PythonPeripheral) -> None:
    assert rcc.read(CR, 4) & 0x185 == 0x185  # HSI and CSI run after reset
    for on, ready in ((16, 17), (24, 25), (26, 27), (28, 29), (12, 13)):
        rcc.write(CR, 4, rcc.read(CR, 4) | 1 << on)
        assert rcc.read(CR, 4) >> ready & 1
        rcc.write(CR, 4, rcc.read(CR, 4) & ~(1 << on))
        assert not rcc.read(CR, 4) >> ready & 1


def test_the_system_clock_switches_only_to_a_running_source(rcc: PythonPeripheral) -> None:
    rcc.write(CFGR, 4, 3)
    assert rcc.read(CFGR, 4) & 0x3F == 3
    rcc.write(CR, 4, rcc.read(CR, 4) | 1 << 24)
    rcc.write(CFGR, 4, 3 << 22 | 2 << 18 | 3)
    assert rcc.read(CFGR, 4) == 3 << 22 | 2 << 18 | 3 << 3 | 3


def test_enable_bits_read_back_in_both_views(rcc: PythonPeripheral) -> None:
    rcc.write(AHB4ENR, 4, 0x7FF)
    assert rcc.read(AHB4ENR, 4) == 0x7FF and rcc.read(AHB4ENR + 0x60, 4) == 0x7FF
    rcc.write(AHB4ENR + 1, 1, 0)
    assert rcc.read(AHB4ENR, 4) == 0xFF and rcc.read(AHB4ENR, 2) == 0xFF
    assert rcc.read(APB4ENR, 4) == 0x00010000


def test_reset_bits_reset_on_their_rise(world: World, rcc: PythonPeripheral) -> None:
    dma = Counter(world, "dma2")
    world.sysbus.windows.append((0x40020400, dma))
    rcc.write(AHB1RSTR, 4, 2)
    rcc.write(AHB1RSTR, 4, 2)
    assert dma.resets == 1
    rcc.write(AHB1RSTR, 4, 0)
    rcc.write(AHB1RSTR, 4, 2)
    assert dma.resets == 2


@pytest.mark.parametrize(
    ("reason", "bit"), [("IWDG1: watchdog reached 0", 26), ("AIRCR.SYSRESETREQ", 24), ("power-on", 23), ("button", 22)]
)
def test_the_reset_cause(world: World, rcc: PythonPeripheral, reason: str, bit: int) -> None:
    assert rcc.read(RSR, 4) == 0x00FE0000
    rcc.write(RSR, 4, 1 << 16)
    assert rcc.read(RSR, 4) == 0
    world.last_reset = reason
    rcc.reset()
    causes = rcc.read(RSR, 4) & (1 << 26 | 1 << 24 | 1 << 23)
    assert rcc.read(RSR, 4) >> bit & 1 and causes == (1 << bit) & ~(1 << 22)
    rcc.control_write(1, 1 << 24)
    assert rcc.read(RSR, 4) == 1 << 24


def test_an_undeclared_register_is_logged_not_invented(rcc: PythonPeripheral, caplog: pytest.LogCaptureFixture) -> None:
    assert rcc.read(0x200, 4) == 0
    assert "access to undeclared register 0x200" in caplog.text


def test_voltage_scaling_wants_the_supply_first(pwr: PythonPeripheral, caplog: pytest.LogCaptureFixture) -> None:
    assert not pwr.read(CSR1, 4) >> 13 & 1
    pwr.write(D3CR, 4, 0xC000)
    assert pwr.read(D3CR, 4) == 0x4000 and "VOS written before the supply was chosen" in caplog.text
    pwr.write(CR3, 4, 0x2)
    assert pwr.read(CSR1, 4) == 0x6000 and pwr.read(CR3, 4) == 0x2
    pwr.write(D3CR, 4, 0xC000)
    assert pwr.read(D3CR, 4) == 0xE000 and pwr.read(CSR1, 4) == 0xE000


def test_the_supply_is_chosen_once_and_survives_a_reset(pwr: PythonPeripheral) -> None:
    pwr.write(CR3, 4, 0x2)
    pwr.write(CR3, 4, 0x6)
    assert pwr.read(CR3, 4) == 0x2
    pwr.write(D3CR, 4, 0x8000)
    pwr.reset()
    assert pwr.read(CR3, 4) == 0x2 and pwr.read(D3CR, 4) == 0x6000
