"""The STM32H7A3 board: its power control, its clock tree, which chip its memories tell of."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.devices.serial.stm32f7_usart import Stm32F7Usart
from sim.engine.devices.timers.stm32_timer import Stm32Timer
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.timing.cortex_m7 import CortexM7Timing
from sim.engine.truth import BoardTruth
from sim.engine.truth.identify import chip_of
from sim.errors import CrosscamError
from sim.tests.firmware_bench import ROOT
from sim.tests.thumb import Program, mov32, store
from sim.text import monitor_path

RCC, PWR, FLASH = 0x58024400, 0x58024800, 0x52002000
CR3, CSR1, SRDCR = 0x0C, 0x04, 0x18
MHZ = 1_000_000


def board(timing: str = "cortex-m7", program: Program | None = None) -> Machine:
    monitor = Monitor(timing=timing)
    monitor.execute('mach create "test"')
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(ROOT / 'sim' / 'board' / 'stm32h7a3.repl')}")
    monitor.execute("sysbus.cpu PerformanceInMips 280")
    machine = monitor.machine
    if program is not None:
        machine.sysbus.write_bytes(program.base, program.build())
        machine.cpu.vector_table_offset = program.base
        machine.cpu.reset()
    return machine


@pytest.fixture
def machine() -> Machine:
    return board()


def test_the_cycle_counter_counts_without_being_unlocked(machine: Machine) -> None:
    machine.sysbus.write(0xE000EDFC, 4, 1 << 24)
    machine.sysbus.write(0xE0001000, 4, 1)
    assert machine.sysbus.read(0xE0001000, 4) & 1


def test_the_smps_alone_is_a_supply_and_scale_0_the_highest_voltage(machine: Machine) -> None:
    read, write = machine.sysbus.read, machine.sysbus.write
    assert read(PWR + CR3, 4) == 6 and not read(PWR + CSR1, 4) & 0x2000
    assert read(PWR + SRDCR, 4) == 0  # scale 3
    write(PWR + CR3, 4, 4)
    assert read(PWR + CSR1, 4) & 0x2000
    write(PWR + SRDCR, 4, 3 << 14)
    assert read(PWR + SRDCR, 4) == 3 << 14 | 0x2000
    machine.reset()
    assert read(PWR + SRDCR, 4) & 0xC000 == 0 and read(PWR + CR3, 4) == 4


def test_enable_registers_lie_in_the_cores_own_view(machine: Machine) -> None:
    machine.sysbus.write(RCC + 0x140, 4, 1 << 3)
    assert machine.sysbus.read(RCC + 0x140, 4) == 1 << 3


def test_an_image_may_reach_into_the_second_flash_bank(machine: Machine, tmp_path: Path) -> None:
    image = tmp_path / "image.bin"
    image.write_bytes(b"\x11" * 0x100000 + b"\x22" * 8)
    machine.load_binary(image, 0x08000000)
    assert machine.sysbus.read(0x080FFFFC, 4) == 0x11111111 and machine.sysbus.read(0x08100004, 4) == 0x22222222
    image.write_bytes(bytes(0x200001))
    with pytest.raises(CrosscamError, match="do not fit"):
        machine.load_binary(image, 0x08000000)


def test_it_is_told_from_an_h743() -> None:
    chip = chip_of(board())
    assert chip is not None and chip.name == "stm32h7a3"
    monitor = Monitor()
    monitor.execute('mach create "test"')
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(ROOT / 'sim' / 'board' / 'stm32h743.repl')}")
    other = chip_of(monitor.machine)
    assert other is not None and other.name == "stm32h743"


def test_clocks_follow_a_start_up_to_280_megahertz() -> None:
    """HSI 64 MHz / 4 x 35 / 2, each APB divided by 16, 6 wait states."""
    program = Program(base=0x08000000).label("start")
    for address, value in (
        (PWR + CR3, 4),
        (PWR + SRDCR, 3 << 14),
        (RCC + 0x28, 4 << 4),
        (RCC + 0x30, 34 | 1 << 9 | 7 << 16),
        (RCC + 0x00, 1 << 24 | 1),
        (FLASH, 6 | 3 << 4),
        (RCC + 0x18, 7 << 4),
        (RCC + 0x1C, 7 << 4 | 7 << 8),
        (RCC + 0x10, 3),
    ):
        program.emit(mov32(0, address), mov32(1, value), store(1, 0))
    program.label("end").branch("end")
    machine = board(program=program)
    machine.run_for(0.0001)
    timing = machine.timing
    assert isinstance(timing, CortexM7Timing) and timing.clocks is not None and timing.clocks.now is not None
    assert timing.chip.name == "stm32h7a3"
    assert (timing.clocks.now.core, timing.clocks.now.bus, timing.clocks.now.wait_states) == (280 * MHZ, 280 * MHZ, 6)
    timer, usart = machine["sysbus.timer5"], machine["sysbus.usart3"]
    assert isinstance(timer, Stm32Timer) and isinstance(usart, Stm32F7Usart)
    assert timer.frequency == 35 * MHZ and usart.frequency == 17_500_000
    truth = BoardTruth.of(machine)
    assert truth is not None and truth.findings == []
