"""``crosscam soak`` on the board itself."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.tests.conftest import Crosscam


def test_the_board_does_not_creep(crosscam: Crosscam, elf: Path, frames: Path, tmp_path: Path) -> None:
    told = tmp_path / "soak.json"
    common = ("--elf", elf, "--folder", frames, "--timing", "instructions", "--json", told)
    done = crosscam("soak", *common, "--frames", "6", "--memory", "50")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(told.read_text())
    assert document["passed"] and document["photographs"] == 3
    assert [window["lost"] for window in document["windows"]] == [0] * len(document["windows"])
    assert all(window["stack"] > 0 for window in document["windows"])
    assert "PASS" in done.stdout


def test_too_few_frames_are_one_line(crosscam: Crosscam, elf: Path, frames: Path) -> None:
    done = crosscam("soak", "--elf", elf, "--folder", frames, "--frames", "5")
    assert done.returncode == 2
    assert done.stderr.startswith("crosscam: 5 frames of a folder with 3: expected at least 6")
