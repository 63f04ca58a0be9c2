"""Whole programs with native loops and without: every register at every block, and all there is at random moments."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.native import shared
from sim.engine.native.loops import manager
from sim.tests.firmware_bench import FIRMWARE, ROOT, need

LEVELS = {"gcc": ("0", "1", "2", "3", "s", "g"), "zig": ("0", "2", "s")}  # zig takes 1 and 3 for 2
PROGRAMS = ["sort", "text", "hash", "wide", "tree", "machine", "signal", "copy", "start", "runtime"]
BOARD = ROOT / "sim" / "board" / "stm32h743.resc"
_COMMON = ("-std=gnu11", "-g", "-ffreestanding", "-Wall", "-Wextra", "-Werror", "-Wno-parentheses", "-I.")
_TARGET = {
    "gcc": ("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16", "-nostdlib"),
    "zig": ("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m7", "-Wno-bitwise-op-parentheses", "-Wno-gnu"),
}
_NO_TRAPS = {"gcc": (), "zig": ("-fno-sanitize=undefined",)}
_MEMORIES = (0x20000000, 0x24000000, 0x30000000)
FREQUENCY = 480_000_000


def toolchains() -> list[str]:
    """The compilers there are."""
    found = []
    for name in LEVELS:
        try:
            need(name)
        except pytest.skip.Exception:
            continue
        found.append(name)
    return found


def build_programs(toolchain: str, level: str, elf: Path) -> Path:
    """firmware/bench/loops at an optimisation level."""
    compiler = ["arm-none-eabi-gcc"] if toolchain == "gcc" else [sys.executable, "-m", "ziglang", "cc"]
    sources = [f"bench/loops/{name}.c" for name in PROGRAMS]
    command = [
        *(*compiler, *_TARGET[toolchain], *_NO_TRAPS[toolchain], *_COMMON, f"-O{level}"),
        *("-T", "bench/loops/loops.ld", *sources, "-o", str(elf), *(["-lgcc"] if toolchain == "gcc" else [])),
    ]
    _run(command, FIRMWARE)
    return elf


def build_firmware(toolchain: str, level: str, folder: Path) -> Path:
    """The vision firmware, and with it the network's kernels, at an optimisation level."""
    command = [shutil.which("make") or "make", "-C", str(FIRMWARE), f"PYTHON={sys.executable}"]
    _run([*command, f"TOOLCHAIN={toolchain}", f"OPTIMIZE=-O{level}", f"BUILD={folder}"], ROOT)
    return folder / "crosscam.elf"


def _run(command: list[str], folder: Path) -> None:
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert finished.returncode == 0, finished.stderr


def boot(elf: Path, native: bool, traced: bool) -> Machine:
    """A bare STM32H743 about to run ``elf``."""
    monitor = Monitor(timing="instructions")
    monitor.variables["bin"] = str(elf)
    monitor.include(BOARD)
    engine = monitor.machine.engine
    engine.set_native_loops(native)
    if traced:
        engine.trace_blocks()
    return monitor.machine


@dataclass(frozen=True)
class Agreement:
    """How much was compared."""

    blocks: int
    native_cycles: int
    moments: int


class DisagreementError(AssertionError):
    """Two executors gave something different."""


def compare_blocks(make: Callable[[bool, bool], Machine], cycles: int) -> Agreement:
    """Run ``make(native, traced)`` both ways; DisagreementError with the first block that differs."""
    pair = [make(native, True) for native in (True, False)]
    _run_all(pair, cycles)
    state = [machine.engine.state for machine in pair]
    if any(state[0][slot] != state[1][slot] for slot in (shared.TRACE_HASH, shared.TRACE_COUNT, shared.NOW)):
        raise DisagreementError(_first_difference(make, cycles))
    loops = pair[0].engine.loops
    return Agreement(state[0][shared.TRACE_COUNT], loops.cycles if loops else 0, 1)


def compare_moments(make: Callable[[bool, bool], Machine], cycles: int, seed: int, longest: int) -> Agreement:
    """As ``compare_blocks``, with loops as they are in use: registers at random moments, memory at some of them."""
    rng = random.Random(seed)
    pair = [make(native, False) for native in (True, False)]
    moments, done = 0, 0
    while done < cycles:
        span = rng.randrange(1, longest)
        _run_all(pair, span)
        done += span
        moments += 1
        if pair[0].cpu.registers != pair[1].cpu.registers or pair[0].clock.now != pair[1].clock.now:
            raise DisagreementError(f"registers differ at cycle {pair[1].clock.now}: {[m.cpu.registers for m in pair]}")
        if moments % 100 == 0:
            _compare_memories(pair)
    _compare_memories(pair)
    loops = pair[0].engine.loops
    return Agreement(0, loops.cycles if loops else 0, moments)


def _run_all(pair: list[Machine], cycles: int) -> None:
    for machine in pair:
        machine.run_for(Fraction(cycles, FREQUENCY))


def _compare_memories(pair: list[Machine]) -> None:
    for start, _, memory in pair[0].sysbus.memories:
        if start in _MEMORIES:
            left, right = (machine.sysbus.read_bytes(start, memory.size) for machine in pair)
            if left != right:
                place = next(place for place in range(len(left)) if left[place] != right[place])
                raise DisagreementError(f"memory differs at 0x{start + place:08X}, cycle {pair[1].clock.now}")


def _first_difference(make: Callable[[bool, bool], Machine], cycles: int) -> str:
    """Where two traces part, by running again and again over a span that is a sixteenth each time.

    When loops are compiled depends on where runs stop; so a shorter span may show another difference, or none.
    """
    found = f"blocks differ within {cycles} cycles"
    good, span = 0, cycles
    while span > 16:
        span = span // 16
        pair = [make(native, True) for native in (True, False)]
        _run_all(pair, good)
        while pair[0].engine.state[shared.TRACE_HASH] == pair[1].engine.state[shared.TRACE_HASH]:
            if good > cycles:
                return f"{found} (and none in steps of {span})"
            before = pair[1].cpu.registers
            _run_all(pair, span)
            good += span
        good -= span
        native, plain = (machine.cpu.registers for machine in pair)
        shown = {name: f"{native[name]:08X}/{plain[name]:08X}" for name in plain if native[name] != plain[name]}
        where = pair[1].symbols.describe(before["pc"])
        found = f"blocks differ from cycle {good}, {where}, within {span} cycles: native/Unicorn {shown}"
    return found


def eager(monkeypatch_set: Callable[[object, str, object], None]) -> None:
    """Compile what was met once, and never give a loop up: the most code runs natively."""
    monkeypatch_set(manager, "SAMPLES", 1)
    monkeypatch_set(manager, "MAX_DROPS", shared.NEVER)
