"""Layers the fast path takes: two outputs, rows of four pixels, 1x1 inputs by twos, all of int8 as the clamp."""

from __future__ import annotations

import math

import numpy as np

from model.compiler.tests.host import Case
from model.compiler.tests.maker import SAME, VALID, Kinds, Maker

NONE, RELU6 = 0, 3


def _layer(m: Maker, kind: str, size: tuple[int, int], channels: int, outputs: int, kernel: tuple[int, int]) -> Case:
    """One layer; in half of the cases with outputs from 0 on, as behind ReLU6, else with any zero point.

    Scales of channels are close together, or a factor of 500 apart, or all one.
    """
    pointwise = kernel == (1, 1)
    stride = (1, 1) if pointwise else (m.number(1, 2), m.number(1, 3 if m.flip(0.2) else 2))
    padding = SAME if m.flip() else VALID
    if padding == VALID:
        size = (max(size[0], kernel[0]), max(size[1], kernel[1] + 3 * stride[1]))
    out = tuple(
        -(-extent // s) if padding == SAME else (extent - k) // s + 1
        for extent, k, s in zip(size, kernel, stride, strict=True)
    )
    scale, zero = m.scale(), m.zero_point()
    source = m.build.tensor("x", (1, *size, channels), scale=scale, zero_point=zero)
    depthwise = kind == "DEPTHWISE_CONV_2D"
    terms = kernel[0] * kernel[1] * (1 if depthwise else channels)
    shape = (1, *kernel, outputs) if depthwise else (outputs, *kernel, channels)
    spread = float(m.rng.choice([0.0, 1.0, 1.0, 4.5]))
    powers = (
        m.rng.integers(-round(spread), round(spread) + 1, outputs)
        if m.exact
        else m.rng.uniform(-spread, spread, outputs)
    )
    scales = np.float32(m.scale()) * np.exp2(powers).astype(np.float32)
    values = m.rng.integers(-127, 128, size=shape).astype(np.int8)
    if m.flip(0.1):
        values[...] = -127
    weights = m.build.tensor("w", shape, scale=scales, axis=3 if depthwise else 0, data=values)
    bias = m.rng.normal(0, 4000 * math.sqrt(terms), size=outputs).astype(np.int32)
    bias[m.number(0, outputs - 1)] = int(m.rng.choice([-(2**24), 0, 2**24]))  # now and then a dead channel
    inputs = [source, weights, m.build.tensor("b", (outputs,), dtype=np.int32, scale=1.0, data=bias)]
    typical = scale * float(np.median(scales)) * 74 * 74 * math.sqrt(terms)
    output_scale = float(np.float32(typical / m.rng.uniform(20, 80)))
    if m.exact:
        output_scale = float(2.0 ** round(math.log2(output_scale)))
    clamped = m.flip()
    output = m.build.tensor(
        "y", (1, *out, outputs), scale=output_scale, zero_point=-128 if clamped else m.number(-128, 127)
    )
    activation = m.activation() if m.flip(0.3) else NONE
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1], "fusedActivationFunction": activation}
    if depthwise:
        options["depthMultiplier"] = 1
    m.build.op(kind, inputs, [output], **options)
    title = f"{kind} {size}x{channels} k{kernel} s{stride} padding {padding} -> {outputs}"
    return m.finish(title, (1, *size, channels), source, output)


def _size(m: Maker) -> tuple[int, int]:
    return m.number(1, 9), m.number(4, 14)


def fast_pointwise(m: Maker) -> Case:
    return _layer(m, "CONV_2D", _size(m), 2 * m.number(1, 40), m.number(2, 18), (1, 1))


def fast_conv(m: Maker) -> Case:
    size, kernel = _size(m), (m.number(1, 5), m.number(2, 5))
    channels = m.number(1, 5) if m.flip() else 4 * m.number(1, 4)
    return _layer(m, "CONV_2D", (size[0], size[1] + 8), channels, m.number(2, 10), kernel)


def fast_depthwise(m: Maker) -> Case:
    channels = m.number(1, 20)
    return _layer(m, "DEPTHWISE_CONV_2D", _size(m), channels, channels, (m.number(1, 5), m.number(2, 5)))


def fast_bands(m: Maker) -> Case:
    """So large that it is done in bands."""
    kind, channels, outputs, kernel = [
        ("CONV_2D", 8, 16, (1, 1)),
        ("CONV_2D", 3, 8, (3, 3)),
        ("CONV_2D", 8, 16, (5, 3)),
        ("DEPTHWISE_CONV_2D", 16, 16, (3, 3)),
    ][m.number(0, 3)]
    return _layer(m, kind, (m.number(40, 60), m.number(45, 75)), channels, outputs, kernel)


def fast_chain(m: Maker) -> Case:
    """A convolution some of whose channels are its zero point whatever comes, a depthwise one and a pointwise one."""
    channels, outputs = m.number(2, 16), m.number(2, 12)
    inputs = 4 * m.number(1, 3)
    height, width = m.number(2, 8), m.number(4, 10)
    dead = m.rng.random(channels) < 0.4
    dead[m.number(0, channels - 1)] = False
    scales = [m.scale(), *(float(np.float32(m.rng.uniform(0.02, 0.05))) for _ in range(3))]
    zeros = [m.zero_point(), -128, m.number(-128, 127) if m.flip(0.3) else -128, m.number(-128, 127)]
    sizes = [inputs, channels, channels, outputs]
    shapes = [(channels, 1, 1, inputs), (1, 3, 3, channels), (outputs, 1, 1, channels)]
    tensors = [
        m.build.tensor(f"t{at}", (1, height, width, size), scale=scales[at], zero_point=zeros[at])
        for at, size in enumerate(sizes)
    ]
    for at, shape in enumerate(shapes):
        terms = 9 if at == 1 else shape[3]
        axis = 3 if at == 1 else 0
        values = m.rng.integers(-127, 128, size=shape).astype(np.int8)
        spread = scales[at + 1] / scales[at] / (74 * math.sqrt(terms)) / m.rng.uniform(0.5, 2, sizes[at + 1])
        bias = m.rng.normal(0, 3000 * math.sqrt(terms), size=sizes[at + 1]).astype(np.int32)
        if at == 0:
            bias[dead] = -(2**26)
        constants = [
            m.build.tensor("w", shape, scale=spread.astype(np.float32), axis=axis, data=values),
            m.build.tensor("b", bias.shape, dtype=np.int32, scale=1.0, data=bias),
        ]
        options = {"depthMultiplier": 1} if at == 1 else {}
        m.build.op(
            "DEPTHWISE_CONV_2D" if at == 1 else "CONV_2D",
            [tensors[at], *constants],
            [tensors[at + 1]],
            padding=SAME,
            strideH=1,
            strideW=1,
            fusedActivationFunction=NONE,
            **options,
        )
    title = f"chain {height}x{width} {sizes}, {dead.sum()} channels dead"
    return m.finish(title, (1, height, width, inputs), tensors[0], tensors[-1])


def fast_far(m: Maker) -> Case:
    """Channels so many that what belongs together lies far apart."""
    if m.flip():
        return _layer(m, "CONV_2D", (1, m.number(4, 9)), 4 * m.number(110, 360), 2 * m.number(1, 2), (1, 1))
    if m.flip():
        return _layer(m, "CONV_2D", (3, m.number(5, 7)), 4 * m.number(10, 60), 2, (m.number(2, 3), m.number(2, 3)))
    channels = 4 * m.number(80, 190)
    return _layer(m, "DEPTHWISE_CONV_2D", (m.number(3, 6), m.number(5, 9)), channels, channels, (5, m.number(2, 5)))


def fast_dense(m: Maker) -> Case:
    """FULLY_CONNECTED, or a 1x1 convolution of fewer pixels than a tile has; scales as in a trained network."""
    rows, outputs, connected = m.number(1, 3), m.number(1, 40), m.flip(0.7)
    inputs = 4 * m.number(1, 60) if rows > 1 or not connected else m.number(1, 200)
    scale, relu = m.scale(), m.flip()
    shape = (rows, inputs) if connected else (1, 1, rows, inputs)
    source = m.build.tensor("x", shape, scale=scale, zero_point=m.zero_point())
    spread = m.rng.uniform(-1, 1, outputs if m.flip() else 1)
    scales = np.float32(m.scale()) * np.exp2(spread).astype(np.float32)
    values = m.rng.integers(-127, 128, size=(outputs, inputs)).astype(np.int8)
    values = values if connected else values.reshape(outputs, 1, 1, inputs)
    weights = m.build.tensor("w", values.shape, scale=scales, axis=0, data=values)
    bias = m.rng.normal(0, 4000 * math.sqrt(inputs), size=outputs).astype(np.int32)
    biases = m.build.tensor("b", (outputs,), dtype=np.int32, scale=np.float32(scale) * scales, data=bias)
    typical = scale * float(np.median(scales)) * 74 * 74 * math.sqrt(inputs)
    output_scale = float(np.float32(typical / m.rng.uniform(20, 80)))
    zero = -128 if relu else m.number(-128, 127)
    output = m.build.tensor("y", (*shape[:-1], outputs), scale=output_scale, zero_point=zero)
    operands = [source, weights, biases]
    if connected:
        m.build.op("FULLY_CONNECTED", operands, [output], fusedActivationFunction=NONE)
    else:
        options = {"padding": SAME, "strideH": 1, "strideW": 1}
        m.build.op("CONV_2D", operands, [output], fusedActivationFunction=NONE, **options)
    return m.finish(f"dense {rows} rows, {inputs} to {outputs}", shape, source, output)


def fast_sum(m: Maker) -> Case:
    """ADD or SUB of two tensors of one shape."""
    shape = (1, m.number(1, 6), m.number(1, 9), m.number(1, 9))
    kind, scale = ("ADD" if m.flip(0.8) else "SUB"), m.scale()
    scales = [scale, m.power(scale * float(np.exp2(m.rng.uniform(-2, 2))))]
    sources = [
        m.build.tensor(name, shape, scale=each, zero_point=m.zero_point())
        for name, each in zip("ab", scales, strict=True)
    ]
    output_scale = m.power(max(scales) * float(np.exp2(m.rng.uniform(-1, 1.5))))
    output = m.build.tensor("y", shape, scale=output_scale, zero_point=-128 if m.flip() else m.number(-128, 127))
    m.build.op(kind, sources, [output], fusedActivationFunction=NONE)
    return m.several(f"{kind} {shape}", [shape, shape], sources, [output])


KINDS: Kinds = {
    "fast_pointwise": fast_pointwise,
    "fast_conv": fast_conv,
    "fast_depthwise": fast_depthwise,
    "fast_bands": fast_bands,
    "fast_chain": fast_chain,
    "fast_far": fast_far,
    "fast_dense": fast_dense,
    "fast_sum": fast_sum,
}
