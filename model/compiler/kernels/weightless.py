"""Kernels without weights: padding, pooling, resizing, and those that scale a row by itself."""

from __future__ import annotations

from model.compiler.ir import (
    AveragePool2D,
    L2Normalize,
    LogSoftmax,
    MaxPool2D,
    Pad,
    ResizeBilinear,
    Softmax,
    Window,
)
from model.compiler.kernels.base import (
    LARGEST,
    Constant,
    KernelCall,
    block_ends,
    channel,
    elementwise,
    int32_constant,
    lane_ends,
    quantized_range,
    repeated,
    shape,
    wide,
    window,
    windowed,
)
from model.compiler.quantize import SoftmaxScaling, rounding_shift


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


_POOL_LANES = 4  # as in nn_average_pool_s8.c


def _pool(op: AveragePool2D | MaxPool2D, function: str, ctype: str, lanes: int = 1) -> KernelCall:
    source = op.inputs[0]
    fields = [
        ("input", shape(source)),
        ("output", shape(op.output)),
        ("window", window(op.window)),
        ("range", quantized_range(op.output, op.clamp)),
    ]
    access = windowed(source, op.output, op.window, lane_ends(op.output.hwc[2], lanes), channelwise=True)
    kernel = "{}x{}".format(*op.window.kernel)
    return KernelCall(
        op, function, ctype, fields, [repeated(access, source.batch)], summary=kernel, repeat=source.batch
    )


def average_pool_2d(op: AveragePool2D) -> KernelCall:
    """nn_average_pool_s8, and its twin for dimensions beyond 16 bits."""
    if wide(op.inputs[0]) or max(op.window.kernel + op.window.stride) > LARGEST:
        return _pool(op, "nn_average_pool_wide_s8", "nn_pool_wide_t")
    return _pool(op, "nn_average_pool_s8", "nn_pool_t", _POOL_LANES)


def max_pool_2d(op: MaxPool2D) -> KernelCall:
    """nn_max_pool_s8."""
    return _pool(op, "nn_max_pool_s8", "nn_pool_wide_t")


def resize_bilinear(op: ResizeBilinear) -> KernelCall:
    """nn_resize_bilinear_s8 with the two source rows and columns of every output row and column, and their weights."""
    source, output = op.inputs[0], op.output
    constants = []
    for suffix, size, result in zip(("rows", "columns"), source.hwc[:2], output.hwc[:2], strict=True):
        lines = interpolation(size, result, op.align_corners, op.half_pixel_centers)
        rows = [f"{{{low}, {high}, {weight}}}" for low, high, weight in lines]
        constants.append(
            Constant(suffix, "nn_between_t", rows, result, 12 * result, "two sources, weight of the second")
        )
    fields = [("input", shape(source)), ("output", shape(output)), ("rows", "{rows}"), ("columns", "{columns}")]
    return KernelCall(op, "nn_resize_bilinear_s8", "nn_resize_t", fields, [None], constants, repeat=source.batch)


def interpolation(size: int, result: int, align: bool, half: bool) -> list[tuple[int, int, int]]:
    """For each of ``result`` places: the two source places and the second's weight in 1024ths.

    As ResizeBilinearInteger in TFLite's reference/resize_bilinear.h; a weight may lie outside 0..1024 at the ends.
    """
    scale = (1024 * size + result // 2) // result
    if align and result > 1:
        scale = (1024 * (size - 1) + (result - 1) // 2) // (result - 1)
    lines = []
    for place in range(result):
        at = place * scale + (scale // 2 - 512 if half else 0)
        low = max(int(at / 1024), 0)
        high = min(int((at + 1023) / 1024), size - 1)
        lines.append((min(low, size - 1), high, at - 1024 * low))
    return lines


def softmax(op: Softmax) -> KernelCall:
    """nn_softmax_s8, or nn_softmax_s16 for results of 16 bits, with the table of exponentials."""
    source = op.inputs[0]
    classes = source.hwc[2]
    exponentials = int32_constant(
        "table", SoftmaxScaling.of(source.scale, op.beta).exponentials(), "exp(-difference), Q0.31"
    )
    fields = [("rows", str(source.size // classes)), ("classes", str(classes)), ("table", "{table}")]
    function = "nn_softmax_s16" if op.output.dtype == "int16" else "nn_softmax_s8"
    access = elementwise(source.size) if op.output.dtype == "int8" else None
    return KernelCall(op, function, "nn_softmax_t", fields, [access], [exponentials])


def log_softmax(op: LogSoftmax) -> KernelCall:
    """nn_log_softmax_s8 with the tables of differences and of their exponentials."""
    source = op.inputs[0]
    classes = source.hwc[2]
    scaling = SoftmaxScaling.of(source.scale, 1.0)
    exponentials = [rounding_shift(value, 12) for value in scaling.exponentials()]
    fields = [
        ("rows", str(source.size // classes)),
        ("classes", str(classes)),
        ("radius", str(min(scaling.radius, 255))),
        ("inverse", channel(0, *scaling.inverse())),
        ("exponentials", "{exponentials}"),
        ("differences", "{differences}"),
    ]
    constants = [
        int32_constant("exponentials", exponentials, "exp(-difference), Q12.19"),
        int32_constant("differences", scaling.differences(), "-difference, Q5.26"),
    ]
    return KernelCall(op, "nn_log_softmax_s8", "nn_log_softmax_t", fields, [elementwise(source.size)], constants)


def l2_normalize(op: L2Normalize) -> KernelCall:
    """nn_l2_normalize_s8."""
    source = op.inputs[0]
    depth = source.hwc[2]
    fields = [("rows", str(source.size // depth)), ("depth", str(depth)), ("input_zero", str(source.zero_point))]
    return KernelCall(op, "nn_l2_normalize_s8", "nn_l2_t", fields, [elementwise(source.size)])
