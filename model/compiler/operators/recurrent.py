# mypy: disable-error-code="import-untyped"
"""Operators that carry a state of their own from run to run: SVDF, UNIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import tflite

from model.compiler import ir
from model.compiler.ir import Op, Tensor
from model.compiler.quantize import fold_input_offset
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
    if raw.input(2, "time weights").dtype == "int8":
        raw.fail("has int8 time weights: LiteRT's kernel takes them and the state for int16; convert them to int16")
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


_GATES = ("input", "forget", "cell", "output")  # in the order of their operands
_Q3_12 = np.float32(2.0**-12)
_EXTRAS = {9: "a peephole", 10: "a peephole", 11: "a peephole", 16: "a projection", 20: "layer normalization"}


def _gate(raw: RawOp, at: int, source: Tensor, before: Tensor, cells: int) -> ir.LstmGate:
    """Gate number ``at``: scales are multiplied in float32 (PopulateQuantizedLstmParams8x8_16)."""
    weights, scale = symmetric(raw, 1 + at, "input weights", "int8")
    recurrent, recurrent_scale = symmetric(raw, 5 + at, "recurrent weights", "int8")
    bias = raw.constant(12 + at, "bias", "int32").reshape(-1)
    if weights.shape != (cells, source.shape[-1]) or recurrent.shape != (cells, cells) or bias.size != cells:
        raw.fail(
            f"has weights {list(weights.shape)} and {list(recurrent.shape)} and {bias.size} biases, expected "
            f"{[cells, source.shape[-1]]}, {[cells, cells]} and {cells}"
        )
    multipliers = (
        float(np.float32(scale) * np.float32(source.scale) / _Q3_12),
        float(np.float32(recurrent_scale) * np.float32(before.scale) / _Q3_12),
    )
    raw.check_ratio(max(multipliers))
    return ir.LstmGate(
        weights,
        recurrent,
        list(fold_input_offset(bias, weights.sum(axis=1, dtype=np.int64), source.zero_point)),
        list(fold_input_offset(np.zeros_like(bias), recurrent.sum(axis=1, dtype=np.int64), before.zero_point)),
        multipliers,
    )


def _lstm(raw: RawOp) -> Sequence[Op]:
    """The integer LSTM with int8 weights and int16 cells (kernels/lstm_eval.cc, EvalInteger8x8_16)."""
    options = raw.options("UnidirectionalSequenceLSTMOptions") or raw.fail("lacks its options; the file is damaged")
    source, output = raw.activation_input(), raw.activation_output()
    for position, what in _EXTRAS.items():
        if raw.has(position):
            raw.fail(f"has {what}, expected a plain LSTM")
    if options.FusedActivationFunction() != tflite.ActivationFunctionType.TANH or len(source.shape) not in (2, 3):
        raw.fail(f"has an input {list(source.shape)} or another activation than TANH, expected batch x time x values")
    cells = raw.constant(4, "input weights", "int8").shape[0]
    batch = source.shape[1] if len(source.shape) == 3 and options.TimeMajor() else source.shape[0]
    before, cell_state = state(raw, 18, (batch, cells), "int8"), state(raw, 19, (batch, cells), "int16")
    bits = 15 + round(math.log2(cell_state.scale))
    if abs(math.log2(cell_state.scale) - (bits - 15)) > 1e-3 or not 0 <= bits <= 6:
        raw.fail(f"has cells of scale {cell_state.scale}, expected a power of two from 2**-15 to 2**-9")
    if len(raw.intermediates) != 5 or len(raw.intermediates[4].scales) != 1 or not raw.intermediates[4].scale > 0:
        raw.fail("lacks the scale of its hidden values; convert the model again")
    hidden = raw.intermediates[4]
    hidden_multiplier = float(np.float32(2.0**-15 / hidden.scale * 2.0**-15))
    raw.check_ratio(hidden_multiplier)
    raw.shape((*source.shape[:-1], cells))
    clip = min(options.CellClip() / cell_state.scale, 32767.0) if options.CellClip() > 0 else 0
    gates = {name: _gate(raw, at, source, before, cells) for at, name in enumerate(_GATES) if at or raw.has(1)}
    return [
        ir.Lstm(
            raw.kind,
            [source, before, cell_state],
            output,
            gates=gates,
            time_major=bool(options.TimeMajor()),
            cell_clip=int(clip),
            cell_integer_bits=bits,
            hidden_multiplier=hidden_multiplier,
            hidden_zero_point=hidden.zero_point,
        )
    ]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "SVDF": _svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
