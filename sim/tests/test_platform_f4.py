"""Descriptions with the devices of Renode's F4, F7 and H7 files: constructors, wiring, monitor commands, firmware."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.text import monitor_path

BOARD = Path(__file__).parent / "devices" / "devices_program" / "board.repl"
WITH_DMA = f"""
using "{BOARD}"

adc:
    dmaChannel: 2
    dmaPeripheral: dma2
"""
USART_CR1, SPI_CR1 = 0x4000440C, 0x40013000


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    made = Monitor()
    board = tmp_path / "board.repl"
    board.write_text(WITH_DMA)
    made.execute("using sysbus")
    made.execute("mach create")
    made.execute(f"machine LoadPlatformDescription {monitor_path(board)}")
    return made


def run(machine: Machine, program: list[int], seconds: float = 0.001) -> None:
    """Thumb half-words from 0x08000200, then a loop."""
    code = b"".join(word.to_bytes(2, "little") for word in [*program, 0xE7FE])
    machine.sysbus.write_bytes(0x08000200, code)
    machine.sysbus.write_bytes(0x08000000, (0x20020000).to_bytes(4, "little") + (0x08000201).to_bytes(4, "little"))
    machine.cpu.vector_table_offset = 0x08000000
    machine.cpu.reset()
    machine.run_for(seconds)


def test_everything_is_built_and_wired(monitor: Monitor) -> None:
    devices = monitor.machine.devices
    assert {"sysbus.rtc", "sysbus.bitbandSram", "sysbus.i2c3.touchscreen"} <= set(devices)
    spi = devices["sysbus.spi1"]
    assert spi.outputs["DMARecieve"].targets == ((devices["sysbus.dma2"], 0),)
    assert devices["sysbus.adc"].outputs["DMARequest"].targets == ((devices["sysbus.dma2"], 1),)
    assert devices["sysbus.hsem"].outputs["IRQ"].targets == ((devices["sysbus.nvic"], 75),)


def test_monitor_commands_of_the_converter_and_the_panel(monitor: Monitor, tmp_path: Path) -> None:
    volts = tmp_path / "volts.txt"
    volts.write_text("3300\n")
    monitor.execute("adc SetDefaultValue 1650")
    monitor.execute(f"adc FeedVoltageSampleToChannel 3 {monitor_path(volts)}")
    monitor.execute("adc FeedVoltageSampleToChannel 3 0 1")
    monitor.execute("sysbus WriteDoubleWord 0x40012028 0x8")
    taken = []
    for _ in range(3):
        monitor.execute("sysbus WriteDoubleWord 0x40012008 0x1")
        monitor.execute("sysbus WriteDoubleWord 0x40012008 0x4")
        monitor.execute('emulation RunFor "0.0001"')
        taken.append(monitor.execute("sysbus ReadDoubleWord 0x40012040"))
    assert taken == ["0x00000FFF", "0x00000000", "0x00000800"]
    monitor.execute("sysbus WriteDoubleWord 0x40013C00 0x4")
    monitor.execute("sysbus WriteDoubleWord 0x40013C08 0x4")
    monitor.execute("i2c3.touchscreen MoveTo 10 20")
    monitor.execute("i2c3.touchscreen Press")
    assert monitor.execute("sysbus ReadDoubleWord 0x40013C14") == "0x00000004"
    with pytest.raises(CrosscamError, match="no channel 30"):
        monitor.execute("adc SetDefaultValue 1 30")


def test_the_clock_runs_in_virtual_time_once_rcc_lets_it(monitor: Monitor) -> None:
    monitor.execute('emulation RunFor "2"')
    assert monitor.execute("rtc ReadDoubleWord 0x0") == "0x00000000"
    monitor.execute("rcc WriteDoubleWord 0x70 0x8101")  # LSE
    monitor.execute('emulation RunFor "2.1"')
    assert monitor.execute("rtc ReadDoubleWord 0x0") == "0x00000002"


def test_reset_lines_reach_devices_by_address(monitor: Monitor) -> None:
    monitor.execute(f"sysbus WriteDoubleWord {SPI_CR1} 0x347")
    monitor.execute("rcc WriteDoubleWord 0x24 0x1000")
    assert monitor.execute(f"sysbus ReadDoubleWord {SPI_CR1}") == "0x00000000"


def test_firmware_uses_both_bit_band_regions(monitor: Monitor) -> None:
    machine = monitor.machine
    sram_bit = 0x22000000 + 0x100 * 32 + 3 * 4
    usart_enable = 0x42000000 + (USART_CR1 - 0x40000000) * 32 + 13 * 4
    machine.sysbus.write(0x08000300, 4, sram_bit)
    machine.sysbus.write(0x08000304, 4, usart_enable)
    machine.sysbus.write(0x20000100, 4, 0xF0)
    run(
        machine,
        [
            0x483F,  # 0x200: ldr r0, [pc, #252] -> 0x300
            0x2201,  # movs r2, #1
            0x6002,  # str r2, [r0]
            0x6803,  # ldr r3, [r0]
            0x493E,  # 0x208: ldr r1, [pc, #248] -> 0x304
            0x600A,  # str r2, [r1]
        ],
    )
    assert machine.sysbus.read(0x20000100, 4) == 0xF8
    assert machine.sysbus.read(USART_CR1, 4) == 1 << 13
    assert int(monitor.execute('cpu GetRegister "R3"'), 16) == 1
    monitor.execute(f"sysbus WriteDoubleWord {sram_bit} 0")
    assert machine.sysbus.read(0x20000100, 4) == 0xF0


def test_large_windows_have_both_ends_and_can_go(monitor: Monitor) -> None:
    bus, alias = monitor.machine.sysbus, monitor.machine.devices["sysbus.bitbandPeripherals"]
    for address, inside in ((0x41FFFFFC, False), (0x42000000, True), (0x43FFFFFC, True), (0x44000000, False)):
        window = bus.window_at(address)
        assert (window is not None and window.device is alias) == inside
    bus.remove_windows(alias)
    assert bus.window_at(0x42000000) is None


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("rcc2: Miscellaneous.STM32F4_RCC @ sysbus 0x40030000", "needs the parameter rtcPeripheral"),
        ("adc2: Analog.STM32F0_ADC @ sysbus 0x40030000 { referenceVoltage: 3.3 }", "externalEventFrequency"),
        ("spi9: SPI.STM32SPI @ sysbus 0x40030000 { bufferSize: 8 }", "no parameter bufferSize"),
    ],
)
def test_wrong_parameters_are_named(monitor: Monitor, entry: str, text: str) -> None:
    with pytest.raises(CrosscamError, match=text):
        monitor.execute(f'machine LoadPlatformDescriptionFromString "{entry}"')
