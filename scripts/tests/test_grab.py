"""``crosscam grab``, ``feed`` and ``monitor`` on the simulated board, whose firmware was built."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.tests.conftest import Crosscam, frames_of_noise


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
