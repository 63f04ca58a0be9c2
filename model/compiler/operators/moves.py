# mypy: disable-error-code="import-untyped"
"""Operators that only move values: each is a numpy function of the elements' indices, and becomes an ``ir.Move``.

On constant inputs the same index moves the values at once: so shape arithmetic on int32 folds away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod

import numpy as np

from model.compiler.ir import Move, Op, Pad, Tensor
from model.compiler.limits import MOST_ELEMENTS
from model.compiler.raw import RawOp


def indices(tensor: Tensor, start: int = 0) -> np.ndarray:
    """The elements' numbers, from ``start`` on, in the tensor's shape."""
    return np.arange(start, start + tensor.size, dtype=np.int64).reshape(tensor.shape)


def move(raw: RawOp, sources: list[Tensor], index: np.ndarray, output: Tensor | None = None, fill: int = 0) -> Op:
    """The Move whose output has the shape and the elements of ``index``."""
    target = output or raw.output
    raw.shape(tuple(index.shape), target)
    return Move(raw.kind, sources, target, sources=index.reshape(-1), fill=fill)


def _reshape(raw: RawOp) -> Sequence[Op]:
    source = raw.input(0, "input")
    raw.same_quantization()
    shape: Sequence[int] = raw.output.shape
    options = raw.options("ReshapeOptions")
    if raw.has(1) and raw.input(1, "shape").data is not None:
        shape = raw.integers(1, "shape")
    elif options is not None and options.NewShapeLength():
        shape = [int(size) for size in options.NewShapeAsNumpy()]
    if list(shape) == [0] or (len(shape) == 1 and not raw.output.shape):
        shape = ()  # how old files write a scalar
    known = prod(size for size in shape if size != -1)
    if list(shape).count(-1) > 1 or known < 1 or source.size % known or (-1 not in shape and known != source.size):
        raw.fail(f"turns {list(source.shape)} into {list(shape)}, another number of values")
    return [move(raw, [source], indices(source).reshape([source.size // known if s == -1 else s for s in shape]))]


def _squeeze(raw: RawOp) -> Sequence[Op]:
    source, options = raw.input(0, "input"), raw.options("SqueezeOptions")
    raw.same_quantization()
    count = options.SqueezeDimsLength() if options is not None else 0
    axes = [raw.axis(int(axis), len(source.shape)) for axis in options.SqueezeDimsAsNumpy()] if count else []
    shape = [
        size for axis, size in enumerate(source.shape) if not (axis in axes or (not axes and size == 1)) or size != 1
    ]
    return [move(raw, [source], indices(source).reshape(shape))]


def _expand_dims(raw: RawOp) -> Sequence[Op]:
    source = raw.input(0, "input")
    raw.same_quantization()
    axis = raw.axis(raw.integers(1, "axis")[0], len(source.shape) + 1)
    return [move(raw, [source], np.expand_dims(indices(source), axis))]


def _numbered(sources: Sequence[Tensor]) -> list[np.ndarray]:
    starts = np.cumsum([0, *(tensor.size for tensor in sources)])
    return [indices(tensor, int(start)) for tensor, start in zip(sources, starts, strict=False)]


def _inputs(raw: RawOp) -> list[Tensor]:
    sources = [raw.input(position, f"input {position}") for position in range(len(raw.inputs))]
    for position in range(len(sources)):
        raw.same_quantization(position)
    if not sources:
        raw.fail("has no inputs; the file is damaged")
    _small(raw, sum(tensor.size for tensor in sources))
    return sources


def _concatenation(raw: RawOp) -> Sequence[Op]:
    options = raw.options("ConcatenationOptions")
    sources = _inputs(raw)
    if options is not None and options.FusedActivationFunction() != 0:
        raw.fail("has a fused activation, expected none")
    axis = raw.axis(0 if options is None else options.Axis(), len(sources[0].shape))
    shapes = {(*tensor.shape[:axis], *tensor.shape[axis + 1 :]) for tensor in sources}
    if len(shapes) != 1 or len({len(tensor.shape) for tensor in sources}) != 1:
        raw.fail(f"joins shapes {[list(tensor.shape) for tensor in sources]}, expected them to differ on one axis")
    return [move(raw, sources, np.concatenate(_numbered(sources), axis))]


def _pack(raw: RawOp) -> Sequence[Op]:
    options = raw.options("PackOptions")
    sources = _inputs(raw)
    if len({tensor.shape for tensor in sources}) != 1:
        raw.fail(f"stacks shapes {[list(tensor.shape) for tensor in sources]}, expected one shape")
    axis = raw.axis(0 if options is None else options.Axis(), len(sources[0].shape) + 1)
    return [move(raw, sources, np.stack(_numbered(sources), axis))]


def _transpose(raw: RawOp) -> Sequence[Op]:
    source = raw.input(0, "input")
    raw.same_quantization()
    order = [raw.axis(axis, len(source.shape)) for axis in raw.integers(1, "order of axes")]
    if sorted(order) != list(range(len(source.shape))):
        raw.fail(f"has the order of axes {order} for shape {list(source.shape)}")
    return [move(raw, [source], indices(source).transpose(order))]


def _tile(raw: RawOp) -> Sequence[Op]:
    source = raw.input(0, "input")
    raw.same_quantization()
    counts = raw.integers(1, "repetitions")
    if len(counts) != len(source.shape) or min(counts, default=1) < 1:
        raw.fail(f"repeats shape {list(source.shape)} by {counts}, expected one count of at least 1 an axis")
    _small(raw, prod(counts) * source.size)
    return [move(raw, [source], np.tile(indices(source), counts))]


def _broadcast_to(raw: RawOp) -> Sequence[Op]:
    source, shape = raw.input(0, "input"), raw.integers(1, "shape")
    raw.same_quantization()
    _small(raw, prod(shape))
    try:
        return [move(raw, [source], np.broadcast_to(indices(source), shape))]
    except ValueError:
        raw.fail(f"broadcasts {list(source.shape)} to {shape}, which does not fit")


def _pad(raw: RawOp, mirror: bool = False) -> Sequence[Op]:
    source, output = raw.input(0, "input"), raw.output
    raw.same_quantization()
    flat = raw.integers(1, "paddings")
    pads = [(flat[at], flat[at + 1]) for at in range(0, len(flat) - 1, 2)]
    if len(pads) != len(source.shape) or min(flat) < 0:
        raw.fail(f"pads shape {list(source.shape)} by {pads}, expected two counts of at least 0 an axis")
    _small(raw, prod(size + sum(pair) for size, pair in zip(source.shape, pads, strict=True)))
    if mirror:
        options = raw.options("MirrorPadOptions")
        symmetric = options is not None and options.Mode() == 1
        if any(max(pair) > size - (not symmetric) for size, pair in zip(source.shape, pads, strict=True)):
            raw.fail(f"mirrors {pads} of shape {list(source.shape)}, more than there is")
        return [move(raw, [source], np.pad(indices(source), pads, "symmetric" if symmetric else "reflect"))]
    fill = output.zero_point
    if raw.has(2):
        fill = int(raw.constant(2, "value", source.dtype).reshape(-1)[0])
    elif source.dtype not in ("int8", "uint8"):
        fill = 0
    if source.dtype not in ("int8", "uint8") and source.data is None:
        raw.fail(f"pads {source.dtype} '{source.name}', expected int8")
    spatial = len(pads) == 4 and pads[0] == pads[3] == (0, 0) and source.shape[0] == 1
    if spatial and source.data is None and fill == output.zero_point and source.dtype == "int8":
        raw.shape((1, *(size + sum(pair) for size, pair in zip(source.shape[1:], pads[1:], strict=True))))
        return [Pad(raw.kind, [source], output, height=pads[1], width=pads[2])]
    return [move(raw, [source], np.pad(indices(source), pads, constant_values=-1), fill=fill)]


def gather(raw: RawOp) -> Sequence[Op]:
    """GATHER by constant indices."""
    options = raw.options("GatherOptions")
    source = raw.input(0, "input")
    raw.same_quantization()
    if options is not None and options.BatchDims() != 0:
        raw.fail("has batch dimensions, expected none")
    axis = raw.axis(0 if options is None else options.Axis(), len(source.shape))
    chosen = raw.constant(1, "indices", "int32", "int64")
    if chosen.size and not 0 <= int(chosen.min()) <= int(chosen.max()) < source.shape[axis]:
        raw.fail(f"takes elements {int(chosen.min())} to {int(chosen.max())} of {source.shape[axis]}")
    _small(raw, source.size // source.shape[axis] * int(chosen.size))
    return [move(raw, [source], np.take(indices(source), chosen, axis))]


def _reverse(raw: RawOp) -> Sequence[Op]:
    source = raw.input(0, "input")
    raw.same_quantization()
    axes = [raw.axis(axis, len(source.shape)) for axis in raw.integers(1, "axes")]
    return [move(raw, [source], np.flip(indices(source), tuple(axes)))]


def _blocks(raw: RawOp, to_depth: bool) -> Sequence[Op]:
    """SPACE_TO_DEPTH and DEPTH_TO_SPACE: blocks of pixels to channels and back."""
    options = raw.options("SpaceToDepthOptions" if to_depth else "DepthToSpaceOptions")
    source = raw.input(0, "input")
    raw.same_quantization()
    block = 0 if options is None else options.BlockSize()
    if block < 1 or len(source.shape) != 4:
        raw.fail(f"has block size {block} on shape {list(source.shape)}, expected at least 1 and rank 4")
    batch, height, width, channels = source.shape
    if (height % block or width % block) if to_depth else channels % (block * block):
        raw.fail(f"cannot cut shape {list(source.shape)} into blocks of {block}")
    if to_depth:
        cut = indices(source).reshape(batch, height // block, block, width // block, block, channels)
        shape = (batch, height // block, width // block, channels * block * block)
        return [move(raw, [source], cut.transpose(0, 1, 3, 2, 4, 5).reshape(shape))]
    cut = indices(source).reshape(batch, height, width, block, block, channels // (block * block))
    shape = (batch, height * block, width * block, channels // (block * block))
    return [move(raw, [source], cut.transpose(0, 1, 3, 2, 4, 5).reshape(shape))]


def _space_to_batch(raw: RawOp) -> Sequence[Op]:
    source, blocks = raw.input(0, "input"), raw.integers(1, "block sizes")
    raw.same_quantization()
    pads = np.array(raw.integers(2, "paddings")).reshape(-1, 2)
    spatial = len(blocks)
    if len(source.shape) < spatial + 1 or len(pads) != spatial or min(blocks) < 1 or pads.min() < 0:
        raw.fail(f"has blocks {blocks} and paddings {pads.tolist()} on shape {list(source.shape)}")
    batch, rest = source.shape[0], source.shape[spatial + 1 :]
    _small(raw, batch * prod(rest) * prod(s + int(p.sum()) for s, p in zip(source.shape[1:], pads, strict=False)))
    wide = np.pad(indices(source), [(0, 0), *map(tuple, pads), *[(0, 0)] * len(rest)], constant_values=-1)
    if any(size % block for size, block in zip(wide.shape[1:], blocks, strict=False)):
        raw.fail(f"cannot cut the padded shape {list(wide.shape)} into blocks of {blocks}")
    cut = wide.reshape(batch, *(n for s, b in zip(wide.shape[1:], blocks, strict=False) for n in (s // b, b)), *rest)
    inner, outer = [2 * axis + 2 for axis in range(spatial)], [2 * axis + 1 for axis in range(spatial)]
    order = [*inner, 0, *outer, *range(2 * spatial + 1, cut.ndim)]
    shape = [batch * prod(blocks), *(s // b for s, b in zip(wide.shape[1:], blocks, strict=False)), *rest]
    return [move(raw, [source], cut.transpose(order).reshape(shape), fill=raw.output.zero_point)]


def _batch_to_space(raw: RawOp) -> Sequence[Op]:
    source, blocks = raw.input(0, "input"), raw.integers(1, "block sizes")
    raw.same_quantization()
    crops = np.array(raw.integers(2, "crops")).reshape(-1, 2)
    spatial = len(blocks)
    if len(source.shape) < spatial + 1 or len(crops) != spatial or min(blocks) < 1 or crops.min() < 0:
        raw.fail(f"has blocks {blocks} and crops {crops.tolist()} on shape {list(source.shape)}")
    if source.shape[0] % prod(blocks):
        raw.fail(f"cannot share a batch of {source.shape[0]} out to blocks of {blocks}")
    batch, sizes, rest = source.shape[0] // prod(blocks), source.shape[1 : spatial + 1], source.shape[spatial + 1 :]
    cut = indices(source).reshape(*blocks, batch, *sizes, *rest)
    order = [spatial]
    for axis in range(spatial):
        order += [spatial + 1 + axis, axis]
    order += range(2 * spatial + 1, cut.ndim)
    wide = cut.transpose(order).reshape(batch, *(s * b for s, b in zip(sizes, blocks, strict=True)), *rest)
    cropped = [slice(int(a), size - int(b)) for (a, b), size in zip(crops, wide.shape[1:], strict=False)]
    return [move(raw, [source], wide[(slice(None), *cropped)])]


def _small(raw: RawOp, size: int) -> None:
    if size > MOST_ELEMENTS:
        raw.fail(f"makes {size} values, too many for this target")


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "BROADCAST_TO": _broadcast_to,
    "CONCATENATION": _concatenation,
    "DEPTH_TO_SPACE": partial(_blocks, to_depth=False),
    "EXPAND_DIMS": _expand_dims,
    "MIRROR_PAD": partial(_pad, mirror=True),
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    "RESHAPE": _reshape,
    "REVERSE_V2": _reverse,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "SPACE_TO_DEPTH": partial(_blocks, to_depth=True),
    "SQUEEZE": _squeeze,
    "TILE": _tile,
    "TRANSPOSE": _transpose,
}
