"""Which kernel runs which operator: one entry an operator; the choice by shape is the entry's own."""

from __future__ import annotations

from typing import Any

from model.compiler import ir
from model.compiler.kernels import conversions, elementwise, gathers, moves, recurrent, weighted, weightless
from model.compiler.kernels.base import KernelCall
from model.errors import CrosscamError

ARITHMETICS = ("litert", "tflm")
"""Whose results the kernels give: LiteRT's reference kernels', or TensorFlow Lite Micro's. The two differ in the
scaling of FULLY_CONNECTED: in double, or with a 31-bit multiplier and two roundings; and in SUM, for which LiteRT 2.3
takes int8 values for uint8."""

_CHOICES: dict[type[ir.Op], Any] = {
    ir.ArgExtreme: elementwise.arg_extreme,
    ir.AveragePool2D: weightless.average_pool_2d,
    ir.BatchMatMul: weighted.batch_matmul,
    ir.Binary: elementwise.binary,
    ir.Cast: conversions.cast,
    ir.Compare: elementwise.compare,
    ir.Conv2D: weighted.conv2d,
    ir.DepthwiseConv2D: weighted.depthwise_conv2d,
    ir.Dequantize: conversions.dequantize,
    ir.FloatTable: conversions.float_table,
    ir.Gather: gathers.gather,
    ir.L2Normalize: weightless.l2_normalize,
    ir.LogSoftmax: weightless.log_softmax,
    ir.Lstm: recurrent.lstm,
    ir.MaxPool2D: weightless.max_pool_2d,
    ir.Move: moves.move,
    ir.OneHot: gathers.one_hot,
    ir.Pad: weightless.pad,
    ir.Quantize: conversions.quantize,
    ir.Requantize: conversions.requantize,
    ir.ResizeBilinear: weightless.resize_bilinear,
    ir.Select: elementwise.select,
    ir.Softmax: weightless.softmax,
    ir.Svdf: recurrent.svdf,
    ir.Table: conversions.table,
    ir.Top: gathers.top,
    ir.TransposeConv: weighted.transpose_conv,
    ir.Whole: elementwise.whole,
}

_TWOFOLD: dict[type[ir.Op], Any] = {ir.FullyConnected: weighted.fully_connected, ir.Reduce: elementwise.reduce}
"""Those that depend on the arithmetic."""


def choose_kernels(op: ir.Op, arithmetic: str = ARITHMETICS[0]) -> list[KernelCall]:
    """The kernel calls for ``op``, one for most operators; ``arithmetic`` is one of ``ARITHMETICS``."""
    if isinstance(op, ir.FloatUnary):
        raise CrosscamError(
            f"{op.kind} (tensor '{op.output.name[:60]}') works on float32 that is not between a DEQUANTIZE and a "
            "QUANTIZE; convert the model with int8 weights and activations"
        )
    choice = _TWOFOLD.get(type(op))
    chosen = _CHOICES[type(op)](op) if choice is None else choice(op, arithmetic)
    return chosen if isinstance(chosen, list) else [chosen]
