"""1x1 convolutions of a tile's pixels and more: a band of pixels is widened once, then every pair of channels goes
over all of it.

A pair's weights, 1 KB for 256 inputs, stay in the data cache meanwhile; out of flash they come once a band.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from model.compiler.fast.assembly import OutOfReachError, Routine
from model.compiler.fast.bands import CACHED_BYTES, even_bands
from model.compiler.fast.call import (
    SCRATCH_BYTES,
    SCRATCH_SLACK,
    FastCall,
    NoFastKernelError,
    Variant,
    computed_channels,
    word_constant,
)
from model.compiler.fast.requantize import Scaling, scale_channels
from model.compiler.fast.tile import CHANNELS, PIXELS, TileShape, pair_constants, pairs_of, tile_routine, with_loops
from model.compiler.fast.widen import split_order, widen_in_order, widen_split, widen_tiles
from model.compiler.ir import Conv2D
from model.compiler.kernels.base import Access


def pointwise(op: Conv2D) -> list[Variant]:
    """nn_fast_pointwise_s8; raises NoFastKernelError, NoFormError or OutOfReachError where it does not do."""
    source, output = op.inputs[0], op.output
    outputs, inputs = op.weights.shape[0], op.weights.shape[3]
    if inputs % 2 or source.root_offset % 4:
        raise NoFastKernelError(f"{inputs} input channels, expected an even number at a multiple of 4 bytes")
    if outputs < CHANNELS:
        raise NoFastKernelError("a single output channel")
    weights = op.weights.reshape(outputs, inputs)
    if _is_split(inputs):
        weights = weights[:, split_order(inputs)]
    scaling = scale_channels(weights, op.bias, op.multipliers, source.zero_point, output.zero_point, op.clamp)
    try:
        shapes = with_loops(_shape(inputs, outputs, scaling, interleaved=False))
    except OutOfReachError:
        if not _is_split(inputs):
            raise
        shapes = with_loops(_shape(inputs, outputs, scaling, interleaved=True))
    _bands(op, shapes[0], SCRATCH_BYTES)  # or says that it does not do
    return [_variant(op, scaling, shape) for shape in shapes]


def _shape(inputs: int, outputs: int, scaling: Scaling, *, interleaved: bool) -> TileShape:
    """Pixels one behind the other in scratch memory, or where that is out of reach a word of each in turn."""
    size = 2 * inputs
    return TileShape(
        tuple(range(0, size * PIXELS, 4 * PIXELS) if interleaved else range(0, size, 4)),
        tuple((4 if interleaved else size) * pixel for pixel in range(PIXELS)),
        size * PIXELS,
        outputs,
        scaling.rounding,
        scaling.shift,
        clamp=scaling.clamp,
    )


def _is_split(inputs: int) -> bool:
    """Whether a pixel's values are whole words, so that widening may leave each word's in the order it likes."""
    return inputs % 4 == 0


def _variant(op: Conv2D, scaling: Scaling, shape: TileShape) -> Variant:
    outputs, inputs = op.weights.shape[0], op.weights.shape[3]
    interleaved = _is_interleaved(inputs, shape)
    name = f"tile_{inputs}_to_{outputs}_{shape.name}"
    in_rows = widen_split if _is_split(inputs) else widen_in_order
    widen = widen_tiles(inputs) if interleaved else in_rows()
    routines = {"widen": widen, "tile": tile_routine(name, shape)}
    weight_bytes = 4 * shape.words * pairs_of(outputs)
    pixels = op.output.hwc[0] * op.output.hwc[1]
    build = partial(_call, op, scaling, shape, routines)
    return Variant(routines, weight_bytes, build, shape.loop_cycles(pixels, outputs))


def _bands(op: Conv2D, shape: TileShape, scratch: int) -> list[int]:
    height, width, outputs = op.output.hwc
    inputs = op.weights.shape[3]
    slack = _slack(inputs, shape)
    bands = bands_of(height * width, 2 * inputs, outputs, 2 * shape.words * outputs, scratch - slack)
    if 2 * inputs * max(bands) + slack > scratch:
        raise NoFastKernelError(f"{max(bands)} pixels of {inputs:,} values, scratch memory has {scratch:,} bytes")
    return bands


def _slack(inputs: int, shape: TileShape) -> int:
    """Bytes behind a band's pixels: what a tile loads ahead, and where they are interleaved a last tile's."""
    return SCRATCH_SLACK + (2 * inputs * PIXELS if _is_interleaved(inputs, shape) else 0)


def _is_interleaved(inputs: int, shape: TileShape) -> bool:
    return shape.starts[1] != 2 * inputs


def _call(op: Conv2D, scaling: Scaling, shape: TileShape, routines: dict[str, Routine], scratch: int) -> FastCall:
    source, output = op.inputs[0], op.output
    outputs, inputs = op.weights.shape[0], op.weights.shape[3]
    pixels = output.hwc[0] * output.hwc[1]
    constants = pair_constants(shape, scaling)
    bands = _bands(op, shape, scratch)
    interleaved = _is_interleaved(inputs, shape)
    return FastCall(
        op,
        "nn_fast_pointwise_s8",
        "nn_fast_pointwise_t",
        [
            ("pixels", str(pixels)),
            ("band", str(bands[0])),
            ("inputs", str(inputs)),
            ("outputs", str(outputs)),
            ("computed", str(computed_channels(output))),
            ("split", str(int(_is_split(inputs)))),
            ("interleaved", str(int(interleaved))),
            ("pair_words", str(shape.words)),
            ("widen", "{widen}"),
            ("tile", "{tile}"),
            ("constants", "{constants}"),
            ("scratch", "{scratch}"),
        ],
        [_access(bands, inputs, outputs) if source.batch == 1 else None],
        [word_constant(constants, "[out/2]: biases, weights [in/2][2], scaling")],
        "1x1, " + scaling.rounding.value,
        repeat=source.batch,
        routines=routines,
        scratch=2 * inputs * max(bands) + _slack(inputs, shape),
    )


def bands_of(pixels: int, scratch_pixel: int, output_pixel: int, constant_bytes: int, scratch: int) -> list[int]:
    """Pixels to widen at a time into ``scratch`` bytes, band after band: all alike, whole tiles, and the last one takes
    what is left over.

    A band more reads all constants from flash once more, a larger one may not keep its outputs in the cache: they are
    held there where they are the more.
    """
    room = min(max(scratch, 1) // scratch_pixel, max(CACHED_BYTES, constant_bytes) // output_pixel)
    if pixels <= room:
        return [pixels]
    most = max((room - PIXELS + 1) // PIXELS, 1)
    band = PIXELS * even_bands(pixels // PIXELS, most)
    count = max(pixels // band, 1)
    if pixels - count * band >= PIXELS:
        count += 1
    return [*[band] * (count - 1), pixels - (count - 1) * band]


def _access(bands: list[int], inputs: int, outputs: int) -> Access:
    """All of a band is read before anything of it is written."""
    ends = np.cumsum(np.array(bands, dtype=np.int64))
    return Access((ends - bands) * inputs, ends * outputs)
