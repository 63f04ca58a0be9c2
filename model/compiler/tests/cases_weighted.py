"""Operators with weights, on random shapes, strides, paddings, dilations, scales and zero points."""

from __future__ import annotations

import math

import numpy as np

from model.compiler.tests.host import Case
from model.compiler.tests.maker import SAME, VALID, Kinds, Maker


def geometry(
    m: Maker, padding: int, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Random input height and width that leave an output, and the output's."""
    sizes, outs = [], []
    for k, s, d in zip(kernel, stride, dilation, strict=True):
        span = (k - 1) * d + 1
        size = m.number(1 if padding == SAME else span, span + 7)
        sizes.append(size)
        outs.append(-(-size // s) if padding == SAME else (size - span) // s + 1)
    return tuple(sizes), tuple(outs)


def conv(m: Maker, *, pointwise: bool = False, depthwise: int = 0) -> Case:
    """CONV_2D; ``pointwise``: 1x1; ``depthwise`` n: DEPTHWISE_CONV_2D with n output channels an input channel."""
    kernel = (1, 1) if pointwise else (m.number(1, 4), m.number(1, 4))
    stride = (1, 1) if pointwise and m.flip(0.8) else (m.number(1, 3), m.number(1, 3))
    dilation = (1, 1)
    if not pointwise and m.flip(0.2):
        stride, dilation = (1, 1), (m.number(1, 3), m.number(1, 3))
    padding = SAME if m.flip() else VALID
    channels, outputs = m.number(1, 13), m.number(1, 13)
    if m.flip(0.3):
        channels, outputs = 4 * m.number(1, 8), 4 * m.number(1, 8)
    if depthwise:
        outputs = channels * depthwise
    size, out = geometry(m, padding, kernel, stride, dilation)
    scale, zero = m.scale(), m.zero_point()
    source = m.build.tensor("x", (1, *size, channels), scale=scale, zero_point=zero)
    terms = kernel[0] * kernel[1] * (1 if depthwise else channels)
    if depthwise:
        weights, scales = m.weights((1, *kernel, outputs), outputs, 3)
    else:
        weights, scales = m.weights((outputs, *kernel, channels), outputs, 0)
    inputs = [source, weights, m.bias(outputs, terms)]
    output = m.build.tensor(
        "y", (1, *out, outputs), scale=m.output_scale(scale, scales, terms), zero_point=m.zero_point()
    )
    options = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "dilationHFactor": dilation[0],
        "dilationWFactor": dilation[1],
        "fusedActivationFunction": m.activation(),
    }
    if depthwise:
        options["depthMultiplier"] = depthwise
    name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    m.build.op(name, inputs, [output], **options)
    title = f"{name} {size}x{channels} k{kernel} s{stride} d{dilation} padding {padding} -> {outputs}"
    return m.finish(title, (1, *size, channels), source, output)


def depthwise_x1(m: Maker) -> Case:
    return conv(m, depthwise=1)


def depthwise(m: Maker) -> Case:
    return conv(m, depthwise=m.number(2, 4))


def pointwise(m: Maker) -> Case:
    return conv(m, pointwise=True)


def padded_conv(m: Maker) -> Case:
    """PAD and a convolution, which the compiler folds; sometimes the PAD has another reader and stays."""
    channels, kernel = m.number(1, 9), m.number(2, 3)
    size = (m.number(2, 7), m.number(2, 7))
    pads = [(m.number(0, 2), m.number(0, 2)) for _ in range(2)]
    scale, zero = m.scale(), m.zero_point()
    wide = (size[0] + sum(pads[0]), size[1] + sum(pads[1]))
    source = m.build.tensor("x", (1, *size, channels), scale=scale, zero_point=zero)
    table = np.array([(0, 0), *pads, (0, 0)], np.int32)
    padded = m.build.tensor("p", (1, *wide, channels), scale=scale, zero_point=zero)
    m.build.op("PAD", [source, m.build.tensor("pads", (4, 2), dtype=np.int32, data=table)], [padded])
    if m.flip(0.3):
        return m.finish(f"PAD {size} {pads}", (1, *size, channels), source, padded)
    stride = m.number(1, 2)
    out = tuple((extent - kernel) // stride + 1 for extent in wide)
    if min(out) < 1:
        return m.finish(f"PAD {size} {pads}", (1, *size, channels), source, padded)
    weights, scales = m.weights((1, kernel, kernel, channels), channels, 3)
    output = m.build.tensor(
        "y", (1, *out, channels), scale=m.output_scale(scale, scales, kernel * kernel), zero_point=m.zero_point()
    )
    m.build.op(
        "DEPTHWISE_CONV_2D",
        [padded, weights, m.bias(channels, kernel * kernel)],
        [output],
        padding=VALID,
        strideH=stride,
        strideW=stride,
        depthMultiplier=1,
        fusedActivationFunction=m.activation(),
    )
    return m.finish(f"PAD {pads} + depthwise k{kernel} s{stride}", (1, *size, channels), source, output)


def fully_connected(m: Maker) -> Case:
    inputs, outputs, scale = m.number(1, 70), m.number(1, 13), m.scale()
    source = m.build.tensor("x", (1, inputs), scale=scale, zero_point=m.zero_point())
    weights, scales = m.weights((outputs, inputs), outputs, 0)
    tensors = [source, weights]
    largest = 0.0
    if m.flip(0.8):
        tensors.append(m.bias(outputs, inputs, scale * scales))
        largest = float(np.abs(m.values(tensors[2]).astype(np.float64)).max())
    # A scaled sum that no int32 holds is undefined in the reference (static_cast of a double): on x86 it is INT32_MIN.
    least = scale * float(np.max(scales)) * largest / 2**30
    y_scale = max(m.output_scale(scale, scales, inputs), least)
    output = m.build.tensor("y", (1, outputs), scale=y_scale, zero_point=m.zero_point())
    m.build.op("FULLY_CONNECTED", tensors, [output], fusedActivationFunction=m.activation())
    return m.finish(f"FULLY_CONNECTED {inputs} -> {outputs}", (1, inputs), source, output)


def ties(m: Maker) -> Case:
    """FULLY_CONNECTED or CONV_2D whose sums, all bias, scale to k + 1/2 exactly or lie one unit beside such a sum."""
    count, connected = 200, m.flip()
    source = m.build.tensor("x", (1, 1) if connected else (1, 1, 1, 1), scale=0.25, zero_point=m.zero_point())
    shifts = m.rng.integers(1, 20, size=count)
    scales = np.exp2(-shifts.astype(np.float32))
    halves = 2 * m.rng.integers(-128, 128, size=count) + 1
    values = halves * 2 ** (shifts - 1) + m.rng.choice([0, 0, -1, 1], size=count)
    shape = (count, 1) if connected else (count, 1, 1, 1)
    weights = m.build.tensor("w", shape, scale=scales, data=np.zeros(shape, np.int8))
    bias = m.build.tensor("b", (count,), dtype=np.int32, scale=scales / 4, data=values.astype(np.int32))
    output = m.build.tensor("y", (1, count) if connected else (1, 1, 1, count), scale=0.25, zero_point=m.number(-9, 9))
    if connected:
        m.build.op("FULLY_CONNECTED", [source, weights, bias], [output])
    else:
        m.build.op("CONV_2D", [source, weights, bias], [output], padding=SAME, strideH=1, strideW=1)
    return m.finish("ties", (1, 1), source, output)


def grouped(m: Maker) -> Case:
    """CONV_2D whose weights see a share of the channels."""
    groups, depth, share = m.number(2, 4), m.number(1, 5), m.number(1, 4)
    kernel, stride = (m.number(1, 3), m.number(1, 3)), (m.number(1, 2), m.number(1, 2))
    padding = SAME if m.flip() else VALID
    size, out = geometry(m, padding, kernel, stride, (1, 1))
    shape, outputs = (1, *size, groups * depth), groups * share
    scale = m.scale()
    source = m.build.tensor("x", shape, scale=scale, zero_point=m.zero_point())
    weights, scales = m.weights((outputs, *kernel, depth), outputs, 0)
    terms = kernel[0] * kernel[1] * depth
    output_scale = m.output_scale(scale, scales, terms)
    output = m.build.tensor("y", (1, *out, outputs), scale=output_scale, zero_point=m.zero_point())
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1]}
    inputs = [source, weights, m.bias(outputs, terms)]
    m.build.op("CONV_2D", inputs, [output], fusedActivationFunction=m.activation(), **options)
    return m.finish(f"CONV_2D {groups} groups {shape} k{kernel}", shape, source, output)


def batched(m: Maker) -> Case:
    """Convolutions of several pictures at once."""
    batch, channels, outputs, kernel = m.number(2, 4), m.number(1, 6), m.number(1, 6), m.number(1, 3)
    size = (m.number(kernel, 6), m.number(kernel, 6))
    shape, scale, deep = (batch, *size, channels), m.scale(), m.flip()
    outputs = channels if deep else outputs
    source = m.build.tensor("x", shape, scale=scale, zero_point=m.zero_point())
    wide = (1, kernel, kernel, channels) if deep else (outputs, kernel, kernel, channels)
    weights, scales = m.weights(wide, outputs, 3 if deep else 0)
    output_scale = m.output_scale(scale, scales, kernel * kernel)
    output = m.build.tensor("y", (batch, *size, outputs), scale=output_scale, zero_point=m.zero_point())
    options = (
        {"padding": SAME, "strideH": 1, "strideW": 1, "depthMultiplier": 1} if deep else {"strideH": 1, "strideW": 1}
    )
    name = "DEPTHWISE_CONV_2D" if deep else "CONV_2D"
    m.build.op(name, [source, weights, m.bias(outputs, kernel * kernel)], [output], **options)
    return m.finish(f"{name} of {batch} {shape}", shape, source, output)


def transpose_conv(m: Maker) -> Case:
    kernel, stride = (m.number(1, 4), m.number(1, 4)), (m.number(1, 3), m.number(1, 3))
    padding, size = SAME if m.flip() else VALID, (m.number(1, 5), m.number(1, 5))
    channels, outputs, scale = m.number(1, 6), m.number(1, 6), m.scale()
    if padding == SAME:
        out = tuple(extent * s - m.number(0, s - 1) for extent, s in zip(size, stride, strict=True))
    else:
        out = tuple((extent - 1) * s + max(k, s) for extent, k, s in zip(size, kernel, stride, strict=True))
    shape = (1, *size, channels)
    source = m.build.tensor("x", shape, scale=scale, zero_point=m.zero_point())
    weights, scales = m.weights((outputs, *kernel, channels), outputs, 0)
    inputs = [m.integers([1, *out, outputs]), weights, source]
    if m.flip(0.7):
        inputs.append(m.bias(outputs, channels, scale * scales if len(scales) == outputs else scale * scales[0]))
    output_scale = m.output_scale(scale, scales, channels)
    output = m.build.tensor("y", (1, *out, outputs), scale=output_scale, zero_point=m.zero_point())
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1]}
    m.build.op("TRANSPOSE_CONV", inputs, [output], **options)
    return m.finish(f"TRANSPOSE_CONV {size} k{kernel} s{stride} -> {out}", shape, source, output)


def fully_connected_rows(m: Maker) -> Case:
    """Several rows at once, of rank 2 to 4, with and without the input's rank kept."""
    inputs, outputs, scale = m.number(1, 20), m.number(1, 9), m.scale()
    shape = (*m.shape(m.number(1, 3), 4), inputs)
    keep = m.flip()
    source = m.build.tensor("x", shape, scale=scale, zero_point=m.zero_point())
    weights, scales = m.weights((outputs, inputs), outputs, 0)
    rows = math.prod(shape[:-1])
    out = (*shape[:-1], outputs) if keep else (rows, outputs)
    output = m.build.tensor("y", out, scale=m.output_scale(scale, scales, inputs), zero_point=m.zero_point())
    m.build.op("FULLY_CONNECTED", [source, weights], [output], keepNumDims=keep)
    return m.finish(f"FULLY_CONNECTED {shape} -> {outputs}", shape, source, output)


def batch_matmul(m: Maker) -> Case:
    rows, depth, columns = m.number(1, 6), m.number(1, 12), m.number(1, 6)
    adjoint = (m.flip(0.3), m.flip(0.3))
    batch = m.number(1, 3)
    alone = m.number(0, 3)
    left = (1 if alone == 0 else batch, *((depth, rows) if adjoint[0] else (rows, depth)))
    right = (1 if alone == 1 else batch, *((columns, depth) if adjoint[1] else (depth, columns)))
    scales = [m.scale(), m.scale()]
    a = m.build.tensor("a", left, scale=scales[0], zero_point=m.zero_point())
    b = m.build.tensor("b", right, scale=scales[1], zero_point=m.zero_point())
    count = max(left[0], right[0])
    scale = m.output_scale(scales[0], np.array(scales[1:]), depth)
    output = m.build.tensor("y", (count, rows, columns), scale=scale, zero_point=m.zero_point())
    m.build.op("BATCH_MATMUL", [a, b], [output], adjX=adjoint[0], adjY=adjoint[1])
    return m.several(f"BATCH_MATMUL {left} {right} {adjoint}", [left, right], [a, b], [output])


KINDS: Kinds = {
    "conv": conv,
    "pointwise": pointwise,
    "depthwise_x1": depthwise_x1,
    "depthwise": depthwise,
    "grouped": grouped,
    "batched": batched,
    "transpose_conv": transpose_conv,
    "padded_conv": padded_conv,
    "fully_connected": fully_connected,
    "fully_connected_rows": fully_connected_rows,
    "ties": ties,
    "batch_matmul": batch_matmul,
}
