# mypy: disable-error-code="import-untyped"
"""Operators that carry a state of their own from run to run: SVDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.compiler import ir
from model.compiler.ir import Op, Tensor
from model.compiler.raw import RawOp

_MAX_TERMS = 1 << 15  # products of int16 with a state near its ends that an int32 sum takes in practice


def state(raw: RawOp, position: int, shape: tuple[int, ...], *dtypes: str) -> Tensor:
    """A state tensor among the operator's inputs: of ``shape``, one of ``dtypes``, with one scale."""
    tensor = raw.input(position, "state")
    if tensor.initial is None:
        raw.fail(f"keeps its state in '{tensor.name}', which is no variable tensor; convert the model again")
    if tensor.shape != shape or tensor.dtype not in dtypes or len(tensor.scales) != 1 or not tensor.scale > 0:
        raw.fail(
            f"has a state {tensor.dtype} {list(tensor.shape)} with {len(tensor.scales)} scales, expected "
            f"{' or '.join(dtypes)} {list(shape)} with 1"
        )
    return tensor


def symmetric(raw: RawOp, position: int, what: str, *dtypes: str) -> tuple[np.ndarray, float]:
    """Weights with one scale and zero point 0."""
    values, tensor = raw.constant(position, what, *dtypes), raw.input(position, what)
    if len(tensor.scales) != 1 or not tensor.scale > 0 or tensor.zero_point != 0:
        raw.fail(f"has {what} with {len(tensor.scales)} scales and zero point {tensor.zero_point}, expected 1 and 0")
    return values, tensor.scale


def _svdf(raw: RawOp) -> Sequence[Op]:
    """Inputs: values, feature weights, time weights, bias (may lack), state (kernels/svdf.cc)."""
    options = raw.options("SVDFOptions") or raw.fail("lacks its options; the file is damaged")
    source, output, rank = raw.activation_input(), raw.activation_output(), options.Rank()
    features, feature_scale = symmetric(raw, 1, "feature weights", "int8")
    times, time_scale = symmetric(raw, 2, "time weights", "int16")
    filters = features.shape[0]
    if len(source.shape) != 2 or features.ndim != 2 or times.ndim != 2 or rank < 1 or filters % rank:
        raw.fail(f"has rank {rank}, {filters} filters and an input {list(source.shape)}, expected a row of values")
    if features.shape[1] != source.shape[1] or times.shape[0] != filters or times.shape[1] > _MAX_TERMS:
        raw.fail(f"has weights {list(features.shape)} and {list(times.shape)} on an input {list(source.shape)}")
    kept = state(raw, 4, (source.shape[0], filters * times.shape[1]), "int16")
    bias = np.zeros(filters // rank, np.int32)
    if raw.has(3):
        bias = raw.constant(3, "bias", "int32").reshape(-1)
    if bias.size != filters // rank:
        raw.fail(f"has {bias.size} biases for {filters // rank} units")
    raw.shape((source.shape[0], filters // rank))
    multipliers = (source.scale * feature_scale / kept.scale, kept.scale * time_scale / output.scale)
    raw.check_ratio(max(multipliers))
    return [
        ir.Svdf(
            raw.kind,
            [source, kept],
            output,
            features=features,
            times=times,
            bias=bias,
            rank=rank,
            multipliers=multipliers,
        )
    ]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "SVDF": _svdf,
}
