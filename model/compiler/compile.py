"""The compiler's stages in a row, and the writing of its files."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.card import Card
from model.compiler.card import check_card, open_model
from model.compiler.emit import emit
from model.compiler.ir import Graph
from model.compiler.kernels import KernelCall, choose_kernel
from model.compiler.memory import MemoryPlan, plan_memory
from model.compiler.naming import assign_names
from model.compiler.passes import run_passes
from model.compiler.reader import read_graph
from model.compiler.report import CompileReport, LayerReport
from model.errors import CrosscamError
from model.files import whole


@dataclass(frozen=True)
class Program:
    """A graph ready to be emitted: optimised, with kernels chosen and memory planned."""

    graph: Graph
    calls: Sequence[KernelCall]
    plan: MemoryPlan


def compile_model(source: Path, out: Path) -> CompileReport:
    """Compile the model folder ``source`` (card.toml and its .tflite; or that .tflite) into C files in ``out``.

    Raises CrosscamError on any bad input; then ``out`` is as it was.
    """
    card, blob = open_model(source)
    program = build(card.model_path, blob)
    check_card(card, program.graph)
    files = emit(program.graph, program.calls, program.plan, card)
    return _report(program, card, write_files(out, files))


def build(path: Path, blob: bytes) -> Program:
    """All stages between the file's bytes and the emission; ``path`` names the model in messages."""
    graph = read_graph(path, blob)
    run_passes(graph)
    assign_names(graph)
    if not graph.ops:
        raise CrosscamError(f"{path}: the model computes nothing: its output is its input")
    calls = [choose_kernel(op) for op in graph.ops]
    return Program(graph, calls, plan_memory(graph, calls))


def write_files(out: Path, files: dict[str, str]) -> list[Path]:
    """Write all files beside their names in ``out``, then move them in: an error leaves no half-written file."""
    with contextlib.ExitStack() as stack:
        for name, text in files.items():
            stack.enter_context(whole(out / name)).write_text(text, encoding="utf-8", newline="\n")
    return [out / name for name in files]


def _report(program: Program, card: Card, files: list[Path]) -> CompileReport:
    layers = [
        LayerReport(
            call.op.name,
            call.op.kind,
            call.function,
            call.op.output.describe(),
            call.op.macs,
            call.weight_bytes,
            program.plan.offset(call.op.output),
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
        layers[program.plan.peak_layer].name,
    )
