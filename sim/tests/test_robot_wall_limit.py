"""A keyword ends when its wall time is over, whatever the firmware does: it may work for a month of virtual time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sim.robot.library import RenodeKeywords
from sim.robot.session import KeywordException
from sim.tests import thumb as t
from sim.tests.thumb import Program

MONTH = 30 * 24 * 3600
WALL = 60.0  # s: a keyword that is not ended would take days
UART = 0x40011000
BOARD = f"""
cpu: CPU.CortexM @ sysbus
    cpuType: "cortex-m7"
    nvic: nvic

nvic: IRQControllers.NVIC @ sysbus 0xE000E000
    -> cpu@0

memory: Memory.MappedMemory @ sysbus 0x0
    size: 0x1000

uart: UART.STM32F7_USART @ sysbus <{UART:#x}, +0x400>
    frequency: 1000000

port: GPIOPort.STM32_GPIOPort @ sysbus <0x58020000, +0x400>
    3 -> led@0

led: Miscellaneous.LED @ port 3
"""


@pytest.fixture
def keywords(tmp_path: Path) -> RenodeKeywords:
    """A machine that counts, and writes to a device with every turn: a loop nothing can leave out."""
    program = Program(base=0, stack=0x1000)
    program.label("start").emit(t.mov32(1, UART), t.movs(0, 0))
    program.label("loop").emit(t.adds(0, 1), t.store(0, 1, 0x14)).branch("loop")
    image, description = tmp_path / "program.bin", tmp_path / "board.repl"
    image.write_bytes(program.build())
    description.write_text(BOARD)
    made = RenodeKeywords()
    for command in ("mach create", f"machine LoadPlatformDescription @{description}", f"sysbus LoadBinary @{image} 0"):
        made.execute_command(command)
    made.create_terminal_tester("sysbus.uart")
    made.create_led_tester("sysbus.port.led")
    made.create_log_tester(1)
    made.start_emulation()
    made.session.wall_seconds = 0.2
    return made


@pytest.mark.parametrize(
    ("keyword", "arguments"),
    [
        ("wait_for_line_on_uart", ("anything", MONTH)),
        ("should_not_be_on_uart", ("anything", MONTH)),
        ("test_if_uart_is_idle", (MONTH,)),
        ("wait_for_log_entry", ("anything", MONTH)),
        ("assert_led_state", (True, MONTH)),
        ("wait_for_pause", (MONTH,)),
        ("sleep", (f"{MONTH} s",)),
        ("execute_command", (f'emulation RunFor "{MONTH}"',)),
    ],
)
def test_no_keyword_runs_for_ever(keywords: RenodeKeywords, keyword: str, arguments: tuple[object, ...]) -> None:
    began = time.monotonic()
    said = r"^\$\{WALL_LIMIT\}: 0.2 s of wall time are over at [\d.e+-]+ s of virtual time, the core is at 0x"
    with pytest.raises(KeywordException, match=said):
        getattr(keywords, keyword)(*arguments)
    assert time.monotonic() - began < WALL
    keywords.session.wall_seconds = WALL
    before = keywords.session.machine.clock.seconds
    keywords.sleep("1 ms")  # the next goes on from there
    assert keywords.session.machine.clock.seconds == pytest.approx(before + 0.001, abs=1e-6)
    keywords.session.close()


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), "soon", ""])
def test_a_limit_is_seconds(limit: object) -> None:
    with pytest.raises(Exception, match=r"^\$\{WALL_LIMIT\} .*: expected seconds of wall time above 0"):
        RenodeKeywords(wall_limit=limit)
