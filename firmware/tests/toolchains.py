"""Programs of networks and kernels, built with a compiler for ARM."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from model.compiler.tests.host import NN, ROOT, WARNINGS


def build_program(toolchain: Sequence[str], folder: Path, start: str, script: str, entry: str = "run") -> Path:
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
