# mypy: disable-error-code="import-untyped"
"""Operators with weights: convolutions of every kind, fully connected layers, and products of two tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import tflite

from model.compiler import ir
from model.compiler.ir import Op, Tensor, Window
from model.compiler.quantize import effective_scales
from model.compiler.raw import RawOp

_MAX_TERMS = 1 << 16  # products of int8 that an int32 accumulator takes for certain, the reference's own limit


def image(raw: RawOp, tensor: Tensor) -> tuple[int, int, int]:
    """Height, width and channels of a tensor that has to be of rank 4."""
    if len(tensor.shape) != 4:
        raw.fail(
            f"works on tensor '{tensor.name}' of shape {list(tensor.shape)}, expected batch x height x width x channels"
        )
    return tensor.hwc


def window_of(
    raw: RawOp, options: Any, source: Tensor, kernel: tuple[int, int], dilation: tuple[int, int] = (1, 1)
) -> tuple[Window, tuple[int, int]]:
    """The window in numbers and the output's height and width, by TFLite's SAME/VALID rules."""
    stride = (options.StrideH(), options.StrideW())
    if min(*stride, *kernel, *dilation) < 1:
        raw.fail(f"has kernel {kernel}, stride {stride}, dilation {dilation}; expected all at least 1")
    sizes, pads = [], []
    for extent, k, s, d in zip(image(raw, source)[:2], kernel, stride, dilation, strict=True):
        span = (k - 1) * d + 1
        same = options.Padding() == tflite.Padding.SAME
        size = (extent + s - 1) // s if same else (extent - span + s) // s
        if size < 1:
            raw.fail(f"has a window of {span} on an input of {extent}, which leaves no output")
        sizes.append(size)
        pads.append(max(0, (size - 1) * s + span - extent) // 2)
    return Window(kernel, stride, dilation, (pads[0], pads[1])), (sizes[0], sizes[1])


def _weighted(
    raw: RawOp,
    node: Callable[..., Op],
    source: Tensor,
    weights: np.ndarray,
    channels: int,
    bias_at: int = 2,
    **fields: Any,
) -> Sequence[Op]:
    """A node with weights: checks filter quantization and bias, and computes the channel multipliers."""
    output, filters = raw.activation_output(), raw.input(1, "weights")
    if len(filters.scales) not in (1, channels) or filters.zero_point != 0:
        raw.fail(
            f"has {len(filters.scales)} filter scales and zero point {filters.zero_point}, expected 1 or {channels}, 0"
        )
    if weights.size // channels > _MAX_TERMS and node is not ir.FullyConnected:
        raw.fail(f"adds {weights.size // channels} products an output, expected at most {_MAX_TERMS}")
    bias = np.zeros(channels, np.int32)
    if raw.has(bias_at):
        bias = raw.constant(bias_at, "bias", "int32").reshape(-1)
        if bias.size != channels:
            raw.fail(f"has {bias.size} biases for {channels} channels")
    multipliers = effective_scales(source.scale, filters.scales, output.scale, channels)
    raw.check_ratio(max(multipliers))
    return [node(raw.kind, [source], output, weights=weights, bias=bias, multipliers=multipliers, **fields)]


def _conv(raw: RawOp) -> Sequence[Op]:
    options = raw.options("Conv2DOptions") or raw.fail("lacks its options; the file is damaged")
    source = raw.activation_input()
    weights = raw.constant(1, "weights", "int8")
    channels = image(raw, source)[2]
    if weights.ndim != 4 or channels % weights.shape[3] or weights.shape[0] % (channels // weights.shape[3]):
        raw.fail(f"has weights of shape {list(weights.shape)} on {channels} input channels")
    if not raw.has(2):
        raw.fail("lacks its bias, which CONV_2D needs; add one, zeros will do")
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    window, size = window_of(raw, options, source, (weights.shape[1], weights.shape[2]), dilation)
    raw.shape((source.batch, *size, weights.shape[0]))
    clamp = raw.clamp(options.FusedActivationFunction())
    return _weighted(raw, ir.Conv2D, source, weights, weights.shape[0], window=window, clamp=clamp)


def _depthwise(raw: RawOp) -> Sequence[Op]:
    options = raw.options("DepthwiseConv2DOptions") or raw.fail("lacks its options; the file is damaged")
    source = raw.activation_input()
    weights = raw.constant(1, "weights", "int8")
    channels = image(raw, source)[2]
    if weights.ndim != 4 or weights.shape[0] != 1 or weights.shape[3] % channels:
        raw.fail(f"has weights of shape {list(weights.shape)} on {channels} input channels")
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    window, size = window_of(raw, options, source, (weights.shape[1], weights.shape[2]), dilation)
    raw.shape((source.batch, *size, weights.shape[3]))
    clamp = raw.clamp(options.FusedActivationFunction())
    return _weighted(raw, ir.DepthwiseConv2D, source, weights[0], weights.shape[3], window=window, clamp=clamp)


def _transpose_conv(raw: RawOp) -> Sequence[Op]:
    """Inputs: output shape, weights, activations, bias; the padding is that of the convolution it undoes."""
    options = raw.options("TransposeConvOptions") or raw.fail("lacks its options; the file is damaged")
    shape = tuple(raw.integers(0, "output shape"))
    source = raw.activation_input(2)
    weights = raw.constant(1, "weights", "int8")
    height, width, channels = image(raw, source)
    if weights.ndim != 4 or weights.shape[3] != channels or len(shape) != 4 or shape[3] != weights.shape[0]:
        raw.fail(f"has weights of shape {list(weights.shape)} on {channels} input channels for {list(shape)}")
    stride = (options.StrideH(), options.StrideW())
    if min(stride) < 1 or shape[0] != source.batch:
        raw.fail(f"has stride {stride} and output shape {list(shape)}; expected strides of at least 1, the same batch")
    raw.shape(shape)
    pads = []
    for size, k, s, of in zip(shape[1:3], weights.shape[1:3], stride, (height, width), strict=True):
        same = options.Padding() == tflite.Padding.SAME
        steps = -(-size // s) if same else (size - k + s) // s
        if steps != of and same:
            raw.fail(f"makes {size} of {of} by stride {s}, which no SAME convolution undoes; the file is damaged")
        pads.append(max(0, ((steps - 1) * s + k - size)) // 2)
    window = Window((weights.shape[1], weights.shape[2]), stride, (1, 1), (pads[0], pads[1]))
    clamp = raw.clamp(options.FusedActivationFunction())
    return _weighted(raw, ir.TransposeConv, source, weights, weights.shape[0], 3, window=window, clamp=clamp)


def _fully_connected(raw: RawOp) -> Sequence[Op]:
    options = raw.options("FullyConnectedOptions")
    if options is not None and options.WeightsFormat() != 0:
        raw.fail("has shuffled weights, expected the default format")
    weights = raw.constant(1, "weights", "int8")
    source = raw.activation_input()
    if weights.ndim != 2 or source.size % weights.shape[1]:
        raw.fail(f"has weights of shape {list(weights.shape)} on an input of {source.size} values")
    rows = source.size // weights.shape[1]
    keep = options is not None and options.KeepNumDims()
    raw.shape((*source.shape[:-1], weights.shape[0]) if keep else (rows, weights.shape[0]))
    clamp = raw.clamp(0 if options is None else options.FusedActivationFunction())
    scales = raw.input(1, "weights").scales
    return _weighted(raw, ir.FullyConnected, source, weights, weights.shape[0], clamp=clamp, filter_scales=scales)


def _batch_matmul(raw: RawOp) -> Sequence[Op]:
    options = raw.options("BatchMatMulOptions")
    left, right, output = raw.activation_input(0), raw.activation_input(1), raw.activation_output()
    adjoint = (bool(options and options.AdjX()), bool(options and options.AdjY()))
    if min(len(left.shape), len(right.shape)) < 2:
        raw.fail(f"multiplies shapes {list(left.shape)} and {list(right.shape)}, expected matrices")
    rows, depth = left.shape[-2:][:: -1 if adjoint[0] else 1]
    depth_right, columns = right.shape[-2:][:: -1 if adjoint[1] else 1]
    if depth != depth_right or depth > _MAX_TERMS:
        raw.fail(f"multiplies {rows}x{depth} by {depth_right}x{columns}, expected equal depths up to {_MAX_TERMS}")
    batches = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    raw.shape((*batches, rows, columns))
    multiplier = left.scale * right.scale / output.scale
    raw.check_ratio(multiplier)
    if prod(left.shape[:-2]) not in (1, prod(batches)) or prod(right.shape[:-2]) not in (1, prod(batches)):
        raw.fail(f"broadcasts {list(left.shape)} and {list(right.shape)}, expected one matrix or one for each result")
    return [ir.BatchMatMul(raw.kind, [left, right], output, adjoint=adjoint, multiplier=multiplier)]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transpose_conv,
}
