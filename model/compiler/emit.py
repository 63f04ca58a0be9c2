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
import numpy as np

from model.card import Card
from model.compiler.ir import Graph, Tensor
from model.compiler.kernels import Constant, KernelCall
from model.compiler.kernels.base import int8_constant
from model.compiler.memory import MemoryPlan
from model.errors import CrosscamError, shown

_TEMPLATES = ("model.c", "model_weights.c", "model_weights.h", "model_config.h")
_LINE = 222  # characters of firmware/app/report.h's longest line
_LINE_TAIL = 86  # " | Duration: ... ms | Cycles: ... | Frame: ..." at its longest, and "E: SELF_TEST ... (expected )"
_SHOWN = 3  # of more scores than fit


_TYPES = {
    "int8": "NN_INT8",
    "int16": "NN_INT16",
    "int32": "NN_INT32",
    "int64": "NN_INT64",
    "uint8": "NN_UINT8",
    "float32": "NN_FLOAT32",
}
_LARGEST = 65535  # of nn_model_t's sizes; larger ones are in nn_model_t's tensors only


@dataclass(frozen=True)
class _Layer:
    """One layer as the templates see it."""

    number: int
    call: KernelCall
    symbol: str
    fields: list[tuple[str, str]]
    arguments: str
    title: str
    constants: list[Constant]


@dataclass(frozen=True)
class _End:
    """An input or an output of the model as the templates see it."""

    symbol: str
    tensor: Tensor
    type: str
    place: str
    scale: str
    zero_point: int


def emit(
    graph: Graph, calls: Sequence[KernelCall], plan: MemoryPlan, card: Card, symbol: str = "nn_model"
) -> dict[str, str]:
    """File name -> text. ``symbol`` names the nn_model_t and prefixes every other name."""
    if not calls:
        raise CrosscamError(f"{card.model_path}: the model computes nothing (its output is its input)")
    layers = [_layer(number, call, plan, symbol) for number, call in enumerate(calls)]
    values = {
        "symbol": symbol,
        "card": card,
        "hash": card.sha256[:8],
        "layers": layers,
        "plan": plan,
        "input_size": [_short(size) for size in graph.input.hwc],
        "input_offset": plan.offset(graph.input),
        "output_offset": plan.offset(graph.output),
        "output_count": graph.output.size if graph.output.size == len(card.labels) else 0,
        "inputs": [_end(tensor, plan, symbol, f"input_{at}") for at, tensor in enumerate(graph.inputs)],
        "outputs": [_end(tensor, plan, symbol, f"output_{at}") for at, tensor in enumerate(graph.outputs)],
        "state_bytes": plan.state_bytes,
        "first_state": _first_state(plan),
        "scores_shown": _scores_shown(card),
        "macs": sum(call.op.macs for call in _first_calls(calls)),
        "weight_bytes": sum(constant.size for layer in layers for constant in layer.constants),
    }
    environment = _environment()
    files = {name: environment.get_template(name + ".j2").render(values) for name in _TEMPLATES}
    files["model_plan.json"] = _plan_json(graph, calls, plan, card)
    return files


def _scores_shown(card: Card) -> int:
    """0 where all scores fit on one line of the console, else how many of the highest are shown."""
    longest = sum(len(f"{label}: +127, ".encode("utf-8", "replace")) for label in card.labels)
    return 0 if longest <= _LINE - _LINE_TAIL else min(_SHOWN, len(card.labels))


def _first_state(plan: MemoryPlan) -> list[str]:
    """The bytes of all states before the first run, row by row."""
    memory = np.zeros(plan.state_bytes, np.int8)
    for state, start in plan.states.items():
        assert state.initial is not None
        memory[start : start + state.bytes] = np.frombuffer(np.ascontiguousarray(state.initial).tobytes(), np.int8)
    return int8_constant("state", memory, "").rows


def _short(size: int) -> int:
    return size if size <= _LARGEST else 0


def _first_calls(calls: Sequence[KernelCall]) -> list[KernelCall]:
    """One call of each operator."""
    return list({call.op: call for call in calls}.values())


def _end(tensor: Tensor, plan: MemoryPlan, symbol: str, name: str) -> _End:
    scaled = len(tensor.scales) == 1
    scale = float(np.float32(tensor.scale)).hex() + "f" if scaled else "0.0f"
    zero_point = tensor.zero_point if scaled else 0
    return _End(
        f"{symbol}_{name}", tensor, _TYPES.get(tensor.dtype, "NN_BOOL"), _place(tensor, plan, symbol), scale, zero_point
    )


def _layer(number: int, call: KernelCall, plan: MemoryPlan, symbol: str) -> _Layer:
    name = f"{symbol}_{number:02d}_{call.op.name}"
    operands = _operands(call)
    constants = [*call.constants, *operands.values()]
    names = {constant.suffix: f"{name}_{constant.suffix}" for constant in constants}
    fields = [
        (field, names[text[1:-1]] if text[:1] == "{" and text[1:-1] in names else text) for field, text in call.fields
    ]
    arguments = [
        _place(source, plan, symbol) if at not in operands else names[operands[at].suffix]
        for at, source in enumerate(call.inputs)
    ]
    arguments.append(_place(call.output, plan, symbol))
    if call.repeat > 1:
        shares = [tensor.bytes // call.repeat for tensor in (*call.inputs, call.output)]
        arguments = [f"{text} + i * {share}" for text, share in zip(arguments, shares, strict=True)]
    shapes = " + ".join(source.describe() for source in call.inputs)
    title = f"{call.op.kind} {call.summary}".rstrip() + f": {shapes} -> {call.output.describe()}"
    if call.op.macs:
        title += f", {call.op.macs} MACs"
    return _Layer(number, call, name, fields, ", ".join(arguments), title, constants)


def _operands(call: KernelCall) -> dict[int, Constant]:
    """The constant inputs, by position: they go to flash as they are."""
    found: dict[int, Constant] = {}
    for at, source in enumerate(call.inputs):
        data = source.root.data
        if data is not None:
            suffix = "operand" if not found else f"operand_{at}"
            stored = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.int8)
            found[at] = int8_constant(suffix, stored, source.describe())
    return found


def _place(tensor: Tensor, plan: MemoryPlan, symbol: str) -> str:
    return f"{symbol}_{'arena' if tensor.in_arena else 'state'} + {plan.offset(tensor)}"


def _plan_json(graph: Graph, calls: Sequence[KernelCall], plan: MemoryPlan, card: Card) -> str:
    """Machine-readable plan: for the profiler and for tests that look at tensors in the arena."""
    tensors = [
        {
            "name": span.tensor.name,
            "shape": list(span.tensor.shape),
            "offset": plan.offsets[span.tensor],
            "bytes": span.tensor.bytes,
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
            "output": call.output.name,
            "offset": plan.offset(call.output),
            "bytes": call.output.bytes,
        }
        for call in calls
    ]
    states = [
        {"name": state.name, "shape": list(state.shape), "type": state.dtype, "offset": start, "bytes": state.bytes}
        for state, start in plan.states.items()
    ]
    content: dict[str, Any] = {
        "model": card.id,
        "sha256": card.sha256,
        "inputs": [_end_json(tensor, plan) for tensor in graph.inputs],
        "outputs": [_end_json(tensor, plan) for tensor in graph.outputs],
        "arena_bytes": plan.arena_bytes,
        "peak_bytes": plan.peak_bytes,
        "peak_layer": calls[plan.peak_layer].op.name,
        "layers": layers,
        "tensors": tensors,
        "states": states,
    }
    return json.dumps(content, indent=1) + "\n"


def _end_json(tensor: Tensor, plan: MemoryPlan) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "type": tensor.dtype,
        "offset": plan.offset(tensor),
        "bytes": tensor.bytes,
    }


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
