"""The C compilers for a bare Cortex-M7 that are installed, with the flags that name the core and its FPU."""

from __future__ import annotations

import importlib.util
import shutil
import sys

GCC = ("arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16")
ZIG = (
    *(sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf"),
    "-mcpu=cortex_m7+fp_armv8d16",  # zig's cortex_m7 has no FPU, and what it calls instead is not there
    "-fno-sanitize=undefined",  # nor is the runtime of the sanitizer
)


def installed() -> dict[str, tuple[str, ...]]:
    """Command lines by name, ``gcc`` before ``zig``."""
    found: dict[str, tuple[str, ...]] = {}
    if shutil.which(GCC[0]):
        found["gcc"] = GCC
    if importlib.util.find_spec("ziglang") is not None:
        found["zig"] = ZIG
    return found
