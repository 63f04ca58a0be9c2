"""``crosscam coremark``: build CoreMark from the user's checkout and run it on a simulated STM32H743 or STM32L4R5."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sim.bench.toolchains import GCC
from sim.errors import CrosscamError

FIRMWARE = Path(__file__).parent.parent / "firmware"
PORT = FIRMWARE / "bench" / "coremark"
BOARDS = Path(__file__).parent.parent / "sim" / "board"
SOURCES = ("core_list_join.c", "core_main.c", "core_matrix.c", "core_state.c", "core_util.c")
COMPILER, *TARGET = GCC
SUPPORT_FLAGS = ("-O2", "-ffreestanding", "-fno-builtin", "-fno-tree-loop-distribute-patterns")
CHECKSUMS = {"seedcrc": 0xE9F5, "[0]crclist": 0xE714, "[0]crcmatrix": 0x1FD7, "[0]crcstate": 0x8E3A}
"""What a 2K performance run must print, whatever the number of iterations (CoreMark's own table)."""
CACHES = {"off": 0, "instructions": 1, "data": 2, "both": 3}


@dataclass(frozen=True)
class Target:
    """A board: its clock, the UART it prints on, flags that name the core, sources beside CoreMark's and the port's."""

    board: str
    timing: str
    uart: str
    flags: tuple[str, ...]
    support: tuple[str, ...]


H743 = Target(
    "stm32h743.resc", "cortex-m7", "sysbus.usart3", tuple(TARGET),
    ("chip/stm32h743/clock.c", "chip/stm32h743/cache.c", "bench/coremark/start.c", "bench/coremark/board_stm32h743.c",
     "lib/memory.c"),
)  # fmt: skip
L4R5 = Target(
    "stm32l4r5.resc", "cortex-m4", "sysbus.lpuart1",
    ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    ("bench/coremark/board_stm32l4r5.c", "lib/memory.c"),
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """Where code and data lie, which caches are on, how it is compiled, and what silicon was measured at."""

    title: str
    memory: str
    caches: str
    flags: tuple[str, ...]
    hardware: float | None = None
    source: str = ""

    @property
    def target(self) -> Target:
        """The board its memory is on."""
        return L4R5 if self.memory == "l4r5" else H743


ROWS: tuple[Variant, ...] = (
    Variant("TCM", "tcm", "both", ("-O2", "-funroll-all-loops"), 4.24, "RT1062, GCC 10.3.1"),
    Variant("TCM", "tcm", "both", ("-O2",), 3.86, "RT1062, library's flags"),
    Variant("flash, caches on", "flash_axi", "both", ("-O3",), 4.17, "H743, GCC 13.3.0"),
    Variant("flash, D-cache off", "flash_axi", "instructions", ("-O3",), 1.43, "H743, GCC 13.3.0"),
    Variant("L4R5, no wait states", "l4r5", "off", ("-O3",), 3.42, "Arm's figure, its compiler"),
    Variant("L4R5, 120 MHz, ART", "l4r5", "both", ("-O3",)),
    Variant("L4R5, 120 MHz, ART", "l4r5", "both", ("-O2",), 2.45, "Teensy 3.6 (K66), GCC"),
)
"""The published rows; flags of the third and fourth are not published, nor are those of the last and Arm's."""


@dataclass(frozen=True)
class Result:
    """``cycles`` an iteration; ``per_megahertz`` is CoreMark/MHz."""

    variant: Variant
    cycles: float

    @property
    def per_megahertz(self) -> float:
        """Iterations a second and MHz."""
        return 1e6 / self.cycles


def coremark(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Checkout of github.com/eembc/coremark.")],
    timing: Annotated[
        str | None, typer.Option(help="Clock: cortex-m7, cortex-m4 or instructions; default: the board's core.")
    ] = None,
    iterations: Annotated[int, typer.Option(min=1, help="Iterations to run.")] = 10,
    memory: Annotated[
        str | None,
        typer.Option(help="Only this placement: tcm, flash (data in DTCM), flash_axi (data in AXI) or l4r5."),
    ] = None,
    caches: Annotated[str, typer.Option(help="With --memory: off, instructions, data or both.")] = "both",
    flags: Annotated[str, typer.Option(help="With --memory: the compiler's flags.")] = "-O2 -funroll-all-loops",
    keep: Annotated[Path | None, typer.Option(help="Keep the ELF files in this folder.")] = None,
) -> None:
    """Build and run CoreMark; print CoreMark/MHz beside what silicon was measured at.

    Without --memory: the rows whose hardware figures are public. Nothing of CoreMark is part of this project.

    Example: [bold]crosscam coremark ~/coremark --memory tcm[/bold]
    """
    from scripts.console import terminal

    console = terminal()
    variants = ROWS
    if memory is not None:
        variants = (Variant(f"{memory}, caches {caches}", memory, caches, tuple(flags.split())),)
    with tempfile.TemporaryDirectory(prefix="coremark-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        results = [
            run(build(directory, variant, iterations, folder), variant, timing, iterations) for variant in variants
        ]
    console.print(_table(results, timing or "the boards' own clocks"))


def build(directory: Path, variant: Variant, iterations: int, folder: Path) -> Path:
    """Compile ``variant`` into ``folder``; the ELF's path.

    Raises:
        CrosscamError: no CoreMark in ``directory``, no compiler, an unknown placement, or it does not compile.
    """
    missing = [name for name in SOURCES if not (directory / name).is_file()]
    if missing:
        raise CrosscamError(f"{directory}: no {missing[0]}: expected a checkout of github.com/eembc/coremark")
    script = PORT / f"memory_{variant.memory}.ld"
    if not script.is_file():
        raise CrosscamError(f"unknown placement {variant.memory!r}: expected tcm, flash, flash_axi or l4r5")
    if variant.caches not in CACHES:
        raise CrosscamError(f"unknown cache setting {variant.caches!r}: expected one of {', '.join(CACHES)}")
    if shutil.which(COMPILER) is None:
        raise CrosscamError(f"{COMPILER} not found: the published rows are GCC's; install gcc-arm-none-eabi")
    includes = [f"-I{path}" for path in (PORT, FIRMWARE, directory)]
    defines = [f"-DITERATIONS={iterations}", f"-DCACHES={CACHES[variant.caches]}"]
    defines.append('-DFLAGS_STR="' + " ".join(variant.flags) + '"')
    core = variant.target.flags
    objects = []
    units = [(directory / name, variant.flags) for name in SOURCES] + [(PORT / "core_portme.c", variant.flags)]
    units += [(FIRMWARE / name, SUPPORT_FLAGS) for name in variant.target.support]
    for source, flags in units:
        target = folder / f"{variant.memory}_{variant.caches}_{source.stem}.o"
        _call([COMPILER, *core, *flags, *defines, *includes, "-c", str(source), "-o", str(target)])
        objects.append(str(target))
    elf = folder / f"coremark_{variant.memory}_{variant.caches}.elf"
    _call([COMPILER, *core, "-nostdlib", f"-L{PORT}", "-T", str(script), "-o", str(elf), *objects, "-lgcc"])
    return elf


def _call(command: list[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if finished.returncode:
        lines = [line for line in finished.stderr.splitlines() if "error" in line] or finished.stderr.splitlines()
        raise CrosscamError(f"{command[0]} failed: {lines[0] if lines else 'no message'}")


def run(elf: Path, variant: Variant, timing: str | None, iterations: int) -> Result:
    """Boot ``elf``, wait for its result, check CoreMark's own checksums.

    Raises:
        CrosscamError: it said nothing within 0.1 s of board time and 0.2 s an iteration, or computed wrongly.
    """
    from sim.bringup.board import FirstBoot
    from sim.bringup.image import read_image

    target = variant.target
    machine = FirstBoot(elf, read_image(elf), BOARDS / target.board, timing or target.timing).machine
    machine.clock.wires_take_time = False  # what it prints is not what is measured
    said = bytearray()

    def take(byte: int) -> None:
        said.append(byte)
        if said.endswith(b"done\n"):
            machine.pause()

    machine[target.uart].on_char.append(take)  # type: ignore[attr-defined]
    while not said.endswith(b"done\n") and machine.clock.seconds < 0.1 + iterations * 0.2:
        machine.run_for(0.05)
    text = said.decode("ascii", "replace")
    ticks = re.search(r"Total ticks +: (\d+)", text)
    if ticks is None:
        where = machine.symbols.describe(machine.cpu.pc)
        raise CrosscamError(
            f"{elf}: no result after {machine.clock.seconds:.2f} s of board time; the core is at {where}"
        )
    for name, expected in CHECKSUMS.items():
        found = re.search(re.escape(name) + r" +: 0x([0-9a-f]+)", text)
        if found is None or int(found[1], 16) != expected:
            raise CrosscamError(f"{elf}: {name} is {found[1] if found else 'missing'}, expected 0x{expected:04x}")
    return Result(variant, int(ticks[1]) / iterations)


def _table(results: list[Result], timing: str) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=f"CoreMark/MHz, {timing}", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("placement", "flags", "cycles an iteration", "CoreMark/MHz", "hardware", "ratio", "measured on"):
        table.add_column(heading, justify="left" if heading in ("placement", "flags", "measured on") else "right")
    for result in results:
        variant = result.variant
        hardware = variant.hardware
        table.add_row(
            variant.title,
            " ".join(variant.flags),
            f"{result.cycles:,.0f}",
            f"{result.per_megahertz:.2f}",
            "-" if hardware is None else f"{hardware:.2f}",
            "-" if hardware is None else f"{result.per_megahertz / hardware:.3f}",
            variant.source or "-",
        )
    return table
