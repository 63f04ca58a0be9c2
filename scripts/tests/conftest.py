"""What the command line's tests share: the firmware `make` built, a small frame folder, a runner."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.frames.folder import Shot, write_folder

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "model" / "zoo" / "person_car_160"
Crosscam = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def crosscam() -> Crosscam:
    """Run the command line in a process of its own, as a user does."""

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.main", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    return call


def built(toolchain: str) -> Path:
    """The ELF of ``toolchain``; skips the test when it has not been built."""
    elf = ROOT / "build" / toolchain / "crosscam.elf"
    if not elf.is_file():
        pytest.skip(f"no {toolchain} build; `make firmware TOOLCHAIN={toolchain}` makes one")
    return elf


@pytest.fixture
def elf() -> Path:
    """The firmware, of whichever toolchain built it."""
    for toolchain in ("gcc", "zig"):
        path = ROOT / "build" / toolchain / "crosscam.elf"
        if path.is_file():
            return path
    pytest.skip("no firmware; `make firmware` makes one")


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Three frames of noise."""
    noise = np.random.default_rng(5).integers(0, 1 << 16, (3, 240, 320), dtype=np.uint16)
    folder = tmp_path / "frames"
    write_folder(folder, "noise", (Shot(pixels, f"noise-{n}", None, "none") for n, pixels in enumerate(noise)))
    return folder


@pytest.fixture
def model_copy(tmp_path: Path) -> Path:
    """A copy of the shipped model that a test may damage."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))
