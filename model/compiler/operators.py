# mypy: disable-error-code="import-untyped"
"""Turns raw .tflite operators into graph nodes: option tables, geometry and quantization, checked one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import tflite

from model.compiler import ir
from model.compiler.ir import Op, Tensor, Window
from model.compiler.quantize import activation_range, effective_scales
from model.errors import CrosscamError

_ACTIVATIONS = {value: name for name, value in vars(tflite.ActivationFunctionType).items() if isinstance(value, int)}
_OPTION_TYPES = {value: name for name, value in vars(tflite.BuiltinOptions).items() if isinstance(value, int)}
_MAX_TERMS = 1 << 16  # products of int8 that an int32 accumulator takes for certain, the reference's own limit


@dataclass(frozen=True)
class RawOp:
    """One operator of the file: its tensors (None where optional and absent) and its undecoded options."""

    path: Path
    number: int
    kind: str
    inputs: list[Tensor | None]
    outputs: list[Tensor]
    options_table: Any
    options_type: int

    @property
    def output(self) -> Tensor:
        """The only output; CompilerError when there are several, or none."""
        if len(self.outputs) != 1:
            self.fail(f"has {len(self.outputs)} outputs, expected 1")
        return self.outputs[0]

    def fail(self, problem: str) -> NoReturn:
        """Raise the one-line error for this operator."""
        name = self.outputs[0].name if self.outputs else "?"
        raise CrosscamError(f"{self.path}: {self.kind} (operator {self.number}, tensor '{name}') {problem}")

    def input(self, position: int, what: str) -> Tensor:
        """A required input."""
        if position >= len(self.inputs) or (found := self.inputs[position]) is None:
            self.fail(f"lacks its {what}")
        return found

    def activation_input(self, position: int = 0) -> Tensor:
        """A required int8 input with one scale and batch 1."""
        return self._int8(self.input(position, f"input {position}"))

    def activation_output(self) -> Tensor:
        """The int8 output with one scale and batch 1."""
        return self._int8(self.output)

    def constant(self, position: int, what: str, dtype: str) -> np.ndarray:
        """The values of a required constant input of type ``dtype``."""
        tensor = self.input(position, what)
        if tensor.data is None:
            self.fail(f"has a computed {what} ('{tensor.name}'), expected a constant")
        if tensor.dtype != dtype:
            self.fail(f"has {tensor.dtype} {what}, expected {dtype}; quantize the model to int8")
        return tensor.data

    def options(self, name: str) -> Any:
        """The option table ``name``, or None when the file has none (all defaults)."""
        if self.options_table is None or self.options_type == 0:
            return None
        if _OPTION_TYPES.get(self.options_type) != name:
            self.fail(f"carries {_OPTION_TYPES.get(self.options_type)} instead of {name}; the file is damaged")
        options = getattr(tflite, name)()
        options.Init(self.options_table.Bytes, self.options_table.Pos)
        return options

    def clamp(self, activation: int) -> tuple[int, int]:
        """The int8 range of the fused activation."""
        name = _ACTIVATIONS.get(activation, str(activation))
        if name not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
            self.fail(f"has the fused activation {name}, expected NONE, RELU, RELU6 or RELU_N1_TO_1")
        return activation_range(name, self.output.scale, self.output.zero_point)

    def check_ratio(self, ratio: float) -> None:
        """Ensure that a scale ratio is one the fixed-point scaling can express (left shifts stay within 30 bits)."""
        if not ratio < 1 << 30:
            self.fail(f"scales by {ratio:.3g}, expected less than 2**30; the quantization is damaged")

    def same_quantization(self) -> None:
        """Ensure that input 0 and the output share scale and zero point."""
        source, output = self.activation_input(), self.activation_output()
        if source.scale != output.scale or source.zero_point != output.zero_point:
            self.fail(f"changes scale or zero point ('{source.name}' to '{output.name}'), expected the same on both")

    def expect_shape(self, shape: tuple[int, ...]) -> None:
        """Ensure that the file's output shape is the computed one."""
        if self.output.shape != shape:
            self.fail(f"has output shape {list(self.output.shape)}, computed {list(shape)}; the file is damaged")

    def _int8(self, tensor: Tensor) -> Tensor:
        if tensor.dtype != "int8":
            self.fail(f"works on {tensor.dtype} tensor '{tensor.name}', expected int8; quantize the model to int8")
        if len(tensor.scales) != 1:
            self.fail(f"has {len(tensor.scales)} scales on tensor '{tensor.name}', expected 1")
        if tensor.data is None and (not tensor.shape or (len(tensor.shape) > 1 and tensor.shape[0] != 1)):
            self.fail(f"works on tensor '{tensor.name}' of shape {list(tensor.shape)}, expected batch 1")
        return tensor


def build_op(raw: RawOp) -> Op:
    """The graph node of ``raw``; an operator outside the supported set is an error that names it and its tensor."""
    builder = _BUILDERS.get(raw.kind)
    if builder is None:
        raw.fail("is not supported; supported: " + ", ".join(sorted(_BUILDERS)))
    return builder(raw)


def _hwc(raw: RawOp, tensor: Tensor) -> tuple[int, int, int]:
    if len(tensor.shape) != 4:
        raw.fail(
            f"works on tensor '{tensor.name}' of shape {list(tensor.shape)}, expected 1 x height x width x channels"
        )
    return tensor.hwc


def _geometry(
    raw: RawOp, options: Any, kernel: tuple[int, int], dilation: tuple[int, int]
) -> tuple[Window, tuple[int, int]]:
    """The window in numbers and the output's height and width, by TFLite's SAME/VALID rules."""
    stride = (options.StrideH(), options.StrideW())
    if min(*stride, *kernel, *dilation) < 1:
        raw.fail(f"has kernel {kernel}, stride {stride}, dilation {dilation}; expected all at least 1")
    sizes, pads = [], []
    for extent, k, s, d in zip(_hwc(raw, raw.activation_input())[:2], kernel, stride, dilation, strict=True):
        span = (k - 1) * d + 1
        same = options.Padding() == tflite.Padding.SAME
        size = (extent + s - 1) // s if same else (extent - span + s) // s
        if size < 1:
            raw.fail(f"has a window of {span} on an input of {extent}, which leaves no output")
        sizes.append(size)
        pads.append(max(0, (size - 1) * s + span - extent) // 2)
    return Window(kernel, stride, dilation, (pads[0], pads[1])), (sizes[0], sizes[1])


def _weighted(raw: RawOp, node: Callable[..., Op], weights: np.ndarray, channels: int, **fields: Any) -> Op:
    """A node with weights: checks filter quantization and bias, and computes the channel multipliers."""
    source, output, filters = raw.activation_input(), raw.activation_output(), raw.input(1, "weights")
    if len(filters.scales) not in (1, channels) or filters.zero_point != 0:
        raw.fail(
            f"has {len(filters.scales)} filter scales and zero point {filters.zero_point}, expected 1 or {channels}, 0"
        )
    if weights.size // channels > _MAX_TERMS:
        raw.fail(f"adds {weights.size // channels} products an output, expected at most {_MAX_TERMS}")
    bias = np.zeros(channels, np.int32)
    if len(raw.inputs) > 2 and raw.inputs[2] is not None:
        bias = raw.constant(2, "bias", "int32").reshape(-1)
        if bias.size != channels:
            raw.fail(f"has {bias.size} biases for {channels} channels")
    multipliers = effective_scales(source.scale, filters.scales, output.scale, channels)
    raw.check_ratio(max(multipliers))
    return node(raw.kind, [source], output, weights=weights, bias=bias, multipliers=multipliers, **fields)


def _conv(raw: RawOp) -> Op:
    options = raw.options("Conv2DOptions") or raw.fail("lacks its options; the file is damaged")
    weights = raw.constant(1, "weights", "int8")
    channels = _hwc(raw, raw.activation_input())[2]
    if weights.ndim != 4 or weights.shape[3] != channels:
        raw.fail(f"has weights of shape {list(weights.shape)} on {channels} input channels (grouped convolution?)")
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    window, size = _geometry(raw, options, (weights.shape[1], weights.shape[2]), dilation)
    raw.expect_shape((1, *size, weights.shape[0]))
    clamp = raw.clamp(options.FusedActivationFunction())
    return _weighted(raw, ir.Conv2D, weights, weights.shape[0], window=window, clamp=clamp)


def _depthwise(raw: RawOp) -> Op:
    options = raw.options("DepthwiseConv2DOptions") or raw.fail("lacks its options; the file is damaged")
    weights = raw.constant(1, "weights", "int8")
    channels = _hwc(raw, raw.activation_input())[2]
    if weights.ndim != 4 or weights.shape[0] != 1 or weights.shape[3] % channels:
        raw.fail(f"has weights of shape {list(weights.shape)} on {channels} input channels")
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    window, size = _geometry(raw, options, (weights.shape[1], weights.shape[2]), dilation)
    raw.expect_shape((1, *size, weights.shape[3]))
    clamp = raw.clamp(options.FusedActivationFunction())
    return _weighted(raw, ir.DepthwiseConv2D, weights[0], weights.shape[3], window=window, clamp=clamp)


def _fully_connected(raw: RawOp) -> Op:
    options = raw.options("FullyConnectedOptions")
    if options is not None and options.WeightsFormat() != 0:
        raw.fail("has shuffled weights, expected the default format")
    weights = raw.constant(1, "weights", "int8")
    source, output = raw.activation_input(), raw.activation_output()
    if weights.ndim != 2 or source.size % weights.shape[1]:
        raw.fail(f"has weights of shape {list(weights.shape)} on an input of {source.size} values")
    rows = source.size // weights.shape[1]
    if output.size != rows * weights.shape[0] or output.shape[-1] != weights.shape[0]:
        raw.fail(f"has output shape {list(output.shape)} for {rows} x {weights.shape[0]} values; the file is damaged")
    clamp = raw.clamp(0 if options is None else options.FusedActivationFunction())
    return _weighted(raw, ir.FullyConnected, weights, weights.shape[0], clamp=clamp)


def _pad(raw: RawOp) -> Op:
    source = raw.activation_input()
    height, width, channels = _hwc(raw, source)
    raw.same_quantization()
    pads = raw.input(1, "paddings")
    if pads.data is None or pads.shape != (4, 2) or pads.dtype not in ("int32", "int64"):
        raw.fail("has computed or odd paddings, expected a constant of shape [4, 2]")
    values = [(int(before), int(after)) for before, after in pads.data]
    if values[0] != (0, 0) or values[3] != (0, 0) or min(min(pair) for pair in values) < 0:
        raw.fail(f"pads {values}, expected padding of height and width only")
    raw.expect_shape((1, height + sum(values[1]), width + sum(values[2]), channels))
    return ir.Pad(raw.kind, [source], raw.output, height=values[1], width=values[2])


def _average_pool(raw: RawOp) -> Op:
    options = raw.options("Pool2DOptions") or raw.fail("lacks its options; the file is damaged")
    raw.same_quantization()
    window, size = _geometry(raw, options, (options.FilterHeight(), options.FilterWidth()), (1, 1))
    raw.expect_shape((1, *size, _hwc(raw, raw.activation_input())[2]))
    clamp = raw.clamp(options.FusedActivationFunction())
    return ir.AveragePool2D(raw.kind, [raw.activation_input()], raw.output, window=window, clamp=clamp)


def _mean(raw: RawOp) -> Op:
    source, output = raw.activation_input(), raw.activation_output()
    channels = _hwc(raw, source)[2]
    axes = {int(axis) % 4 for axis in raw.constant(1, "axes", "int32").reshape(-1) if -4 <= axis < 4}
    if axes != {1, 2}:
        raw.fail(f"reduces axes {sorted(axes)}, expected height and width [1, 2]")
    if output.shape not in ((1, 1, 1, channels), (1, channels)):
        raw.fail(f"has output shape {list(output.shape)} for {channels} channels; the file is damaged")
    raw.check_ratio(source.scale / output.scale)
    return ir.Mean(raw.kind, [source], output)


def _add(raw: RawOp) -> Op:
    options = raw.options("AddOptions")
    left, right, output = raw.activation_input(0), raw.activation_input(1), raw.activation_output()
    if left.data is not None:
        left, right = right, left
    if left.data is not None or left.size != right.size or left.shape != output.shape:
        raw.fail(f"adds shapes {list(left.shape)} and {list(right.shape)}, expected two of the output's shape")
    clamp = raw.clamp(0 if options is None else options.FusedActivationFunction())
    raw.check_ratio(max(left.scale, right.scale) / output.scale)
    return ir.Add(raw.kind, [left, right], output, clamp=clamp)


def _logistic(raw: RawOp) -> Op:
    source, output = raw.activation_input(), raw.activation_output()
    if output.scale != 1 / 256 or output.zero_point != -128:
        raw.fail(f"has output scale {output.scale} and zero point {output.zero_point}, expected 1/256 and -128")
    raw.expect_shape(source.shape)
    return ir.Logistic(raw.kind, [source], output)


def _softmax(raw: RawOp) -> Op:
    options = raw.options("SoftmaxOptions")
    source, output = raw.activation_input(), raw.activation_output()
    if abs(output.scale * 256 - 1) > 1e-3 or output.zero_point != -128:
        raw.fail(f"has output scale {output.scale} and zero point {output.zero_point}, expected 1/256 and -128")
    raw.expect_shape(source.shape)
    beta = 1.0 if options is None else float(options.Beta())
    # The sum of exponentials is Q12.19; the scaled multiplier has to exceed one (PreprocessSoftmaxScaling).
    if source.shape[-1] > 4095 or not beta * source.scale * (1 << 26) > 1.0:
        raw.fail(f"has {source.shape[-1]} classes and beta*scale {beta * source.scale}, expected < 4096 and > 2**-26")
    return ir.Softmax(raw.kind, [source], output, beta=beta)


def _reshape(raw: RawOp) -> Op:
    source = raw.activation_input()
    raw.same_quantization()
    if prod(raw.output.shape) != source.size:
        raw.fail(f"turns {list(source.shape)} into {list(raw.output.shape)}, another number of values")
    return ir.Reshape(raw.kind, [source], raw.output)


_BUILDERS: dict[str, Callable[[RawOp], Op]] = {
    "ADD": _add,
    "AVERAGE_POOL_2D": _average_pool,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "EXPAND_DIMS": _reshape,
    "FULLY_CONNECTED": _fully_connected,
    "LOGISTIC": _logistic,
    "MEAN": _mean,
    "PAD": _pad,
    "RESHAPE": _reshape,
    "SOFTMAX": _softmax,
    "SQUEEZE": _reshape,
}
