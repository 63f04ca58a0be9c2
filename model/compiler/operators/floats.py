"""Operators on one float32 value: islands that converters leave between a DEQUANTIZE and a QUANTIZE.

Such an island is a function of one int8 value, and becomes a table (passes/fold_float.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from model.compiler import ir
from model.compiler.ir import Op
from model.compiler.raw import RawOp

_Function = Callable[[np.ndarray], np.ndarray]


def _each(function: Callable[[float], float]) -> _Function:
    """A function of a double, rounded to float32, value by value."""

    def apply(values: np.ndarray) -> np.ndarray:
        return np.array([_safe(function, float(value)) for value in values], np.float32)

    return apply


def _safe(function: Callable[[float], float], value: float) -> float:
    try:
        return function(value)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


_UNARY: dict[str, _Function] = {
    "ABS": np.abs,
    "ELU": _each(lambda x: math.expm1(x) if x < 0 else x),
    "EXP": _each(math.exp),
    "LOG": _each(lambda x: math.log(x) if x > 0 else -math.inf),
    "LOGISTIC": _each(lambda x: 1 / (1 + math.exp(-x))),
    "NEG": np.negative,
    "RELU": lambda x: np.maximum(x, np.float32(0)),
    "RELU6": lambda x: np.clip(x, np.float32(0), np.float32(6)),
    "RSQRT": lambda x: np.float32(1) / np.sqrt(x),
    "SQRT": np.sqrt,
    "SQUARE": lambda x: x * x,
    "TANH": _each(math.tanh),
}
_BINARY: dict[str, Any] = {
    "ADD": np.add,
    "DIV": np.divide,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "MUL": np.multiply,
    "SUB": np.subtract,
}


def build_float(raw: RawOp) -> Sequence[Op] | None:
    """The node of a float32 function of one value; None where ``raw`` is something else."""
    if len(raw.outputs) != 1 or raw.output.dtype != "float32" or not raw.inputs or raw.inputs[0] is None:
        return None
    if raw.kind in _UNARY and len(raw.inputs) == 1 and raw.inputs[0].dtype == "float32":
        raw.shape(raw.inputs[0].shape)
        return [ir.FloatUnary(raw.kind, [raw.inputs[0]], raw.output, function=_UNARY[raw.kind])]
    operands = [tensor for tensor in raw.inputs if tensor is not None]
    if raw.kind not in _BINARY or len(operands) != 2 or any(tensor.dtype != "float32" for tensor in operands):
        return None
    fixed = [tensor for tensor in operands if tensor.data is not None and tensor.size == 1]
    moving = [tensor for tensor in operands if tensor.data is None]
    options_type = {"MUL": "MulOptions", "ADD": "AddOptions", "SUB": "SubOptions", "DIV": "DivOptions"}.get(raw.kind)
    options = raw.options(options_type) if options_type else None
    if len(fixed) != 1 or len(moving) != 1 or (options is not None and options.FusedActivationFunction() != 0):
        return None
    value, function = np.float32(fixed[0].data.reshape(-1)[0]) if fixed[0].data is not None else 0, _BINARY[raw.kind]
    raw.shape(moving[0].shape)
    first = operands[0] is fixed[0]
    return [
        ir.FloatUnary(
            raw.kind,
            moving,
            raw.output,
            function=(lambda x: function(value, x)) if first else (lambda x: function(x, value)),
        )
    ]
