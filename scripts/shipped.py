"""What an installed crosscam brings to an empty folder: models, boards, suites, and a firmware made when first wanted.

In a checkout all of it lies where the command lines' defaults say, and ``make`` makes what has to be made; there this
module changes nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.console import tell
from sim.bench.toolchains import installed
from sim.errors import CrosscamError

ROOT = Path(__file__).parents[1]
"""The checkout, or the installed package."""
MODEL = Path("model/zoo/person_car_160")
FRAMES = Path("build/frames/demo")
ELF = Path("build/crosscam.elf")
SUITES = Path("robot_tests")
_LONGEST = 1800.0
"""Seconds a compiler may take for the firmware."""


def is_installed() -> bool:
    """Whether this is an installation, not a checkout."""
    return not (ROOT / "pyproject.toml").is_file()


def shipped(path: Path) -> Path:
    """``path`` where there is such a file or folder; else the one of that path in an installed package, if any."""
    inside = ROOT / path
    if path.is_absolute() or ".." in path.parts or path.exists() or not is_installed() or not inside.exists():
        return path
    return inside


def frames_or_demo(path: Path) -> Path:
    """``path``; the default one is made of the demo photographs where it is missing."""
    if path == FRAMES and not path.exists() and is_installed():
        from sim.frames.demo import demo_folder

        tell(f"{path}: making the demo frames")
        demo_folder(path)
    return path


def firmware_or_built(path: Path, model: Path) -> Path:
    """``path``; the default one is compiled, with ``model`` inside, where it is missing.

    Raises:
        CrosscamError: no compiler or no make, or it does not compile.
    """
    if path == ELF and not path.exists() and is_installed():
        tell(f"{path}: compiling the vision firmware with {model}; this takes a minute")
        _build(path, model)
    return path


def _build(elf: Path, model: Path) -> None:
    from importlib.metadata import version

    from model import compiler

    toolchain = _toolchain()
    sources = elf.parent / "firmware"
    shutil.copytree(ROOT / "firmware", sources, dirs_exist_ok=True)
    settings = {
        "TOOLCHAIN": toolchain,
        "BUILD": f"../{toolchain}",
        "MODEL_DIR": str(model.resolve()),
        "PYTHON": sys.executable,
        "MODEL_COMPILER": compiler.__name__,
        "VERSION": version("crosscam"),
    }
    command = [
        "make",
        f"-j{os.cpu_count() or 1}",
        "-C",
        str(sources),
        *(f"{name}={value.replace('$', '$$')}" for name, value in settings.items()),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise CrosscamError(f"{sources}: not compiled after {_LONGEST:.0f} s; run `make -C {sources}` to see") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise CrosscamError(f"{sources}: make failed: {lines[0]}; run `make -C {sources}` to see all")
    elf.unlink(missing_ok=True)
    elf.symlink_to(Path(toolchain) / "crosscam.elf")


def _toolchain() -> str:
    if shutil.which("make") is None:
        raise CrosscamError("no firmware, and no `make` to build one: install make, or name an ELF file with --elf")
    for name in installed():
        return name
    raise CrosscamError(
        "no firmware, and no compiler for one: install arm-none-eabi-gcc, or run `pip install 'crosscam[zig]'`"
    )
