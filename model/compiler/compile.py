"""The compiler's stages in a row, and the writing of its files."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

from model.card import Card
from model.compiler.card import check_card, open_model
from model.compiler.emit import emit
from model.compiler.fast.choice import Selector
from model.compiler.fast_ram import FAST_RAM_BYTES, place
from model.compiler.firmware_needs import check_firmware_needs
from model.compiler.fit import check_fit
from model.compiler.kernels import ARITHMETICS, choose_kernels
from model.compiler.memory import plan_memory
from model.compiler.naming import assign_names
from model.compiler.passes import FOR_SPEED, PASSES, Effect, cut_edges, join_scores, run_passes, run_passes_for_speed
from model.compiler.program import Program
from model.compiler.reader import read_graph
from model.compiler.report import CompileReport, LayerReport
from model.compiler.stand_in import stand_in_card
from model.errors import CrosscamError
from model.files import whole

OPTIMIZATIONS = ("size", "speed")
"""Plain C that runs anywhere, or kernels generated for the Cortex-M7 where there are some (model/compiler/fast)."""


SEPARABLE = "separable"
SWITCHES = (*PASSES, *FOR_SPEED, SEPARABLE)
"""What ``Options.without`` may name: passes, and kernels that are two layers in one."""


@dataclass(frozen=True)
class Options:
    """How a network is compiled.

    ``core`` takes the conversions at the edges off, so that inputs and outputs are int8. ``arithmetic`` is one of
    ``ARITHMETICS``, ``optimize`` of ``OPTIMIZATIONS``; for speed, ``fast_ram`` bytes of DTCM may hold tensors, scratch
    memory and weights, and ``code`` bytes of ITCM generated kernels. ``ram`` and ``flash``: bytes that may be needed,
    None for any number. ``without``: of ``SWITCHES``. ``scores``: sizes of the first outputs, which become one; empty
    leaves outputs as they are.
    """

    core: bool = False
    arithmetic: str = ARITHMETICS[0]
    optimize: str = OPTIMIZATIONS[0]
    fast_ram: int = FAST_RAM_BYTES
    code: int | None = None
    ram: int | None = None
    flash: int | None = None
    without: frozenset[str] = frozenset()
    scores: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        unknown = sorted(self.without - set(SWITCHES))
        if unknown:
            raise CrosscamError(f"--without {unknown[0]!r}: expected one of {', '.join(SWITCHES)}")

    @property
    def provenance(self) -> str:
        """What made the files, for their head: the same for the same options."""
        parts = [f"optimize {self.optimize}", f"results of {self.arithmetic}"]
        if self.optimize == "speed":
            parts.append(f"{self.fast_ram:,} bytes of fast RAM")
        parts += ["edges cut"] if self.core else []
        parts += [f"without {name}" for name in sorted(self.without)]
        return f"crosscam {_version()}, {', '.join(parts)}"


def compile_model(source: Path, out: Path, *, firmware: bool = False, options: Options = Options()) -> CompileReport:
    """Compile ``source`` into C files in ``out``: a model folder (card.toml and its .tflite), or any .tflite.

    A .tflite without a card gets labels by number and a self-test that LiteRT computes; a card always describes the
    network with its edges cut. ``firmware`` checks that this repository's firmware can run it.
    Raises CrosscamError on any bad input; then ``out`` is as it was.
    """
    path, blob, card = open_model(source)
    if card is not None:
        options = replace(options, core=True, scores=card.output_sizes)
    program = build(path, blob, options)
    check_fit(path, program, options.ram, options.flash)
    if firmware:
        weight_bytes = sum(call.weight_bytes for call in program.calls)
        check_firmware_needs(path, program.graph, program.plan, weight_bytes)
    if card is None:
        card = stand_in_card(path, blob, program.graph)
    else:
        check_card(card, program.graph)
    files = emit(program.graph, program.calls, program.plan, card, provenance=options.provenance)
    return _report(program, card, write_files(out, files))


def build(path: Path, blob: bytes, options: Options = Options(), *, shuffles: int = 200) -> Program:
    """All stages between the file's bytes and the emission; ``path`` names the model in messages.

    ``shuffles`` limits the search for a smaller arena.
    """
    fast = options.optimize == "speed"
    graph = read_graph(path, blob)
    if options.core:
        cut_edges(graph)
    try:
        if options.scores:
            join_scores(graph, options.scores)
    except CrosscamError as error:
        raise CrosscamError(f"{path}: {error}") from error
    effects = run_passes(graph, options.without)
    if fast:
        effects += run_passes_for_speed(graph, options.without)
    assign_names(graph)
    try:
        calls = [call for op in graph.ops for call in choose_kernels(op, options.arithmetic)]
    except CrosscamError as error:
        raise CrosscamError(f"{path}: {error}") from error
    plain_bytes = sum(call.weight_bytes for call in calls)
    if not fast:
        return Program(graph, calls, plan_memory(graph, calls, shuffles), {}, effects, plain_bytes)
    selector = Selector(
        calls,
        graph.outputs,
        options.arithmetic,
        code=options.code,
        flash=options.flash,
        pairs=SEPARABLE not in options.without,
    )
    calls, slow, plan = place(graph, selector, options.fast_ram, shuffles)
    pairs = sum(bool(call.within) for call in calls)
    effects.append(Effect(SEPARABLE, f"{pairs} times two layers as one" if pairs else "nothing to do"))
    return Program(graph, calls, plan, slow, effects, plain_bytes)


def _version() -> str:
    try:
        return installed_version("crosscam")
    except PackageNotFoundError:
        return "from sources"


def write_files(out: Path, files: dict[str, str]) -> list[Path]:
    """Write all files beside their names in ``out``, then move them in: an error leaves no half-written file."""
    with contextlib.ExitStack() as stack:
        for name, text in files.items():
            stack.enter_context(whole(out / name)).write_text(text, encoding="utf-8", newline="\n")
    return [out / name for name in files]


def _report(program: Program, card: Card, files: list[Path]) -> CompileReport:
    first = {call.op: call for call in reversed(program.calls)}
    layers = [
        LayerReport(
            call.op.name,
            call.op.kind,
            call.function,
            call.output.describe(),
            call.macs if call is first[call.op] else 0,
            call.weight_bytes,
            program.plan.offset(call.output),
            program.slow.get(call.op, ""),
        )
        for call in program.calls
    ]
    return CompileReport(
        card.id,
        card.sha256[:8],
        files,
        layers,
        sum(layer.macs for layer in layers),
        sum(layer.weight_bytes for layer in layers),
        program.plan.arena_bytes,
        program.plan.peak_bytes,
        program.plan.bound_bytes,
        program.plan.tries,
        layers[program.plan.peak_layer].name,
        list(program.effects),
        program.plan.fast,
    )
