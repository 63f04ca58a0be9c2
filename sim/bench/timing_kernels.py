"""Micro-kernels: small loops of one rule each, run on the timing model and held against the rule.

``firmware/bench/timing`` has their code and ``kernels.toml`` what they must cost.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from sim.engine.bus import MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.machine import Machine
from sim.engine.timing.chip import Chip, DeviceBus, Memory, load_chip
from sim.engine.timing.cortex_m7 import CortexM7Timing
from sim.engine.timing.m4_chip import CORTEX_M4, M4Chip, load_m4_chip
from sim.engine.timing.m4_chip import Memory as M4Memory
from sim.errors import CrosscamError

FOLDER = Path(__file__).parents[2] / "firmware" / "bench" / "timing"
CACHES_ON = 3 << 16  # CCR.DC, CCR.IC
CCR = 0xE000ED14
CPACR = 0xE000ED88
FEW, MANY = 40, 140  # turns of the loop; the difference leaves the way in and out aside
TOLERANCE = 0.1  # cycles an iteration
_LONGEST_SECONDS = 1.0
PRIVATE = "private"
"""The core's own registers, which are there."""
_REGISTERS = 0x6000  # bytes a kernel uses


@dataclass(frozen=True)
class Kernel:
    """One loop and its rule; ``code`` and ``data`` name memories of the chip, ``data`` also the registers behind a bus.

    ``bus_clock``: core cycles of one; 0: as the chip's data file has it. ``core``: whose clock counts.
    """

    name: str
    file: str
    copies: int
    cycles: float
    rule: str
    source: str
    chip: str = "stm32h743"
    code: str = "itcm"
    data: str = "dtcm"
    caches: bool = True
    bus_clock: int = 0
    core: str = "cortex-m7"


@dataclass(frozen=True)
class Outcome:
    """What the model says of a kernel: cycles a copy of the body."""

    kernel: Kernel
    cycles: float

    @property
    def holds(self) -> bool:
        """Within a tenth of a cycle of the rule."""
        return abs(self.cycles - self.kernel.cycles) <= TOLERANCE


def load_kernels(folder: Path = FOLDER) -> list[Kernel]:
    """What ``kernels.toml`` lists.

    Raises:
        CrosscamError: it cannot be read.
    """
    path = folder / "kernels.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return [Kernel(**entry) for entry in data["kernel"]]
    except OSError as error:
        raise CrosscamError(f"{path}: cannot be read ({error.strerror}); run in a checkout of the sources") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CrosscamError(f"{path}: {error}; see the head of the file for what an entry holds") from error


def assemble(file: Path) -> tuple[bytes, dict[str, int]]:
    """Code of an assembler file without relocations, and the offsets of its functions.

    Raises:
        CrosscamError: no assembler, or it refuses the file.
    """
    if shutil.which("arm-none-eabi-gcc"):
        command = ["arm-none-eabi-gcc", "-c"]
    else:
        command = [sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf", "-c"]
        command.append("-mcpu=cortex_m7")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "kernel.o"
        done = subprocess.run(
            [*command, "-I", str(file.parent), str(file), "-o", str(output)],
            capture_output=True,
            text=True,
            check=False,
            cwd=file.parent,
        )
        if done.returncode:
            first = (done.stderr.strip().splitlines() or ["no message"])[0]
            raise CrosscamError(f"{file}: {command[0]} failed: {first}; needs arm-none-eabi-gcc or the extra [zig]")
        image: Any = ELFFile(io.BytesIO(output.read_bytes()))
        code = bytes(image.get_section_by_name(".text").data())
        symbols: dict[str, int] = {}
        for section in image.iter_sections():
            if isinstance(section, SymbolTableSection):
                for symbol in section.iter_symbols():
                    if symbol["st_info"]["type"] == "STT_FUNC":
                        symbols[symbol.name] = symbol["st_value"] & ~1
        return code, symbols


class Bench:
    """A bare core with a chip's memories, and memory in place of peripherals."""

    def __init__(self, chip: str, timing: str | None = None, bus_clock: int = 0, core: str = "cortex-m7") -> None:
        self.chip: Chip | M4Chip = load_m4_chip(chip) if core == CORTEX_M4 else load_chip(chip)
        machine = self.machine = Machine("kernels", timing or f"{core}:{chip}")
        for memory in self.chip.memories:
            size = min(memory.size, 1 << 21)
            machine.register(f"sysbus.{memory.name}", MappedMemory(machine, memory.name, size=size), memory.base)
        for bus in self.chip.devices:
            if bus.name != PRIVATE:
                machine.register(f"sysbus.{bus.name}", MappedMemory(machine, bus.name, size=_REGISTERS), bus.base)
        nvic = Nvic(machine, "nvic", priority_mask=0xF0)
        machine.register("sysbus.nvic", nvic, 0xE000E000)
        self.cpu = CortexM(machine, "cpu", nvic=nvic, cpu_type=core)
        self.cpu.performance_in_mips = 100
        machine.register("sysbus.cpu", self.cpu)
        machine.sysbus.write(CPACR, 4, 0xF << 20)
        if bus_clock and isinstance(machine.timing, CortexM7Timing) and isinstance(self.chip, Chip):
            machine.timing.retime(self.chip.clocked(bus_clock, 0))

    def memory(self, name: str) -> Memory | M4Memory | DeviceBus:
        """A memory of the chip, or what stands for the registers behind a bus, by name."""
        places: tuple[Memory | M4Memory | DeviceBus, ...] = (*self.chip.memories, *self.chip.devices)
        for memory in places:
            if memory.name == name:
                return memory
        raise CrosscamError(f"chip {self.chip.name} has no memory {name}")

    def run(self, code: bytes, start: int, code_in: str, data_in: str, turns: int, caches: bool = True) -> int:
        """Cycles from the first instruction to the WFI behind the loop."""
        machine = self.machine
        base = self.memory(code_in).base + 0x1000
        data = self.memory(data_in).base + 0x4000
        machine.sysbus.write_bytes(base, code)
        machine.sysbus.write(CCR, 4, machine.sysbus.read(CCR, 4) & ~CACHES_ON | (CACHES_ON if caches else 0))
        registers = [0] * 13
        registers[0], registers[1], registers[2] = turns, data, data + 0x4000
        self.cpu.wake()
        self.cpu.set_general_registers(*registers, data - 0x100, 0xFFFFFFFF)
        self.cpu.pc = base + start
        machine.timing.discontinuity()
        before = machine.clock.now
        machine.run_until(lambda: bool(self.cpu.sleeping), _LONGEST_SECONDS)
        if not self.cpu.sleeping:
            raise CrosscamError(f"the kernel at offset 0x{start:X} did not end")
        return int(machine.clock.now) - before


def measure(kernels: list[Kernel], folder: Path = FOLDER) -> list[Outcome]:
    """Run each on a machine of its chip; a first run fills caches and BTAC."""
    benches: dict[tuple[str, int], Bench] = {}
    images: dict[str, tuple[bytes, dict[str, int]]] = {}
    outcomes = []
    for kernel in kernels:
        if kernel.file not in images:
            images[kernel.file] = assemble(folder / kernel.file)
        code, symbols = images[kernel.file]
        board = kernel.chip, kernel.bus_clock
        if board not in benches:
            benches[board] = Bench(kernel.chip, bus_clock=kernel.bus_clock, core=kernel.core)
        bench = benches[board]
        start = symbols[kernel.name]
        end = min([other for other in symbols.values() if other > start], default=len(code))
        code, start = code[start:end], 0
        bench.run(code, start, kernel.code, kernel.data, FEW, kernel.caches)
        few = bench.run(code, start, kernel.code, kernel.data, FEW, kernel.caches)
        many = bench.run(code, start, kernel.code, kernel.data, MANY, kernel.caches)
        outcomes.append(Outcome(kernel, (many - few) / ((MANY - FEW) * kernel.copies)))
    return outcomes
