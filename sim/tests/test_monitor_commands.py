"""The monitor on a small real machine: scripts, variables, macros, devices, messages."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.tests.thumb import Program, movs

REPL = """
cpu: CPU.CortexM @ sysbus
    cpuType: "cortex-m7"
    nvic: nvic

nvic: IRQControllers.NVIC @ sysbus 0xE000E000
    -> cpu@0

flash: Memory.MappedMemory @ sysbus 0x08000000
    size: 0x10000

ram: Memory.MappedMemory @ sysbus 0x20000000
    size: 0x10000
    init:
        WriteDoubleWord 0x10 0xCAFE

gpio: GPIOPort.STM32_GPIOPort @ sysbus <0x58020000, +0x400>

uart: UART.TrivialUart @ sysbus 0x40003000

led: Miscellaneous.LED @ gpio 3
    invert: true

echo: Python.PythonPeripheral @ sysbus 0x40000000
    size: 0x10
    initable: true
    script: "request.Value = request.Value + 1"

sysbus:
    init:
        Tag <0x5C001000, 0x5C001003> "IDCODE" 0x20036450
"""


def elf(path: Path, code: bytes, address: int = 0x08000000) -> Path:
    """A 32-bit ARM ELF with one segment."""
    header = struct.pack(
        "<16sHHIIIIIHHHHHH", b"\x7fELF\x01\x01\x01" + bytes(9), 2, 40, 1, address, 52, 0, 0x5000400, 52, 32, 1, 0, 0, 0
    )
    segment = struct.pack("<IIIIIIII", 1, 84, address, address, len(code), len(code), 5, 4)
    path.write_bytes(header + segment + code)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "board.repl").write_text(REPL)
    program = Program(stack=0x20008000).label("start").emit(movs(0, 42)).label("end").branch("end")
    elf(tmp_path / "loop.elf", program.build())
    return tmp_path


@pytest.fixture
def monitor(folder: Path) -> Iterator[Monitor]:
    made = Monitor()
    made.execute("path add @" + str(folder))
    yield made
    made._restore_log_levels()


@pytest.fixture
def booted(monitor: Monitor) -> Monitor:
    monitor.execute('mach create "m"; machine LoadPlatformDescription @board.repl; using sysbus')
    return monitor


def refused(monitor: Monitor, command: str) -> str:
    with pytest.raises(CrosscamError) as caught:
        monitor.execute(command)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_script_boots_a_machine(monitor: Monitor, folder: Path) -> None:
    script = folder / "boot.resc"
    script.write_text(
        ':name: Boot\n# comment\n$bin?=@loop.elf\n$name?="tiny"\nusing sysbus\nmach create $name\n'
        "machine LoadPlatformDescription $ORIGIN/board.repl\ncpu PerformanceInMips 100\nshowAnalyzer sysbus.uart\n"
        'macro reset\n"""\n    sysbus LoadELF $bin\n"""\nrunMacro $reset\nstart\n'
    )
    monitor.include(script)
    assert monitor.started and monitor.machine.name == "tiny"
    assert "ORIGIN" not in monitor.variables
    monitor.execute('emulation RunFor "0.000001"')
    assert monitor.execute("machine ElapsedVirtualTime") == "00:00:00.000001000"
    assert monitor.machine.clock.now == 100
    assert monitor.execute("cpu PC") == "0x800000a"


def test_a_variable_set_before_wins_over_a_default(monitor: Monitor) -> None:
    monitor.variables["bin"] = "mine"
    monitor.execute('$bin?="default"; $other?="default"')
    assert (monitor.variables["bin"], monitor.variables["other"]) == ("mine", "default")
    monitor.execute("set bin 3; $global.bin=4")
    assert monitor.execute("echo $bin") == "4"


def test_bus_and_devices(booted: Monitor) -> None:
    assert booted.execute("sysbus ReadDoubleWord 0x20000010") == "0x0000CAFE"
    booted.execute("sysbus WriteWord 0x20000000 0xABCD; sysbus WriteByte 0x20000002 0x12")
    assert booted.execute("sysbus ReadByte 0x20000001") == "0xAB"
    assert booted.execute("ram ReadDoubleWord 0") == "0x0012ABCD"
    assert booted.execute("sysbus.ram ReadQuadWord 0") == "0x000000000012ABCD"
    assert booted.execute("sysbus ReadBytes 0x20000000 3") == "[\n0xCD, 0xAB, 0x12, \n]"
    assert booted.execute("sysbus ReadDoubleWord 0x5C001000") == "0x20036450"
    assert booted.execute("gpio.led State") == "True"
    assert booted.execute("echo ControlRead 0 8") == "ControlRead 0 8"
    assert booted.execute("sysbus.echo ControlRead 0 8") == "0x00000009"


def test_a_reset_runs_the_macro(booted: Monitor, folder: Path) -> None:
    booted.execute(f"$bin=@{folder}/loop.elf")
    booted.execute('macro reset """\nsysbus LoadELF $bin\nsysbus WriteByte 0x20000000 7\n"""')
    booted.execute("machine Reset")
    assert booted.execute("sysbus ReadByte 0x20000000") == "0x07"
    assert booted.execute("cpu PC") == "0x8000008"


def test_python_sees_the_monitor(booted: Monitor, tmp_path: Path) -> None:
    booted.execute('$x="hello"')
    assert booted.execute("python \"print(monitor.GetVariable('x'), monitor.GetVariable('none'))\"") == "hello None"
    assert booted.execute("python \"monitor.Machine['sysbus.echo'].ControlWrite(1, 2)\"") == ""
    file = tmp_path / "more.py"
    file.write_text("def mc_double(value):\n    print(2 * value)\n")
    booted.execute(f"include @{file}")
    assert booted.execute("double 21") == "42"


def test_python_changes_its_own_folder_only(booted: Monitor, tmp_path: Path) -> None:
    before = Path.cwd()
    (tmp_path / "note.txt").write_text("here")
    booted.execute(f"python \"import System; System.IO.Directory.SetCurrentDirectory('{tmp_path}')\"")
    assert booted.execute("python \"print(System.IO.File.ReadAllText('note.txt'))\"") == "here"
    assert booted.locate("note.txt") == tmp_path / "note.txt"
    assert Path.cwd() == before


def test_python_devices_from_commands(booted: Monitor, tmp_path: Path) -> None:
    (tmp_path / "dev.py").write_text("request.Value = 0x55")
    booted.execute(f'machine PyDevFromFile @{tmp_path}/dev.py 0x40001000 0x10 true "fromFile"')
    booted.execute('machine PyDevFromString "request.Value = request.Absolute" 0x40002000 0x10 name="fromText"')
    assert booted.execute("sysbus ReadByte 0x40001004") == "0x55"
    assert booted.execute("sysbus ReadDoubleWord 0x40002004") == "0x40002004"
    assert "fromText" in booted.execute("peripherals")


def test_log_levels_end_with_the_machine(booted: Monitor) -> None:
    logger = logging.getLogger("sim.gpio")
    before = logger.level
    booted.execute("logLevel 3 gpio")
    assert logger.level == logging.ERROR
    booted.execute('mach clear; mach create "again"')
    assert logger.level == before


def test_backticks_and_aliases(booted: Monitor) -> None:
    booted.execute('alias peek "sysbus ReadDoubleWord"')
    assert booted.execute("peek 0x20000010") == "0x0000CAFE"
    assert booted.execute("echo `peek 0x20000010`") == "0x0000CAFE"


def test_quit_ends_a_script(monitor: Monitor, folder: Path) -> None:
    (folder / "q.resc").write_text("$a=1\nquit\n$a=2\n")
    monitor.include(folder / "q.resc")
    assert monitor.finished and monitor.variables["a"] == 1


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("stop", "No such command or device: stop"),
        ("incldue @x", "No such command or device: incldue: did you mean include?"),
        ("sysbus.gpoi X", "No such command or device: sysbus.gpoi: did you mean"),
        ("gpio Frobnicate", "sysbus.gpio does not provide a field, method or property Frobnicate."),
        (
            "sysbus ReadDoubleWrd 0",
            "sysbus does not provide a field, method or property ReadDoubleWrd. did you mean",
        ),
        ("sysbus ReadDoubleWord", "sysbus ReadDoubleWord: Parameters did not match the signature: address is missing"),
        ("echo $nope", "No such variable: $nope: expected"),
        ("runMacro $nope", "No such variable: $nope: no such macro"),
        ("include @nope.resc", "File does not exist: nope.resc: expected an existing file"),
        ("sysbus LoadELF @https://host/x.elf", "File does not exist: https://host/x.elf: download it first"),
        ("cpu PerformanceInMips fast", "sysbus.cpu PerformanceInMips: expected a whole number, found fast"),
        ("emulation RunFor soon", "emulation RunFor: Parameters did not match the signature: period: expected a time"),
        ('mach create "m"', "mach create m: there is a machine of that name already"),
        ("logLevel 9", "Bad parameters for command logLevel: level: expected a whole number or a name, found 9"),
        ("$x 3", "No such command or device: $x: expected `$name=value` or `$name?=value`"),
        ('python "1/0"', "<python>:1: ZeroDivisionError"),
        ("showAnalyzer nothing", "no device nothing"),
        ('machine LoadPlatformDescriptionFromString "a: Nope @ none"', "<platform description>:1:4: unknown type Nope"),
    ],
)
def test_messages(booted: Monitor, command: str, message: str) -> None:
    assert refused(booted, command).startswith(message), refused(booted, command)


def test_no_machine_yet(monitor: Monitor) -> None:
    assert refused(monitor, "sysbus ReadByte 0").startswith("there is no machine yet")
    monitor.execute('emulation RunFor "1"')


def test_errors_name_file_and_line(monitor: Monitor, folder: Path) -> None:
    (folder / "inner.resc").write_text("\nfrob\n")
    (folder / "outer.resc").write_text("$a=1\ninclude @inner.resc\n")
    with pytest.raises(CrosscamError) as caught:
        monitor.include(folder / "outer.resc")
    assert str(caught.value).startswith(
        f"{folder}/outer.resc:2: {folder}/inner.resc:2: No such command or device: frob"
    )
    (folder / "macro.resc").write_text('macro m\n"""\necho 1\n\nfrob\n"""\nrunMacro $m\n')
    with pytest.raises(CrosscamError, match=r"macro\.resc:7: .*macro\.resc:5: No such command"):
        monitor.include(folder / "macro.resc")


def test_a_missing_script_is_refused(monitor: Monitor) -> None:
    with pytest.raises(CrosscamError, match=r"cannot read /no/such\.resc"):
        monitor.include("/no/such.resc")
