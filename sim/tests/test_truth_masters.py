"""Bus masters beside the core, each heard; what is written past everybody is no mistake."""

from __future__ import annotations

import pytest

from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.truth import Kind
from sim.engine.truth.masters import MasterServices
from sim.tests.thumb import Program, mov32, store
from sim.tests.truth_bench import AXI, CCR, DATA_CACHE, DCCMVAC, board, cached_program, tracked, truth_of

SRAM4 = 0x38000000
MASTERS = """
first: DMA.STM32DMA2D @ sysbus 0x5200A000
second: DMA.STM32LDMA @ sysbus 0x5802A000
third: Video.STM32LTDC @ sysbus 0x5000A000
"""


def wrote(*writes: tuple[int, int]) -> Machine:
    """A board whose core, with its cache on, has stored words."""
    program = cached_program()
    for address, value in writes:
        program.emit(mov32(3, address), mov32(4, value), store(4, 3))
    program.label("end").branch("end")
    monitor = board(program)
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{MASTERS}"""')
    monitor.machine.run_for(1e-5)
    return monitor.machine


def kinds(machine: Machine) -> list[tuple[Kind, str]]:
    return [(each.kind, each.master) for each in truth_of(machine).findings]


def test_every_device_is_heard_and_still_sees_its_machine() -> None:
    machine = wrote()
    heard = [device for device in machine.devices.values() if isinstance(device.services, MasterServices)]
    assert {"first", "second", "third", "dma1", "dma2"} <= {device.name for device in heard}
    device = machine["sysbus.first"]
    assert device.services.device("sysbus.dma1") is machine["sysbus.dma1"]
    assert device.services.clock is machine.clock
    assert getattr(device.services, "last_reset", "") == "power-on"
    assert device.services.sysbus.window_at(0x40020000) is machine.sysbus.window_at(0x40020000)


def test_what_a_dma2d_reads_and_writes_is_judged() -> None:
    machine = wrote((AXI, 0x11223344), (AXI + 0x1000, 5))
    for offset, value in ((0x0C, AXI), (0x3C, AXI + 0x1000), (0x44, 1 << 16 | 1), (0x00, 1)):
        machine.sysbus.write(0x5200A000 + offset, 4, value)  # one pixel of ARGB8888, copied
    machine.run_for(1e-6)
    assert kinds(machine) == [(Kind.UNCLEANED, "first"), (Kind.DMA_DATA_LOST, "first")]
    assert machine.sysbus.read(AXI + 0x1000, 4) == 0x11223344


def test_channels_are_named() -> None:
    machine = wrote((AXI + 4, 7))
    base = 0x5802A000 + 0x08 + 0x14 * 2  # channel 2: CCR, CNDTR, CPAR, CM0AR
    for offset, value in ((0x04, 1), (0x08, AXI + 4), (0x0C, AXI + 0x100), (0x00, 1 << 14 | 2 << 10 | 2 << 8 | 1)):
        machine.sysbus.write(base + offset, 4, value)
    assert machine.sysbus.read(AXI + 0x100, 4) == 7
    assert kinds(machine) == [(Kind.UNCLEANED, "second channel 2")]


def test_a_clean_by_the_core_makes_it_right() -> None:
    program = cached_program()
    program.emit(mov32(3, AXI), mov32(4, 9), store(4, 3), mov32(5, DCCMVAC), store(3, 5)).label("end").branch("end")
    machine = board(program).machine
    machine.run_for(1e-5)
    device = machine["sysbus.dma1"]
    assert device.services.sysbus.read(AXI, 4) == 9 and kinds(machine) == []


@pytest.mark.parametrize("address", [AXI, SRAM4])
def test_what_the_monitor_writes_is_everywhere_at_once(address: int) -> None:
    machine = wrote((address, 1))
    machine.sysbus.write(address, 4, 2)
    machine.sysbus.write_bytes(address + 0x20, bytes(range(64)))
    memory = tracked(machine, address)
    memory.wanted[:] = False  # as a page that was let go: what differs from main memory is the core's
    memory.apply()
    assert machine["sysbus.dma1"].services.sysbus.read_bytes(address + 0x20, 64) == bytes(range(64))
    assert kinds(machine) == []


def test_an_access_may_reach_over_several_memories() -> None:
    end = 0x30020000  # SRAM1, then SRAM2: both without a clock
    machine = wrote()
    machine["sysbus.dma1"].services.sysbus.write_bytes(end - 64, bytes(128))
    texts = [each.text for each in truth_of(machine).findings]
    assert len(texts) == 2 and "writes SRAM1" in texts[0] and "writes SRAM2" in texts[1]


def test_the_cache_may_still_hold_what_it_had_when_it_was_switched_off() -> None:
    program = cached_program()
    program.emit(mov32(3, AXI), mov32(4, 9), store(4, 3), store(4, 3, 4), mov32(0, CCR), 0x4391, store(1, 0))  # bics
    program.branch("off").label("off").emit(mov32(4, 8), store(4, 3, 4)).label("end").branch("end")
    machine = board(program).machine
    machine.run_for(1e-5)
    assert not machine.nvic.scb.ccr & DATA_CACHE
    bus = machine["sysbus.dma1"].services.sysbus
    assert bus.read(AXI + 4, 4) == 8 and kinds(machine) == []  # stored past the cache
    assert bus.read(AXI, 4) == 9 and kinds(machine) == [(Kind.UNCLEANED, "dma1")]


def test_a_reset_forgets_what_the_cache_held() -> None:
    machine = wrote((AXI, 9))
    machine.reset()
    machine.cpu.halted = True
    machine.run_for(1e-6)
    assert machine["sysbus.dma1"].services.sysbus.read(AXI, 4) == 9 and kinds(machine) == []


def test_a_program_that_never_switches_the_cache_on_is_not_judged_by_it() -> None:
    program = Program(stack=0x20010000).label("start").emit(mov32(3, AXI), mov32(4, 9), store(4, 3))
    machine = board(program.label("end").branch("end")).machine
    machine.run_for(1e-5)
    device: Device = machine["sysbus.dma1"]
    assert device.services.sysbus.read(AXI, 4) == 9
    device.services.sysbus.write(AXI, 4, 1)
    assert kinds(machine) == [] and not tracked(machine).wanted.any()
