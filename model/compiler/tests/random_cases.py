"""Random one-operator int8 models: shapes, strides, paddings, scales and zero points from a seeded generator."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from model.compiler.tests.host import Case
from model.compiler.tests.tflite_builder import TfliteBuilder

SAME, VALID = 0, 1
IMAGES = 2


class Maker:
    """Draws one case; ``self.rng`` is all its randomness.

    In three of ten cases all scales are powers of two (``self.exact``): then sums land on rounding ties all the time.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.build = TfliteBuilder()
        self.exact = self.flip(0.3)

    def number(self, low: int, high: int) -> int:
        """An integer in low..high."""
        return int(self.rng.integers(low, high + 1))

    def flip(self, chance: float = 0.5) -> bool:
        return bool(self.rng.random() < chance)

    def scale(self) -> float:
        """A positive float32."""
        if self.exact:
            return float(2.0 ** self.number(-8, -3))
        return float(np.float32(math.exp(self.rng.uniform(math.log(1e-3), math.log(0.2)))))

    def zero_point(self) -> int:
        return int(self.rng.choice([-128, 127, 0, self.number(-128, 127), self.number(-128, 127)]))

    def image(self, shape: tuple[int, ...]) -> np.ndarray:
        """Full-range noise, sometimes only extremes."""
        if self.flip(0.25):
            return self.rng.choice(np.array([-128, 127], np.int8), size=shape)
        return self.rng.integers(-128, 128, size=shape).astype(np.int8)

    def activation(self) -> int:
        """NONE, RELU, RELU_N1_TO_1 or RELU6 (schema numbers 0, 1, 2, 3)."""
        return int(self.rng.choice([0, 0, 1, 3, 3, 2]))

    def weights(self, shape: tuple[int, ...], per_channel: int, axis: int) -> tuple[int, np.ndarray]:
        """A filter tensor: its index and its scales, ``per_channel`` of them or one."""
        values = self.rng.integers(-127, 128, size=shape).astype(np.int8)
        if self.flip(0.1):
            values[...] = 127
        count = per_channel if self.flip(0.8) else 1
        powers = self.rng.integers(-4, 5, size=count) if self.exact else self.rng.uniform(-4, 4, size=count)
        scales = np.float32(self.scale()) * np.exp2(powers).astype(np.float32)
        return self.build.tensor("w", shape, scale=scales, axis=axis, data=values), scales

    def bias(self, channels: int, terms: int, scale: np.ndarray | float = 1.0) -> int:
        """A bias tensor; now and then one close to the ends of int32, as dead channels have."""
        spread = 4000 * math.sqrt(terms)
        values = self.rng.normal(0, spread, size=channels).astype(np.int32)
        if self.flip(0.1):
            values[self.number(0, channels - 1)] = int(self.rng.choice([2**31 - 2**25, -(2**31) + 2**25]))
        return self.build.tensor("b", (channels,), dtype=np.int32, scale=scale, data=values)

    def output_scale(self, input_scale: float, scales: np.ndarray, terms: int) -> float:
        """A scale that spreads typical sums over int8, or one far off that saturates or rounds to almost nothing."""
        if not self.exact and self.flip(0.2):
            return float(np.float32(np.exp(self.rng.uniform(math.log(1e-5), math.log(50.0)))))
        typical = input_scale * float(np.median(scales)) * 74 * 74 * math.sqrt(terms)
        scale = float(np.float32(typical / self.rng.uniform(20, 80)))
        return float(2.0 ** round(math.log2(scale))) if self.exact else scale

    def finish(self, title: str, shape: tuple[int, ...], source: int, output: int) -> Case:
        images = [self.image(shape) for _ in range(IMAGES)]
        return Case(title, self.build.finish([source], [output]), images)


def _geometry(
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
    size, out = _geometry(m, padding, kernel, stride, dilation)
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


def average_pool(m: Maker) -> Case:
    kernel, stride = (m.number(1, 5), m.number(1, 5)), (m.number(1, 3), m.number(1, 3))
    padding = SAME if m.flip() else VALID
    size, out = _geometry(m, padding, kernel, stride, (1, 1))
    channels, scale, zero = m.number(1, 12), m.scale(), m.zero_point()
    source = m.build.tensor("x", (1, *size, channels), scale=scale, zero_point=zero)
    output = m.build.tensor("y", (1, *out, channels), scale=scale, zero_point=zero)
    m.build.op(
        "AVERAGE_POOL_2D",
        [source],
        [output],
        padding=padding,
        strideH=stride[0],
        strideW=stride[1],
        filterHeight=kernel[0],
        filterWidth=kernel[1],
        fusedActivationFunction=m.activation(),
    )
    return m.finish(f"AVERAGE_POOL_2D {size}x{channels} k{kernel} s{stride}", (1, *size, channels), source, output)


def mean(m: Maker) -> Case:
    size, channels, scale = (m.number(1, 8), m.number(1, 8)), m.number(1, 20), m.scale()
    source = m.build.tensor("x", (1, *size, channels), scale=scale, zero_point=m.zero_point())
    factor = 1.0 if m.flip(0.3) else float(np.exp2(m.rng.uniform(-4, 3)))
    keep = m.flip()
    shape = (1, 1, 1, channels) if keep else (1, channels)
    output = m.build.tensor("y", shape, scale=scale * factor, zero_point=m.zero_point())
    axes = m.build.tensor("axes", (2,), dtype=np.int32, data=np.array([[1, 2], [2, 1], [-3, -2]][m.number(0, 2)]))
    m.build.op("MEAN", [source, axes], [output], keepDims=keep)
    return m.finish(f"MEAN {size}x{channels}", (1, *size, channels), source, output)


def fully_connected(m: Maker) -> Case:
    inputs, outputs, scale = m.number(1, 70), m.number(1, 13), m.scale()
    source = m.build.tensor("x", (1, inputs), scale=scale, zero_point=m.zero_point())
    weights, scales = m.weights((outputs, inputs), outputs, 0)
    tensors = [source, weights]
    if m.flip(0.8):
        tensors.append(m.bias(outputs, inputs, scale * scales))
    output = m.build.tensor("y", (1, outputs), scale=m.output_scale(scale, scales, inputs), zero_point=m.zero_point())
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


def add(m: Maker) -> Case:
    """x + constant, x + x, or x + pool(x): the last keeps two tensors alive."""
    shape = (1, m.number(1, 6), m.number(1, 6), m.number(1, 9))
    source = m.build.tensor("x", shape, scale=m.scale(), zero_point=m.zero_point())
    kind = m.number(0, 2)
    if kind == 0:
        other = m.build.tensor("c", shape, scale=m.scale(), zero_point=m.zero_point(), data=m.image(shape))
    elif kind == 1:
        other = source
    else:
        weights, _ = m.weights((shape[3], 1, 1, shape[3]), shape[3], 0)
        other = m.build.tensor("z", shape, scale=m.scale(), zero_point=m.zero_point())
        m.build.op(
            "CONV_2D", [source, weights, m.bias(shape[3], shape[3])], [other], padding=SAME, strideH=1, strideW=1
        )
    output = m.build.tensor("y", shape, scale=m.scale(), zero_point=m.zero_point())
    m.build.op(
        "ADD", [source, other] if m.flip() else [other, source], [output], fusedActivationFunction=m.activation()
    )
    return m.finish(f"ADD kind {kind} {shape}", shape, source, output)


def logistic(m: Maker) -> Case:
    """All 256 input values."""
    source = m.build.tensor("x", (1, 256), scale=m.scale(), zero_point=m.zero_point())
    output = m.build.tensor("y", (1, 256), scale=1 / 256, zero_point=-128)
    m.build.op("LOGISTIC", [source], [output])
    case = m.finish("LOGISTIC", (1, 256), source, output)
    case.images[0] = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
    return case


def softmax(m: Maker) -> Case:
    shape = (1, m.number(1, 40)) if m.flip() else (1, m.number(1, 3), m.number(1, 3), m.number(1, 12))
    source = m.build.tensor("x", shape, scale=m.scale() * (10 if m.flip(0.2) else 1), zero_point=m.zero_point())
    output = m.build.tensor("y", shape, scale=1 / 256, zero_point=-128)
    m.build.op("SOFTMAX", [source], [output], beta=1.0 if m.flip(0.7) else float(m.rng.uniform(0.1, 3)))
    return m.finish(f"SOFTMAX {shape}", shape, source, output)


def chain(m: Maker) -> Case:
    """conv -> depthwise -> ADD of both -> MEAN -> RESHAPE -> FULLY_CONNECTED -> SOFTMAX: the memory plan at work."""
    size, channels, middle = (m.number(3, 9), m.number(3, 9)), m.number(1, 5), m.number(2, 9)
    scale, spread = m.scale(), [m.scale() for _ in range(3)]
    x = m.build.tensor("x", (1, *size, channels), scale=scale, zero_point=m.zero_point())
    w1, s1 = m.weights((middle, 3, 3, channels), middle, 0)
    a = m.build.tensor(
        "a", (1, *size, middle), scale=m.output_scale(scale, s1, 9 * channels), zero_point=m.zero_point()
    )
    m.build.op("CONV_2D", [x, w1, m.bias(middle, 9)], [a], padding=SAME, strideH=1, strideW=1)
    w2, _ = m.weights((1, 3, 3, middle), middle, 3)
    b = m.build.tensor("b", (1, *size, middle), scale=spread[0] * 40, zero_point=m.zero_point())
    m.build.op(
        "DEPTHWISE_CONV_2D", [a, w2, m.bias(middle, 9)], [b], padding=SAME, strideH=1, strideW=1, depthMultiplier=1
    )
    c = m.build.tensor("c", (1, *size, middle), scale=spread[1] * 40, zero_point=m.zero_point())
    m.build.op("ADD", [a, b], [c])
    d = m.build.tensor("d", (1, 1, 1, middle), scale=spread[1] * 20, zero_point=m.zero_point())
    axes = m.build.tensor("axes", (2,), dtype=np.int32, data=np.array([1, 2]))
    m.build.op("MEAN", [c, axes], [d], keepDims=True)
    details = m.build.tensors[d].quantization
    e = m.build.tensor("e", (1, middle), scale=details.scale, zero_point=int(details.zeroPoint[0]))
    m.build.op("RESHAPE", [d, m.build.tensor("shape", (2,), dtype=np.int32, data=np.array([1, middle]))], [e])
    w3, s3 = m.weights((5, middle), 5, 0)
    f = m.build.tensor("f", (1, 5), scale=m.output_scale(spread[1] * 20, s3, middle), zero_point=m.zero_point())
    m.build.op("FULLY_CONNECTED", [e, w3], [f])
    if m.flip(0.7):
        return m.finish(f"chain {size}x{channels}", (1, *size, channels), x, f)
    y = m.build.tensor("y", (1, 5), scale=1 / 256, zero_point=-128)
    m.build.op("SOFTMAX", [f], [y], beta=1.0)
    return m.finish(f"chain {size}x{channels}", (1, *size, channels), x, y)


def depthwise_x1(m: Maker) -> Case:
    return conv(m, depthwise=1)


def depthwise(m: Maker) -> Case:
    return conv(m, depthwise=m.number(2, 4))


def pointwise(m: Maker) -> Case:
    return conv(m, pointwise=True)


KINDS: dict[str, tuple[Callable[[Maker], Case], int]] = {
    "conv": (conv, 80),
    "pointwise": (pointwise, 50),
    "depthwise_x1": (depthwise_x1, 70),
    "depthwise": (depthwise, 30),
    "padded_conv": (padded_conv, 40),
    "average_pool": (average_pool, 40),
    "mean": (mean, 30),
    "fully_connected": (fully_connected, 60),
    "ties": (ties, 12),
    "add": (add, 40),
    "logistic": (logistic, 15),
    "softmax": (softmax, 30),
    "chain": (chain, 25),
}


def all_cases(seed: int = 1) -> list[tuple[str, Case]]:
    """(kind, case) for every kind, ``KINDS`` says how many; deterministic for a seed."""
    cases = []
    for number, (kind, (maker, count)) in enumerate(KINDS.items()):
        cases += [(kind, maker(Maker(seed * 1_000_000 + number * 10_000 + index))) for index in range(count)]
    return cases
