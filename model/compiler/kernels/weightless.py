"""Kernels without weights: padding, pooling, sums, tables."""

from __future__ import annotations

import numpy as np

from model.compiler.ir import Add, AveragePool2D, Logistic, Mean, Pad, Softmax, Tensor, Window
from model.compiler.kernels.base import (
    Access,
    KernelCall,
    block_ends,
    channel,
    elementwise,
    int8_constant,
    int32_constant,
    quantized_range,
    shape,
    window,
    windowed,
)
from model.compiler.quantize import (
    INT8,
    logistic_table,
    mean_multiplier,
    quantize_multiplier,
    softmax_table,
)

_ADD_HEADROOM = 20  # as in nn_add_s8.c


def pad(op: Pad) -> KernelCall:
    """nn_pad_s8: a PAD that no convolution could take in."""
    source = op.inputs[0]
    fields = [
        ("input", shape(source)),
        ("output", shape(op.output)),
        ("top", str(op.height[0])),
        ("left", str(op.width[0])),
        ("value", str(op.output.zero_point)),
    ]
    view = Window((1, 1), (1, 1), (1, 1), (op.height[0], op.width[0]))
    access = windowed(source, op.output, view, block_ends(source.hwc[2], 1), channelwise=True)
    return KernelCall(op, "nn_pad_s8", "nn_pad_t", fields, [access])


def average_pool_2d(op: AveragePool2D) -> KernelCall:
    """nn_average_pool_s8."""
    fields = [
        ("input", shape(op.inputs[0])),
        ("output", shape(op.output)),
        ("window", window(op.window)),
        ("range", quantized_range(op.output, op.clamp)),
    ]
    access = windowed(op.inputs[0], op.output, op.window, block_ends(op.output.hwc[2], 1), channelwise=True)
    kernel = "{}x{}".format(*op.window.kernel)
    return KernelCall(op, "nn_average_pool_s8", "nn_pool_t", fields, [access], summary=kernel)


def mean(op: Mean) -> KernelCall:
    """nn_mean_s8."""
    source, output = op.inputs[0], op.output
    height, width, channels = source.hwc
    multiplier, shift = mean_multiplier(source.scale / output.scale, height * width)
    fields = [
        ("input", shape(source)),
        ("scale", channel(-source.zero_point * height * width, multiplier, shift)),
        ("range", quantized_range(output, INT8)),
    ]
    steps = np.arange(channels, dtype=np.int64)
    return KernelCall(op, "nn_mean_s8", "nn_mean_t", fields, [Access(steps, steps + 1)])


def add(op: Add) -> KernelCall:
    """nn_add_s8; a constant operand goes to flash as it is."""
    left, right = op.inputs
    twice_larger = 2.0 * max(left.scale, right.scale)
    scales = {
        "left": left.scale / twice_larger,
        "right": right.scale / twice_larger,
        "sum": twice_larger / ((1 << _ADD_HEADROOM) * op.output.scale),
    }
    fields = [("size", str(op.output.size)), ("left_zero", str(left.zero_point)), ("right_zero", str(right.zero_point))]
    fields += [(name, channel(0, *quantize_multiplier(real))) for name, real in scales.items()]
    fields += [("range", quantized_range(op.output, op.clamp))]
    constants = [] if right.data is None else [int8_constant("operand", right.data, right.describe())]
    return KernelCall(op, "nn_add_s8", "nn_add_t", fields, [_same_index(left), _same_index(right)], constants)


def logistic(op: Logistic) -> KernelCall:
    """nn_lut_s8 with the sigmoid's table."""
    source, output = op.inputs[0], op.output
    table = logistic_table(source.scale, source.zero_point, output.scale, output.zero_point)
    fields = [("size", str(output.size)), ("table", "{table}")]
    constant = int8_constant("table", np.array(table, np.int8), "sigmoid of the inputs -128..127")
    return KernelCall(op, "nn_lut_s8", "nn_lut_t", fields, [elementwise(source.size)], [constant])


def softmax(op: Softmax) -> KernelCall:
    """nn_softmax_s8 with the table of exponentials."""
    source = op.inputs[0]
    classes = source.shape[-1]
    table = int32_constant("table", softmax_table(source.scale, op.beta), "exp(-difference), Q0.31")
    fields = [("rows", str(source.size // classes)), ("classes", str(classes)), ("table", "{table}")]
    return KernelCall(op, "nn_softmax_s8", "nn_softmax_t", fields, [elementwise(source.size)], [table])


def _same_index(source: Tensor) -> Access | None:
    return None if source.data is not None else elementwise(source.size)
