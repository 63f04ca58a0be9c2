"""A depthwise convolution and the 1x1 convolution behind it as one: what lies between is never a tensor.

A band of rows is convolved channel by channel; its outputs go as int16, pixel by pixel, to where the tiles read them.
So nothing is stored as int8 and widened again, and of the channels between only those that count are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from model.compiler.fast.assembly import Routine
from model.compiler.fast.bands import CACHED_BYTES, RowBands, even_bands
from model.compiler.fast.call import (
    SCRATCH_BYTES,
    SCRATCH_SLACK,
    FastCall,
    NoFastKernelError,
    Variant,
    computed_channels,
    word_constant,
)
from model.compiler.fast.depthwise import CACHE_LINE, DepthwiseForm
from model.compiler.fast.pointwise import bands_of
from model.compiler.fast.requantize import Scaling, scale_channels
from model.compiler.fast.rows import LANES, loop_cycles_of, with_turns
from model.compiler.fast.tile import CHANNELS, PIXELS, TileShape, pair_constants, pairs_of, tile_routine, with_loops
from model.compiler.ir import Conv2D, DepthwiseConv2D

_PARTS = (CACHE_LINE, CACHE_LINE // 2, CACHE_LINE // 4, LANES)


@dataclass(frozen=True)
class _Pair:
    """Both operators in their forms; ``between``: values of a pixel between them, an even number."""

    form: DepthwiseForm
    last: Conv2D
    scaling: Scaling
    between: int

    @property
    def pixels(self) -> int:
        """Of a row of the output."""
        return self.last.output.hwc[1]

    @property
    def outputs(self) -> int:
        """Channels of the output."""
        return self.last.output.hwc[2]

    @property
    def between_row_bytes(self) -> int:
        """Scratch memory of a row of what lies between."""
        return 2 * self.between * self.pixels


def separable(first: DepthwiseConv2D, last: Conv2D) -> list[Variant]:
    """nn_fast_separable_s8; raises NoFastKernelError, NoFormError or OutOfReachError where it does not do."""
    outputs, inputs = last.weights.shape[0], last.weights.shape[3]
    if outputs < CHANNELS or first.output.batch != 1:
        raise NoFastKernelError(
            f"{outputs} output channels of {first.output.batch} pictures, expected {CHANNELS} of one"
        )
    used = computed_channels(first.output)
    between = used + used % 2
    weights = np.zeros((outputs, between), np.int8)
    weights[:, :used] = last.weights.reshape(outputs, inputs)[:, :used]
    zeros = first.output.zero_point, last.output.zero_point
    scaling = scale_channels(weights, last.bias, last.multipliers, *zeros, last.clamp)
    pair = _Pair(DepthwiseForm.of(first).to_halves(between), last, scaling, between)
    _bands(pair, SCRATCH_BYTES)  # or says that it does not do
    tile = TileShape(
        tuple(range(0, 2 * between, 4)),
        tuple(2 * between * pixel for pixel in range(PIXELS)),
        2 * between * PIXELS,
        outputs,
        scaling.rounding,
        scaling.shift,
        clamp=scaling.clamp,
    )
    turns, tiles = with_turns(pair.form.shape), with_loops(tile)
    ways = [*((turns[0], each) for each in tiles), *((turn, tiles[-1]) for turn in turns)]
    return [_variant(pair, turn, each) for turn, each in dict.fromkeys(ways)]


def _variant(pair: _Pair, turn: int, tile: TileShape) -> Variant:
    first, shape = pair.form.op, pair.form.shape
    name = f"tile_{pair.between}_to_{pair.outputs}_{tile.name}"
    routines = pair.form.routines(turn) | {"tile": tile_routine(name, tile)}
    weight_bytes = 4 * (shape.words * first.output.hwc[2] + tile.words * pairs_of(pair.outputs))
    rows = first.output.hwc[0]
    loop_cycles = rows * pair.between * loop_cycles_of(shape, turn)
    loop_cycles += tile.loop_cycles(rows * pair.pixels, pair.outputs)
    return Variant(routines, weight_bytes, partial(_call, pair, tile, routines), loop_cycles)


@dataclass(frozen=True)
class _Bands:
    """Bands of rows; ``part``: channels that are turned into planes at a time, a row of which takes ``row_bytes``."""

    rows: RowBands
    part: int
    row_bytes: int


def _bands(pair: _Pair, scratch: int) -> _Bands:
    """As many rows as scratch memory holds, and the cache their outputs, as with other 1x1 convolutions.

    Parts are a cache line's channels, or fewer where that makes fewer bands.
    """
    constant_bytes = 2 * pair.between * pair.outputs
    height, room = pair.last.output.hwc[0], scratch - SCRATCH_SLACK
    found = [bands for part in _PARTS if (bands := _bands_by(pair, part, room, constant_bytes)) is not None]
    if not found:
        raise NoFastKernelError(f"rows of {pair.pixels} pixels of {pair.between} values, too long or too short")
    best = max(found, key=lambda bands: bands.rows.rows)
    alone = len(bands_of(height * pair.pixels, 2 * pair.between, pair.outputs, constant_bytes, room))
    if constant_bytes > CACHED_BYTES and -(-height // best.rows.rows) > alone:
        raise NoFastKernelError("weights that flash would deliver more often than for the 1x1 convolution alone")
    return best


def _bands_by(pair: _Pair, part: int, room: int, constant_bytes: int) -> _Bands | None:
    view, height = pair.form.op.window, pair.last.output.hwc[0]
    part = min(part, -(-pair.between // LANES) * LANES)
    row_bytes = pair.form.shape.row_bytes * (part // LANES)
    fixed = (view.kernel[0] - view.stride[0]) * row_bytes
    each = pair.between_row_bytes + view.stride[0] * row_bytes
    cached = max(CACHED_BYTES, constant_bytes) // (pair.pixels * pair.outputs)
    rows = even_bands(height, max(min((room - fixed) // each, cached), 1))
    fewest = (height - 1) % rows + 1
    if fixed + rows * each > room or fewest * pair.pixels < PIXELS:
        return None
    return _Bands(RowBands(view, height, rows), part, row_bytes)


def _call(pair: _Pair, tile: TileShape, routines: dict[str, Routine], scratch: int) -> FastCall:
    bands = _bands(pair, scratch)
    form, output = pair.form, pair.last.output
    source = form.op.inputs[0]
    height, width, channels = source.hwc
    planes_bytes = -(-bands.rows.input_rows * bands.row_bytes // 4) * 4
    computed = min(pair.between, channels)
    kernel = form.op.window.kernel
    return FastCall(
        pair.last,
        "nn_fast_separable_s8",
        "nn_fast_separable_t",
        [
            *((f"depthwise.{name}", text) for name, text in form.fields(bands.rows.rows, computed, bands.part, "taps")),
            ("between", str(pair.between)),
            ("between_at", str(planes_bytes // 2)),
            ("outputs", str(pair.outputs)),
            ("computed", str(computed_channels(output))),
            ("pair_words", str(tile.words)),
            ("tile", "{tile}"),
            ("constants", "{constants}"),
        ],
        [bands.rows.access(height, width * channels, pair.pixels * pair.outputs)],
        [
            form.constant("taps"),
            word_constant(pair_constants(tile, pair.scaling), "[out/2]: biases, weights [in/2][2], scaling"),
        ],
        f"{kernel[0]}x{kernel[1]}, {form.scaling.rounding.value}; 1x1, {pair.scaling.rounding.value}",
        sources=[source],
        within=(form.op,),
        routines=routines,
        reads_beyond=-channels % LANES,
        scratch=planes_bytes + bands.rows.rows * pair.between_row_bytes + SCRATCH_SLACK,
    )
