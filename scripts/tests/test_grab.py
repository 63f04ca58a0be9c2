"""``crosscam grab``, ``feed`` and ``monitor`` on the simulated board, whose firmware was built."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.tests.conftest import ROOT, Crosscam, frames_of_noise


@pytest.mark.slow
def test_what_is_grabbed_is_what_the_camera_saw(crosscam: Crosscam, elf: Path, tmp_path: Path) -> None:
    frames, taken = frames_of_noise(tmp_path / "frames"), tmp_path / "taken"
    done = crosscam("grab", "sim", "-o", taken, "--elf", elf, "--frames", frames, "--rows-baud", "921600")
    assert done.returncode == 0, done.stdout + done.stderr
    grabbed = (taken / "0000.rgb565").read_bytes()
    assert grabbed in [(frames / f"{number:04}.rgb565").read_bytes() for number in range(3)]


def test_the_monitor_keeps_what_compare_takes(crosscam: Crosscam, elf: Path, tmp_path: Path) -> None:
    frames, log = frames_of_noise(tmp_path / "frames"), tmp_path / "board.log"
    done = crosscam("monitor", "sim", "-o", log, "--elf", elf, "--frames", frames, "--count", "1", "--type", "h")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == log.read_text()
    assert "] h  this list" in done.stdout
    held = crosscam("compare", log, log)
    assert held.returncode == 0, held.stdout + held.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("grab", "/dev/none", "-o", "x"), "cannot open /dev/none"),
        (("monitor", "ftp://x"), "no link ftp://x"),
        (("feed", "/dev/none", "nowhere"), "no such frame folder"),
        (("flash", "nothing.elf"), "nothing.elf"),
    ],
)
def test_bad_input_gets_one_line(crosscam: Crosscam, arguments: tuple[str, ...], complaint: str) -> None:
    done = crosscam(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def socket_board(elf: Path, tmp_path: Path) -> Iterator[str]:
    """A board that another process simulates, before three frames of noise; its console is a socket."""
    frames = frames_of_noise(tmp_path / "noise")
    command = [sys.executable, "-m", "scripts.main", "run", "--elf", elf, "--frames", frames, "--count", "1000"]
    with subprocess.Popen([*command, "--uart", "tcp:0,wait"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as board:
        assert board.stdout is not None
        place = next(line for line in board.stdout if "tcp://" in line).split()[-1]
        reader = threading.Thread(target=board.stdout.read, daemon=True)  # else it would wait for somebody to read
        reader.start()
        yield place.replace("tcp://", "socket://")
        board.terminate()
        board.wait(60)


@pytest.mark.slow
def test_photographs_go_to_a_board_behind_a_socket_and_come_back(socket_board: str, tmp_path: Path) -> None:
    """Fed past the lens, its scores are the host's; grabbed, the picture is one the camera saw."""

    def run(*arguments: str | Path) -> str:
        command = [sys.executable, "-m", "scripts.main", *arguments, "--rows-baud", "921600"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    noise, taken = tmp_path / "noise", tmp_path / "taken"
    assert "PASS" in run("feed", socket_board, noise, "--count", "1")
    assert "1 frame" in run("grab", socket_board, "-o", taken)
    shots = [(noise / f"{number:04}.rgb565").read_bytes() for number in range(3)]
    assert (taken / "0000.rgb565").read_bytes() in shots


@pytest.mark.parametrize("tool", ["pyocd", "openocd"])
@pytest.mark.parametrize("status", [0, 3])
def test_a_flasher_that_is_installed_is_called(
    crosscam: Crosscam, elf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, status: int
) -> None:
    """A stand-in on PATH notes how it was called."""
    stand_in, note = tmp_path / tool, tmp_path / "called"
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{note}"\nexit {status}\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    done = crosscam("flash", elf, "--tool", tool)
    assert done.returncode == (2 if status else 0), done.stderr
    said = note.read_text()
    assert str(elf.resolve()) in said
    assert ("stm32h743zi" if tool == "pyocd" else "target/stm32h7x.cfg") in said
    if status:
        assert f"{tool} failed with status 3" in done.stderr
