# mypy: disable-error-code="import-untyped"
"""Evaluates what depends on no input: the shape arithmetic that converters leave in a graph with a free batch.

Operators that only move values are evaluated by their ``Move``; here is SHAPE, and arithmetic on integers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from model.compiler.ir import DTYPES
from model.compiler.raw import RawOp

_FILLING = ("FILL", "SHAPE", "ZEROS_LIKE")  # need no arithmetic, so no scale
_MAX_VALUES = 1 << 16  # shape arithmetic is small; anything larger is damage


def evaluate(raw: RawOp) -> bool:
    """Give ``raw``'s output its values where they are known already; False where they are not.

    Arithmetic on int8 tensors is left to the kernels.
    """
    function = _FUNCTIONS.get(raw.kind)
    if function is None or len(raw.outputs) != 1:
        return False
    if raw.kind not in _FILLING and raw.output.dtype in ("int8", "uint8", "int16"):
        return False
    if raw.kind == "SHAPE":
        raw.output.data = np.array(raw.input(0, "input").shape, DTYPES.get(raw.output.dtype, np.dtype("int32")))
        raw.shape(raw.output.data.shape)
        return True
    if raw.kind == "ZEROS_LIKE":
        source = raw.input(0, "input")
        raw.shape(source.shape)
        raw.output.data = np.zeros(source.shape, DTYPES.get(raw.output.dtype, np.dtype("int32")))
        return True
    sources = [tensor for tensor in raw.inputs if tensor is not None]
    if not sources or any(tensor.data is None for tensor in sources) or raw.output.dtype not in DTYPES:
        return False
    values = [tensor.data for tensor in sources if tensor.data is not None]
    if sum(value.size for value in values) > _MAX_VALUES:
        raw.fail(f"computes with {sum(value.size for value in values)} constants, expected shapes and sizes")
    try:
        with np.errstate(all="raise"):
            result = np.asarray(function(raw, values)).astype(DTYPES[raw.output.dtype])
    except (ArithmeticError, TypeError, ValueError, IndexError) as error:
        raw.fail(f"cannot be evaluated on its constants ({type(error).__name__}); the file is damaged")
    if result.size > _MAX_VALUES:
        raw.fail(f"makes {result.size} constants, expected shapes and sizes")
    raw.shape(result.shape)
    raw.output.data = result
    return True


def _reduced(function: Callable[..., Any]) -> Callable[[RawOp, Sequence[np.ndarray]], Any]:
    def reduce(raw: RawOp, values: Sequence[np.ndarray]) -> Any:
        options = raw.options("ReducerOptions")
        keep = options is not None and bool(options.KeepDims())
        axes = tuple(int(axis) for axis in values[1].reshape(-1))
        return function(values[0], axis=axes or None, keepdims=keep)

    return reduce


def _binary(function: Callable[..., Any]) -> Callable[[RawOp, Sequence[np.ndarray]], Any]:
    return lambda raw, values: function(values[0], values[1])


def _few(values: Any) -> Any:
    """A list of sizes, or a range, unless it would make too many values."""
    if (len(values) if isinstance(values, range) else prod(values)) > _MAX_VALUES:
        raise ValueError("too many values")
    return values


def _divide(raw: RawOp, values: Sequence[np.ndarray]) -> Any:
    if values[0].dtype.kind == "f":
        return values[0] / values[1]
    return np.trunc(values[0] / values[1])


_FUNCTIONS: dict[str, Callable[[RawOp, Sequence[np.ndarray]], Any]] = {
    "ADD": _binary(np.add),
    "CAST": lambda raw, values: values[0],
    "DIV": _divide,
    "EQUAL": _binary(np.equal),
    "FILL": lambda raw, values: np.full(_few([int(size) for size in values[0]]), values[1]),
    "FLOOR_DIV": _binary(np.floor_divide),
    "FLOOR_MOD": _binary(np.mod),
    "GREATER": _binary(np.greater),
    "LESS": _binary(np.less),
    "MAXIMUM": _binary(np.maximum),
    "MINIMUM": _binary(np.minimum),
    "MUL": _binary(np.multiply),
    "NEG": lambda raw, values: -values[0],
    "NOT_EQUAL": _binary(np.not_equal),
    "RANGE": lambda raw, values: np.array(_few(range(int(values[0]), int(values[1]), int(values[2])))),
    "RANK": lambda raw, values: np.array(values[0].ndim),
    "REDUCE_MAX": _reduced(np.max),
    "REDUCE_MIN": _reduced(np.min),
    "REDUCE_PROD": _reduced(np.prod),
    "SELECT": lambda raw, values: np.where(values[0], values[1], values[2]),
    "SELECT_V2": lambda raw, values: np.where(values[0], values[1], values[2]),
    "SHAPE": lambda raw, values: np.array(values[0].shape),
    "SUB": _binary(np.subtract),
    "SUM": _reduced(np.sum),
    "ZEROS_LIKE": lambda raw, values: np.zeros_like(values[0]),
}
KINDS = frozenset(_FUNCTIONS)
"""Operators that are evaluated where all their inputs are known."""
