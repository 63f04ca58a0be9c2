"""Firmware that is built without a display: the same scores, less memory, and a display that shows nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.boot import Board
from sim.budget import Figures, measure
from sim.engine.elf import ElfImage
from sim.errors import CrosscamError
from sim.frames.folder import Shot, write_folder
from sim.lcd import Lcd
from sim.vision_display import VisionDisplay

ROOT = Path(__file__).resolve().parents[2]
WITH = ROOT / "build" / "zig" / "crosscam.elf"
TIMING = "instructions"

pytestmark = [
    pytest.mark.slow,  # the firmware is built anew
    pytest.mark.skipif(not WITH.is_file(), reason="needs the firmware: make -C firmware TOOLCHAIN=zig"),
]


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("off")
    places = [f"{name}={folder / name.lower()}" for name in ("BUILD", "GEN")]
    command = ["make", "-C", "firmware", f"PYTHON={sys.executable}", "TOOLCHAIN=zig", "LCD=off", *places]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=1200)
    return folder / "build" / "crosscam.elf"


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(7).integers(0, 1 << 16, (3, 240, 320), dtype=np.uint16)
    shots = (Shot(pixels, f"{number}", None, "none") for number, pixels in enumerate(noise))
    return write_folder(tmp_path_factory.mktemp("noise") / "frames", "noise", shots).path


def test_nothing_of_the_display_is_in_it(without: Path) -> None:
    names = {symbol.name for symbol in ElfImage.read(without).symbols}
    assert not [name for name in names if name.startswith(("ili9341_", "drawing_", "font_"))]
    with pytest.raises(CrosscamError, match="built with LCD=on"):
        VisionDisplay(without)


def test_scores_are_the_same_and_nothing_is_shown(without: Path, frames: Path) -> None:
    scores = []
    for elf in (WITH, without):
        board = Board(elf, frames, TIMING)
        assert board.run_until(lambda: len(board.predictions) >= 3, 3)  # noqa: B023
        scores.append([prediction.scores for prediction in board.predictions[:3]])
    assert scores[0] == scores[1]
    assert Lcd(board).pictures == 0
    assert not Lcd(board).is_on


def test_it_takes_less(without: Path, frames: Path) -> None:
    """Flash, and not a byte or a cycle of the network more."""
    figures: list[Figures] = [measure(elf, frames, TIMING) for elf in (WITH, without)]
    before, after = (each["memory"] for each in figures)
    assert after["flash"] < before["flash"]
    assert all(after[name] <= before[name] for name in before)
    assert figures[1]["layers"].keys() == figures[0]["layers"].keys()
