# mypy: disable-error-code="import-untyped"
"""Operators that take parts: SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, UNPACK, GATHER_ND, and REVERSE_SEQUENCE, which turns
parts round; also ``ir.Move``s."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.compiler.ir import Op, Tensor
from model.compiler.operators.moves import indices, move
from model.compiler.raw import RawOp


def _slice(raw: RawOp) -> Sequence[Op]:
    source = raw.input(0, "input")
    raw.same_quantization()
    begin, sizes = raw.integers(1, "begin"), raw.integers(2, "size")
    if not len(begin) == len(sizes) == len(source.shape):
        raw.fail(f"cuts {sizes} from {begin} out of shape {list(source.shape)}, expected one pair an axis")
    cuts = []
    for first, size, extent in zip(begin, sizes, source.shape, strict=True):
        end = extent if size == -1 else first + size
        if not 0 <= first < end <= extent:
            raw.fail(f"cuts {sizes} from {begin} out of shape {list(source.shape)}, which it does not have")
        cuts.append(slice(first, end))
    return [move(raw, [source], indices(source)[tuple(cuts)])]


def _strided_slice(raw: RawOp) -> Sequence[Op]:
    options = raw.options("StridedSliceOptions")
    source = raw.input(0, "input")
    raw.same_quantization()
    begin, end, step = raw.integers(1, "begin"), raw.integers(2, "end"), raw.integers(3, "strides")
    names = ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask")
    masks = {name: 0 if options is None else int(getattr(options, name)()) for name in names}
    if not len(begin) == len(end) == len(step) or 0 in step:
        raw.fail(f"has begin {begin}, end {end}, strides {step}; expected one of each an axis and no stride 0")
    cuts: list[int | slice | type(Ellipsis) | None] = []  # type: ignore[valid-type]
    for at, (first, last, stride) in enumerate(zip(begin, end, step, strict=True)):
        bit = 1 << at
        if masks["EllipsisMask"] & bit:
            cuts.append(Ellipsis)
        elif masks["NewAxisMask"] & bit:
            cuts.append(None)
        elif masks["ShrinkAxisMask"] & bit:
            cuts.append(0 if masks["BeginMask"] & bit else first)
        else:
            start = None if masks["BeginMask"] & bit else first
            cuts.append(slice(start, None if masks["EndMask"] & bit else last, stride))
    try:
        return [move(raw, [source], np.asarray(indices(source)[tuple(cuts)]))]
    except IndexError:
        raw.fail(f"takes {begin} to {end} by {step} of shape {list(source.shape)}, which it does not have")


def _parts(raw: RawOp, source: Tensor, axis: int, sizes: Sequence[int]) -> Sequence[Op]:
    for output in raw.outputs:
        if output.dtype != source.dtype:
            raw.fail(f"turns {source.dtype} '{source.name}' into {output.dtype}, expected one type")
    ends = np.cumsum(sizes)
    pieces = np.split(indices(source), ends[:-1], axis)
    return [move(raw, [source], piece, output) for piece, output in zip(pieces, raw.outputs, strict=True)]


def _split(raw: RawOp) -> Sequence[Op]:
    """Inputs: axis, values."""
    source, count = raw.input(1, "input"), len(raw.outputs)
    axis = raw.axis(raw.integers(0, "axis")[0], len(source.shape))
    if not count or source.shape[axis] % count:
        raw.fail(f"splits {source.shape[axis]} elements into {count} equal parts, which does not work out")
    return _parts(raw, source, axis, [source.shape[axis] // count] * count)


def _split_v(raw: RawOp) -> Sequence[Op]:
    """Inputs: values, sizes (one may be -1), axis."""
    source, sizes = raw.input(0, "input"), raw.integers(1, "sizes")
    axis = raw.axis(raw.integers(2, "axis")[0], len(source.shape))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = source.shape[axis] - sum(sizes) - 1
    if len(sizes) != len(raw.outputs) or sum(sizes) != source.shape[axis] or min(sizes) < 1:
        raw.fail(f"splits {source.shape[axis]} elements into {sizes} for {len(raw.outputs)} outputs")
    return _parts(raw, source, axis, sizes)


def _unpack(raw: RawOp) -> Sequence[Op]:
    options = raw.options("UnpackOptions")
    source = raw.input(0, "input")
    axis = raw.axis(0 if options is None else options.Axis(), len(source.shape))
    if source.shape[axis] != len(raw.outputs):
        raw.fail(f"unpacks {source.shape[axis]} elements into {len(raw.outputs)} outputs")
    numbers = indices(source)
    return [move(raw, [source], numbers.take(at, axis), output) for at, output in enumerate(raw.outputs)]


def _gather_nd(raw: RawOp) -> Sequence[Op]:
    """The last axis of the constant indices names a place on the outer axes."""
    source, chosen = raw.input(0, "input"), raw.constant(1, "indices", "int32", "int64")
    raw.same_quantization()
    depth = chosen.shape[-1] if chosen.ndim else 0
    if not 1 <= depth <= len(source.shape):
        raw.fail(f"takes places {list(chosen.shape)} of shape {list(source.shape)}, expected 1 to all of its axes")
    places = tuple(chosen[..., axis].astype(np.int64) for axis in range(depth))
    if any(place.size and not 0 <= place.min() <= place.max() < source.shape[at] for at, place in enumerate(places)):
        raw.fail(f"takes places that shape {list(source.shape)} does not have")
    return [move(raw, [source], indices(source)[places])]


def _reverse_sequence(raw: RawOp) -> Sequence[Op]:
    """Of each batch as many elements as its constant length says, turned round."""
    options = raw.options("ReverseSequenceOptions") or raw.fail("lacks its options; the file is damaged")
    source, lengths = raw.input(0, "input"), raw.integers(1, "lengths")
    raw.same_quantization()
    rank = len(source.shape)
    along, batch = raw.axis(options.SeqDim(), rank), raw.axis(options.BatchDim(), rank)
    if along == batch or len(lengths) != source.shape[batch] or not 0 <= min(lengths) <= max(lengths):
        raw.fail(f"has lengths {lengths} for shape {list(source.shape)} along axis {along}, batches on {batch}")
    if max(lengths) > source.shape[along]:
        raw.fail(f"turns {max(lengths)} of {source.shape[along]} elements round")
    rows = np.moveaxis(indices(source), (batch, along), (0, 1)).copy()
    for number, length in enumerate(lengths):
        rows[number, :length] = rows[number, :length][::-1]
    return [move(raw, [source], np.moveaxis(rows, (0, 1), (batch, along)))]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "GATHER_ND": _gather_nd,
    "REVERSE_SEQUENCE": _reverse_sequence,
    "SLICE": _slice,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "STRIDED_SLICE": _strided_slice,
    "UNPACK": _unpack,
}
