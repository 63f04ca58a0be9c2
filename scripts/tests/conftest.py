"""What the command line's tests share: the firmware `make` built, a small frame folder, a runner."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scripts.tests.forked import run_forked
from sim.frames.folder import Shot, write_folder

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "model" / "zoo" / "person_car_160"
Crosscam = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def crosscam() -> Crosscam:
    """Run the command line in a process of its own, as a user does."""

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return run_forked([str(argument) for argument in arguments], ROOT, limit=120)

    return call


def built(toolchain: str) -> Path:
    """The ELF of ``toolchain``; skips the test when it has not been built."""
    elf = ROOT / "build" / toolchain / "crosscam.elf"
    if not elf.is_file():
        pytest.skip(f"no {toolchain} build; `make firmware TOOLCHAIN={toolchain}` makes one")
    return elf


@pytest.fixture(scope="session")
def elf() -> Path:
    """The firmware, of whichever toolchain built it."""
    for toolchain in ("gcc", "zig"):
        path = ROOT / "build" / toolchain / "crosscam.elf"
        if path.is_file():
            return path
    pytest.skip("no firmware; `make firmware` makes one")


def frames_of_noise(folder: Path) -> Path:
    """Three frames of noise in ``folder``."""
    noise = np.random.default_rng(5).integers(0, 1 << 16, (3, 240, 320), dtype=np.uint16)
    write_folder(folder, "noise", (Shot(pixels, f"noise-{n}", None, "none") for n, pixels in enumerate(noise)))
    return folder


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Three frames of noise that a test may damage."""
    return frames_of_noise(tmp_path / "frames")


@pytest.fixture
def model_copy(tmp_path: Path) -> Path:
    """A copy of the shipped model that a test may damage."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))
