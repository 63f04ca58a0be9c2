"""Kernels with weights: convolutions and fully connected layers. Here the weights take the order the kernels read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.compiler.ir import BatchMatMul, Conv2D, DepthwiseConv2D, FullyConnected, TransposeConv, Window
from model.compiler.kernels.base import (
    Access,
    Constant,
    KernelCall,
    block_ends,
    channel,
    int8_constant,
    lane_ends,
    quantized_range,
    repeated,
    shape,
    wide,
    window,
    windowed,
)
from model.compiler.quantize import INT8, fold_input_offset, quantize_multiplier

_LANES = 4  # output channels a kernel computes at once (nn_mac4.h)


def conv2d(op: Conv2D) -> KernelCall:
    """nn_conv2d_1x1_s8 where the window is one pixel, else nn_conv2d_s8; nn_conv2d_grouped_s8 for what both lack."""
    source, output = op.inputs[0], op.output
    if op.groups > 1 or wide(source, output):
        return _grouped(op, op.weights, op.groups)
    out_channels, batch = op.weights.shape[0], source.batch
    pointwise = op.window.kernel == (1, 1) and op.window.stride == (1, 1) and source.hwc[:2] == output.hwc[:2]
    packed = _interleave(op.weights.reshape(out_channels, -1))
    layout = "[out/4][in][4]" if pointwise else "[out/4][kernel y][kernel x][in][4]"
    bias = fold_input_offset(
        op.bias, op.weights.reshape(out_channels, -1).sum(axis=1, dtype=np.int64), source.zero_point
    )
    return KernelCall(
        op,
        "nn_conv2d_1x1_s8" if pointwise else "nn_conv2d_s8",
        "nn_conv_t",
        _conv_fields(op),
        [repeated(windowed(source, output, op.window, block_ends(out_channels, _LANES), channelwise=False), batch)],
        [int8_constant("weights", packed, layout), _channels(bias, op.multipliers)],
        _summary(op),
        repeat=batch,
    )


def _grouped(op: Conv2D | DepthwiseConv2D, weights: np.ndarray, groups: int) -> KernelCall:
    """nn_conv2d_grouped_s8: any number of groups, any size. ``weights`` is (out, kernel y, kernel x, in / groups)."""
    source = op.inputs[0]
    bias = fold_input_offset(op.bias, weights.reshape(len(weights), -1).sum(axis=1, dtype=np.int64), source.zero_point)
    fields = [("groups", str(groups)), *_conv_fields(op)]
    constants = [int8_constant("weights", weights, "[out][kernel y][kernel x][in / groups]")]
    return KernelCall(
        op,
        "nn_conv2d_grouped_s8",
        "nn_conv_wide_t",
        fields,
        [None],
        [*constants, _channels(bias, op.multipliers)],
        _summary(op) + (f" {groups} groups" if groups > 1 else ""),
        repeat=source.batch,
    )


def transpose_conv(op: TransposeConv) -> KernelCall:
    """nn_transpose_conv_s8."""
    # Outside its input this kernel adds nothing, so the zero point cannot go into the bias.
    bias = [int(value) for value in op.bias]
    fields = [("groups", "1"), *_conv_fields(op)]
    weights = int8_constant("weights", op.weights, "[out][kernel y][kernel x][in]")
    return KernelCall(
        op,
        "nn_transpose_conv_s8",
        "nn_conv_wide_t",
        fields,
        [None],
        [weights, _channels(bias, op.multipliers)],
        _summary(op),
        repeat=op.output.batch,
    )


def batch_matmul(op: BatchMatMul) -> KernelCall:
    """nn_batch_matmul_s8; a single matrix serves every result."""
    left, right = op.inputs
    rows, columns = op.output.shape[-2:]
    depth = left.shape[-2 if op.adjoint[0] else -1]
    count = op.output.size // (rows * columns)
    strides = [
        0 if tensor.size == rows_ * depth and count > 1 else rows_ * depth
        for tensor, rows_ in ((left, rows), (right, columns))
    ]
    fields = [
        ("count", str(count)),
        ("rows", str(rows)),
        ("depth", str(depth)),
        ("columns", str(columns)),
        ("left_step", str(strides[0])),
        ("right_step", str(strides[1])),
        ("left_row", "1" if op.adjoint[0] else str(depth)),
        ("left_value", str(rows) if op.adjoint[0] else "1"),
        ("right_column", str(depth) if op.adjoint[1] else "1"),
        ("right_value", "1" if op.adjoint[1] else str(columns)),
        ("left_zero", str(left.zero_point)),
        ("right_zero", str(right.zero_point)),
        ("scale", channel(0, *quantize_multiplier(op.multiplier))),
        ("range", quantized_range(op.output, INT8)),
    ]
    return KernelCall(
        op, "nn_batch_matmul_s8", "nn_matmul_t", fields, [None, None], summary=f"{rows}x{depth}x{columns}"
    )


def depthwise_conv2d(op: DepthwiseConv2D) -> KernelCall:
    """nn_depthwise_x1_s8 for one output channel an input channel, else nn_depthwise_s8."""
    source = op.inputs[0]
    out_channels = op.weights.shape[2]
    by_channel = op.weights.reshape(-1, out_channels).T  # [out][taps]
    bias = fold_input_offset(op.bias, by_channel.sum(axis=1, dtype=np.int64), source.zero_point)
    if wide(source, op.output):
        return _grouped(op, by_channel.reshape(out_channels, *op.weights.shape[:2], 1), source.hwc[2])
    single = out_channels == source.hwc[2]
    if single:
        full = out_channels - out_channels % _LANES
        packed = np.concatenate([_interleave(by_channel[:full]).reshape(-1), by_channel[full:].reshape(-1)])
        layout = "[channels/4][kernel y][kernel x][4]"
        if full != out_channels:
            layout += ", then [kernel y][kernel x] for each channel left over"
    else:
        packed, layout = by_channel, "[out][kernel y][kernel x]"
    return KernelCall(
        op,
        "nn_depthwise_x1_s8" if single else "nn_depthwise_s8",
        "nn_conv_t",
        _conv_fields(op),
        [repeated(_depthwise_access(op, single), source.batch)],
        [int8_constant("weights", packed, layout), _channels(bias, op.multipliers)],
        _summary(op),
        repeat=source.batch,
    )


def fully_connected(op: FullyConnected, arithmetic: str) -> KernelCall:
    """nn_fully_connected_s8, or for TensorFlow Lite Micro's arithmetic nn_fully_connected_q31_s8."""
    source, output = op.inputs[0], op.output
    outputs, inputs = op.weights.shape
    rows = source.size // inputs
    bias = fold_input_offset(op.bias, op.weights.sum(axis=1, dtype=np.int64), source.zero_point)
    fixed = arithmetic == "tflm"
    if fixed:
        channels = _channels(bias, op.fixed_multipliers)
    else:
        entries = [f"{{{_double(scale)}, {_int32(value)}}}" for scale, value in zip(op.multipliers, bias, strict=True)]
        channels = Constant("channels", "nn_fc_channel_t", entries, outputs, 16 * outputs, "scale, bias")
    blocks = block_ends(outputs, _LANES)
    row = np.arange(rows, dtype=np.int64).reshape(-1, 1)
    access = Access(
        np.repeat(row.reshape(-1) * inputs, len(blocks)),
        (row * outputs + blocks[None, :]).reshape(-1),
    )
    fields = [
        ("rows", str(rows)),
        ("inputs", str(inputs)),
        ("outputs", str(outputs)),
        ("range", quantized_range(output, op.clamp)),
        ("weights", "{weights}"),
        ("channels", "{channels}"),
    ]
    weights = int8_constant("weights", _interleave(op.weights), "[out/4][in][4]")
    function, ctype = ("nn_fully_connected_q31_s8", "nn_fc_q31_t") if fixed else ("nn_fully_connected_s8", "nn_fc_t")
    return KernelCall(op, function, ctype, fields, [access], [weights, channels], f"{inputs} to {outputs}")


def _interleave(rows: np.ndarray) -> np.ndarray:
    """(out, n) -> (ceil(out / 4), n, 4), missing channels zero."""
    out, count = rows.shape
    blocks = -(-out // _LANES)
    padded = np.zeros((blocks * _LANES, count), dtype=np.int8)
    padded[:out] = rows
    return padded.reshape(blocks, _LANES, count).transpose(0, 2, 1)


def _channels(bias: Sequence[int], multipliers: list[float]) -> Constant:
    entries = [channel(value, *quantize_multiplier(real)) for value, real in zip(bias, multipliers, strict=True)]
    rows = [", ".join(entries[start : start + 3]) for start in range(0, len(entries), 3)]
    return Constant("channels", "nn_channel_t", rows, len(entries), 12 * len(entries), "bias, multiplier, shifts")


def _conv_fields(op: Conv2D | DepthwiseConv2D | TransposeConv) -> list[tuple[str, str]]:
    return [
        ("input", shape(op.inputs[0])),
        ("output", shape(op.output)),
        ("window", window(op.window)),
        ("input_zero", str(op.inputs[0].zero_point)),
        ("range", quantized_range(op.output, op.clamp)),
        ("weights", "{weights}"),
        ("channels", "{channels}"),
    ]


def _depthwise_access(op: DepthwiseConv2D, single: bool) -> Access:
    ends = lane_ends(op.output.hwc[2], _LANES if single else 1)
    return windowed(op.inputs[0], op.output, op.window, ends, channelwise=True)


def _summary(op: Conv2D | DepthwiseConv2D | TransposeConv) -> str:
    view: Window = op.window
    text = f"{view.kernel[0]}x{view.kernel[1]}"
    if view.stride != (1, 1):
        text += f" stride {view.stride[0]}x{view.stride[1]}"
    if view.dilation != (1, 1):
        text += f" dilation {view.dilation[0]}x{view.dilation[1]}"
    if view.pad != (0, 0):
        text += f" padding {view.pad[0]}x{view.pad[1]}"
    return text


def _double(value: float) -> str:
    """A C literal that is this double exactly."""
    return value.hex()


def _int32(value: int) -> str:
    return "INT32_MIN" if value == -(1 << 31) else str(value)
