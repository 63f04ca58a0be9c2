"""Stop mode by a clock of board time: what stands while the core sleeps deeply, and what goes on."""

from __future__ import annotations

from typing import Any

import pytest

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.tests.firmware_bench import ROOT

SCR, SYST_CSR, SYST_RVR, SYST_CVR = 0xE000ED10, 0xE000E010, 0xE000E014, 0xE000E018
TIM2_CR1, TIM2_CNT, IWDG = 0x40000000, 0x40000024, 0x58004800
USART3_CR1, USART3_BRR, USART3_TDR = 0x40004800, 0x4000480C, 0x40004828
SLEEPDEEP = 4


def board(timing: str) -> Any:
    monitor = Monitor(timing=timing)
    monitor.execute("mach create")
    monitor.execute(f"machine LoadPlatformDescription @{ROOT / 'sim' / 'board' / 'stm32h743.repl'}")
    return monitor.machine


def start_counters(machine: Machine) -> None:
    for address, value in ((SYST_RVR, 0xFFFFFF), (SYST_CVR, 0), (SYST_CSR, 5), (TIM2_CR1, 1)):
        machine.sysbus.write(address, 4, value)


def counts(machine: Machine) -> tuple[int, int]:
    return machine.sysbus.read(SYST_CVR, 4), machine.sysbus.read(TIM2_CNT, 4)


@pytest.mark.parametrize(
    ("timing", "scr", "stand"),
    [("cortex-m7", SLEEPDEEP, True), ("cortex-m7", 0, False), ("instructions", SLEEPDEEP, False)],
)
def test_timers_stand_in_stop_mode_only(timing: str, scr: int, stand: bool) -> None:
    machine = board(timing)
    start_counters(machine)
    machine.run_for(0.0001)
    machine.sysbus.write(SCR, 4, scr)
    before = counts(machine)
    machine.cpu.sleep()
    machine.run_for(0.0001)
    assert (counts(machine) == before) is stand
    machine.cpu.wake()
    machine.run_for(0.0001)
    systick, timer = counts(machine)
    assert systick < before[0] and timer > before[1]


def test_a_character_is_lost_when_its_clock_stops_and_those_behind_it_are_not(caplog: pytest.LogCaptureFixture) -> None:
    machine = board("cortex-m7")
    sent = bytearray()
    machine.device("usart3").on_char.append(sent.append)
    machine.sysbus.write(USART3_BRR, 4, 1000)
    machine.sysbus.write(USART3_CR1, 4, 1 | 8)
    machine.sysbus.write(USART3_TDR, 4, ord("a"))
    machine.sysbus.write(USART3_TDR, 4, ord("b"))
    machine.sysbus.write(SCR, 4, SLEEPDEEP)
    machine.run_for(0.00001)
    machine.cpu.sleep()
    machine.run_for(0.01)
    assert sent == b"" and "wait for TC" in caplog.text
    machine.cpu.wake()
    machine.run_for(0.01)
    assert sent == b"b"
