"""Operators on one float32 value: islands that converters leave between a DEQUANTIZE and a QUANTIZE.

Such an island is a function of one int8 value and becomes a table (passes/fold_float.py). Where its results stay
float32 they are the reference's to the last bit: e**x is what glibc's expf makes of it, by a polynomial in double.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from model.compiler import ir
from model.compiler.ir import Op, Tensor
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


_PARTS = 32
_POLYNOMIAL = (
    float.fromhex("0x1.c6af84b912394p-5") / _PARTS**3,
    float.fromhex("0x1.ebfce50fac4f3p-3") / _PARTS**2,
    float.fromhex("0x1.62e42ff0c52d6p-1") / _PARTS,
)
"""2**(r / _PARTS) for r in -1/2..1/2, without the 1: constants of expf in Arm's optimized routines and in glibc."""


def expf(x: float) -> float:
    """e**x for a float32, as a double that is yet to be rounded to float32."""
    if x > 88.72283935546875:
        return math.inf
    if x < -103.972076416015625:
        return 0.0
    scaled = float.fromhex("0x1.71547652b82fep+0") * _PARTS * x
    whole = round(scaled)
    r = scaled - whole
    cubic, square, line = _POLYNOMIAL
    power = (cubic * r + square) * (r * r) + (line * r + 1.0)
    return math.ldexp(power * 2.0 ** (whole % _PARTS / _PARTS), whole // _PARTS)


def _logistic(x: float) -> float:
    """With the reference's two ends (reference/logistic.h)."""
    if x > 16.619047164916992188:
        return 1.0
    if x < -9.0:
        return expf(x)
    one = np.float32(1.0)
    return float(one / (one + np.float32(expf(-x))))


_EXACT: dict[str, _Function] = {
    "ABS": np.abs,
    "CEIL": np.ceil,
    "EXP": _each(expf),
    "FLOOR": np.floor,
    "LOGISTIC": _each(_logistic),
    "NEG": np.negative,
    "RELU": lambda x: np.maximum(x, np.float32(0)),
    "RELU6": lambda x: np.clip(x, np.float32(0), np.float32(6)),
    "ROUND": np.rint,
    "RSQRT": lambda x: np.float32(1) / np.sqrt(x),
    "SIGN": np.sign,
    "SQRT": np.sqrt,
    "SQUARE": lambda x: x * x,
}
_CLOSE: dict[str, _Function] = {
    "COS": _each(math.cos),
    "ELU": _each(lambda x: math.expm1(x) if x < 0 else x),
    "LOG": _each(lambda x: math.log(x) if x > 0 else -math.inf),
    "SIN": _each(math.sin),
    "TANH": _each(math.tanh),
}
"""Beside the reference's by a last bit of float32 at most: as good once they are quantized."""


def _finite(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Cut to float32's range, as the reference does even without an activation."""
    most = np.finfo(np.float32).max
    return lambda x, y: np.clip(function(x, y), -most, most)


_BINARY: dict[str, Any] = {
    "ADD": _finite(np.add),
    "DIV": _finite(np.divide),
    "FLOOR_DIV": lambda x, y: np.floor(x / y),
    "FLOOR_MOD": np.mod,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "MUL": _finite(np.multiply),
    "POW": lambda x, y: np.power(x.astype(np.float64), np.float64(y)).astype(np.float32),
    "SUB": _finite(np.subtract),
}

_TRUTHS: dict[str, Any] = {
    "EQUAL": np.equal,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "NOT_EQUAL": np.not_equal,
}
"""Comparisons, whose results are bool."""
KINDS = frozenset({*_EXACT, *_CLOSE, *_BINARY})


def build_float(raw: RawOp) -> Sequence[Op] | None:
    """The node of a float32 function of one value; None where ``raw`` is something else."""
    wanted = "bool" if raw.kind in _TRUTHS else "float32"
    if len(raw.outputs) != 1 or raw.output.dtype != wanted or not raw.inputs or raw.inputs[0] is None:
        return None
    function = _EXACT.get(raw.kind) or _CLOSE.get(raw.kind)
    if function is not None and len(raw.inputs) == 1 and raw.inputs[0].dtype == "float32":
        raw.shape(raw.inputs[0].shape)
        return [ir.FloatUnary(raw.kind, [raw.inputs[0]], raw.output, function=function, exact=raw.kind in _EXACT)]
    operands = [tensor for tensor in raw.inputs if tensor is not None]
    combine = _BINARY.get(raw.kind) or _TRUTHS.get(raw.kind)
    if combine is None or len(operands) != 2 or any(tensor.dtype != "float32" for tensor in operands):
        return None
    options_type = {"MUL": "MulOptions", "ADD": "AddOptions", "SUB": "SubOptions", "DIV": "DivOptions"}.get(raw.kind)
    options = raw.options(options_type) if options_type else None
    function = _of_one(operands, combine)
    if function is None or (options is not None and options.FusedActivationFunction() != 0):
        return None
    moving = [tensor for tensor in operands if tensor.data is None][:1]
    raw.shape(tuple(int(size) for size in np.broadcast_shapes(operands[0].shape, operands[1].shape)))
    return [ir.FloatUnary(raw.kind, moving, raw.output, function=function, exact=raw.kind != "POW")]


def _of_one(operands: list[Tensor], combine: Callable[[Any, Any], Any]) -> _Function | None:
    """``combine`` as a function of the computed operand: the other one is a constant value, or the same tensor."""
    left, right = operands
    if left is right:
        return None if left.data is not None else lambda x: combine(x, x)
    fixed, moving = (left, right) if left.data is not None else (right, left)
    if fixed.data is None or fixed.size != 1 or moving.data is not None:
        return None
    value = np.float32(fixed.data.reshape(-1)[0])
    return (lambda x: combine(value, x)) if fixed is left else (lambda x: combine(x, value))
