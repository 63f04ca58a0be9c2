# mypy: disable-error-code="import-untyped"
"""Operators that make few values of many: means, sums, extremes and their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from model.compiler import ir
from model.compiler.ir import Op, Tensor
from model.compiler.raw import RawOp

_MAX_TERMS = 1 << 23  # int8 values an int32 sum takes for certain


def _reduce(raw: RawOp) -> Sequence[Op]:
    source, output = raw.activation_input(), raw.activation_output()
    axes = _reduced_shape(raw, source)
    if prod(source.shape[axis] for axis in axes) > _MAX_TERMS:
        raw.fail(f"reduces {source.size // output.size} values to one, expected at most {_MAX_TERMS}")
    if raw.kind in ("MEAN", "SUM"):
        raw.check_ratio(source.scale / output.scale)
    else:
        raw.same_quantization()
    return [ir.Reduce(raw.kind, [source], output, axes=axes)]


def _any_or_all(raw: RawOp) -> Sequence[Op]:
    """Of truth values, bytes of 0 and 1: the largest is whether any holds, the least whether all hold."""
    source, output = raw.input(0, "input"), raw.output
    if source.dtype != "bool" or output.dtype != "bool":
        raw.fail(f"works on {source.dtype} and {output.dtype}, expected bool")
    axes = _reduced_shape(raw, source)
    kind = {"REDUCE_ANY": "REDUCE_MAX", "REDUCE_ALL": "REDUCE_MIN"}[raw.kind]
    return [ir.Reduce(kind, [source], output, axes=axes)]


def _reduced_shape(raw: RawOp, source: Tensor) -> tuple[int, ...]:
    """The axes that are reduced, in order; the output gets its shape."""
    options = raw.options("ReducerOptions")
    axes = tuple(sorted({raw.axis(axis, len(source.shape)) for axis in raw.integers(1, "axes")}))
    keep = options is not None and bool(options.KeepDims())
    kept = [1 if axis in axes else size for axis, size in enumerate(source.shape) if keep or axis not in axes]
    raw.shape(tuple(kept))
    return axes


def _arg_extreme(raw: RawOp) -> Sequence[Op]:
    source, output = raw.activation_input(), raw.output
    axis = raw.axis(raw.integers(1, "axis")[0], len(source.shape))
    if output.dtype not in ("int32", "int64"):
        raw.fail(f"gives {output.dtype} indices, expected int32 or int64")
    raw.shape((*source.shape[:axis], *source.shape[axis + 1 :]))
    return [ir.ArgExtreme(raw.kind, [source], output, axis=axis)]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "ARG_MAX": _arg_extreme,
    "ARG_MIN": _arg_extreme,
    "MEAN": _reduce,
    "REDUCE_ALL": _any_or_all,
    "REDUCE_ANY": _any_or_all,
    "REDUCE_MAX": _reduce,
    "REDUCE_MIN": _reduce,
    "SUM": _reduce,
}
