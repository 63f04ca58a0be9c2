"""One program against the devices of Renode's F4, F7 and H7 files: what it says here, and that Renode says the same.

Needs a C compiler for ARM; the second half an installed Renode.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.renode import find_renode
from sim.renode.process import RenodeProcess
from sim.tests.firmware_bench import build
from sim.text import monitor_path

FOLDER = Path(__file__).parent / "devices_program"
LINES = """
HSE ready: 00000001
clock switch: 0000000A
reset flags: 00000007
timer 9 after its reset: 00000000
word: 000000E8
its bit 5: 00000001
USART CR3: 00000040
nobody: 00000000
slave: 00000001
answer: 00000077
panel: 00000001
vendor: 00000051
frame received: 00000001
nobody's answer: 00000000
SPI status: 00000002
software trigger: 00000001
touch
points: 00000001
ARROK: 00000001
one period: 00000001
periods: 00000005
ADC ready: 00000001
half the reference: 00000800
converted: 00000001
code: 00000123
semaphore: 80000300
initialising: 00000001
time: 00000001
date: 0024A229
backup: 0000CAFE
type
typed: 00616263
done
""".strip().splitlines()
# Virtual time to run, then what the host does.
SCRIPT = (
    ("0.05", ("sysbus.i2c3.touchscreen MoveTo 300 200", "sysbus.i2c3.touchscreen Press")),
    ("4", ("sysbus.usart2 WriteChar 0x61", "sysbus.usart2 WriteChar 0x62", "sysbus.usart2 WriteChar 0x63")),
    ("0.05", ()),
)


def start(elf: Path) -> list[str]:
    return [
        "mach create",
        f"machine LoadPlatformDescription {monitor_path(FOLDER / 'board.repl')}",
        f"sysbus LoadELF {monitor_path(elf)}",
        "sysbus.i2c3.slave EnqueueResponseByte 0x77",
        "sysbus.adc SetDefaultValue 1650 4",
        "sysbus.adc1 FeedSample 0x123 3 2",
    ]


@pytest.fixture(scope="module", params=["gcc", "zig"])
def elf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp(request.param) / "program.elf"
    return build(request.param, (str(FOLDER / "program.c"),), str(FOLDER / "program.ld"), made)


def test_every_device_answers_a_driver(elf: Path) -> None:
    monitor = Monitor()
    for command in start(elf):
        monitor.execute(command)
    said = bytearray()
    monitor.machine.device("usart2").on_char.append(said.append)  # type: ignore[attr-defined]
    for seconds, commands in SCRIPT:
        monitor.execute(f'emulation RunFor "{seconds}"')
        for command in commands:
            monitor.execute(command)
    assert said.decode().splitlines() == LINES


def test_renode_says_the_same(elf: Path, tmp_path: Path) -> None:
    try:
        executable = find_renode()
    except CrosscamError:
        pytest.skip("no Renode 1.16 or newer is installed")
    if elf.parent.name.startswith("zig"):
        pytest.skip("one build is enough")
    log = tmp_path / "usart2.txt"
    with RenodeProcess(executable) as renode:
        for command in [
            *start(elf),
            f"sysbus.usart2 CreateFileBackend {monitor_path(log)} true",
            "emulation SetGlobalAdvanceImmediately true",
        ]:
            renode.keyword("ExecuteCommand", command)
        for seconds, commands in SCRIPT:
            for command in (f'emulation RunFor "{seconds}"', *commands):
                renode.keyword("ExecuteCommand", command)
    assert log.read_text().splitlines() == LINES
