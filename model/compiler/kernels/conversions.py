"""Kernels that turn one value into another: tables, and conversions between types."""

from __future__ import annotations

import numpy as np

from model.compiler.ir import Cast, Dequantize, FloatTable, Op, Quantize, Requantize, Table
from model.compiler.kernels.base import Constant, KernelCall, channel, elementwise, int8_constant
from model.compiler.quantize import quantize_multiplier


def table(op: Table) -> KernelCall:
    """nn_lut_s8 with the operator's table."""
    fields = [("size", str(op.output.size)), ("table", "{table}")]
    constant = int8_constant("table", op.table, f"{op.comment} of the inputs -128..127")
    return KernelCall(op, "nn_lut_s8", "nn_lut_t", fields, [elementwise(op.output.size)], [constant])


def float_table(op: FloatTable) -> KernelCall:
    """nn_lut_f32 with the operator's table."""
    rows = [", ".join(map(_float_literal, op.table[at : at + 4])) for at in range(0, 256, 4)]
    table = Constant("table", "float", rows, 256, 1024, "of the inputs -128..127")
    fields = [("size", str(op.output.size)), ("table", "{table}")]
    return KernelCall(op, "nn_lut_f32", "nn_lut_f32_t", fields, [elementwise(op.output.size, 1, 4)], [table])


def _float_literal(value: np.float32) -> str:
    """The value in C, to the last bit."""
    if np.isnan(value):
        return '__builtin_nanf("")'
    if np.isinf(value):
        return "-__builtin_inff()" if value < 0 else "__builtin_inff()"
    return float(value).hex() + "f"


def requantize(op: Requantize) -> KernelCall:
    """nn_requantize_wide."""
    source, output = op.inputs[0], op.output
    limits = np.iinfo(output.numpy_dtype)
    fields = [
        ("size", str(output.size)),
        ("input_bytes", str(source.item)),
        ("output_bytes", str(output.item)),
        ("input_zero", str(source.zero_point)),
        ("output_zero", str(output.zero_point)),
        ("scale", channel(0, *quantize_multiplier(source.scale / output.scale))),
        ("min", "INT32_MIN" if output.item == 4 else str(limits.min)),
        ("max", str(limits.max)),
    ]
    access = elementwise(output.size, source.item, output.item)
    return KernelCall(op, "nn_requantize_wide", "nn_requantize_t", fields, [access])


def cast(op: Cast) -> KernelCall:
    """nn_cast."""
    source, output = op.inputs[0], op.output
    names = [f"NN_CAST_{tensor.dtype.upper()}" for tensor in (source, output)]
    fields = [("size", str(output.size)), ("from", names[0]), ("to", names[1])]
    return KernelCall(op, "nn_cast", "nn_cast_t", fields, [elementwise(output.size, source.item, output.item)])


def quantize(op: Quantize) -> KernelCall:
    """nn_quantize_f32."""
    return _edge(op, "nn_quantize_f32", op.output.scale, op.output.zero_point, op.output.dtype)


def dequantize(op: Dequantize) -> KernelCall:
    """nn_dequantize_s8."""
    return _edge(op, "nn_dequantize_s8", op.scale, op.zero_point, op.inputs[0].dtype)


def _edge(op: Op, function: str, scale: float, zero_point: int, dtype: str) -> KernelCall:
    low, high = (0, 255) if dtype == "uint8" else (-128, 127)
    fields = [
        ("size", str(op.output.size)),
        ("scale", float(np.float32(scale)).hex() + "f"),
        ("range", f"{{{zero_point}, {low}, {high}}}"),
    ]
    access = elementwise(op.output.size, op.inputs[0].item, op.output.item)
    return KernelCall(op, function, "nn_edge_t", fields, [access])
