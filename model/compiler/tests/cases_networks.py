"""Small networks of the shapes people build: what the memory plan, the views and the joins have to bear together."""

from __future__ import annotations

import numpy as np

from model.compiler.tests.host import Case
from model.compiler.tests.maker import SAME, Kinds, Maker


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


class Net:
    """Builds a network layer by layer; a value is (tensor, shape). Scales are chosen so that sums spread over int8."""

    def __init__(self, m: Maker) -> None:
        self.m, self.count = m, 0

    def value(self, shape: tuple[int, ...], scale: float | None = None, name: str = "") -> int:
        self.count += 1
        chosen = self.m.scale() if scale is None else min(max(scale, 1e-4), 1e4)  # layers on layers go astray
        return self.m.build.tensor(name or f"t{self.count}", shape, scale=chosen, zero_point=self.m.zero_point())

    def scale_of(self, tensor: int) -> float:
        return float(self.m.build.tensors[tensor].quantization.scale[0])

    def shape_of(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(size) for size in self.m.build.tensors[tensor].shape)

    def conv(self, x: int, outputs: int, kernel: int = 3, stride: int = 1, rows: int | None = None) -> int:
        """CONV_2D with SAME padding and a random activation."""
        batch, height, width, channels = self.shape_of(x)
        window = (kernel if rows is None else rows, kernel)
        weights, scales = self.m.weights((outputs, *window, channels), outputs, 0)
        terms = window[0] * window[1] * channels
        y = self.value(
            (batch, -(-height // stride), -(-width // stride), outputs),
            self.m.output_scale(self.scale_of(x), scales, terms),
        )
        options = {"padding": SAME, "strideH": stride, "strideW": stride}
        self.m.build.op("CONV_2D", [x, weights, self.m.bias(outputs, terms)], [y], fusedActivationFunction=3, **options)
        return y

    def depthwise(self, x: int, stride: int = 1) -> int:
        batch, height, width, channels = self.shape_of(x)
        weights, scales = self.m.weights((1, 3, 3, channels), channels, 3)
        y = self.value(
            (batch, -(-height // stride), -(-width // stride), channels),
            self.m.output_scale(self.scale_of(x), scales, 9),
        )
        options = {"padding": SAME, "strideH": stride, "strideW": stride, "depthMultiplier": 1}
        self.m.build.op("DEPTHWISE_CONV_2D", [x, weights, self.m.bias(channels, 9)], [y], **options)
        return y

    def dense(self, x: int, outputs: int) -> int:
        rows, inputs = self.shape_of(x)
        weights, scales = self.m.weights((outputs, inputs), outputs, 0)
        y = self.value((rows, outputs), self.m.output_scale(self.scale_of(x), scales, inputs))
        self.m.build.op("FULLY_CONNECTED", [x, weights], [y])
        return y

    def add(self, a: int, b: int) -> int:
        y = self.value(self.shape_of(a), 2 * max(self.scale_of(a), self.scale_of(b)))
        self.m.build.op("ADD", [a, b], [y])
        return y

    def reshape(self, x: int, shape: tuple[int, ...]) -> int:
        y = self.m.same(x, shape, "r")
        self.m.build.op("RESHAPE", [x, self.m.integers(shape)], [y])
        return y

    def join(self, parts: list[int], axis: int = 3) -> int:
        """CONCATENATION; parts of other scales are requantized to the first's."""
        same = [parts[0]]
        for part in parts[1:]:
            y = self.m.same(parts[0], self.shape_of(part), "q")
            self.m.build.op("QUANTIZE", [part], [y])
            same.append(y)
        sizes = [self.shape_of(part) for part in same]
        out = (*sizes[0][:axis], sum(size[axis] for size in sizes), *sizes[0][axis + 1 :])
        y = self.m.same(parts[0], out, "j")
        self.m.build.op("CONCATENATION", same, [y], axis=axis)
        return y

    def pool(self, x: int, kind: str = "MAX_POOL_2D") -> int:
        batch, height, width, channels = self.shape_of(x)
        y = self.m.same(x, (batch, -(-height // 2), -(-width // 2), channels), "p")
        options = {"padding": SAME, "strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2}
        self.m.build.op(kind, [x], [y], **options)
        return y

    def table(self, x: int, kind: str = "ABS") -> int:
        y = self.value(self.shape_of(x), self.scale_of(x))
        self.m.build.op(kind, [x], [y])
        return y

    def finish(self, title: str, x: int, outputs: list[int]) -> Case:
        return self.m.several(f"{title} {self.shape_of(x)}", [self.shape_of(x)], [x], outputs)


def _picture(n: Net) -> int:
    return n.value((1, n.m.number(4, 10), n.m.number(4, 10), n.m.number(1, 4)), name="x")


def residual(m: Maker) -> Case:
    """Blocks of two convolutions beside a shortcut."""
    n = Net(m)
    x = _picture(n)
    y = n.conv(x, m.number(2, 8))
    for _ in range(m.number(1, 3)):
        channels = n.shape_of(y)[3]
        y = n.add(n.conv(n.conv(y, channels), channels, 1), y)
    return n.finish("residual", x, [y])


def inverted_bottleneck(m: Maker) -> Case:
    """Expand, depthwise, project, shortcut: the arena's peak is in the middle of a block."""
    n = Net(m)
    x = _picture(n)
    y = n.conv(x, m.number(2, 6), stride=2)
    for _ in range(m.number(1, 3)):
        channels = n.shape_of(y)[3]
        inner = n.depthwise(n.conv(y, channels * m.number(2, 4), 1))
        y = n.add(n.conv(inner, channels, 1), y)
    return n.finish("inverted bottleneck", x, [y])


def u_shaped(m: Maker) -> Case:
    """Down by pooling, up by nearest or bilinear resizing, joined with what was there before."""
    n = Net(m)
    x = _picture(n)
    across = n.conv(x, m.number(2, 5))
    down = n.conv(n.pool(across), m.number(2, 6))
    up = n.m.same(down, (1, *n.shape_of(across)[1:3], n.shape_of(down)[3]), "u")
    kind = "RESIZE_BILINEAR" if m.flip() else "RESIZE_NEAREST_NEIGHBOR"
    m.build.op(kind, [down, m.integers(n.shape_of(across)[1:3])], [up])
    y = n.conv(n.join([up, across]), m.number(1, 4), 1)
    return n.finish("u-shaped", x, [y])


def one_dimensional(m: Maker) -> Case:
    """Rank 3 in and out, reshaped around convolutions of height 1, with a mean over time."""
    n = Net(m)
    steps, channels = m.number(5, 30), m.number(1, 6)
    x = n.value((1, steps, channels), name="x")
    y = n.conv(n.reshape(x, (1, 1, steps, channels)), m.number(2, 8), 5, rows=1)
    shape = n.shape_of(y)
    y = n.table(n.reshape(y, (1, shape[2], shape[3])))
    out = n.value((1, shape[3]), n.scale_of(y))
    m.build.op("MEAN", [y, m.integers([1])], [out])
    return n.finish("1-D", x, [n.dense(out, m.number(1, 5))])


def branches(m: Maker) -> Case:
    """An inception block: branches joined over channels, or over rows, where the join costs nothing."""
    n = Net(m)
    x = _picture(n)
    y = n.conv(x, m.number(2, 5))
    axis = 3 if m.flip() else 1
    channels = [m.number(1, 5)] * 3 if axis == 1 else [m.number(1, 5) for _ in range(3)]
    parts = [n.conv(y, channels[0], 1), n.conv(n.conv(y, 3, 1), channels[1]), n.conv(y, channels[2], 5)]
    y = n.join(parts, axis)
    return n.finish(f"branches joined on {axis}", x, [n.table(y) if m.flip() else y])


def shuffled(m: Maker) -> Case:
    """Channels split, one half worked on, joined and shuffled by a transpose."""
    n = Net(m)
    x = _picture(n)
    half = m.number(1, 4)
    y = n.conv(x, 2 * half)
    batch, height, width, _ = n.shape_of(y)
    parts = [m.same(y, (batch, height, width, half), f"s{at}") for at in range(2)]
    m.build.op("SPLIT", [m.integers([3]), y], parts, numSplits=2)
    y = n.join([parts[0], n.depthwise(n.conv(parts[1], half, 1))])
    y = n.reshape(y, (batch, height, width, 2, half))
    turned = m.same(y, (batch, height, width, half, 2), "turned")
    m.build.op("TRANSPOSE", [y, m.integers([0, 1, 2, 4, 3])], [turned])
    return n.finish("shuffled", x, [n.conv(n.reshape(turned, (batch, height, width, 2 * half)), 3, 1)])


def rows_apart(m: Maker) -> Case:
    """Rows of a picture taken apart and put together again in another order: views with an offset."""
    n = Net(m)
    x = n.value((1, 2 * m.number(1, 4), m.number(2, 6), m.number(1, 4)), name="x")
    y = n.conv(x, m.number(1, 4)) if m.flip() else x
    batch, height, width, channels = n.shape_of(y)
    parts = [m.same(y, (batch, height // 2, width, channels), f"s{at}") for at in range(2)]
    m.build.op("SPLIT", [m.integers([1]), y], parts, numSplits=2)
    worked = n.table(parts[0])
    y = n.join([parts[1], worked], 1)
    return n.finish("rows apart", x, [y, n.table(parts[0]), parts[1]])


def constant_branch(m: Maker) -> Case:
    """A convolution and a sum on constants beside the network."""
    n = Net(m)
    x = _picture(n)
    y = n.conv(x, m.number(1, 4))
    shape = n.shape_of(y)
    fixed = m.build.tensor("c", shape, scale=m.scale(), zero_point=m.zero_point(), data=m.image(shape))
    return n.finish("constant branch", x, [n.add(y, n.conv(fixed, shape[3], 1)) if m.flip() else n.add(fixed, y)])


def several_heads(m: Maker) -> Case:
    """Three outputs of different kinds, one of them also read further on, one a view."""
    n = Net(m)
    x = _picture(n)
    y = n.conv(x, m.number(2, 5), stride=2)
    pooled = n.value((1, n.shape_of(y)[3]), n.scale_of(y))
    m.build.op("MEAN", [y, m.integers([1, 2])], [pooled])
    scores = n.value((1, 4), 1 / 256)
    tensor = m.build.tensors[scores].quantization
    tensor.zeroPoint = np.array([-128])
    m.build.op("SOFTMAX", [n.dense(pooled, 4)], [scores], beta=1.0)
    real = m.build.tensor("real", n.shape_of(pooled), dtype=np.float32)
    m.build.op("DEQUANTIZE", [pooled], [real])
    flat = n.reshape(y, (1, int(np.prod(n.shape_of(y)))))
    return n.finish("several heads", x, [scores, real, y, flat][: m.number(2, 4)])


def exponential_units(m: Maker) -> Case:
    """ELU, which the reference has to look up, between layers whose scaling the optimised kernels do otherwise."""
    n = Net(m)
    x = n.value((1, m.number(2, 12)), name="x")
    y = n.dense(x, 40)
    if m.flip():
        real, bent = (m.build.tensor(name, n.shape_of(y), dtype=np.float32) for name in ("real", "bent"))
        z = n.value(n.shape_of(y), n.scale_of(y))
        m.build.op("DEQUANTIZE", [y], [real])
        m.build.op("ELU", [real], [bent])
        m.build.op("QUANTIZE", [bent], [z])
    else:
        z = n.table(y, "ELU")
    return n.finish("exponential units", x, [n.dense(z, 40)])


def two_readers(m: Maker) -> Case:
    """A view and what it shows, both read; the view's shape broadcasts."""
    n = Net(m)
    x = _picture(n)
    y = n.conv(x, m.number(1, 4))
    batch, height, width, channels = n.shape_of(y)
    flat = n.table(n.reshape(y, (batch, height * width, channels)))
    back = n.reshape(flat, (batch, height, width, channels))
    gate = n.value((1, 1, 1, channels), n.scale_of(y))
    m.build.op("MEAN", [y, m.integers([1, 2])], [gate], keepDims=True)
    scaled = n.value((batch, height, width, channels), n.scale_of(y) * n.scale_of(gate) * 60)
    m.build.op("MUL", [back, gate], [scaled])
    return n.finish("two readers", x, [n.add(scaled, y)])


KINDS: Kinds = {
    "branches": branches,
    "chain": chain,
    "constant_branch": constant_branch,
    "exponential_units": exponential_units,
    "inverted_bottleneck": inverted_bottleneck,
    "one_dimensional": one_dimensional,
    "residual": residual,
    "rows_apart": rows_apart,
    "several_heads": several_heads,
    "shuffled": shuffled,
    "two_readers": two_readers,
    "u_shaped": u_shaped,
}
