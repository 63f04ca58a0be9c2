"""Kernels that carry a state from run to run."""

from __future__ import annotations

from model.compiler.ir import Svdf
from model.compiler.kernels.base import (
    KernelCall,
    channel,
    int8_constant,
    int16_constant,
    int32_constant,
    quantized_range,
)
from model.compiler.quantize import INT8, quantize_multiplier


def svdf(op: Svdf) -> KernelCall:
    """nn_svdf_s8."""
    source = op.inputs[0]
    filters, inputs = op.features.shape
    fields = [
        ("batches", str(source.shape[0])),
        ("inputs", str(inputs)),
        ("units", str(filters // op.rank)),
        ("rank", str(op.rank)),
        ("memory", str(op.times.shape[1])),
        ("input_zero", str(source.zero_point)),
        ("feature_scale", channel(0, *quantize_multiplier(op.multipliers[0]))),
        ("output_scale", channel(0, *quantize_multiplier(op.multipliers[1]))),
        ("range", quantized_range(op.output, INT8)),
        ("features", "{features}"),
        ("times", "{times}"),
        ("bias", "{bias}"),
    ]
    constants = [
        int8_constant("features", op.features, "[filter][in]"),
        int16_constant("times", op.times, "[filter][memory]"),
        int32_constant("bias", [int(value) for value in op.bias], "[unit]"),
    ]
    summary = f"rank {op.rank}, {op.times.shape[1]} steps"
    return KernelCall(op, "nn_svdf_s8", "nn_svdf_t", fields, [None, None], constants, summary)
