# mypy: disable-error-code="import-untyped,import-not-found"
"""An ONNX graph as a TensorFlow function: the operators that convolutional networks are made of.

ONNX keeps channels before the picture's axes, TensorFlow Lite behind them. Here a value of a picture's rank is kept
with its channels last and says so; where an operator counts axes in ONNX's order, it is turned back first. Packages
that do this (onnx2tf 1.29) ask for numpy below 2, which crosscam cannot have beside its own.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnx
import tensorflow as tf
from onnx import numpy_helper

from model.compiler.limits import MOST_ELEMENTS
from model.errors import CrosscamError, shown
from model.inspection.onnx_file import read_onnx, shapes_of

_LOWEST, _HIGHEST = -3.4e38, 3.4e38


@dataclass(frozen=True)
class Value:
    """A tensor; ``last``: its channels are its last axis although ONNX has them second."""

    tensor: Any
    last: bool = False

    def first(self) -> Any:
        """The tensor in ONNX's order."""
        rank = len(self.tensor.shape)
        return tf.transpose(self.tensor, [0, rank - 1, *range(1, rank - 1)]) if self.last else self.tensor

    def behind(self) -> Any:
        """The tensor with its channels last."""
        rank = len(self.tensor.shape)
        return self.tensor if self.last or rank < 3 else tf.transpose(self.tensor, [0, *range(2, rank), 1])


class Network:
    """A ``.onnx`` file as a function; ``size``: height and width of pictures whose size it leaves free.

    Attributes:
        shapes: of its inputs, batch 1, pictures with their channels last.

    Raises:
        CrosscamError: as ``read_onnx``; an input whose sizes are free, or that is no float32; an operator that is not
            known here.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None = None) -> None:
        self.path, self._size = path, size
        self.graph = read_onnx(path).graph
        self._constants = {each.name: numpy_helper.to_array(each) for each in self.graph.initializer}
        self._inputs = [each for each in self.graph.input if each.name not in self._constants]
        self.shapes = [self._input_shape(each) for each in self._inputs]
        unknown = sorted({node.op_type for node in self.graph.node} - set(_OPERATORS))
        if unknown:
            raise CrosscamError(
                f"{path}: ONNX operators that are not converted here: {', '.join(map(shown, unknown))}; export the "
                "model from its framework by way of Keras or a SavedModel"
            )

    def _input_shape(self, info: Any) -> tuple[int, ...]:
        if info.type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
            raise CrosscamError(f"{self.path}: input '{shown(info.name)}' is not float32; export the float model")
        sizes = list(shapes_of(self.graph)[info.name])
        sizes[:1] = [1] if sizes else []
        if self._size is not None and len(sizes) == 4 and sizes[2:] == [None, None]:
            sizes[2:] = self._size
        if None in sizes:
            raise CrosscamError(
                f"{self.path}: input '{shown(info.name)}' has free sizes; give a picture's by --size HEIGHTxWIDTH, or "
                "export it with fixed ones"
            )
        known = [int(size) for size in sizes if size is not None]
        return (known[0], *known[2:], known[1]) if len(known) > 2 else tuple(known)

    def __call__(self, *inputs: Any) -> list[Any]:
        """Its outputs for TensorFlow tensors, pictures with their channels last."""
        values = {name: Value(array) for name, array in self._constants.items()}
        for info, tensor in zip(self._inputs, inputs, strict=True):
            values[info.name] = Value(tensor, len(tensor.shape) > 2)
        for node in self.graph.node:
            step = _Step(self.path, node, [values.get(name) for name in node.input])
            try:
                made = _OPERATORS[node.op_type](step)
            except CrosscamError:
                raise
            except Exception as error:  # TensorFlow's own, at shapes that do not fit
                step.fail(f"does not fit ({type(error).__name__}: {' '.join(str(error).split())[:100]})")
            values[node.output[0]] = made
        return [values[each.name].tensor for each in self.graph.output]


class _Step:
    """One node with its values and attributes."""

    def __init__(self, path: Path, node: Any, inputs: list[Value | None]) -> None:
        self.path, self.node, self._inputs = path, node, inputs
        self.attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}

    def fail(self, problem: str) -> NoReturn:
        raise CrosscamError(f"{self.path}: {self.node.op_type} '{shown(self.node.output[0], 40)}' {problem}")

    def has(self, number: int) -> bool:
        return number < len(self._inputs) and self._inputs[number] is not None

    def __getitem__(self, number: int) -> Value:
        if not self.has(number):
            self.fail(f"lacks input {number}")
        found = self._inputs[number]
        assert found is not None
        return found

    def constant(self, number: int) -> Any:
        value = self[number].tensor
        if not isinstance(value, np.ndarray):
            self.fail(f"has a computed input {number}, expected a constant")
        return value

    def numbers(self, name: str, number: int | None = None) -> list[int] | None:
        """Integers of an attribute, or, in newer opsets, of a constant input."""
        if name in self.attributes:
            return [int(each) for each in np.atleast_1d(self.attributes[name])]
        if number is not None and self.has(number):
            return [int(each) for each in np.atleast_1d(self.constant(number))]
        return None


def _window(step: _Step, source: Any, kernel: list[int], fill: float) -> tuple[Any, list[int], list[int], str]:
    """The source, padded where SAME does not say it; strides, dilations and TensorFlow's word for the padding.

    SAME leaves what is padded out of averages, so it is no word for a pool that counts it in.
    """
    strides = step.numbers("strides") or [1] * len(kernel)
    dilations = step.numbers("dilations") or [1] * len(kernel)
    auto = step.attributes.get("auto_pad", b"NOTSET").decode()
    if auto in ("VALID", "SAME_UPPER"):
        return source, strides, dilations, auto.removesuffix("_UPPER")
    if auto != "NOTSET" or len(kernel) != 2 or step.attributes.get("ceil_mode", 0):
        step.fail("has windows of a kind that is not converted here (SAME_LOWER, ceil_mode, or not two axes)")
    pads = step.numbers("pads") or [0, 0, 0, 0]
    if not any(pads):
        return source, strides, dilations, "VALID"
    same = []
    for axis in range(2):
        size, reach = int(source.shape[1 + axis]), (kernel[axis] - 1) * dilations[axis] + 1
        total = max((-(-size // strides[axis]) - 1) * strides[axis] + reach - size, 0)
        same.append((total // 2, total - total // 2))
    if not step.attributes.get("count_include_pad", 0) and same == [(pads[0], pads[2]), (pads[1], pads[3])]:
        return source, strides, dilations, "SAME"
    around = [[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]]
    return tf.pad(source, around, constant_values=fill), strides, dilations, "VALID"


def _convolution(step: _Step) -> Value:
    weights = step.constant(1)
    if weights.ndim != 4:
        step.fail(f"has weights of {weights.ndim} axes, expected 4")
    groups = int(step.attributes.get("group", 1))
    source, strides, dilations, padding = _window(step, step[0].behind(), list(weights.shape[2:]), 0.0)
    # TensorFlow's depthwise convolution takes one stride for both axes; a grouped one takes two.
    if groups > 1 and groups == int(source.shape[-1]) and strides[0] == strides[1]:
        multiplier = weights.shape[0] // groups
        turned = weights.reshape(groups, multiplier, *weights.shape[2:]).transpose(2, 3, 0, 1)
        made = tf.nn.depthwise_conv2d(source, turned, [1, *strides, 1], padding, dilations=dilations)
    else:
        made = tf.nn.conv2d(source, weights.transpose(2, 3, 1, 0), strides, padding, dilations=dilations)
    return Value(tf.nn.bias_add(made, step.constant(2)) if step.has(2) else made, True)


def _pool(step: _Step, kind: str) -> Value:
    kernel = step.numbers("kernel_shape") or []
    given = step[0].behind()
    source, strides, dilations, padding = _window(step, given, kernel, _LOWEST if kind == "MAX" else 0.0)
    made = tf.nn.pool(source, kernel, kind, strides, padding, dilations=dilations)
    if kind == "AVG" and source is not given and not step.attributes.get("count_include_pad", 0):
        ones = tf.ones((1, *given.shape[1:-1], 1))
        padded, *_ = _window(step, ones, kernel, 0.0)
        made = made / tf.nn.pool(padded, kernel, kind, strides, padding, dilations=dilations)
    return Value(made, True)


def _global(function: Callable[..., Any]) -> Callable[[_Step], Value]:
    return lambda step: Value(function(step[0].behind(), axis=[1, 2], keepdims=True), True)


def _gemm(step: _Step) -> Value:
    left = step[0].first()
    left = tf.transpose(left) if step.attributes.get("transA", 0) else left
    right = step[1].tensor
    right = right.T if step.attributes.get("transB", 0) and isinstance(right, np.ndarray) else right
    made = tf.matmul(left, right * np.float32(step.attributes.get("alpha", 1.0)))
    return Value(made + step[2].tensor * np.float32(step.attributes.get("beta", 1.0)) if step.has(2) else made)


def _elementwise(function: Callable[..., Any]) -> Callable[[_Step], Value]:
    """Of two values that broadcast as numpy's do, in ONNX's order."""

    return lambda step: _paired(function, step[0], step[1])


def _paired(function: Callable[..., Any], *pair: Value) -> Value:
    if not any(each.last for each in pair):
        return Value(function(*(each.tensor for each in pair)))
    rank = max(len(each.tensor.shape) for each in pair)
    return Value(function(*(_aligned(each, rank) for each in pair)), True)


def _aligned(value: Value, rank: int) -> Any:
    """Channels last, with as many axes as the other has."""
    shape = list(value.tensor.shape)
    if value.last or not shape:
        return value.tensor
    return Value(tf.reshape(value.tensor, [1] * (rank - len(shape)) + shape)).behind()


def _unary(function: Callable[..., Any]) -> Callable[[_Step], Value]:
    return lambda step: Value(function(step[0].tensor), step[0].last)


def _clip(step: _Step) -> Value:
    low, high = (
        float(step.attributes.get(name, step.constant(at).item() if step.has(at) else default))
        for name, at, default in (("min", 1, _LOWEST), ("max", 2, _HIGHEST))
    )
    tensor = step[0].tensor
    if (low, high) == (0.0, 6.0):
        return Value(tf.nn.relu6(tensor), step[0].last)
    return Value(tf.clip_by_value(tensor, low, high), step[0].last)


def _hard_sigmoid(step: _Step) -> Value:
    slope, offset = (step.attributes.get(name, default) for name, default in (("alpha", 0.2), ("beta", 0.5)))
    # ReLU6 has a kernel of its own: 6 at the upper end of what is then scaled to 0..1.
    return Value(tf.nn.relu6(step[0].tensor * (6.0 * slope) + 6.0 * offset) * (1.0 / 6.0), step[0].last)


def _normalization(step: _Step) -> Value:
    gamma, beta, mean, variance = (step.constant(number).astype(np.float64) for number in range(1, 5))
    factor = gamma / np.sqrt(variance + step.attributes.get("epsilon", 1e-5))
    source = step[0].behind()
    return Value(source * factor.astype(np.float32) + (beta - mean * factor).astype(np.float32), step[0].last)


def _softmax(step: _Step) -> Value:
    tensor = step[0].first()
    axis = int(step.attributes.get("axis", -1 if len(tensor.shape) == 2 else 1)) % len(tensor.shape)
    return Value(tf.nn.softmax(tensor, axis))


def _flatten(step: _Step) -> Value:
    tensor, axis = step[0].first(), int(step.attributes.get("axis", 1))
    return Value(tf.reshape(tensor, [int(np.prod(tensor.shape[:axis], dtype=int)), -1]))


def _reshape(step: _Step) -> Value:
    tensor = step[0].first()
    wanted = step.numbers("shape", 1) or []
    sizes = [int(tensor.shape[at]) if size == 0 else size for at, size in enumerate(wanted)]
    if isinstance(tensor, np.ndarray):
        return Value(tensor.reshape(sizes))
    return Value(tf.reshape(tensor, sizes))


def _squeeze(step: _Step) -> Value:
    return Value(tf.squeeze(step[0].first(), step.numbers("axes", 1)))


def _unsqueeze(step: _Step) -> Value:
    tensor = step[0].first()
    expand = np.expand_dims if isinstance(tensor, np.ndarray) else tf.expand_dims
    for axis in sorted(step.numbers("axes", 1) or []):
        tensor = expand(tensor, axis)
    return Value(tensor)


def _transpose(step: _Step) -> Value:
    tensor = step[0].first()
    return Value(tf.transpose(tensor, step.numbers("perm") or list(range(len(tensor.shape)))[::-1]))


def _concat(step: _Step) -> Value:
    parts = [step[number] for number in range(len(step.node.input))]
    axis = int(step.attributes["axis"])
    if axis == 1 and all(part.last for part in parts):
        return Value(tf.concat([part.tensor for part in parts], -1), True)
    tensors = [part.first() for part in parts]
    known = all(isinstance(tensor, np.ndarray) for tensor in tensors)
    return Value(np.concatenate(tensors, axis) if known else tf.concat(tensors, axis))


def _pad(step: _Step) -> Value:
    tensor, pads = step[0].first(), step.numbers("pads", 1) or []
    if step.attributes.get("mode", b"constant") != b"constant":
        step.fail("pads with other than a constant")
    half = len(pads) // 2
    filled = float(step.constant(2).item()) if step.has(2) else float(step.attributes.get("value", 0.0))
    return Value(tf.pad(tensor, list(zip(pads[:half], pads[half:], strict=True)), constant_values=filled))


def _mean(step: _Step) -> Value:
    tensor = step[0].first()
    axes = step.numbers("axes", 1)
    return Value(tf.reduce_mean(tensor, axes, keepdims=bool(step.attributes.get("keepdims", 1))))


def _shape(step: _Step) -> Value:
    """Exporters compute sizes by operators; here all are known."""
    sizes = np.array([int(size) for size in step[0].first().shape], np.int64)
    return Value(sizes[step.attributes.get("start", 0) : step.attributes.get("end", len(sizes))])


def _slice(step: _Step) -> Value:
    tensor = step[0].first()
    starts, ends = step.numbers("starts", 1) or [], step.numbers("ends", 2) or []
    axes = step.numbers("axes", 3) or list(range(len(starts)))
    strides = step.numbers("steps", 4) or [1] * len(starts)
    parts = [slice(None)] * len(tensor.shape)
    for axis, *part in zip(axes, starts, ends, strides, strict=True):
        # Integers of 64 bits mean "to the end"; TensorFlow takes 32.
        parts[axis] = slice(*(max(-(1 << 31), min(each, (1 << 31) - 1)) for each in part))
    return Value(tensor[tuple(parts)])


def _gather(step: _Step) -> Value:
    tensor, axis = step[0].first(), int(step.attributes.get("axis", 0))
    known = isinstance(tensor, np.ndarray)
    return Value((np.take if known else tf.gather)(tensor, step.constant(1), axis=axis))


def _cast(step: _Step) -> Value:
    kind = onnx.helper.tensor_dtype_to_np_dtype(step.attributes["to"])
    tensor = step[0].tensor
    return Value(tensor.astype(kind) if isinstance(tensor, np.ndarray) else tf.cast(tensor, kind), step[0].last)


def _filled(step: _Step) -> Value:
    value = step.attributes.get("value")
    array = numpy_helper.to_array(value) if value is not None else np.zeros(1, np.float32)
    sizes = [int(size) for size in step.constant(0)]
    if math.prod(sizes) > MOST_ELEMENTS:
        step.fail(f"makes {math.prod(sizes):,} values, expected at most {MOST_ELEMENTS:,}")
    return Value(np.full(sizes, array.reshape(-1)[0], array.dtype))


def _sum(step: _Step) -> Value:
    made = step[0]
    for number in range(1, len(step.node.input)):
        made = _paired(operator.add, made, step[number])
    return made


_OPERATORS: dict[str, Callable[[_Step], Value]] = {
    "Add": _elementwise(operator.add),
    "AveragePool": lambda step: _pool(step, "AVG"),
    "BatchNormalization": _normalization,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Conv": _convolution,
    "Div": _elementwise(operator.truediv),
    "Dropout": _unary(lambda value: value),
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": _global(tf.reduce_mean),
    "GlobalMaxPool": _global(tf.reduce_max),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _unary(lambda value: value * tf.nn.relu6(value + 3.0) * (1.0 / 6.0)),
    "Identity": _unary(lambda value: value),
    "LeakyRelu": lambda step: Value(tf.nn.leaky_relu(step[0].tensor, step.attributes.get("alpha", 0.01)), step[0].last),
    "MatMul": lambda step: Value(tf.matmul(step[0].first(), step[1].first())),
    "MaxPool": lambda step: _pool(step, "MAX"),
    "Mul": _elementwise(operator.mul),
    "Pad": _pad,
    "ReduceMean": _mean,
    "Relu": _unary(tf.nn.relu),
    "Reshape": _reshape,
    "Shape": _shape,
    "Sigmoid": _unary(tf.sigmoid),
    "Slice": _slice,
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "Sub": _elementwise(operator.sub),
    "Sum": _sum,
    "Tanh": _unary(tf.tanh),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""Every operator that is converted, by ONNX's name."""
