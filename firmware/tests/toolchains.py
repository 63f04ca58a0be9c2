"""The compilers for ARM that are installed, and programs of networks and kernels built with them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from model.compiler.tests.host import NN, ROOT, WARNINGS


def toolchains() -> dict[str, list[str]]:
    """Command lines by name."""
    found = {}
    if shutil.which("arm-none-eabi-gcc"):
        found["gcc"] = ["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"]
    if find_spec("ziglang"):
        found["zig"] = [
            sys.executable,
            "-m",
            "ziglang",
            "cc",
            "-target",
            "thumb-freestanding-eabihf",
            "-mcpu=cortex_m7+fp_armv8d16",
        ]
    return found


def build_program(toolchain: list[str], folder: Path, start: str, script: str, entry: str = "run") -> Path:
    """Compile ``start``, every .c in ``folder`` and all kernels, and link them by ``script``; the ELF's path."""
    (folder / "start.c").write_text(start)
    (folder / "link.ld").write_text(script)
    sources = [*sorted(folder.glob("*.c")), *sorted(folder.glob("*.S")), *sorted(NN.glob("*.c"))]
    flags = [*WARNINGS, "-O2", "-ffreestanding", "-nostdlib", f"-I{ROOT / 'firmware'}", f"-T{folder / 'link.ld'}"]
    elf = folder / "program.elf"
    command = [*toolchain, *flags, f"-Wl,-e,{entry}", *map(str, sources), "-o", str(elf)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return elf
