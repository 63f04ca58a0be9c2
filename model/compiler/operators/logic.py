# mypy: disable-error-code="import-untyped"
"""Operators that make and use truth values: comparisons of int8, LOGICAL_*, SELECT."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.compiler import ir
from model.compiler.ir import DTYPES, Op, Tensor
from model.compiler.operators.elementwise import broadcast
from model.compiler.raw import RawOp
from model.compiler.tables import compared_values

_OUTCOMES = {
    "EQUAL": (0, 1, 0),
    "GREATER": (0, 0, 1),
    "GREATER_EQUAL": (0, 1, 1),
    "LESS": (1, 0, 0),
    "LESS_EQUAL": (1, 1, 0),
    "NOT_EQUAL": (1, 0, 1),
}
"""Of each comparison, what it gives where the left value is less than, equal to and greater than the right one."""


def _truth(raw: RawOp) -> Tensor:
    if raw.output.dtype != "bool":
        raw.fail(f"gives {raw.output.dtype}, expected bool")
    return raw.output


def _comparison(raw: RawOp) -> Sequence[Op]:
    """Both sides are raised by 8 bits and scaled in fixed point before they are compared (ComparisonWithScaling)."""
    left, right, output = raw.activation_input(0), raw.activation_input(1), _truth(raw)
    broadcast(raw, left, right)
    if max(left.scale, right.scale) >= 1.0:
        raw.fail(f"compares values of scale {max(left.scale, right.scale)}, expected less than 1, as LiteRT needs it")
    values = compared_values(left), compared_values(right)
    ranks = np.unique(np.concatenate(values), return_inverse=True)[1].astype(np.int16)
    outcome = np.array(_OUTCOMES[raw.kind], np.int8)
    constant = right if right.data is not None else left
    if constant.data is not None and constant.size == 1:
        other = right if constant is left else left
        at = int(constant.data.reshape(-1)[0]) + 128
        of = (ranks[:256], ranks[256 + at]) if constant is right else (ranks[at], ranks[256:])
        table = outcome[1 + np.sign(of[0] - of[1])]
        return [ir.Table(raw.kind, [other], output, table=table, comment="whether the comparison holds")]
    return [ir.Compare(raw.kind, [left, right], output, ranks=(ranks[:256], ranks[256:]), outcome=outcome)]


def _both(raw: RawOp) -> Sequence[Op]:
    left, right, output = raw.input(0, "input 0"), raw.input(1, "input 1"), _truth(raw)
    if left.dtype != "bool" or right.dtype != "bool":
        raw.fail(f"combines {left.dtype} and {right.dtype}, expected bool")
    broadcast(raw, left, right)
    return [ir.Binary(raw.kind, [left, right], output)]


def _not(raw: RawOp) -> Sequence[Op]:
    source, output = raw.input(0, "input"), _truth(raw)
    if source.dtype != "bool":
        raw.fail(f"turns {source.dtype} round, expected bool")
    raw.shape(source.shape)
    table = (np.arange(-128, 128) == 0).astype(np.int8)
    return [ir.Table(raw.kind, [source], output, table=table, comment="the opposite")]


def _select(raw: RawOp) -> Sequence[Op]:
    """Stored values are copied as they are; a condition of rank 1 of the old SELECT chooses among rows."""
    condition, first, second = (raw.input(at, what) for at, what in enumerate(("condition", "values", "other values")))
    kinds = {first.dtype, second.dtype, raw.output.dtype}
    if condition.dtype != "bool" or len(kinds) != 1 or raw.output.dtype not in DTYPES:
        raw.fail(f"chooses among {', '.join(sorted(kinds))} by {condition.dtype}, expected one type by bool")
    sizes = condition.shape
    if raw.kind == "SELECT" and len(sizes) == 1 and len(first.shape) > 1 and sizes[0] == first.shape[0]:
        sizes = (*sizes, *[1] * (len(first.shape) - 1))
    try:
        raw.shape(tuple(int(size) for size in np.broadcast_shapes(sizes, first.shape, second.shape)))
    except ValueError:
        raw.fail(f"chooses among {list(first.shape)} and {list(second.shape)} by {list(sizes)}, which do not broadcast")
    return [ir.Select(raw.kind, [condition, first, second], raw.output, condition_shape=sizes)]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    **dict.fromkeys(_OUTCOMES, _comparison),
    "LOGICAL_AND": _both,
    "LOGICAL_NOT": _not,
    "LOGICAL_OR": _both,
    "SELECT": _select,
    "SELECT_V2": _select,
}
