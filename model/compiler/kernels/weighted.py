"""Kernels with weights: convolutions and fully connected layers. Here the weights take the order the kernels read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.compiler.ir import Conv2D, DepthwiseConv2D, FullyConnected, Window
from model.compiler.kernels.base import (
    Access,
    Constant,
    KernelCall,
    block_ends,
    channel,
    int8_constant,
    quantized_range,
    shape,
    window,
    windowed,
)
from model.compiler.quantize import fold_input_offset, quantize_multiplier

_LANES = 4  # output channels a kernel computes at once (nn_mac4.h)


def conv2d(op: Conv2D) -> KernelCall:
    """nn_conv2d_1x1_s8 where the window is one pixel, else nn_conv2d_s8."""
    source, output = op.inputs[0], op.output
    out_channels = op.weights.shape[0]
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
        [windowed(source, output, op.window, block_ends(out_channels, _LANES), channelwise=False)],
        [int8_constant("weights", packed, layout), _channels(bias, op.multipliers)],
        _summary(op),
    )


def depthwise_conv2d(op: DepthwiseConv2D) -> KernelCall:
    """nn_depthwise_x1_s8 for one output channel an input channel, else nn_depthwise_s8."""
    source = op.inputs[0]
    out_channels = op.weights.shape[2]
    by_channel = op.weights.reshape(-1, out_channels).T  # [out][taps]
    bias = fold_input_offset(op.bias, by_channel.sum(axis=1, dtype=np.int64), source.zero_point)
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
        [_depthwise_access(op, single)],
        [int8_constant("weights", packed, layout), _channels(bias, op.multipliers)],
        _summary(op),
    )


def fully_connected(op: FullyConnected) -> KernelCall:
    """nn_fully_connected_s8."""
    source, output = op.inputs[0], op.output
    outputs, inputs = op.weights.shape
    rows = source.size // inputs
    bias = fold_input_offset(op.bias, op.weights.sum(axis=1, dtype=np.int64), source.zero_point)
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
    return KernelCall(
        op, "nn_fully_connected_s8", "nn_fc_t", fields, [access], [weights, channels], f"{inputs} to {outputs}"
    )


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


def _conv_fields(op: Conv2D | DepthwiseConv2D) -> list[tuple[str, str]]:
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
    channels = op.output.hwc[2]
    if single:  # blocks of four, then single channels
        full = channels - channels % _LANES
        ends = np.concatenate([block_ends(full, _LANES), np.arange(full + 1, channels + 1, dtype=np.int64)])
    else:
        ends = block_ends(channels, 1)
    return windowed(op.inputs[0], op.output, op.window, ends, channelwise=True)


def _summary(op: Conv2D | DepthwiseConv2D) -> str:
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
