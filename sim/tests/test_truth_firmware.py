"""Board truth on firmware of ours: each mistake is found, once, where it is; its right way is not."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.truth import Kind

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
SOURCES = ("bench/truth/truth.c", "chip/stm32h743/cache.c")
COMMON = ("-std=c11", "-O2", "-g", "-ffreestanding", "-fno-builtin", "-Wall", "-Wextra", "-Werror", "-I.")
CASES = {1: Kind.STALE_READ, 2: Kind.DMA_UNREACHABLE, 3: Kind.UNALIGNED_DEVICE, 4: Kind.CLOCK_OFF}
DONE = 0x600D


def _compile_gcc(flags: list[str], elf: Path) -> None:
    target = ["-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16", "-nostdlib"]
    command = ["arm-none-eabi-gcc", *target, *COMMON, *flags, "-T", "bench/truth/truth.ld", *SOURCES, "-o", str(elf)]
    subprocess.run(command, cwd=FIRMWARE, check=True, timeout=60)


def _compile_zig(flags: list[str], elf: Path) -> None:
    target = ["-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m7", "-fno-sanitize=undefined"]
    script = ["-nostdlib", "-T", "bench/truth/truth.ld"]
    command = [sys.executable, "-m", "ziglang", "cc", *target, *COMMON, *flags, *script, *SOURCES, "-o", str(elf)]
    subprocess.run(command, cwd=FIRMWARE, check=True, timeout=120)


@functools.cache
def _has_zig() -> bool:
    return subprocess.run([sys.executable, "-c", "import ziglang"], capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["gcc", "zig"])
def toolchain(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if name == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    if name == "zig" and not _has_zig():
        pytest.skip("ziglang is not installed")
    return name


def boot(case: int, wrong: bool, toolchain: str, folder: Path) -> Machine:
    elf = folder / f"truth_{case}_{int(wrong)}.elf"
    compile_ = _compile_gcc if toolchain == "gcc" else _compile_zig
    compile_([f"-DCASE={case}", f"-DWRONG={int(wrong)}"], elf)
    monitor = Monitor()
    monitor.variables["bin"] = str(elf)
    monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
    machine = monitor.machine
    outcome = machine.symbols.address_of("outcome")
    assert machine.run_until(lambda: machine.sysbus.read(outcome, 4) == DONE, 0.05)
    if case == 1:  # what the engine gives is what memory has: watching changes nothing
        assert machine.sysbus.read(machine.symbols.address_of("value"), 4) == 100
    return machine


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_found_once_where_it_is(case: int, toolchain: str, tmp_path: Path) -> None:
    machine = boot(case, True, toolchain, tmp_path)
    assert machine.truth is not None
    (finding,) = machine.truth.findings
    assert finding.kind is CASES[case]
    assert " run+" in finding.where or " reset_handler+" in finding.where or " copy_by_dma+" in finding.where
    assert 0 < finding.cycle < machine.clock.now
    memory = {1: 0x24000000, 2: 0x20000000, 3: 0x58021001, 4: 0x58021000}[case]
    assert memory <= finding.address < memory + (0x1000 if case < 3 else 1)


@pytest.mark.parametrize("case", CASES)
def test_the_right_way_is_not_reported(case: int, toolchain: str, tmp_path: Path) -> None:
    machine = boot(case, False, toolchain, tmp_path)
    assert machine.truth is not None
    assert machine.truth.findings == []
