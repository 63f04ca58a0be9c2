"""Addresses where nothing is: read as 0 inside a bridge, a bus fault where the bus leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests import thumb as t
from sim.tests.thumb import Program
from sim.text import monitor_path

BOARD = Path(sim.__file__).parent / "board"
FLASH, RAM = 0x08000000, 0x24000000
CFSR = 0xE000ED28
PRECISE = 0x8200


def chip() -> Machine:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(BOARD / 'crosscam.repl')}")
    return monitor.machine


def load(machine: Machine, address: int) -> tuple[int, int]:
    """What a load gives (0xDEADBEEF where it faulted), and CFSR."""
    code = Program(FLASH, RAM + 0x10000, {3: "fault"}).label("start")
    code.emit(t.mov32(0, 0xDEADBEEF), t.mov32(1, address), t.mov32(2, RAM), t.ldr(0, 1), t.store(0, 2))
    code.label("end").branch("end")
    code.label("fault").emit(t.mov32(0, CFSR), t.ldr(1, 0), t.store(1, 2, 4))
    code.label("there").branch("there")
    bus = machine.sysbus
    bus.write_bytes(FLASH, code.build())
    bus.write_bytes(RAM, (0xDEADBEEF).to_bytes(4, "little") + bytes(4))
    machine.cpu.vector_table_offset = FLASH
    machine.cpu.reset()
    machine.run_for(0.0001)
    return bus.read(RAM, 4), bus.read(RAM + 4, 4)


@pytest.mark.parametrize(
    ("address", "faults"),
    [
        (0x4001FFF0, False),  # behind the last peripheral of APB2
        (0x40008400, False),  # CRS, not modelled
        (0x50002000, False),
        (0x58006800, False),
        (0x52009000, False),
        (0x5C003000, False),
        (0x42000000, True),  # where other cores have bit-banding
        (0x44000000, True),
        (0x4FFFFFF0, True),
        (0x50010000, True),
        (0x53000000, True),
        (0x58010000, True),
        (0x5FFFFFF0, True),
    ],
)
def test_what_a_load_from_nowhere_gives(address: int, faults: bool) -> None:
    value, status = load(chip(), address)
    if faults:
        assert (value, status) == (0xDEADBEEF, PRECISE)
    else:
        assert (value, status) == (0, 0)


def test_a_device_registered_where_the_chip_has_nothing_answers() -> None:
    machine = chip()
    assert machine.sysbus.window_at(0x5F000000) is not None
    load_repl_string(
        machine,
        """
extra: Timers.STM32_Timer @ sysbus 0x44000000
    frequency: 1000000
    initialLimit: 0xFFFF
""",
    )
    assert load(machine, 0x4400002C) == (0xFFFF, 0)


@pytest.mark.parametrize(
    "answers", ["[[0x40000000, 0x40000100]]", "[[0x48000000, 0x48010000], [0x40000000, 0x40010000]]"]
)
def test_bad_ranges(answers: str) -> None:
    with pytest.raises(CrosscamError, match="whole pages"):
        load_repl_string(Machine(), f"space: Bus.PeripheralSpace @ none\n    answers: {answers}\n")


def test_it_is_said_once() -> None:
    text = "{}: Bus.PeripheralSpace @ none\n    answers: [[0x40000000, 0x40010000]]\n"
    machine = Machine()
    load_repl_string(machine, text.format("first"))
    with pytest.raises(CrosscamError, match="has been said before"):
        load_repl_string(machine, text.format("second"))


def test_without_a_word_everything_answers_as_in_renode() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        f"""
cpu: CPU.CortexM @ sysbus
    cpuType: "cortex-m7"
    nvic: nvic
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
    priorityMask: 0xF0
    systickFrequency: 1000000
    -> cpu@0
flash: Memory.MappedMemory @ sysbus {FLASH}
    size: 0x10000
ram: Memory.MappedMemory @ sysbus {RAM}
    size: 0x20000
""",
    )
    assert load(machine, 0x42000000) == (0, 0)


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ("m: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x22220000 }", "devices from 0x40000000 on"),
        (
            "u: UART.TrivialUart @ sysbus 0x60001800\nm: Memory.MappedMemory @ sysbus 0x60000000 { size: 0x1400 }",
            "devices from 0x60001000 on",
        ),
    ],
)
def test_a_memory_that_reaches_into_the_devices_is_refused(entries: str, complaint: str) -> None:
    with pytest.raises(CrosscamError, match=complaint):
        load_repl_string(Machine(), entries)
