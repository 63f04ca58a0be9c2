"""Builds the small programs of firmware/bench with either toolchain, for tests."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.bench.toolchains import GCC

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
_FIRST, _SECOND = ("gcc", "zig") if shutil.which("arm-none-eabi-gcc") else ("zig", "gcc")
TOOLCHAINS = (_FIRST, pytest.param(_SECOND, marks=pytest.mark.slow))
"""For ``parametrize`` and fixtures: the toolchain `make` takes on this machine, and with the slow tests the other."""
_COMMON = ("-std=c11", "-O2", "-g", "-ffreestanding", "-fno-builtin", "-Wall", "-Wextra", "-Werror", "-I.")
_ZIG = ("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m7", "-fno-sanitize=undefined")


@functools.cache
def _has_zig() -> bool:
    return subprocess.run([sys.executable, "-c", "import ziglang"], capture_output=True, check=False).returncode == 0


def need(toolchain: str) -> None:
    """Skip the test where the toolchain is not installed."""
    if toolchain == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    if toolchain == "zig" and not _has_zig():
        pytest.skip("ziglang is not installed")


def build(toolchain: str, sources: tuple[str, ...], script: str, elf: Path, flags: tuple[str, ...] = ()) -> Path:
    """Compile and link ``sources`` (below firmware/) with the linker script; the ELF's path."""
    need(toolchain)
    compiler = list(GCC) if toolchain == "gcc" else [sys.executable, "-m", "ziglang", "cc", *_ZIG]
    command = [*compiler, "-nostdlib", *_COMMON, *flags, "-T", script, *sources, "-o", str(elf)]
    finished = subprocess.run(command, cwd=FIRMWARE, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == 0, finished.stderr
    return elf


def raw_image(elf: Path, image: Path, base: int) -> Path:
    """The segments of ``elf`` that lie from ``base`` on, as a flash tool would write them."""
    from sim.engine.elf import ElfImage

    parts = [(address, data) for address, data in ElfImage.read(elf).segments if base <= address < base + (1 << 20)]
    content = bytearray(max(address - base + len(data) for address, data in parts))
    for address, data in parts:
        content[address - base : address - base + len(data)] = data
    image.write_bytes(content)
    return image
