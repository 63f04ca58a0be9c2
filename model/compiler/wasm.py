"""The generated C as a WebAssembly module without imports, by zig: ``crosscam compile --target wasm``.

It exports its memory and the functions of firmware/bench/wasm/exports.c: where inputs and outputs lie, and ``run``.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from model.errors import CrosscamError
from model.extras import missing
from model.files import whole

MODULE = "model.wasm"
_FIRMWARE = Path(__file__).parents[2] / "firmware"
_FLAGS = (
    *("-target", "wasm32-freestanding", "-std=c11", "-O3", "-msimd128", "-fno-sanitize=undefined"),
    *("-ffreestanding", "-fno-builtin", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all"),
)
_LONGEST_SECONDS = 300


def build_wasm(folder: Path, kernels: Sequence[str]) -> Path:
    """Compile the C files in ``folder``, which name ``kernels`` of firmware/nn, into ``folder``/model.wasm.

    Raises CrosscamError where zig is not installed or refuses them.
    """
    if importlib.util.find_spec("ziglang") is None:
        raise missing("ziglang", "zig")
    sources = [folder / "model.c", folder / "model_weights.c", _FIRMWARE / "bench" / "wasm" / "exports.c"]
    sources += [_FIRMWARE / "nn" / f"{kernel}.c" for kernel in sorted(set(kernels))]
    sources.append(_FIRMWARE / "lib" / "memory.c")
    command = [sys.executable, "-m", "ziglang", "cc", *_FLAGS, f"-I{_FIRMWARE}", f"-I{folder}", *map(str, sources)]
    path = folder / MODULE
    with whole(path) as part:
        try:
            finished = subprocess.run(
                [*command, "-o", str(part)], capture_output=True, text=True, timeout=_LONGEST_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CrosscamError(f"{path}: zig has not ended after {_LONGEST_SECONDS} s") from error
        if finished.returncode:
            lines = [line for line in finished.stderr.splitlines() if "error" in line] or ["no message"]
            raise CrosscamError(f"{path}: zig failed: {lines[0].strip()[:200]}")
    return path
