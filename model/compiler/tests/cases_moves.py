"""Operators that move values, alone and beside others that make and read what is moved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.compiler.tests.host import Case
from model.compiler.tests.maker import IMAGES, Kinds, Maker


def _source(m: Maker, shape: tuple[int, ...]) -> tuple[int, int]:
    """The input, and the tensor the operator reads: the input or, half the time, a function of it."""
    x = m.activation_tensor(shape)
    if m.flip():
        return x, x
    middle = m.activation_tensor(shape, "m")
    m.build.op("ABS", [x], [middle])
    return x, middle


def _end(m: Maker, source: int, shape: tuple[int, ...]) -> tuple[int, Callable[[], int]]:
    """The operator's output, and a call that adds, half the time, a function of it as the model's output."""
    y = m.same(source, shape, "y")

    def finish() -> int:
        if m.flip():
            return y
        z = m.activation_tensor(shape, "z")
        m.build.op("ABS", [y], [z])
        return z

    return y, finish


def concatenation(m: Maker) -> Case:
    """Two to four tensors made from the input, now and then one twice, a constant, or the input itself."""
    shape = m.shape(m.number(1, 4))
    axis = m.number(0, len(shape) - 1)
    x = m.activation_tensor(shape)
    parts, total = [], 0
    for number in range(m.number(2, 4)):
        kind = m.number(0, 4)
        if kind == 0:
            parts.append(x)
        elif kind == 1:
            other = (*shape[:axis], m.number(1, 4), *shape[axis + 1 :])
            part = m.same(x, other, "c")
            tensor, source = m.build.tensors[part], m.image(other)
            tensor.buffer = m.build.buffer(source)
            parts.append(part)
        elif kind == 2 and parts:
            parts.append(parts[-1])
        else:
            part = m.same(x, shape, f"p{number}")
            m.build.op("ABS", [x], [part])
            parts.append(part)
        total += int(m.build.tensors[parts[-1]].shape[axis])
    out = (*shape[:axis], total, *shape[axis + 1 :])
    y, finish = _end(m, x, out)
    m.build.op("CONCATENATION", parts, [y], axis=axis - len(shape) if m.flip(0.3) else axis)
    return m.finish(f"CONCATENATION of {len(parts)} axis {axis} of {shape}", shape, x, finish())


def pack(m: Maker) -> Case:
    shape = m.shape(m.number(1, 3))
    x, s = _source(m, shape)
    axis, count = m.number(0, len(shape)), m.number(2, 4)
    y, finish = _end(m, s, (*shape[:axis], count, *shape[axis:]))
    other = m.same(s, shape, "o")
    m.build.op("RELU", [s], [other])
    m.build.op("PACK", [s if m.flip() else other for _ in range(count)], [y], axis=axis, valuesCount=count)
    return m.finish(f"PACK axis {axis} of {shape}", shape, x, finish())


def split(m: Maker) -> Case:
    """SPLIT, SPLIT_V or UNPACK, all parts outputs of the model."""
    shape = m.shape(m.number(1, 4))
    axis, kind, count = m.number(0, len(shape) - 1), m.number(0, 2), m.number(1, 3)
    sizes = [m.number(1, 3) for _ in range(count)]
    if kind == 0:
        sizes = [sizes[0]] * count
    if kind == 2:
        sizes = [1] * count
    shape = (*shape[:axis], sum(sizes), *shape[axis + 1 :])
    x, s = _source(m, shape)
    rest = (shape[:axis], shape[axis + 1 :])
    outs = [m.same(s, (*rest[0], *([] if kind == 2 else [size]), *rest[1]), f"y{at}") for at, size in enumerate(sizes)]
    if kind == 0:
        m.build.op("SPLIT", [m.integers([axis]), s], outs, numSplits=count)
    elif kind == 1:
        written = [-1 if at == 0 and m.flip(0.3) else size for at, size in enumerate(sizes)]
        m.build.op("SPLIT_V", [s, m.integers(written), m.integers([axis])], outs, numSplits=count)
    else:
        m.build.op("UNPACK", [s], outs, axis=axis, num=count)
    return m.several(f"split kind {kind} {shape} axis {axis} {sizes}", [shape], [x], outs)


def strided_slice(m: Maker) -> Case:
    shape = m.shape(m.number(1, 4), 8)
    begin: list[int] = []
    end: list[int] = []
    step: list[int] = []
    masks = {"beginMask": 0, "endMask": 0, "shrinkAxisMask": 0}
    for axis, size in enumerate(shape):
        first, last, stride = m.number(0, size - 1), m.number(0, size - 1), m.number(1, 3)
        low, high = min(first, last), max(first, last) + 1
        if m.flip(0.2):
            pieces = (high - 1, low - 1 if low else -size - 1, -stride)
        else:
            pieces = (low - size if m.flip(0.2) else low, high, stride)
            masks["endMask"] |= (1 << axis) if m.flip(0.2) else 0
            masks["beginMask"] |= (1 << axis) if m.flip(0.2) else 0
            if m.flip(0.15):
                masks["shrinkAxisMask"] |= 1 << axis
                pieces = (low, low + 1, 1)
        for values, value in zip((begin, end, step), pieces, strict=True):
            values.append(value)
    x, s = _source(m, shape)
    out = []
    for axis, size in enumerate(shape):
        bit = 1 << axis
        if masks["shrinkAxisMask"] & bit:
            masks["beginMask"] &= ~bit
            continue
        start = None if masks["beginMask"] & bit else begin[axis]
        out.append(len(range(size)[slice(start, None if masks["endMask"] & bit else end[axis], step[axis])]))
    y, finish = _end(m, s, tuple(out))
    m.build.op("STRIDED_SLICE", [s, m.integers(begin), m.integers(end), m.integers(step)], [y], **masks)
    return m.finish(f"STRIDED_SLICE {begin} {end} {step} {masks} of {shape}", shape, x, finish())


def slice_(m: Maker) -> Case:
    shape = m.shape(m.number(1, 4), 8)
    begin = [m.number(0, size - 1) for size in shape]
    sizes = [m.number(1, size - first) for size, first in zip(shape, begin, strict=True)]
    x, s = _source(m, shape)
    y, finish = _end(m, s, tuple(sizes))
    written = [
        -1 if size == full - at and m.flip() else size for size, full, at in zip(sizes, shape, begin, strict=True)
    ]
    m.build.op("SLICE", [s, m.integers(begin), m.integers(written)], [y])
    return m.finish(f"SLICE {begin} {sizes} of {shape}", shape, x, finish())


def transpose(m: Maker) -> Case:
    shape = m.shape(m.number(2, 5), 5)
    order = [int(axis) for axis in m.rng.permutation(len(shape))]
    x, s = _source(m, shape)
    y, finish = _end(m, s, tuple(shape[axis] for axis in order))
    m.build.op("TRANSPOSE", [s, m.integers(order)], [y])
    return m.finish(f"TRANSPOSE {order} of {shape}", shape, x, finish())


def tile(m: Maker) -> Case:
    shape = m.shape(m.number(1, 4), 4)
    counts = [m.number(1, 3) for _ in shape]
    x, s = _source(m, shape)
    y, finish = _end(m, s, tuple(size * count for size, count in zip(shape, counts, strict=True)))
    m.build.op("TILE", [s, m.integers(counts)], [y])
    return m.finish(f"TILE {counts} of {shape}", shape, x, finish())


def broadcast_to(m: Maker) -> Case:
    full = m.shape(m.number(1, 4), 5)
    shape = tuple(1 if m.flip(0.4) else size for size in full)
    x, s = _source(m, shape)
    y, finish = _end(m, s, full)
    m.build.op("BROADCAST_TO", [s, m.integers(full)], [y])
    return m.finish(f"BROADCAST_TO {full} of {shape}", shape, x, finish())


def pad(m: Maker) -> Case:
    """PAD, PADV2 or MIRROR_PAD of any axes."""
    shape = m.shape(m.number(1, 4), 5)
    kind = m.number(0, 3)
    room = [9 if kind < 2 else size - (kind == 2) for size in shape]
    pads = [(m.number(0, min(2, most)), m.number(0, min(2, most))) for most in room]
    x, s = _source(m, shape)
    y, finish = _end(m, s, tuple(size + sum(pair) for size, pair in zip(shape, pads, strict=True)))
    if kind == 0:
        m.build.op("PAD", [s, m.integers(pads)], [y])
    elif kind == 1:
        value = m.same(s, (1,), "v")
        m.build.tensors[value].buffer = m.build.buffer(m.image((1,)))
        m.build.op("PADV2", [s, m.integers(pads), value], [y])
    else:
        m.build.op("MIRROR_PAD", [s, m.integers(pads)], [y], mode=kind - 2)
    return m.finish(f"pad kind {kind} {pads} of {shape}", shape, x, finish())


def gather(m: Maker) -> Case:
    shape = m.shape(m.number(1, 4))
    axis, count = m.number(0, len(shape) - 1), m.number(1, 6)
    chosen = [m.number(0, shape[axis] - 1) for _ in range(count)]
    x, s = _source(m, shape)
    y, finish = _end(m, s, (*shape[:axis], count, *shape[axis + 1 :]))
    m.build.op("GATHER", [s, m.integers(chosen)], [y], axis=axis)
    return m.finish(f"GATHER {chosen} axis {axis} of {shape}", shape, x, finish())


def gather_nd(m: Maker) -> Case:
    """Places on the outer axes, or of single elements."""
    shape = m.shape(m.number(1, 4))
    depth = m.number(1, len(shape))
    counts = (m.number(1, 4),) if m.flip() else (m.number(1, 3), m.number(1, 3))
    chosen = np.stack([m.rng.integers(0, size, counts) for size in shape[:depth]], axis=-1)
    x, s = _source(m, shape)
    y, finish = _end(m, s, (*counts, *shape[depth:]))
    m.build.op("GATHER_ND", [s, m.integers(chosen)], [y])
    return m.finish(f"GATHER_ND {counts} of {shape}", shape, x, finish())


def reverse_sequence(m: Maker) -> Case:
    """Of float32: LiteRT has no kernel for int8."""
    shape = m.shape(m.number(2, 4))
    along, batch = (int(axis) for axis in m.rng.permutation(len(shape))[:2])
    x, y = (m.build.tensor(name, shape, dtype=np.float32) for name in ("x", "y"))
    lengths = m.integers([m.number(1, shape[along]) for _ in range(shape[batch])])
    m.build.op("REVERSE_SEQUENCE", [x, lengths], [y], seqDim=along, batchDim=batch)
    images = [m.image(shape).astype(np.float32) for _ in range(IMAGES)]
    return Case(f"REVERSE_SEQUENCE {shape} {along} {batch}", m.build.finish([x], [y]), images)


def reverse(m: Maker) -> Case:
    shape = m.shape(m.number(1, 4))
    axes = [m.number(0, len(shape) - 1)]
    x, s = _source(m, shape)
    y, finish = _end(m, s, shape)
    m.build.op("REVERSE_V2", [s, m.integers(axes)], [y])
    return m.finish(f"REVERSE_V2 {axes} of {shape}", shape, x, finish())


def blocks(m: Maker) -> Case:
    """SPACE_TO_DEPTH and DEPTH_TO_SPACE."""
    block, to_depth = m.number(1, 3), m.flip()
    batch, height, width, channels = m.shape(4, 4)
    small, large = (batch, height, width, channels * block * block), (batch, height * block, width * block, channels)
    shape, out = (large, small) if to_depth else (small, large)
    x, s = _source(m, shape)
    y, finish = _end(m, s, out)
    m.build.op("SPACE_TO_DEPTH" if to_depth else "DEPTH_TO_SPACE", [s], [y], blockSize=block)
    return m.finish(f"blocks of {block} to depth {to_depth} of {shape}", shape, x, finish())


def batches(m: Maker) -> Case:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, as converters write around dilated convolutions."""
    block = [m.number(1, 3), m.number(1, 3)]
    batch, channels = m.number(1, 2), m.number(1, 4)
    if m.flip():
        size = [m.number(1, 5), m.number(1, 5)]
        pads = []
        for extent, b in zip(size, block, strict=True):
            before = m.number(0, 2)
            pads.append((before, -(extent + before) % b))
        shape = (batch, *size, channels)
        small = [(s + sum(p)) // b for s, p, b in zip(size, pads, block, strict=True)]
        out, name, table = (batch * block[0] * block[1], *small, channels), "SPACE_TO_BATCH_ND", pads
    else:
        size = [m.number(1, 4), m.number(1, 4)]
        crops = [
            (m.number(0, (s * b - 1) // 2), m.number(0, (s * b - 1) // 2)) for s, b in zip(size, block, strict=True)
        ]
        shape = (batch * block[0] * block[1], *size, channels)
        large = [s * b - sum(c) for s, b, c in zip(size, block, crops, strict=True)]
        out, name, table = (batch, *large, channels), "BATCH_TO_SPACE_ND", crops
    x, s = _source(m, shape)
    y, finish = _end(m, s, out)
    m.build.op(name, [s, m.integers(block), m.integers(table)], [y])
    return m.finish(f"{name} {block} {table} of {shape}", shape, x, finish())


def resize_nearest(m: Maker) -> Case:
    shape = m.shape(4)
    sizes = (m.number(1, 12), m.number(1, 12))
    x, s = _source(m, shape)
    y, finish = _end(m, s, (shape[0], *sizes, shape[3]))
    options = {"alignCorners": m.flip(0.3), "halfPixelCenters": m.flip(0.3)}
    m.build.op("RESIZE_NEAREST_NEIGHBOR", [s, m.integers(sizes)], [y], **options)
    return m.finish(f"RESIZE_NEAREST_NEIGHBOR {sizes} {options} of {shape}", shape, x, finish())


def reshape(m: Maker) -> Case:
    """RESHAPE, SQUEEZE or EXPAND_DIMS between two functions."""
    shape = m.shape(m.number(1, 4))
    kind = m.number(0, 2)
    x, s = _source(m, shape)
    if kind == 0:
        size = int(np.prod(shape))
        y = m.same(s, (1, size))
        m.build.op("RESHAPE", [s, m.integers([1, -1] if m.flip() else [1, size])], [y])
        out: tuple[int, ...] = (1, size)
    elif kind == 1:
        out = tuple(size for size in shape if size != 1)
        y = m.same(s, out)
        m.build.op("SQUEEZE", [s], [y])
    else:
        axis = m.number(0, len(shape))
        out = (*shape[:axis], 1, *shape[axis:])
        y = m.same(s, out)
        m.build.op("EXPAND_DIMS", [s, m.integers([axis])], [y])
    z = m.activation_tensor(out, "z")
    m.build.op("ABS", [y], [z])
    return m.finish(f"reshape kind {kind} to {out} of {shape}", shape, x, z)


KINDS: Kinds = {
    "batches": batches,
    "blocks": blocks,
    "broadcast_to": broadcast_to,
    "concatenation": concatenation,
    "gather": gather,
    "pack": pack,
    "pad": pad,
    "reshape": reshape,
    "resize_nearest": resize_nearest,
    "reverse": reverse,
    "slice": slice_,
    "split": split,
    "strided_slice": strided_slice,
    "tile": tile,
    "transpose": transpose,
    "gather_nd": gather_nd,
    "reverse_sequence": reverse_sequence,
}
