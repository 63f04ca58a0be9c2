"""Programs of networks and kernels, built with a compiler for ARM."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from model.compiler.tests.host import NN, ROOT, WARNINGS

_FLAGS = (*WARNINGS, "-O2", "-ffreestanding", f"-I{ROOT / 'firmware'}")


def build_program(toolchain: Sequence[str], folder: Path, start: str, script: str, entry: str = "run") -> Path:
    """Compile ``start`` and every .c and .S in ``folder``, and link them with all kernels by ``script``; the ELF's
    path."""
    (folder / "start.c").write_text(start)
    (folder / "link.ld").write_text(script)
    sources = [*sorted(folder.glob("*.c")), *sorted(folder.glob("*.S")), *_kernels(tuple(toolchain))]
    elf = folder / "program.elf"
    link = ["-nostdlib", f"-T{folder / 'link.ld'}", f"-Wl,-e,{entry}"]
    _run([*toolchain, *_FLAGS, *link, *map(str, sources), "-o", str(elf)])
    return elf


@functools.cache
def _kernels(toolchain: tuple[str, ...]) -> list[Path]:
    """Object files of all kernels, made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="crosscam-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _run([*toolchain, *_FLAGS, "-c", *map(str, sorted(NN.glob("*.c")))], folder)
    return sorted(folder.glob("*.o"))


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    assert result.returncode == 0, result.stderr
