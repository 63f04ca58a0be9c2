"""Kernels that carry a state from run to run."""

from __future__ import annotations

from model.compiler.ir import Lstm, Svdf
from model.compiler.kernels.base import (
    Constant,
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


def lstm(op: Lstm) -> KernelCall:
    """nn_lstm_s8."""
    batches, steps = op.steps
    inputs, cells = op.inputs[0].shape[-1], op.output.shape[-1]
    outer, inner = (1, batches) if op.time_major else (steps, 1)  # of a batch, of a time: in rows
    fields = [
        ("batches", str(batches)),
        ("steps", str(steps)),
        ("inputs", str(inputs)),
        ("cells", str(cells)),
        ("input_batch", str(outer * inputs)),
        ("input_step", str(inner * inputs)),
        ("output_batch", str(outer * cells)),
        ("output_step", str(inner * cells)),
        ("coupled", "0" if "input" in op.gates else "1"),
        ("cell_clip", str(op.cell_clip)),
        ("cell_integer_bits", str(op.cell_integer_bits)),
        ("hidden", channel(0, *quantize_multiplier(op.hidden_multiplier))),
        ("range", f"{{{op.hidden_zero_point}, {INT8[0]}, {INT8[1]}}}"),
    ]
    constants: list[Constant] = []
    for name, gate in op.gates.items():
        scales = [channel(0, *quantize_multiplier(real)) for real in gate.multipliers]
        fields += [
            (f"{name}.input_weights", f"{{{name}_input}}"),
            (f"{name}.recurrent_weights", f"{{{name}_recurrent}}"),
            (f"{name}.input_bias", f"{{{name}_input_bias}}"),
            (f"{name}.recurrent_bias", f"{{{name}_recurrent_bias}}"),
            (f"{name}.input_scale", scales[0]),
            (f"{name}.recurrent_scale", scales[1]),
        ]
        constants += [
            int8_constant(f"{name}_input", gate.input_weights, "[cell][in]"),
            int8_constant(f"{name}_recurrent", gate.recurrent_weights, "[cell][cell]"),
            int32_constant(f"{name}_input_bias", gate.input_bias, "[cell]"),
            int32_constant(f"{name}_recurrent_bias", gate.recurrent_bias, "[cell]"),
        ]
    summary = f"{cells} cells, {steps} steps"
    return KernelCall(op, "nn_lstm_s8", "nn_lstm_t", fields, [None] * 3, constants, summary)
