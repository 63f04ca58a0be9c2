# mypy: disable-error-code="import-untyped"
"""Operators between types: QUANTIZE and DEQUANTIZE at a model's edges, requantization, CAST."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.compiler import ir
from model.compiler.ir import CASTS, Op, Tensor
from model.compiler.raw import RawOp
from model.compiler.tables import requantize_table

_BYTES = ("int8", "uint8")
_WIDE = {("int8", "int16"), ("int16", "int8"), ("int16", "int16"), ("int16", "int32")}


def _scaled(raw: RawOp, tensor: Tensor) -> None:
    """Ensure that an 8-bit tensor has one positive scale and a zero point of its type."""
    low, high = (-128, 127) if tensor.dtype == "int8" else (0, 255)
    if len(tensor.scales) != 1 or not tensor.scale > 0 or not low <= tensor.zero_point <= high:
        raw.fail(f"works on {tensor.dtype} tensor '{tensor.name}' without one scale and a zero point of its type")


def _requantize(raw: RawOp, source: Tensor) -> Sequence[Op]:
    """Between int8, int16 and int32, as models of sound have them at their edges."""
    for tensor in (source, raw.output):
        if len(tensor.scales) != 1 or not tensor.scale > 0 or abs(tensor.zero_point) > 1 << 15:
            raw.fail(f"works on {tensor.dtype} tensor '{tensor.name}' without one scale and a zero point of its type")
    raw.shape(source.shape)
    raw.check_ratio(source.scale / raw.output.scale)
    return [ir.Requantize(raw.kind, [source], raw.output)]


def _quantize(raw: RawOp) -> Sequence[Op]:
    source, output = raw.input(0, "input"), raw.output
    if (source.dtype, output.dtype) in _WIDE:
        return _requantize(raw, source)
    if output.dtype not in _BYTES:
        raw.fail(f"quantizes to {output.dtype}, expected int8 or uint8; convert the model with int8 activations")
    _scaled(raw, output)
    raw.shape(source.shape)
    if source.dtype == "float32":
        return [ir.Quantize(raw.kind, [source], output)]
    if source.dtype not in _BYTES:
        raw.fail(f"quantizes {source.dtype} tensor '{source.name}', expected float32, int8 or uint8")
    _scaled(raw, source)
    raw.check_ratio(source.scale / output.scale)
    table = requantize_table(source, output)
    return [ir.Table(raw.kind, [source], output, table=table, comment="the input's values at the output's scale")]


def _dequantize(raw: RawOp) -> Sequence[Op]:
    source, output = raw.input(0, "input"), raw.output
    if output.dtype != "float32":
        raw.fail(f"dequantizes to {output.dtype}, expected float32")
    raw.shape(source.shape)
    if source.data is not None and source.dtype in ("float16", "float32"):
        output.data = source.data.astype(np.float32)
        return []
    if source.dtype not in _BYTES:
        raw.fail(f"dequantizes {source.dtype} tensor '{source.name}', expected int8 or uint8")
    _scaled(raw, source)
    return [ir.Dequantize(raw.kind, [source], output, scale=source.scale, zero_point=source.zero_point)]


def _cast(raw: RawOp) -> Sequence[Op]:
    """Stored values as another type. Bytes as float32, as models do that take pictures in uint8, are an edge: what
    QUANTIZE makes of them is a table."""
    source, output = raw.input(0, "input"), raw.output
    raw.shape(source.shape)
    if source.dtype in (*_BYTES, "bool") and output.dtype == "float32":
        return [ir.Dequantize(raw.kind, [source], output)]
    if source.dtype not in CASTS or output.dtype not in CASTS:
        raw.fail(f"turns {source.dtype} '{source.name}' into {output.dtype}, expected two of {', '.join(CASTS)}")
    return [ir.Cast(raw.kind, [source], output)]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "CAST": _cast,
    "DEQUANTIZE": _dequantize,
    "QUANTIZE": _quantize,
}
