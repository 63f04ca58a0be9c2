# mypy: disable-error-code="import-untyped"
"""Operators on two tensors element by element, either of which may broadcast."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.compiler import ir
from model.compiler.ir import Op, Tensor
from model.compiler.quantize import INT8
from model.compiler.raw import RawOp

_OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}


def broadcast(raw: RawOp, left: Tensor, right: Tensor) -> None:
    """Give the output the shape that both inputs broadcast to."""
    try:
        raw.shape(tuple(int(size) for size in np.broadcast_shapes(left.shape, right.shape)))
    except ValueError:
        raw.fail(f"combines shapes {list(left.shape)} and {list(right.shape)}, which do not broadcast")


def _operands(raw: RawOp) -> tuple[Tensor, Tensor, Tensor]:
    left, right, output = raw.activation_input(0), raw.activation_input(1), raw.activation_output()
    broadcast(raw, left, right)
    return left, right, output


def _arithmetic(raw: RawOp) -> Sequence[Op]:
    left, right, output = _operands(raw)
    options = raw.options(_OPTIONS[raw.kind])
    clamp = raw.clamp(0 if options is None else options.FusedActivationFunction())
    if raw.kind == "MUL":
        raw.check_ratio(left.scale * right.scale / output.scale)
    elif raw.kind == "DIV":
        raw.check_ratio(left.scale / (right.scale * output.scale))
        if right.data is not None and np.any(right.data == right.zero_point):
            raw.fail("divides by a constant that is 0")
    else:
        raw.check_ratio(max(left.scale, right.scale) / output.scale)
    if raw.kind == "ADD" and left.data is not None:
        left, right = right, left  # either way the same sum: the constant comes second
    return [ir.Binary(raw.kind, [left, right], output, clamp=clamp)]


def _squared_difference(raw: RawOp) -> Sequence[Op]:
    left, right, output = _operands(raw)
    raw.check_ratio(max(left.scale, right.scale) ** 2 / output.scale)
    return [ir.Binary(raw.kind, [left, right], output)]


def _extreme(raw: RawOp) -> Sequence[Op]:
    """MINIMUM, MAXIMUM: the reference compares stored values and looks at no scale."""
    left, right, output = _operands(raw)
    return [ir.Binary(raw.kind, [left, right], output, clamp=INT8)]


def _prelu(raw: RawOp) -> Sequence[Op]:
    source, alpha, output = _operands(raw)
    if output.shape != source.shape:
        raw.fail(f"broadcasts its input {list(source.shape)} to {list(output.shape)}, expected to broadcast alpha")
    raw.check_ratio(max(1.0, alpha.scale) * source.scale / output.scale)
    return [ir.Binary(raw.kind, [source, alpha], output)]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "ADD": _arithmetic,
    "DIV": _arithmetic,
    "MAXIMUM": _extreme,
    "MINIMUM": _extreme,
    "MUL": _arithmetic,
    "PRELU": _prelu,
    "SQUARED_DIFFERENCE": _squared_difference,
    "SUB": _arithmetic,
}
