"""Writes the C: model.c (parameters, calls, nn_model), model_weights.c/.h (constants) and model_plan.json.

The text depends on the model and its card alone: same input, same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from model.card import Card
from model.compiler.ir import Graph, Tensor
from model.compiler.kernels import KernelCall
from model.compiler.memory import MemoryPlan
from model.errors import CrosscamError, shown

_TEMPLATES = ("model.c", "model_weights.c", "model_weights.h")


@dataclass(frozen=True)
class _Layer:
    """One layer as the templates see it."""

    number: int
    call: KernelCall
    symbol: str
    fields: list[tuple[str, str]]
    arguments: str
    title: str


def emit(
    graph: Graph, calls: Sequence[KernelCall], plan: MemoryPlan, card: Card, symbol: str = "nn_model"
) -> dict[str, str]:
    """File name -> text. ``symbol`` names the nn_model_t and prefixes every other name."""
    if not calls:
        raise CrosscamError(f"{card.model_path}: the model computes nothing (its output is its input)")
    layers = [_layer(number, call, plan, symbol) for number, call in enumerate(calls)]
    height, width, channels = graph.input.hwc
    values = {
        "symbol": symbol,
        "card": card,
        "hash": card.sha256[:8],
        "layers": layers,
        "plan": plan,
        "input_size": (height, width, channels),
        "input_offset": plan.offset(graph.input),
        "output_offset": plan.offset(graph.output),
        "output_count": graph.output.size,
        "macs": sum(call.op.macs for call in calls),
        "weight_bytes": sum(call.weight_bytes for call in calls),
        "tensor_offset": plan.offset,
    }
    environment = _environment()
    files = {name: environment.get_template(name + ".j2").render(values) for name in _TEMPLATES}
    files["model_plan.json"] = _plan_json(graph, calls, plan, card)
    return files


def _layer(number: int, call: KernelCall, plan: MemoryPlan, symbol: str) -> _Layer:
    name = f"{symbol}_{number:02d}_{call.op.name}"
    constants = {constant.suffix: f"{name}_{constant.suffix}" for constant in call.constants}
    fields = [
        (field, constants[text[1:-1]] if text[:1] == "{" and text[1:-1] in constants else text)
        for field, text in call.fields
    ]
    arguments = [
        _place(source, plan, symbol) if source.root.data is None else constants["operand"] for source in call.op.inputs
    ]
    shapes = " + ".join(source.describe() for source in call.op.inputs)
    title = f"{call.op.kind} {call.summary}".rstrip() + f": {shapes} -> {call.op.output.describe()}"
    if call.op.macs:
        title += f", {call.op.macs} MACs"
    return _Layer(number, call, name, fields, ", ".join([*arguments, _place(call.op.output, plan, symbol)]), title)


def _place(tensor: Tensor, plan: MemoryPlan, symbol: str) -> str:
    return f"{symbol}_arena + {plan.offset(tensor)}"


def _plan_json(graph: Graph, calls: Sequence[KernelCall], plan: MemoryPlan, card: Card) -> str:
    """Machine-readable plan: for the profiler and for tests that look at tensors in the arena."""
    tensors = [
        {
            "name": span.tensor.name,
            "shape": list(span.tensor.shape),
            "offset": plan.offsets[span.tensor],
            "bytes": span.tensor.size,
            "first_layer": span.first,
            "last_layer": span.last,
        }
        for span in plan.lifetimes
    ]
    layers = [
        {
            "name": call.op.name,
            "op": call.op.kind,
            "kernel": call.function,
            "macs": call.op.macs,
            "weight_bytes": call.weight_bytes,
            "output": call.op.output.name,
        }
        for call in calls
    ]
    content: dict[str, Any] = {
        "model": card.id,
        "sha256": card.sha256,
        "input": graph.input.root.name,
        "output": graph.output.root.name,
        "arena_bytes": plan.arena_bytes,
        "peak_bytes": plan.peak_bytes,
        "peak_layer": calls[plan.peak_layer].op.name,
        "layers": layers,
        "tensors": tensors,
    }
    return json.dumps(content, indent=1) + "\n"


def c_string(text: str) -> str:
    """A C string literal of the UTF-8 bytes of ``text``; three-digit octal escapes cannot run into what follows."""
    plain = b"".join(
        bytes([byte]) if 32 <= byte < 127 and byte not in b'"\\?' else b"\\%03o" % byte
        for byte in text.encode("utf-8", "replace")
    )
    return '"' + plain.decode() + '"'


def c_comment(text: str) -> str:
    """``text`` as part of a C comment: nothing that ends it, begins another or leaves its line."""
    return shown(text, 200).replace("*/", "* /").replace("/*", "/ *")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["c_string"] = c_string
    environment.filters["c_comment"] = c_comment
    return environment
