"""The compiler's stages in a row, and the writing of its files."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.card import Card
from model.compiler.card import check_card, open_model
from model.compiler.emit import emit
from model.compiler.fast.choice import Selector
from model.compiler.fast_ram import FAST_RAM_BYTES, place
from model.compiler.firmware_needs import check_firmware_needs
from model.compiler.ir import Graph, Op
from model.compiler.kernels import ARITHMETICS, KernelCall, choose_kernels
from model.compiler.memory import MemoryPlan, plan_memory
from model.compiler.naming import assign_names
from model.compiler.passes import cut_edges, put_idle_channels_last, run_passes
from model.compiler.reader import read_graph
from model.compiler.report import CompileReport, LayerReport
from model.compiler.stand_in import stand_in_card
from model.errors import CrosscamError
from model.files import whole

OPTIMIZATIONS = ("size", "speed")
"""Plain C that runs anywhere, or kernels generated for the Cortex-M7 where there are some (model/compiler/fast)."""


@dataclass(frozen=True)
class Program:
    """A graph ready to be emitted: optimised, with kernels chosen and memory planned."""

    graph: Graph
    calls: Sequence[KernelCall]
    plan: MemoryPlan
    slow: dict[Op, str] = field(default_factory=dict)  # where speed was asked for: why a layer has no fast kernel


def compile_model(
    source: Path,
    out: Path,
    *,
    core: bool = False,
    arithmetic: str = ARITHMETICS[0],
    firmware: bool = False,
    optimize: str = OPTIMIZATIONS[0],
    fast_ram: int = FAST_RAM_BYTES,
) -> CompileReport:
    """Compile ``source`` into C files in ``out``: a model folder (card.toml and its .tflite), or any .tflite.

    A .tflite without a card gets labels by number and a self-test that LiteRT computes. ``core`` takes the conversions
    at the edges off, so that inputs and outputs are int8; a card always describes that core. ``arithmetic`` is one of
    ``ARITHMETICS``. ``firmware`` checks that this repository's firmware can run it. ``optimize`` is one of
    ``OPTIMIZATIONS``; for speed, ``fast_ram`` bytes of DTCM may hold tensors, scratch memory and weights.
    Raises CrosscamError on any bad input; then ``out`` is as it was.
    """
    path, blob, card = open_model(source)
    program = build(
        path, blob, core=core or card is not None, arithmetic=arithmetic, optimize=optimize, fast_ram=fast_ram
    )
    if firmware:
        weight_bytes = sum(call.weight_bytes for call in program.calls)
        check_firmware_needs(path, program.graph, program.plan, weight_bytes)
    if card is None:
        card = stand_in_card(path, blob, program.graph)
    else:
        check_card(card, program.graph)
    files = emit(program.graph, program.calls, program.plan, card)
    return _report(program, card, write_files(out, files))


def build(
    path: Path,
    blob: bytes,
    *,
    core: bool = False,
    arithmetic: str = ARITHMETICS[0],
    shuffles: int = 200,
    optimize: str = OPTIMIZATIONS[0],
    fast_ram: int = FAST_RAM_BYTES,
) -> Program:
    """All stages between the file's bytes and the emission; ``path`` names the model in messages.

    ``shuffles`` limits the search for a smaller arena.
    """
    graph = read_graph(path, blob)
    if core:
        cut_edges(graph)
    run_passes(graph)
    if optimize == "speed":
        put_idle_channels_last(graph)
    assign_names(graph)
    try:
        calls = [call for op in graph.ops for call in choose_kernels(op, arithmetic)]
    except CrosscamError as error:
        raise CrosscamError(f"{path}: {error}") from error
    if optimize != "speed":
        return Program(graph, calls, plan_memory(graph, calls, shuffles))
    calls, slow, plan = place(graph, Selector(calls, graph.outputs, arithmetic), fast_ram, shuffles)
    return Program(graph, calls, plan, slow)


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
    )
