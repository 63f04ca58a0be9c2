"""``crosscam boot`` from outside: what goes where, exit statuses, signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.tests.conftest import ROOT, Crosscam
from sim.lcd import load
from sim.tests.bringup_bench import BOARD, DESCRIPTION, program

_QUICK = ("--board", BOARD, "--stuck-after", "0.1", "--seconds", "0.5")


def _complaints(stderr: str) -> list[str]:
    assert all(line.startswith("crosscam: ") for line in stderr.splitlines()), stderr
    return [line.removeprefix("crosscam: ") for line in stderr.splitlines()]


def test_uarts_go_to_stdout_with_their_names_and_the_end_to_stderr(crosscam: Crosscam) -> None:
    done = crosscam("boot", program("two_speak", "-O1"), *_QUICK)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "one\nmodem| two\nconsole| three\n"
    assert "nothing more can happen" in _complaints(done.stderr)[-1]


@pytest.mark.parametrize(
    ("case", "arguments", "status", "says"),
    [
        ("done", ("--expect", "done"), 0, "every expected text came"),
        ("done", ("--expect", "never"), 1, '"never" did not come'),
        ("done", ("--fail", "one"), 1, '"one" came on console'),
        ("poll", (), 1, "stuck: polls 0x5A000000"),
        ("fault_twice", (), 1, "lock-up in HardFault_Handler"),
        ("reset_for_ever", (), 1, "reset loop: 3 times alike"),
        ("sleeps", ("--seconds", "0.05"), 0, "0.05 s of board time are over"),
        ("sleeps", ("--seconds", "100000", "--wall-limit", "0.5"), 1, "s of wall time are over"),
    ],
)
def test_the_exit_status(crosscam: Crosscam, case: str, arguments: tuple[str, ...], status: int, says: str) -> None:
    quick = [*_QUICK[:4], *arguments] if arguments else _QUICK
    done = crosscam("boot", program(case, "-O1"), *quick)
    assert done.returncode == status, done.stderr
    assert says in _complaints(done.stderr)[-1]


def test_what_firmware_says_is_fit_to_be_shown_and_whole_in_the_log(crosscam: Crosscam, tmp_path: Path) -> None:
    log = tmp_path / "uart.log"
    done = crosscam("boot", program("rude", "-O1"), *_QUICK, "--uart", log)
    assert done.stdout == "[/x] \\x1b[31mred\\x07 \\xff\n"
    assert log.read_bytes() == b"[/x] \x1b[31mred\x07 \xff\r\n"


def test_warnings_are_shown_a_few_times_and_counted(crosscam: Crosscam, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    done = crosscam("boot", program("poll", "-O1"), *_QUICK, "--json", told)
    document = json.loads(told.read_text())
    assert document["outcome"] == "stuck" and document["status"] == 1
    assert document["stuck"]["address"] == 0x5A000000
    (warning,) = document["warnings"]
    assert "ReadDoubleWord from non existing peripheral at 0x5A000000" in warning["text"]
    assert warning["count"] > 10
    assert len(_complaints(done.stderr)) < 8


def test_leds_are_shown_when_asked(crosscam: Crosscam) -> None:
    arguments = ("boot", program("blinks", "-O1"), "--board", DESCRIPTION, "--seconds", "0.07")
    done = crosscam(*arguments, "--leds")
    assert re.findall(r"\[port\.lamp (on|off), 0\.0(\d)", done.stdout) == [
        ("on", "0"), ("off", "2"), ("on", "4"), ("off", "6"),
    ]  # fmt: skip
    assert "lamp" not in crosscam(*arguments).stdout


@pytest.mark.parametrize(
    ("name", "content", "options", "complaint"),
    [
        ("none.elf", None, (), "no firmware at"),
        ("raw.bin", b"\x00\x80\x00\x20\x09\x00\x00\x08", (), "--address 0x08000000"),
        ("raw.bin", b"1234", ("--address", "flash"), "expected a number"),
        ("bad.hex", b":0400000001020304F2\n:0400040001020304FF\n:00000001FF\n", (), r"bad\.hex:2: .*expected"),
        ("short.hex", b":0400000001020304F2\n", (), "hex"),
        ("cut.elf", b"\x7fELF\x01\x01\x01", (), "cut.elf"),
        ("empty.elf", b"", (), "0 bytes"),
        ("\x1b[31m.elf", b"x", (), r"\\x1b\[31m"),
    ],
)
def test_a_bad_firmware_is_one_line_and_status_2(
    crosscam: Crosscam, tmp_path: Path, name: str, content: bytes | None, options: tuple[str, ...], complaint: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = crosscam("boot", tmp_path / name, *options)
    assert done.returncode == 2, done.stderr
    (line,) = _complaints(done.stderr)
    assert re.search(complaint, line)
    assert len(line) <= 330


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--board", "none.repl"), "no board none.repl"),
        (("--uart", "bogus:"), "expected pty, tcp:PORT"),
        (("--uart", "uart77=pty"), "no UART uart77"),
        (("--type", "text"), "expected AFTER=>TEXT"),
        (("--timing", "sundial"), "unknown timing 'sundial'"),
        (("--expect", ""), "empty text"),
        (("--seconds", "nan"), "--seconds"),
        (("--seconds", "long"), "Invalid value for '--seconds'"),
        (("--secnods", "1"), "; `crosscam boot --help` lists what there is"),
    ],
)
def test_a_bad_option_is_status_2(crosscam: Crosscam, options: tuple[str, ...], complaint: str) -> None:
    done = crosscam("boot", program("done", "-O1"), *options)
    assert done.returncode == 2, done.stderr
    assert complaint in _complaints(done.stderr)[-1]


@pytest.mark.parametrize(
    ("number", "status", "says"), [(signal.SIGINT, 130, "stopped by Ctrl-C"), (signal.SIGTERM, 143, "ended by SIGTERM")]
)
def test_a_signal_says_so_and_keeps_the_log(tmp_path: Path, number: int, status: int, says: str) -> None:
    log = tmp_path / "uart.log"
    arguments = ["boot", program("blinks_and_speaks", "-O1"), "--board", BOARD, "--seconds", "100000", "--uart", log]
    command = [sys.executable, "-m", "scripts.main", *map(str, arguments)]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "on and off\n"
    running.send_signal(number)
    _, complaint = running.communicate(timeout=20)
    assert running.returncode == status
    assert _complaints(complaint)[-1] == says
    assert log.read_bytes() == b"on and off\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["uart.log"]


def test_a_run_that_was_killed_leaves_nothing_to_the_next(tmp_path: Path, crosscam: Crosscam) -> None:
    log = tmp_path / "uart.log"
    arguments = ["boot", program("sleeps", "-O1"), "--board", BOARD, "--seconds", "100000", "--uart", log]
    command = [sys.executable, "-m", "scripts.main", *map(str, arguments)]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.kill()
    running.wait(10)
    assert [path.name[:6] for path in tmp_path.iterdir()] == [".part-"]
    crosscam("boot", program("done", "-O1"), *_QUICK, "--uart", log)
    assert [path.name for path in tmp_path.iterdir()] == ["uart.log"]


def test_version_stands_anywhere(crosscam: Crosscam) -> None:
    said = {crosscam(*arguments).stdout for arguments in (("--version",), ("boot", "--version"), ("run", "--version"))}
    assert len(said) == 1
    assert re.fullmatch(r"crosscam \d+\.\d+\.\d+\n", said.pop())


def test_an_error_of_our_own_is_status_3_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sim.bringup.image\n"
        "def broken(*arguments):\n    raise ZeroDivisionError('ten\\nby nought')\n"
        "sim.bringup.image.read_image = broken\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    for options, lines in ((), 1), (("--debug",), None):
        command = [sys.executable, "-m", "scripts.main", "boot", "x.elf", *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 3, done.stderr
        assert "ZeroDivisionError: ten by nought (sitecustomize.py:3)" in done.stderr
        assert lines is None or done.stderr.count("\n") == lines
        assert ("Traceback" in done.stderr) == (lines is None)


def test_a_picture_of_the_display_a_frame(crosscam: Crosscam, elf: Path, tmp_path: Path) -> None:
    """The vision firmware on its board, without a scene before the camera; a board without a display says so."""
    board, lcd = ROOT / "sim" / "board" / "crosscam.repl", tmp_path / "lcd"
    done = crosscam("boot", elf, "--board", board, "--lcd", lcd, "--expect", "Frame: 2")
    assert done.returncode == 0, done.stderr
    assert "1 whole picture of the display and the last thing seen in" in done.stderr
    assert sorted(path.name for path in lcd.iterdir()) == ["0001.png", "last.png"]
    picture = load(lcd / "0001.png")
    assert picture.shape == (240, 320, 3)
    assert (picture[-20:-4, 4:].max(axis=(0, 1)) == 255).all(), "the frame's cost in white"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [((), "sysbus.ili9341"), (("--lcd-device", "sysbus.uart"), "sysbus.uart")],
)
def test_no_display_gets_one_line(crosscam: Crosscam, tmp_path: Path, options: tuple[str, ...], complaint: str) -> None:
    done = crosscam("boot", program("two_speak", "-O1"), *_QUICK, "--lcd", tmp_path / "lcd", *options)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
