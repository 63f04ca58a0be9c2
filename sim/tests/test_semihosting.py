"""BKPT 0xAB with and without somebody who serves it."""

from __future__ import annotations

import pytest

from sim.engine.devices.serial.semihosting_uart import SemihostingUart
from sim.engine.monitor import Monitor
from sim.tests import thumb as t
from sim.tests.thumb import Program

BOARD = """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { -> cpu@0 }
cpu: CPU.CortexM @ sysbus { cpuType: \\"cortex-m4\\"; nvic: nvic }
flash: Memory.MappedMemory @ sysbus 0x08000000 { size: 0x10000 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x10000 }
"""
CONSOLE = "semihosting: UART.SemihostingUart @ cpu"
RAM, TEXT, BLOCK, RESULT = 0x20000000, 0x20000100, 0x20000200, 0x20000300
WRITEC, WRITE0, WRITE, READC, CLOCK = 3, 4, 5, 7, 0x10


def call(operation: int, parameter: int) -> list[int | tuple[int, ...]]:
    return [t.movs(0, operation), t.mov32(1, parameter), t.bkpt(0xAB)]


def run(console: bool, *calls: tuple[int, int], typed: bytes = b"") -> tuple[Monitor, bytes]:
    monitor = Monitor()
    monitor.execute(f'mach create; machine LoadPlatformDescriptionFromString "{BOARD}{CONSOLE if console else ""}"')
    bus = monitor.machine.sysbus
    program = Program(0x08000000, 0x20010000, {3: "fault"}).label("start")
    for operation, parameter in calls:
        program.emit(*call(operation, parameter))
    program.emit(t.mov32(2, RESULT), t.store(0, 2)).label("end").branch("end")
    program.label("fault").emit(t.mov32(2, RESULT), t.movs(0, 99), t.store(0, 2)).label("there").branch("there")
    bus.write_bytes(0x08000000, program.build())
    bus.write_bytes(TEXT, b"hello\0")
    bus.write_bytes(BLOCK, b"".join(word.to_bytes(4, "little") for word in (1, TEXT + 1, 3)))
    sent = bytearray()
    if console:
        device = monitor.machine.device("sysbus.cpu.semihosting")
        assert isinstance(device, SemihostingUart)
        device.on_char.append(sent.append)
        for byte in typed:
            device.write_char(byte)
    monitor.execute("cpu VectorTableOffset 0x08000000; machine Reset")
    monitor.machine.run_for(0.001)
    return monitor, bytes(sent)


def result(monitor: Monitor) -> int:
    return monitor.machine.sysbus.read(RESULT, 4)


def test_what_is_written_comes_out() -> None:
    monitor, sent = run(True, (WRITEC, TEXT), (WRITE0, TEXT), (WRITE, BLOCK))
    assert sent == b"hhelloell" and result(monitor) == 0


@pytest.mark.parametrize(("typed", "read"), [(b"xy", ord("x")), (b"", 0)])
def test_what_is_typed_is_read(typed: bytes, read: int) -> None:
    monitor = Monitor()
    monitor, _ = run(True, typed=typed)
    device = monitor.machine.device("sysbus.cpu.semihosting")
    assert isinstance(device, SemihostingUart)
    for byte in typed:
        device.write_char(byte)
    assert device.semihosting_call(READC, 0) == read


def test_another_call_gives_0_and_goes_on() -> None:
    monitor, sent = run(True, (CLOCK, 0))
    assert (result(monitor), sent) == (0, b"")


def test_without_a_console_it_is_a_breakpoint() -> None:
    monitor, _ = run(False, (WRITE0, TEXT))
    assert result(monitor) == 99


def test_a_console_taken_away_serves_no_more() -> None:
    monitor, _ = run(True)
    monitor.execute("machine UnregisterFromParent sysbus.cpu.semihosting; machine Reset")
    assert monitor.machine.cpu.faults.semihosting is None
