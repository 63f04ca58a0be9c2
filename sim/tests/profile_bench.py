"""Builds the small programs of profile_program and runs them on the bare STM32H743."""

from __future__ import annotations

from pathlib import Path

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.tests.firmware_bench import FIRMWARE, ROOT, build

PROGRAMS = Path(__file__).parent / "profile_program"


def built(name: str, folder: Path, toolchain: str = "gcc", flags: tuple[str, ...] = ()) -> Path:
    """The ELF of ``profile_program/NAME``."""
    source = str(Path("..") / (PROGRAMS / name).relative_to(FIRMWARE.parent))
    return build(toolchain, (source,), "bench/truth/truth.ld", folder / f"{name}.elf", flags)


def booted(elf: Path, timing: str) -> Machine:
    """A machine with the program, not run yet."""
    monitor = Monitor(timing=timing)
    monitor.variables["bin"] = str(elf)
    monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
    return monitor.machine
