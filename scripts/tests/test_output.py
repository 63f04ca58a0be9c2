"""Standard output that is full, has no reader, or is closed; and ``--no-python`` from outside."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.tests.conftest import ROOT, Crosscam
from sim.python_permission import VARIABLE
from sim.tests.bringup_bench import BOARD, program

FULL = "crosscam: cannot write to standard output: No space left on device\n"


def commands(tmp_path: Path) -> dict[str, list[str | Path]]:
    """One command of each kind of output: plain, help by rich, a summary, a UART as it comes."""
    return {
        "version": ["--version"],
        "help": ["boot", "--help"],
        "boot": ["boot", program("done", "-O1"), "--board", BOARD, "--seconds", "0.01"],
        "compile": ["compile", "model/zoo/person_car_160", "-o", tmp_path / "generated"],
    }


@pytest.mark.parametrize(
    ("name", "buffered"),
    [("version", True), ("version", False), ("help", True), ("boot", True), ("boot", False), ("compile", True)],
)
def test_a_full_disk_is_one_line_and_a_reader_that_has_gone_is_none(tmp_path: Path, name: str, buffered: bool) -> None:
    command = [sys.executable, "-m", "scripts.main", *map(str, commands(tmp_path)[name])]
    environment = {**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"}

    def call(output: int) -> tuple[int, str]:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stderr

    with open("/dev/full", "wb") as full:  # noqa: PTH123
        assert call(full.fileno()) == (2, FULL)
    if name in ("version", "boot"):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            assert call(writer) == (1, "")
        finally:
            os.close(writer)


def test_robot_says_at_the_end_that_its_output_went_nowhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.main", "robot", "robot_tests/monitor.robot", "--output", str(tmp_path)]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False
        )
    assert done.returncode == 2 and done.stderr.endswith(FULL) and "Traceback" not in done.stderr
    assert (tmp_path / "xunit.xml").is_file()


def test_a_closed_output_is_none_of_the_files_we_open(tmp_path: Path) -> None:
    log = tmp_path / "uart.log"
    command = [sys.executable, "-m", "scripts.main", "boot", str(program("done", "-O1")), "--board", str(BOARD)]
    shell = f"exec {shlex.join(command)} --seconds 0.01 --uart {log} >&-"
    done = subprocess.run(["sh", "-c", shell], cwd=ROOT, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "board time" in done.stderr.splitlines()[-1], done.stderr
    assert log.read_bytes() == b"done\r\n"


def test_reports_are_not_written_over_what_is_no_file(tmp_path: Path, crosscam: Crosscam) -> None:
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "log.html")
    for output, says in ((tmp_path / "file", "File exists"), (tmp_path, "log.html: it is no plain file")):
        done = crosscam("robot", "robot_tests/monitor.robot", "--output", output)
        assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["boot", "run", "cycles", "robot"])
def test_python_is_forbidden_by_option(name: str, tmp_path: Path, crosscam: Crosscam) -> None:
    board, suite = tmp_path / "board.resc", tmp_path / "suite.robot"
    board.write_text('mach create\npython "print(1)"\n')
    suite.write_text("*** Test Cases ***\nOne\n    Log    1\n")
    firmware, frames = program("done", "-O1"), tmp_path / "frames"
    crosscam("frames", "demo", "-o", frames)
    arguments = {
        "boot": [firmware, "--board", board],
        "run": ["--elf", firmware, "--frames", frames, "--board", board],
        "cycles": [firmware, "--board", board],
        "robot": [suite, "--output", tmp_path / "out"],
    }[name]
    done = crosscam(name, *arguments, "--no-python")
    assert done.returncode == 2, done.stderr
    assert "Python is refused" in done.stderr and done.stderr.count("\n") == 1 and len(done.stderr) < 330
    assert "--no-python" in crosscam(name, "--help").stdout


def test_python_is_forbidden_by_the_environment(
    tmp_path: Path, crosscam: Crosscam, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = tmp_path / "board.resc"
    board.write_text('mach create\npython "print(1)"\n')
    monkeypatch.setenv(VARIABLE, "1")
    done = crosscam("boot", program("done", "-O1"), "--board", board)
    assert done.returncode == 2 and "Python is refused" in done.stderr
