"""Kernels on two tensors element by element, and reductions: nested loops over any strides."""

from __future__ import annotations

from math import prod

import numpy as np

from model.compiler.ir import ArgExtreme, Binary, Compare, Reduce, Select, Tensor, Whole
from model.compiler.kernels.base import (
    Access,
    KernelCall,
    channel,
    elementwise,
    int16_constant,
    merge_levels,
    quantized_range,
    shape,
    walk,
    wide,
)
from model.compiler.quantize import INT8, mean_multiplier, quantize_multiplier

ADD_HEADROOM = 20  # as in nn_add_s8.c
_SQUARE_HEADROOM = 7  # as in nn_squared_difference_s8.c
_NO_SCALE = "{0, 0, 0, 0}"


def binary(op: Binary) -> KernelCall:
    """nn_add_s8 for sums of two tensors of one shape, else the operator's kernel for any two that broadcast."""
    left, right = op.inputs
    if op.kind == "ADD" and left.shape == right.shape:
        return _add(op)
    scales = _SCALES[op.kind](left, right, op.output)
    fields = [
        ("walk", walk(_levels(op.output.shape, left.shape, right.shape), 2)),
        ("left_zero", str(left.zero_point)),
        ("right_zero", str(right.zero_point)),
        *zip(("left", "right", "output"), scales, strict=True),
        ("range", quantized_range(op.output, op.clamp)),
    ]
    access = [_broadcast_access(tensor, op.output) for tensor in op.inputs]
    name = _NAMES.get(op.kind, op.kind.lower())
    return KernelCall(op, f"nn_{name}_s8", "nn_binary_t", fields, access)


def _add(op: Binary) -> KernelCall:
    left, right = op.inputs
    scales = _sum_scales(left, right, op.output)
    fields = [("size", str(op.output.size)), ("left_zero", str(left.zero_point)), ("right_zero", str(right.zero_point))]
    fields += zip(("left", "right", "sum"), scales, strict=True)
    fields += [("range", quantized_range(op.output, op.clamp))]
    access = [None if tensor.data is not None else elementwise(tensor.size) for tensor in op.inputs]
    return KernelCall(op, "nn_add_s8", "nn_add_t", fields, access)


def _scale(real: float) -> str:
    return channel(0, *quantize_multiplier(real))


def sum_multipliers(left: Tensor, right: Tensor, output: Tensor) -> list[float]:
    """Both inputs to half of the larger scale, raised by the headroom; their sum to the output's scale."""
    twice_larger = 2.0 * max(left.scale, right.scale)
    total = twice_larger / ((1 << ADD_HEADROOM) * output.scale)
    return [left.scale / twice_larger, right.scale / twice_larger, total]


def _sum_scales(left: Tensor, right: Tensor, output: Tensor) -> list[str]:
    return [_scale(real) for real in sum_multipliers(left, right, output)]


def _product_scales(left: Tensor, right: Tensor, output: Tensor) -> list[str]:
    """The product's scale, in float32 as the reference has it."""
    return [_NO_SCALE, _NO_SCALE, _scale(_ratio(left, right, output))]


def _ratio(left: Tensor, right: Tensor, output: Tensor) -> float:
    return float(np.float32(left.scale) * np.float32(right.scale) / np.float32(output.scale))


def _prelu_scales(source: Tensor, alpha: Tensor, output: Tensor) -> list[str]:
    straight = float(np.float32(source.scale) / np.float32(output.scale))
    return [_scale(straight), _scale(_ratio(source, alpha, output)), _NO_SCALE]


def _square_scales(left: Tensor, right: Tensor, output: Tensor) -> list[str]:
    twice_larger = 2.0 * max(left.scale, right.scale)
    total = twice_larger * twice_larger / ((1 << 2 * _SQUARE_HEADROOM) * output.scale)
    return [_scale(left.scale / twice_larger), _scale(right.scale / twice_larger), _scale(total)]


def _quotient_scales(left: Tensor, right: Tensor, output: Tensor) -> list[str]:
    real = float(np.float32(left.scale) / (np.float32(right.scale) * np.float32(output.scale)))
    return [_NO_SCALE, _NO_SCALE, _scale(real)]


def _no_scales(left: Tensor, right: Tensor, output: Tensor) -> list[str]:
    return [_NO_SCALE] * 3


_SCALES = {
    "ADD": _sum_scales,
    "DIV": _quotient_scales,
    "LOGICAL_AND": _no_scales,
    "LOGICAL_OR": _no_scales,
    "MAXIMUM": _no_scales,
    "MINIMUM": _no_scales,
    "MUL": _product_scales,
    "PRELU": _prelu_scales,
    "SQUARED_DIFFERENCE": _square_scales,
    "SUB": _sum_scales,
}


_NAMES = {"ADD": "add_broadcast", "LOGICAL_AND": "minimum", "LOGICAL_OR": "maximum"}
"""Kernels of another name than the operator's."""


def compare(op: Compare) -> KernelCall:
    """nn_compare_s8."""
    left, right = op.inputs
    fields = [("walk", walk(_levels(op.output.shape, left.shape, right.shape), 2))]
    fields += [("left", "{left}"), ("right", "{right}"), ("outcome", "{" + ", ".join(map(str, op.outcome)) + "}")]
    constants = [
        int16_constant(name, ranks, f"rank of the {name} values -128..127")
        for name, ranks in zip(("left", "right"), op.ranks, strict=True)
    ]
    access = [_broadcast_access(tensor, op.output) for tensor in op.inputs]
    return KernelCall(op, "nn_compare_s8", "nn_compare_t", fields, access, constants)


def whole(op: Whole) -> KernelCall:
    """nn_whole_s32."""
    shapes = [tensor.shape for tensor in op.inputs]
    fields = [("kind", f"NN_WHOLE_{op.kind}"), ("walk", walk(_levels(op.output.shape, *shapes), 2))]
    return KernelCall(op, "nn_whole_s32", "nn_whole_t", fields, [None, None])


def select(op: Select) -> KernelCall:
    """nn_select."""
    shapes = (op.condition_shape, *(tensor.shape for tensor in op.inputs[1:]))
    fields = [("item", str(op.output.item)), ("walk", walk(_levels(op.output.shape, *shapes), 3))]
    return KernelCall(op, "nn_select", "nn_select_t", fields, [None] * 3)


def _strides(shape: tuple[int, ...], sizes: tuple[int, ...]) -> list[int]:
    """Elements from one place to the next along each axis of ``sizes``; 0 where a tensor of ``shape`` broadcasts."""
    own = (1,) * (len(sizes) - len(shape)) + shape
    steps = [prod(own[axis + 1 :]) for axis in range(len(sizes))]
    return [0 if size == 1 else step for size, step in zip(own, steps, strict=True)]


def _levels(sizes: tuple[int, ...], *shapes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Loops over ``sizes`` with the steps of tensors of ``shapes``, which may broadcast."""
    steps = zip(sizes, *(_strides(shape, sizes) for shape in shapes), strict=True)
    return merge_levels(list(steps)[::-1] or [(1, *[0] * len(shapes))])


def _broadcast_access(tensor: Tensor, output: Tensor) -> Access | None:
    if tensor.data is not None:
        return None
    if tensor.shape == output.shape:
        return elementwise(tensor.size)
    index = np.broadcast_to(np.arange(tensor.size).reshape(tensor.shape), output.shape).reshape(-1)
    return Access(index, np.arange(1, output.size + 1))


def _reduction(source: Tensor, axes: tuple[int, ...]) -> tuple[str, str, np.ndarray]:
    """The kept loops and the reduced loops over the input, and the first element of each kept place."""
    numbers = np.arange(source.size).reshape(source.shape)
    steps = [prod(source.shape[axis + 1 :]) for axis in range(len(source.shape))]
    order = list(reversed(range(len(source.shape))))
    kept = merge_levels([(source.shape[axis], steps[axis]) for axis in order if axis not in axes] or [(1, 0)])
    inner = merge_levels([(source.shape[axis], steps[axis]) for axis in order if axis in axes] or [(1, 0)])
    firsts = numbers[tuple(0 if axis in axes else slice(None) for axis in range(len(source.shape)))]
    return walk(kept, 1), walk(inner, 1), firsts.reshape(-1)


def reduce(op: Reduce, arithmetic: str) -> KernelCall:
    """nn_mean_s8 for means over height and width, else nn_mean_any_s8 (TensorFlow Lite Micro's sum is a mean times the
    count), nn_sum_u8 (LiteRT's sum), nn_reduce_max_s8 or nn_reduce_min_s8."""
    source, output = op.inputs[0], op.output
    count = prod(source.shape[axis] for axis in op.axes)
    kept, inner, firsts = _reduction(source, op.axes)
    access = Access(firsts, np.arange(1, output.size + 1))
    if op.kind in ("REDUCE_MAX", "REDUCE_MIN"):
        fields = [("kept", kept), ("reduced", inner)]
        return KernelCall(op, f"nn_{op.kind.lower()}_s8", "nn_reduce_t", fields, [access])
    real = source.scale / output.scale
    multiplier, shift = mean_multiplier(real, count) if op.kind == "MEAN" else quantize_multiplier(real)
    scale = channel(-source.zero_point * count, multiplier, shift)
    scaling = [("scale", scale), ("range", quantized_range(output, INT8))]
    picture = op.kind == "MEAN" and len(source.shape) == 4 and source.batch == 1 and op.axes == (1, 2)
    if picture and not wide(source):
        return KernelCall(op, "nn_mean_s8", "nn_mean_t", [("input", shape(source)), *scaling], [access])
    if op.kind == "SUM" and arithmetic == "litert":
        bytes_of = [("scale", scale), ("range", quantized_range(output, (0, 255)))]
        fields = [("kept", kept), ("reduced", inner), *bytes_of]
        summary = "(LiteRT takes the bytes for uint8)"
        return KernelCall(op, "nn_sum_u8", "nn_reduce_t", fields, [access], summary=summary)
    fields = [("kept", kept), ("reduced", inner), *scaling]
    return KernelCall(op, "nn_mean_any_s8", "nn_reduce_t", fields, [access])


def arg_extreme(op: ArgExtreme) -> KernelCall:
    """nn_arg_max_s8, which can also look for the least."""
    source = op.inputs[0]
    kept, inner, _ = _reduction(source, (op.axis,))
    fields = [
        ("kept", kept),
        ("reduced", inner),
        ("least", "1" if op.kind == "ARG_MIN" else "0"),
        ("wide", "1" if op.output.dtype == "int64" else "0"),
    ]
    return KernelCall(op, "nn_arg_max_s8", "nn_arg_t", fields, [None])
