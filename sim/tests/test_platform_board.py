"""The board's own files: they load, and the wires and addresses are those of RM0433."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sim
from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.text import monitor_path

BOARD = Path(sim.__file__).parent / "board"


@pytest.fixture(scope="module")
def machine() -> Machine:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(BOARD / 'crosscam.repl')}")
    return monitor.machine


@pytest.mark.parametrize(
    ("device", "output", "receiver", "number"),
    [
        ("usart1", "IRQ", "nvic", 37),
        ("usart3", "IRQ", "nvic", 39),
        ("i2c1", "EventInterrupt", "nvic", 31),
        ("i2c1", "ErrorInterrupt", "nvic", 32),
        ("spi1", "IRQ", "nvic", 35),
        ("dma1", 0, "nvic", 11),
        ("dma1", 6, "nvic", 17),
        ("dma1", 7, "nvic", 47),
        ("dma2", 0, "nvic", 56),
        ("dma2", 1, "nvic", 57),
        ("dma2", 5, "nvic", 68),
        ("dma2", 7, "nvic", 70),
        ("dmamux1", 7, "dma1", 7),
        ("dmamux1", 9, "dma2", 1),
        ("timer2", "IRQ", "nvic", 28),
        ("timer5", "IRQ", "nvic", 50),
        ("timer6", "IRQ", "nvic", 54),
        ("flashController", "IRQ", "nvic", 4),
        ("exti", 0, "nvic", 6),
        ("exti", 4, "nvic", 10),
        ("exti", 9, "exti9to5", 4),
        ("exti", 13, "exti15to10", 3),
        ("syscfg", 13, "exti", 13),
        ("gpioPortB", 14, "gpioPortB.redLed", 0),
        ("gpioPortC.userButton", "IRQ", "gpioPortC", 13),
    ],
)
def test_wires(machine: Machine, device: str, output: str | int, receiver: str, number: int) -> None:
    expected = machine.device(receiver)
    assert (expected, number) in machine.device(device).outputs[output].targets


@pytest.mark.parametrize(
    ("address", "device"),
    [
        (0x58024400, "rcc"),
        (0x58024800, "pwr"),
        (0x58004800, "watchdog"),
        (0x58000400, "syscfg"),
        (0x58021800, "gpioPortG"),
        (0x48020000, "dcmi"),
        (0x40020800, "dmamux1"),
        (0x40005400, "i2c1"),
        (0x40004800, "usart3"),
        (0x52002000, "flashController"),
        (0xE0001004, "dwt"),
        (0xE000ED00, "nvic"),
    ],
)
def test_addresses(machine: Machine, address: int, device: str) -> None:
    window = machine.sysbus.window_at(address)
    assert window is not None and window.device is machine.device(device)


def test_memories(machine: Machine) -> None:
    sizes = {start: end - start for start, end, _ in machine.sysbus.memories}
    expected = {0x0: 64, 0x08000000: 1024, 0x08100000: 1024, 0x20000000: 128, 0x24000000: 512}
    expected |= {0x30000000: 128, 0x30020000: 128, 0x30040000: 32, 0x38000000: 64, 0x38800000: 4, 0x1FF00000: 128}
    assert sizes == {start: size * 1024 for start, size in expected.items()}


def test_the_camera_answers_on_its_bus(machine: Machine) -> None:
    slave = machine.device("i2c1.ov7670sccb")
    assert machine.device("i2c1").children == {0x21: slave}


def test_every_script_the_board_names_is_in_the_project(machine: Machine) -> None:
    named = re.findall(r'filename: "([^"]+)"', "".join(file.read_text() for file in BOARD.glob("*.repl")))
    assert named and all((BOARD.parent.parent / name).is_file() for name in named)


def test_the_button_reaches_its_interrupt(machine: Machine) -> None:
    """PC13 -> SYSCFG -> EXTI -> the line that six pins share -> NVIC 40, as RM0433 wires it."""
    bus = machine.sysbus
    bus.write(0x58000400 + 0x14, 4, 2 << 4)  # SYSCFG_EXTICR4: EXTI13 from port C
    bus.write(0x58000000, 4, 1 << 13)  # EXTI_RTSR1
    bus.write(0x58000080, 4, 1 << 13)  # EXTI_CPUIMR1
    button = machine.device("gpioPortC.userButton")
    shared: Device = machine.device("exti15to10")
    button.press()  # type: ignore[attr-defined]
    assert shared.outputs["OutputLine"].value
    bus.write(0x58000088, 4, 1 << 13)  # EXTI_CPUPR1: clear
    assert not shared.outputs["OutputLine"].value
