"""``crosscam bench-model``: any model on a bare simulated STM32H743: cycles, memory, and the reference's word on it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.compile import Optimize
from sim.bench.toolchains import installed
from sim.errors import CrosscamError
from sim.files import write_json

if TYPE_CHECKING:
    from model.compiler.compile import Options
    from model.compiler.report import CompileReport
    from sim.bench.bare_network import BareNetwork, LayerCycles

FIRMWARE = Path(__file__).parent.parent / "firmware"
PORT = FIRMWARE / "bench" / "model"
_SECTIONS_IN_FLASH = (".text", ".rodata", ".itcm_text", ".data")
_SECTIONS_IN_RAM = (".data", ".bss", ".nn_arena")
_FLAGS = ("-std=c11", "-O2", "-ffreestanding", "-fno-builtin", "-ffunction-sections", "-fdata-sections", "-nostdlib")
FAST_RAM = 96
"""KB of DTCM for tensors, scratch memory and weights: what stack and data leave."""
_LONGEST_SECONDS = 1800
_INPUTS = 2
"""Random inputs that outputs are compared on; the cycles are those of the last, with warm caches."""


@dataclass(frozen=True)
class LayerRow:
    """One layer; ``why``: the reason it has no generated kernel."""

    name: str
    kernel: str
    macs: int
    cycles: int
    why: str


@dataclass(frozen=True)
class ModelRow:
    """One model. Bytes: ``flash`` of code and constants, ``arena`` of all tensors, ``scratch`` and ``data`` of the
    kernels, ``stack`` the most that was used; ``ram``: all that is written, tensors wherever they lie."""

    model: str
    macs: int
    cycles: int
    equal: bool
    flash: int
    arena: int
    data: int
    stack: int
    ram: int
    layers: list[LayerRow]

    @property
    def cycles_per_mac(self) -> float | None:
        """None for a model without multiplications."""
        return self.cycles / self.macs if self.macs else None


def bench_model(
    models: Annotated[
        list[Path] | None, typer.Argument(metavar="MODEL...", help="A .tflite, or a folder with card.toml.")
    ] = None,
    kinds: Annotated[
        bool, typer.Option("--kinds", help="Also networks of the published kinds, made by Keras (extra \\[train]).")
    ] = False,
    optimize: Annotated[Optimize, typer.Option(help="speed: generated kernels; size: plain C.")] = Optimize.SPEED,
    fast_ram: Annotated[
        int, typer.Option(min=0, max=112, help="KB of DTCM for tensors, scratch memory and weights.")
    ] = FAST_RAM,
    flash: Annotated[
        int | None, typer.Option(min=1, help="KB that constants and generated code may take; default: 2048.")
    ] = None,
    toolchain: Annotated[str | None, typer.Option(help="gcc or zig; default: gcc where it is installed.")] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Every layer, also for several models.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON.")] = None,
) -> None:
    """Build each model bare, run it on the simulated STM32H743 with the cortex-m7 clock, tell what it takes.

    Its outputs for random inputs are held against LiteRT's reference kernels. Exit status 1 when any differs.

    Example: [bold]crosscam bench-model model/zoo/person_car_160[/bold]
    """
    from model.compiler.compile import Options
    from scripts.console import terminal

    if not models and not kinds:
        raise CrosscamError("no model: name a .tflite or a folder with card.toml, or give --kinds")
    console = terminal()
    with tempfile.TemporaryDirectory(prefix="crosscam-kinds-") as folder:
        made = made_networks(Path(folder)) if kinds else []
        options = Options(optimize=optimize.value, fast_ram=1024 * fast_ram, flash=flash and 1024 * flash)
        rows = [bench(model, options, toolchain) for model in [*made, *(models or [])]]
    for row in rows if layers or len(rows) == 1 else []:
        console.print(_layer_table(row))
    console.print(_table(rows))
    if json_file is not None:
        write_json(json_file, {"models": [asdict(row) | {"cycles_per_mac": row.cycles_per_mac} for row in rows]})
    if not all(row.equal for row in rows):
        raise typer.Exit(1)


def bench(model: Path, options: Options, toolchain: str | None) -> ModelRow:
    """Compile by ``options``, build, run and compare one model.

    Raises:
        CrosscamError: the model does not compile or does not fit, or there is no compiler for the target.
    """
    from model.compiler import compile_model
    from model.compiler.card import open_model
    from sim.bench.bare_network import BareNetwork

    with tempfile.TemporaryDirectory(prefix="crosscam-model-") as scratch:
        folder = Path(scratch)
        report = compile_model(model, folder, options=options)
        elf = _build(folder, report, toolchain)
        sizes = _section_sizes(elf)
        network = BareNetwork(elf)
        path, blob, card = open_model(model)
        equal, measured = _compare(network, path, blob, card.outputs if card is not None else 1)
        return ModelRow(
            report.model_id,
            report.macs,
            sum(layer.cycles for layer in measured),
            equal,
            sum(sizes.get(name, 0) for name in _SECTIONS_IN_FLASH),
            report.arena_bytes,
            sizes.get(".data", 0) + sizes.get(".bss", 0),
            network.stack_bytes(),
            sum(sizes.get(name, 0) for name in _SECTIONS_IN_RAM) + network.stack_bytes(),
            [
                LayerRow(layer.name, layer.kernel, layer.macs, each.cycles, layer.slow)
                for layer, each in zip(report.layers, measured, strict=True)
            ],
        )


def made_networks(folder: Path, wanted: Sequence[str] = ()) -> list[Path]:
    """Networks by ``model.deployment.kinds``, whose arguments are ``wanted``; none: ``model.networks.kinds``.

    By a process of its own: TensorFlow is loud and takes much memory.
    """
    from model.extras import missing

    if importlib.util.find_spec("tensorflow") is None:
        raise missing("tensorflow")
    module = (__package__ or "scripts").removesuffix("scripts") + "model.deployment.kinds"
    command = [sys.executable, "-m", module, "-o", str(folder), *wanted]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_SECONDS, check=False)
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise CrosscamError(f"the networks cannot be made: {last[:200]}")
    return sorted(folder.glob("*.tflite"))


def _compare(network: BareNetwork, path: Path, blob: bytes, joined: int) -> tuple[bool, list[LayerCycles]]:
    """Whether the outputs equal those of LiteRT's reference kernels, and the cycles of the last run; the first
    ``joined`` of them are one in the network."""
    import numpy as np

    from model.evaluation.repair import reference_interpreter

    interpreter, _ = reference_interpreter(path, blob)
    generator = np.random.default_rng(1)
    equal = True
    measured: list[LayerCycles] = []
    for _ in range(_INPUTS):
        for number, details in enumerate(interpreter.get_input_details()):
            values = _random_input(generator, details)
            interpreter.set_tensor(details["index"], values)
            network.load(number, values.tobytes())
        measured = network.run()
        interpreter.invoke()
        said = [interpreter.get_tensor(details["index"]).tobytes() for details in interpreter.get_output_details()]
        for number, expected in enumerate([b"".join(said[:joined]), *said[joined:]]):
            equal = equal and network.output(number) == expected
    return equal, measured


def _random_input(generator: Any, details: dict[str, Any]) -> Any:
    import numpy as np

    kind = np.dtype(details["dtype"])
    if kind.kind == "f":
        return generator.normal(0, 1, details["shape"]).astype(kind)
    limits = np.iinfo(kind)
    return generator.integers(limits.min, limits.max, details["shape"], dtype=kind, endpoint=True)


def _build(folder: Path, report: CompileReport, toolchain: str | None) -> Path:
    kernels = sorted({FIRMWARE / "nn" / f"{layer.kernel}.c" for layer in report.layers})
    sources = [*sorted(folder.glob("*.c")), folder / "model_kernels.S", PORT / "rest.c", *kernels]
    sources.append(FIRMWARE / "lib" / "memory.c")
    elf = folder / "network.elf"
    command = [*_compiler(toolchain), *_FLAGS, f"-I{FIRMWARE}", f"-I{folder}", *map(str, sources), "-Wl,--gc-sections"]
    command += ["-Wl,-e,rest", f"-T{PORT / 'model.ld'}", "-o", str(elf)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if finished.returncode:
        lines = [line for line in finished.stderr.splitlines() if "overflow" in line or "will not fit" in line]
        lines = lines or [line for line in finished.stderr.splitlines() if "error" in line] or ["no message"]
        raise CrosscamError(f"{report.model_id}: does not build for the STM32H743: {lines[0].strip()[:200]}")
    return elf


def _compiler(toolchain: str | None) -> tuple[str, ...]:
    found = installed()
    if toolchain not in (None, *found):
        raise CrosscamError(
            f"--toolchain {toolchain!r}: expected one of those installed ({', '.join(found) or 'none'})"
        )
    if not found:
        raise CrosscamError("no compiler for the target: install arm-none-eabi-gcc or the extra [zig]")
    return found[toolchain or next(iter(found))]


def _section_sizes(elf: Path) -> dict[str, int]:
    from elftools.elf.elffile import ELFFile

    with elf.open("rb") as file:
        return {section.name: int(section["sh_size"]) for section in ELFFile(file).iter_sections()}


def _layer_table(row: ModelRow) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=row.model, box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("layer", "kernel", "MACs", "cycles", "a MAC", "no generated kernel"):
        table.add_column(heading, justify="right" if heading in ("MACs", "cycles", "a MAC") else "left")
    for layer in row.layers:
        ratio = f"{layer.cycles / layer.macs:.2f}" if layer.macs else ""
        macs = f"{layer.macs:,}" if layer.macs else ""
        table.add_row(layer.name, layer.kernel, macs, f"{layer.cycles:,}", ratio, layer.why)
    return table


def _table(rows: list[ModelRow]) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title="bare STM32H743, cortex-m7 clock, code in ITCM, tensors in AXI SRAM", box=SIMPLE_HEAD)
    for heading in ("model", "MACs", "cycles", "a MAC", "outputs", "flash", "arena", "data", "stack"):
        table.add_column(heading, justify="left" if heading in ("model", "outputs") else "right")
    for row in rows:
        ratio = row.cycles_per_mac
        table.add_row(
            row.model,
            f"{row.macs:,}",
            f"{row.cycles:,}",
            "" if ratio is None else f"{ratio:.3f}",
            "equal" if row.equal else "DIFFER",
            *(f"{size:,}" for size in (row.flash, row.arena, row.data, row.stack)),
        )
    return table
