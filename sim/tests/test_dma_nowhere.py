"""DMA aimed where nothing is: a transfer error, said once; inside a bridge zeros, said once a chunk."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.engine.bus import Bus
from sim.engine.logs import FIRST
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.text import monitor_path

BOARD = Path(sim.__file__).parent / "board"
RAM, RAM_END, HOLE, BRIDGE_HOLE = 0x24000000, 0x24080000, 0x60000000, 0x40008400
DMA1, BDMA, MDMA, DMA2D = 0x40020000, 0x58025400, 0x52000000, 0x52001000
TEIF_OF_STREAM_0, TEIF_OF_CHANNEL_0 = 1 << 3, 1 << 3
MEMORY_TO_MEMORY, MINC, PINC, EN = 2 << 6, 1 << 10, 1 << 9, 1


@pytest.fixture
def machine() -> Machine:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(BOARD / 'crosscam.repl')}")
    return monitor.machine


def copy_by_dma1(bus: Bus, source: int, target: int, size: int) -> int:
    """Memory to memory by stream 0; LISR afterwards."""
    for offset, value in ((0x14, size), (0x18, source), (0x1C, target), (0x24, 0x27)):
        bus.write(DMA1 + offset, 4, value)
    bus.write(DMA1 + 0x10, 4, MEMORY_TO_MEMORY | MINC | PINC | EN)
    return bus.read(DMA1, 4)


@pytest.mark.parametrize(
    ("source", "target", "where"),
    [(HOLE, RAM, HOLE), (RAM, HOLE, HOLE), (RAM, RAM_END - 8, RAM_END - 8), (RAM_END - 8, RAM, RAM_END - 8)],
)
def test_a_stream_raises_a_transfer_error(
    machine: Machine, caplog: pytest.LogCaptureFixture, source: int, target: int, where: int
) -> None:
    flags = copy_by_dma1(machine.sysbus, source, target, 0xFFFF)
    assert flags & 0x3D == TEIF_OF_STREAM_0
    assert not machine.sysbus.read(DMA1 + 0x10, 4) & EN
    assert len(caplog.records) == 1
    assert f"nothing answers at 0x{where:08X}" in caplog.text


def test_a_stream_that_reaches_the_end_of_a_memory_is_fine(machine: Machine) -> None:
    assert copy_by_dma1(machine.sysbus, RAM, RAM_END - 8, 8) & 0x3D == 0x20 | 0x10


def test_a_hole_inside_a_bridge_reads_as_zeros_and_is_said_once(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    bus = machine.sysbus
    bus.write_bytes(RAM, b"\xaa" * 64)
    assert copy_by_dma1(bus, BRIDGE_HOLE, RAM, 64) & 0x3D == 0x20 | 0x10
    assert bus.read_bytes(RAM, 64) == bytes(64)
    assert copy_by_dma1(bus, RAM, BRIDGE_HOLE, 64) & 0x08 == 0
    assert caplog.text.count("non existing peripheral") == 2


def test_a_channel_of_bdma_raises_a_transfer_error(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    bus = machine.sysbus
    for offset, value in ((0x0C, 600), (0x10, 0x38000000), (0x14, HOLE)):
        bus.write(BDMA + offset, 4, value)
    bus.write(BDMA + 0x08, 4, 1 << 14 | 1 << 7 | 1 << 4 | EN)  # MEM2MEM, MINC, from the memory
    assert bus.read(BDMA, 4) & 0xF == TEIF_OF_CHANNEL_0 | 1
    assert caplog.text.count("channel 0: nothing answers at 0x60000000") == 1


def test_a_channel_of_mdma_raises_a_transfer_error(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    bus = machine.sysbus
    for offset, value in ((0x54, 0x1000), (0x58, HOLE), (0x5C, RAM), (0x50, 1 << 30 | 1 << 28 | 0x0A)):
        bus.write(MDMA + offset, 4, value)
    bus.write(MDMA + 0x4C, 4, EN)
    bus.write(MDMA + 0x4C, 4, EN | 1 << 16)
    assert bus.read(MDMA + 0x40, 4) & 1
    assert caplog.text.count("(TEIF)") == 1


def test_the_graphics_dma_raises_a_transfer_error(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    bus = machine.sysbus
    for offset, value in ((0x34, 2), (0x3C, HOLE), (0x44, 64 << 16 | 64), (0x00, 3 << 16 | 1)):
        bus.write(DMA2D + offset, 4, value)
    machine.run_for(0.001)
    assert bus.read(DMA2D + 4, 4) == 1 and not bus.read(DMA2D, 4) & 1
    assert caplog.text.count("(TEIF)") == 1


def test_a_walk_through_a_hole_is_not_kept_word_by_word(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    for address in range(0x40000000, 0x40000000 + 4 * 3000, 4):
        machine.sysbus.read(address, 4)
    assert len(machine.warnings) == 1001 and sum(each.count for each in machine.warnings) == 3000
    assert len(caplog.records) == 1000 + FIRST + len((10, 100, 1000))
