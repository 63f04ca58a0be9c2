"""Programs of networks and kernels, built with a compiler for ARM."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from model.compiler.tests.host import ROOT, WARNINGS, kernel_objects

_FLAGS = (*WARNINGS, "-O2", "-ffreestanding", f"-I{ROOT / 'firmware'}")


def build_program(toolchain: Sequence[str], folder: Path, start: str, script: str, entry: str = "run") -> Path:
    """Compile ``start`` and every .c and .S in ``folder``, and link them with all kernels by ``script``; the ELF's
    path."""
    (folder / "start.c").write_text(start)
    (folder / "link.ld").write_text(script)
    kernels, complaint = kernel_objects((*toolchain, *_FLAGS))
    assert not complaint, complaint
    sources = [*sorted(folder.glob("*.c")), *sorted(folder.glob("*.S")), *kernels]
    elf = folder / "program.elf"
    link = ["-nostdlib", f"-T{folder / 'link.ld'}", f"-Wl,-e,{entry}"]
    command = [*toolchain, *_FLAGS, *link, *map(str, sources), "-o", str(elf)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return elf
