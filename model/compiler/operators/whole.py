# mypy: disable-error-code="import-untyped"
"""Arithmetic and comparisons of computed int32: what models do to numbers before they take values by them."""

from __future__ import annotations

from collections.abc import Sequence

from model.compiler import ir
from model.compiler.ir import Op
from model.compiler.operators.elementwise import broadcast
from model.compiler.raw import RawOp

KINDS = ("ADD", "SUB", "MUL", "FLOOR_DIV", "FLOOR_MOD", "MINIMUM", "MAXIMUM")
COMPARISONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
_OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}


def build_whole(raw: RawOp) -> Sequence[Op] | None:
    """The node of an operator on two tensors of int32; None where ``raw`` is something else."""
    operands = [tensor for tensor in raw.inputs if tensor is not None]
    if raw.kind not in (*KINDS, *COMPARISONS) or len(operands) != 2 or len(raw.outputs) != 1:
        return None
    if any(tensor.dtype != "int32" for tensor in operands):
        return None
    wanted = "bool" if raw.kind in COMPARISONS else "int32"
    if raw.output.dtype != wanted:
        raw.fail(f"gives {raw.output.dtype}, expected {wanted}")
    options = raw.options(_OPTIONS[raw.kind]) if raw.kind in _OPTIONS else None
    if options is not None and options.FusedActivationFunction() != 0:
        raw.fail("has a fused activation on int32, expected none")
    divisor = operands[1].data
    if raw.kind in ("FLOOR_DIV", "FLOOR_MOD") and divisor is not None and not divisor.all():
        raw.fail("divides by a constant that is 0")
    broadcast(raw, *operands)
    return [ir.Whole(raw.kind, operands, raw.output)]
