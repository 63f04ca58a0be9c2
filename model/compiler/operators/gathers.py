# mypy: disable-error-code="import-untyped"
"""Operators that take values by computed numbers, or give the numbers of values: GATHER, ONE_HOT, TOPK_V2.

What takes by constant numbers only moves values (moves.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from model.compiler import ir
from model.compiler.ir import DTYPES, Op, Tensor
from model.compiler.limits import MOST_ELEMENTS
from model.compiler.operators import moves
from model.compiler.raw import RawOp

_WHOLE = ("int32", "int64")


def _numbers(raw: RawOp, position: int) -> Tensor:
    tensor = raw.input(position, "indices")
    if tensor.dtype not in _WHOLE:
        raw.fail(f"takes values by {tensor.dtype} '{tensor.name}', expected int32 or int64")
    return tensor


def _taken(raw: RawOp, source: Tensor, chosen: Tensor, axis: int) -> Sequence[Op]:
    before, after = source.shape[:axis], source.shape[axis + 1 :]
    raw.shape((*before, *chosen.shape, *after))
    if source.dtype not in DTYPES:
        raw.fail(f"takes {source.dtype} values")
    return [ir.Gather(raw.kind, [source, chosen], raw.output, axis=axis)]


def _gather(raw: RawOp) -> Sequence[Op]:
    if raw.has(1) and raw.input(1, "indices").data is not None:
        return moves.gather(raw)
    options = raw.options("GatherOptions")
    source, chosen = raw.input(0, "input"), _numbers(raw, 1)
    raw.same_quantization()
    if options is not None and options.BatchDims() != 0:
        raw.fail("has batch dimensions, expected none")
    return _taken(raw, source, chosen, raw.axis(0 if options is None else options.Axis(), len(source.shape)))


def _embedding_lookup(raw: RawOp) -> Sequence[Op]:
    """Inputs: indices, rows."""
    chosen, source = _numbers(raw, 0), raw.input(1, "rows")
    raw.same_quantization(1)
    if len(chosen.shape) != 1 or len(source.shape) < 2:
        raw.fail(f"looks {list(chosen.shape)} up in {list(source.shape)}, expected a list of numbers and rows")
    return _taken(raw, source, chosen, 0)


def _one_hot(raw: RawOp) -> Sequence[Op]:
    """Inputs: indices, depth, value where the number is the place's, value elsewhere."""
    options = raw.options("OneHotOptions")
    chosen, depth, output = _numbers(raw, 0), raw.integers(1, "depth")[0], raw.output
    values = [raw.constant(at, what, output.dtype) for at, what in ((2, "value"), (3, "other value"))]
    if depth < 1 or depth * chosen.size > MOST_ELEMENTS or any(value.size != 1 for value in values):
        raw.fail(f"makes {depth} places of each of {chosen.size} numbers, expected at least 1 and single values")
    at = -1 if options is None else options.Axis()
    axis = raw.axis(at, len(chosen.shape) + 1)
    raw.shape((*chosen.shape[:axis], depth, *chosen.shape[axis:]))
    inner = prod(chosen.shape[axis:])
    return [ir.OneHot(raw.kind, [chosen], output, depth=depth, inner=inner, values=(values[0], values[1]))]


def _top(raw: RawOp) -> Sequence[Op]:
    """The largest values of each row and where they are; of equal ones, those that come first."""
    source, count = raw.activation_input(), raw.integers(1, "count")[0]
    if len(raw.outputs) != 2:
        raw.fail(f"has {len(raw.outputs)} outputs, expected values and indices")
    values, places = raw.outputs
    if not source.shape or not 1 <= count <= source.shape[-1]:
        raw.fail(f"takes the {count} largest of {list(source.shape)}, expected 1 to as many as a row has")
    if values.dtype != source.dtype or places.dtype != "int32":
        raw.fail(f"gives {values.dtype} by {places.dtype}, expected {source.dtype} by int32")
    shape = (*source.shape[:-1], count)
    raw.shape(shape, values)
    raw.shape(shape, places)
    return [
        ir.Top(raw.kind, [source], places),
        ir.Gather(raw.kind, [source, places], values, axis=len(shape) - 1, by_row=True),
    ]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "EMBEDDING_LOOKUP": _embedding_lookup,
    "GATHER": _gather,
    "ONE_HOT": _one_hot,
    "TOPK_V2": _top,
}
