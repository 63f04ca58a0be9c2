# mypy: disable-error-code="import-untyped"
"""Operators on windows and pixels without weights: pooling and resizing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from model.compiler import ir
from model.compiler.ir import Op
from model.compiler.limits import MOST_ELEMENTS
from model.compiler.operators.weighted import image, window_of
from model.compiler.raw import RawOp


def _pool(raw: RawOp, node: Callable[..., Op]) -> Sequence[Op]:
    options = raw.options("Pool2DOptions") or raw.fail("lacks its options; the file is damaged")
    source = raw.activation_input()
    raw.activation_output()
    raw.same_quantization()
    window, size = window_of(raw, options, source, (options.FilterHeight(), options.FilterWidth()))
    raw.shape((source.batch, *size, image(raw, source)[2]))
    return [node(raw.kind, [source], raw.output, window=window, clamp=raw.clamp(options.FusedActivationFunction()))]


def _sizes(raw: RawOp) -> tuple[int, int]:
    sizes = raw.integers(1, "sizes")
    if len(sizes) != 2 or min(sizes) < 1 or sizes[0] * sizes[1] > MOST_ELEMENTS:
        raw.fail(f"resizes to {sizes}, expected a height and a width of at most {MOST_ELEMENTS:,} pixels")
    return sizes[0], sizes[1]


def _corners(options: Any) -> tuple[bool, bool]:
    return (False, False) if options is None else (bool(options.AlignCorners()), bool(options.HalfPixelCenters()))


def _bilinear(raw: RawOp) -> Sequence[Op]:
    align, half = _corners(raw.options("ResizeBilinearOptions"))
    source = raw.activation_input()
    raw.same_quantization()
    raw.shape((source.batch, *_sizes(raw), image(raw, source)[2]))
    return [ir.ResizeBilinear(raw.kind, [source], raw.output, align_corners=align, half_pixel_centers=half)]


def _nearest(raw: RawOp) -> Sequence[Op]:
    align, half = _corners(raw.options("ResizeNearestNeighborOptions"))
    source = raw.input(0, "input")
    height, width, channels = image(raw, source)
    raw.same_quantization()
    sizes = _sizes(raw)
    raw.shape((source.batch, *sizes, channels))
    rows = nearest(height, sizes[0], align, half)
    columns = nearest(width, sizes[1], align, half)
    index = np.arange(source.size).reshape(source.shape)[:, rows][:, :, columns]
    return [ir.Move(raw.kind, [source], raw.output, sources=index.reshape(-1))]


def nearest(size: int, result: int, align: bool, half: bool) -> np.ndarray:
    """The source index of each of ``result`` pixels, in float32 as the reference computes it."""
    one = np.float32
    scale = one(size - 1) / one(result - 1) if align and result > 1 else one(size) / one(result)
    places = (np.arange(result, dtype=np.float32) + one(0.5 if half else 0.0)) * scale
    index = np.floor(places + one(0.5)) if align else np.floor(places)
    clipped: np.ndarray = np.clip(index.astype(np.int64), 0, size - 1)
    return clipped


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "AVERAGE_POOL_2D": partial(_pool, node=ir.AveragePool2D),
    "MAX_POOL_2D": partial(_pool, node=ir.MaxPool2D),
    "RESIZE_BILINEAR": _bilinear,
    "RESIZE_NEAREST_NEIGHBOR": _nearest,
}
