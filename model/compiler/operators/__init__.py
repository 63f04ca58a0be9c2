"""From the file's operators to graph nodes: option tables, geometry and quantization, checked one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from model.compiler.constants import KINDS as FOLDED
from model.compiler.ir import Move, Op
from model.compiler.operators import (
    edges,
    elementwise,
    gathers,
    logic,
    moves,
    normalizing,
    pools,
    recurrent,
    reductions,
    slices,
    unary,
    variables,
    weighted,
)
from model.compiler.operators.floats import KINDS as FLOAT_KINDS
from model.compiler.operators.floats import build_float
from model.compiler.operators.whole import build_whole
from model.compiler.raw import RawOp

_BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    **edges.BUILDERS,
    **elementwise.BUILDERS,
    **gathers.BUILDERS,
    **logic.BUILDERS,
    **moves.BUILDERS,
    **normalizing.BUILDERS,
    **pools.BUILDERS,
    **recurrent.BUILDERS,
    **reductions.BUILDERS,
    **slices.BUILDERS,
    **unary.BUILDERS,
    **variables.BUILDERS,
    **weighted.BUILDERS,
}


def supported() -> list[str]:
    """The names of the operators that can be compiled."""
    return sorted({*_BUILDERS, *FLOAT_KINDS, *FOLDED, "CALL_ONCE"})


def build_ops(raw: RawOp) -> Sequence[Op]:
    """The graph nodes of ``raw``, none where its outputs turn out constant.

    Raises CrosscamError naming operator and tensor for one that cannot be compiled.
    """
    other = build_float(raw) or build_whole(raw)
    if other is not None:
        return other
    builder = _BUILDERS.get(raw.kind)
    if builder is None:
        wrong = next((t.dtype for t in [*raw.inputs, *raw.outputs] if t is not None and t.dtype == "int16"), None)
        if wrong:
            raw.fail(f"works on {wrong} tensors, expected int8; convert the model with int8 weights and activations")
        raw.fail("is not supported; `crosscam compile --operators` lists those that are")
    ops = []
    for op in builder(raw):
        known = all(tensor.data is not None for tensor in op.inputs)
        if isinstance(op, Move) and known and op.output.initial is None:
            op.output.data = op.evaluate()
        else:
            ops.append(op)
    return ops
