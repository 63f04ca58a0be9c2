"""Operators on windows, rows and single values, and on two tensors: pooling, resizing, sums, tables, edges."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from model.compiler.tests.cases_weighted import geometry
from model.compiler.tests.host import Case
from model.compiler.tests.maker import IMAGES, SAME, VALID, Kinds, Maker, with_images


def pool(m: Maker, name: str) -> Case:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""
    kernel, stride = (m.number(1, 5), m.number(1, 5)), (m.number(1, 3), m.number(1, 3))
    padding = SAME if m.flip() else VALID
    size, out = geometry(m, padding, kernel, stride, (1, 1))
    channels, scale, zero = m.number(1, 12), m.scale(), m.zero_point()
    source = m.build.tensor("x", (1, *size, channels), scale=scale, zero_point=zero)
    output = m.build.tensor("y", (1, *out, channels), scale=scale, zero_point=zero)
    m.build.op(
        name,
        [source],
        [output],
        padding=padding,
        strideH=stride[0],
        strideW=stride[1],
        filterHeight=kernel[0],
        filterWidth=kernel[1],
        fusedActivationFunction=m.activation(),
    )
    return m.finish(f"{name} {size}x{channels} k{kernel} s{stride}", (1, *size, channels), source, output)


def resize_bilinear(m: Maker) -> Case:
    shape = m.shape(4)
    sizes = (m.number(1, 12), m.number(1, 12))
    source = m.activation_tensor(shape)
    output = m.same(source, (shape[0], *sizes, shape[3]))
    kind = m.number(0, 2)
    m.build.op(
        "RESIZE_BILINEAR", [source, m.integers(sizes)], [output], alignCorners=kind == 1, halfPixelCenters=kind == 2
    )
    return m.finish(f"RESIZE_BILINEAR {shape} to {sizes} kind {kind}", shape, source, output)


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


def reduction(m: Maker, name: str) -> Case:
    """MEAN, SUM, REDUCE_MAX or REDUCE_MIN of any rank over any axes."""
    shape = m.shape(m.number(1, 4), 7)
    count = m.number(1, len(shape))
    axes = [int(axis) for axis in m.rng.permutation(len(shape))[:count]]
    keep, scale, zero = m.flip(), m.scale(), m.zero_point()
    kept = [1 if axis in axes else size for axis, size in enumerate(shape) if keep or axis not in axes]
    source = m.build.tensor("x", shape, scale=scale, zero_point=zero)
    if name in ("MEAN", "SUM"):
        factor = 1.0 if m.flip(0.3) else float(np.exp2(m.rng.uniform(-4, 3)))
        output = m.build.tensor("y", tuple(kept), scale=scale * factor, zero_point=m.zero_point())
    else:
        output = m.same(source, kept)
    written = [axis - len(shape) if m.flip(0.3) else axis for axis in axes]
    m.build.op(name, [source, m.integers(written)], [output], keepDims=keep)
    return m.finish(f"{name} {shape} over {axes}", shape, source, output)


def arg_extreme(m: Maker) -> Case:
    shape, name = m.shape(m.number(2, 4), 9), "ARG_MAX" if m.flip() else "ARG_MIN"
    axis, kind = m.number(0, len(shape) - 1), np.int64 if m.flip() else np.int32
    source = m.activation_tensor(shape)
    output = m.build.tensor("y", shape[:axis] + shape[axis + 1 :], dtype=kind)
    m.build.op(name, [source, m.integers([axis])], [output], outputType=4 if kind is np.int64 else 2)
    return m.finish(f"{name} {shape} axis {axis}", shape, source, output)


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


def broadcasting_shapes(m: Maker) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Two shapes of rank 1 to 4 that broadcast, and their common shape; equal in one case of four."""
    full = m.shape(m.number(1, 4))
    if m.flip(0.25):
        return full, full, full
    left = tuple(1 if m.flip(0.3) else size for size in full)
    right = tuple(1 if m.flip(0.5) else size for size in full)
    left = full if m.flip() else left
    if m.flip(0.4):
        right = right[m.number(0, len(right) - 1) :]
    return left, right, tuple(int(size) for size in np.broadcast_shapes(left, right))


def binary(m: Maker, name: str) -> Case:
    """Two computed operands, or one computed and one constant on either side."""
    left, right, out = broadcasting_shapes(m)
    scale, kind = m.scale(), m.number(0, 2)
    a_scale, b_scale = (scale, scale) if name in ("MINIMUM", "MAXIMUM") else (m.scale(), m.scale())
    zero = m.zero_point()
    same = name in ("MINIMUM", "MAXIMUM")
    data = [m.image(left) if kind == 1 else None, m.image(right) if kind == 2 else None]
    a = m.build.tensor("a", left, scale=a_scale, zero_point=zero, data=data[0])
    b = m.build.tensor("b", right, scale=b_scale, zero_point=zero if same else m.zero_point(), data=data[1])
    typical = a_scale * b_scale * 60 if name == "MUL" else max(a_scale, b_scale)
    typical = max(a_scale, b_scale) ** 2 * 100 if name == "SQUARED_DIFFERENCE" else typical
    factor = 1.0 if same else float(np.exp2(m.number(-2, 3) if m.exact else m.rng.uniform(-2, 3)))
    y = m.build.tensor("y", out, scale=scale if same else typical * factor, zero_point=zero if same else m.zero_point())
    options = {"fusedActivationFunction": m.activation()} if name in ("ADD", "SUB", "MUL") else {}
    m.build.op(name, [a, b], [y], **options)
    chosen = [(index, shape) for index, shape, values in ((a, left, data[0]), (b, right, data[1])) if values is None]
    return m.several(f"{name} {left} {right} kind {kind}", [s for _, s in chosen], [i for i, _ in chosen], [y])


def prelu(m: Maker) -> Case:
    shape = m.shape(m.number(2, 4))
    alpha = (*[1] * (len(shape) - 2), shape[-1]) if m.flip(0.7) else shape[1:]
    scale, slope = m.scale(), m.scale()
    source = m.build.tensor("x", shape, scale=scale, zero_point=m.zero_point())
    a = m.build.tensor("a", alpha, scale=slope, zero_point=m.zero_point(), data=m.image(alpha))
    y = m.build.tensor("y", shape, scale=scale * float(np.exp2(m.rng.uniform(-2, 4))), zero_point=m.zero_point())
    m.build.op("PRELU", [source, a], [y])
    return m.finish(f"PRELU {shape} {alpha}", shape, source, y)


def divide(m: Maker) -> Case:
    """By constants or computed values that are not 0."""
    shape = m.shape(m.number(1, 4))
    other = tuple(1 if m.flip(0.4) else size for size in shape)
    scale, divisor, zero = m.scale(), m.scale(), m.zero_point()

    def divisors() -> np.ndarray:
        values = m.image(other)
        return np.where(values == zero, np.int8(zero + 1 if zero < 127 else zero - 1), values).astype(np.int8)

    fixed = m.flip()
    source = m.build.tensor("x", shape, scale=scale, zero_point=m.zero_point())
    b = m.build.tensor("b", other, scale=divisor, zero_point=zero, data=divisors() if fixed else None)
    quotient = scale / divisor / 10 * float(np.exp2(m.rng.uniform(-2, 2)))
    y = m.build.tensor("y", shape, scale=quotient, zero_point=m.zero_point())
    m.build.op("DIV", [source, b], [y], fusedActivationFunction=m.activation())
    if fixed:
        return m.finish(f"DIV {shape} {other}", shape, source, y)
    images = [[m.image(shape), divisors()] for _ in range(IMAGES)]
    return Case(f"DIV {shape} by computed {other}", m.build.finish([source, b], [y]), images)


ALL_BYTES = np.arange(-128, 128).astype(np.int8).reshape(1, 256)


def unary(m: Maker, name: str) -> Case:
    """All 256 input values; only those not negative for roots, where the reference stops otherwise."""
    rooted = name in ("SQRT", "RSQRT")
    scale, zero = m.scale(), -128 if rooted else m.zero_point()
    source = m.build.tensor("x", (1, 256), scale=scale, zero_point=zero)
    target, output_zero = m.scale(), m.zero_point()
    options = {}
    if name == "LOGISTIC":  # the reference takes no other
        target, output_zero = 1 / 256, -128
    if name == "TANH" and m.flip(0.8):
        target, output_zero = 1 / 128, 0
    if name == "LEAKY_RELU":
        options = {"alpha": float(m.rng.uniform(-0.5, 1.5))}
    if name == "GELU":
        options = {"approximate": m.flip()}
    if name == "HARD_SWISH":
        target = float(np.float32(scale * m.rng.uniform(0.3, 2)))
    if name in ("RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "ABS"):
        target = scale if m.flip(0.3) else float(np.float32(scale * np.exp2(m.rng.uniform(-3, 3))))
    if name == "RSQRT":
        target = float(np.float32(m.rng.uniform(0.5, 4) / np.sqrt(scale) / 128))
    output = m.build.tensor("y", (1, 256), scale=target, zero_point=output_zero)
    m.build.op(name, [source], [output], **options)
    case = m.finish(f"{name} {scale} {zero} {target} {output_zero} {options}", (1, 256), source, output)
    return with_images(case, ALL_BYTES)


def softmax(m: Maker) -> Case:
    shape = (1, m.number(1, 40)) if m.flip() else (1, m.number(1, 3), m.number(1, 3), m.number(1, 12))
    source = m.build.tensor("x", shape, scale=m.scale() * (10 if m.flip(0.2) else 1), zero_point=m.zero_point())
    output = m.build.tensor("y", shape, scale=1 / 256, zero_point=-128)
    m.build.op("SOFTMAX", [source], [output], beta=1.0 if m.flip(0.7) else float(m.rng.uniform(0.1, 3)))
    return m.finish(f"SOFTMAX {shape}", shape, source, output)


def log_softmax(m: Maker) -> Case:
    shape = (1, m.number(1, 40)) if m.flip() else (1, m.number(1, 3), m.number(1, 3), m.number(1, 300))
    source = m.build.tensor("x", shape, scale=m.scale() * (20 if m.flip(0.3) else 1), zero_point=m.zero_point())
    output = m.build.tensor("y", shape, scale=1 / 16, zero_point=127)
    m.build.op("LOG_SOFTMAX", [source], [output])
    return m.finish(f"LOG_SOFTMAX {shape}", shape, source, output)


def l2_normalization(m: Maker) -> Case:
    shape = m.shape(m.number(2, 4), 9)
    source = m.activation_tensor(shape)
    output = m.build.tensor("y", shape, scale=1 / 128)
    m.build.op("L2_NORMALIZATION", [source], [output])
    return m.finish(f"L2_NORMALIZATION {shape}", shape, source, output)


def quantize_float(m: Maker) -> Case:
    """float32 to int8 or uint8, on and beside the middles between two values, far outside, and without a number."""
    kind = np.uint8 if m.flip() else np.int8
    scale, zero = m.scale(), m.zero_point() + (128 if kind is np.uint8 else 0)
    source = m.build.tensor("x", (1, 64), dtype=np.float32)
    output = m.build.tensor("y", (1, 64), dtype=kind, scale=scale, zero_point=zero)
    m.build.op("QUANTIZE", [source], [output])
    halves = (m.rng.integers(-300, 300, (1, 64)) * 0.5 * scale).astype(np.float32)
    beside = np.nextafter(halves, np.float32(np.inf) * m.rng.choice([-1, 1], (1, 64)).astype(np.float32))
    far = m.rng.normal(0, 1e4 * scale, (1, 64)).astype(np.float32)
    blob = m.build.finish([source], [output])
    return Case(f"QUANTIZE {scale} {zero} {kind}", blob, [halves, beside.astype(np.float32), far])


def requantize(m: Maker) -> Case:
    """int8 and uint8 to int8 and uint8."""
    kinds = [np.uint8 if m.flip() else np.int8 for _ in range(2)]
    scale = m.scale()
    scales = (scale, scale if m.flip(0.4) else float(np.float32(scale * np.exp2(m.rng.uniform(-3, 3)))))
    zeros = [m.zero_point() + (128 if kind is np.uint8 else 0) for kind in kinds]
    if m.flip(0.3):
        zeros[1] = zeros[0] - int(np.iinfo(kinds[0]).min) + int(np.iinfo(kinds[1]).min)
    x = m.build.tensor("x", (1, 256), dtype=kinds[0], scale=scales[0], zero_point=zeros[0])
    y = m.build.tensor("y", (1, 256), dtype=kinds[1], scale=scales[1], zero_point=zeros[1])
    m.build.op("QUANTIZE", [x], [y])
    values = np.arange(256).astype(np.uint8).view(kinds[0]).reshape(1, 256)
    return Case(f"QUANTIZE {kinds} {scales} {zeros}", m.build.finish([x], [y]), [values])


def cast(m: Maker) -> Case:
    """Stored bytes as float32, kept or quantized again."""
    kind = np.uint8 if m.flip() else np.int8
    source = m.build.tensor("x", (1, 256), dtype=kind, scale=m.scale() if m.flip() else None)
    real = m.build.tensor("real", (1, 256), dtype=np.float32)
    m.build.op("CAST", [source], [real])
    again = m.build.tensor("y", (1, 256), scale=m.scale() * 20, zero_point=m.zero_point())
    m.build.op("QUANTIZE", [real], [again])
    values = np.arange(256).astype(np.uint8).view(kind).reshape(1, 256)
    outputs = [again, real] if m.flip() else [again]
    return Case(f"CAST {kind}", m.build.finish([source], outputs), [values])


def requantize_wide(m: Maker) -> Case:
    """Between int8, int16 and int32."""
    kinds: list[tuple[Any, Any]] = [
        (np.int8, np.int16),
        (np.int16, np.int8),
        (np.int16, np.int16),
        (np.int16, np.int32),
    ]
    source, target = kinds[m.number(0, 3)]
    zeros = [m.zero_point() if kind is np.int8 else 0 for kind in (source, target)]
    scale = m.scale() / (1 if source is np.int8 else 256)
    finer = 1 if target is source else 256.0 if source is np.int16 and target is np.int8 else 1 / 256
    y_scale = m.power(scale * finer * float(np.exp2(m.rng.uniform(-2, 2))))
    x = m.build.tensor("x", (1, 300), dtype=source, scale=m.power(scale), zero_point=zeros[0])
    y = m.build.tensor("y", (1, 300), dtype=target, scale=y_scale, zero_point=zeros[1])
    m.build.op("QUANTIZE", [x], [y])
    ends = np.iinfo(source)
    values = [m.rng.integers(ends.min, ends.max + 1, size=(1, 300)).astype(source) for _ in range(IMAGES)]
    return Case(f"QUANTIZE {source} {target}", m.build.finish([x], [y]), values)


def softmax_wide(m: Maker) -> Case:
    """SOFTMAX of int8 in int16."""
    shape = (1, m.number(1, 40))
    source = m.build.tensor("x", shape, scale=m.scale() * (10 if m.flip(0.2) else 1), zero_point=m.zero_point())
    output = m.build.tensor("y", shape, dtype=np.int16, scale=1 / 65536, zero_point=-32768)
    m.build.op("SOFTMAX", [source], [output], beta=1.0)
    return m.finish(f"SOFTMAX {shape} in int16", shape, source, output)


def dequantize(m: Maker) -> Case:
    kind = np.uint8 if m.flip() else np.int8
    zero = m.zero_point() + (128 if kind is np.uint8 else 0)
    source = m.build.tensor("x", (1, 256), dtype=kind, scale=m.scale(), zero_point=zero)
    output = m.build.tensor("y", (1, 256), dtype=np.float32)
    m.build.op("DEQUANTIZE", [source], [output])
    values = np.arange(256).astype(np.uint8).view(kind).reshape(1, 256)
    return Case(f"DEQUANTIZE {kind} {zero}", m.build.finish([source], [output]), [values])


_BINARY = ("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM", "SQUARED_DIFFERENCE")
_UNARY = ("ABS", "ELU", "EXP", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC", "RELU", "RELU6", "RELU_N1_TO_1")
_REDUCTIONS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")

KINDS: Kinds = {
    "average_pool": partial(pool, name="AVERAGE_POOL_2D"),
    "max_pool": partial(pool, name="MAX_POOL_2D"),
    "resize_bilinear": resize_bilinear,
    "mean": mean,
    **{name.lower() + "_any": partial(reduction, name=name) for name in _REDUCTIONS},
    "arg_extreme": arg_extreme,
    "add_same": add,
    **{name.lower(): partial(binary, name=name) for name in _BINARY},
    "prelu": prelu,
    "divide": divide,
    **{name.lower(): partial(unary, name=name) for name in (*_UNARY, "RSQRT", "SQRT", "TANH")},
    "softmax": softmax,
    "log_softmax": log_softmax,
    "l2_normalization": l2_normalization,
    "quantize_float": quantize_float,
    "requantize": requantize,
    "cast": cast,
    "requantize_wide": requantize_wide,
    "softmax_wide": softmax_wide,
    "dequantize": dequantize,
}
