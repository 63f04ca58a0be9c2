"""Convolutions of any window: the tile reads windows where they lie, in rows that were widened once.

A row of a window is a run of values in a padded row of the input. Where a pixel's window begins on half a word, as
every other one does with three channels and stride 1, it is read from a second copy of the row that is shifted by one
value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from model.compiler.fast.assembly import Routine
from model.compiler.fast.bands import RowBands
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
from model.compiler.fast.widen import split_order, widen_in_order, widen_split
from model.compiler.ir import Conv2D


def convolution(op: Conv2D) -> list[Variant]:
    """nn_fast_conv_s8; raises NoFastKernelError, NoFormError or OutOfReachError where it does not do."""
    source, output, view = op.inputs[0], op.output, op.window
    width, inputs = source.hwc[1:]
    outputs, down, across, _ = op.weights.shape
    if outputs < CHANNELS or output.hwc[1] < PIXELS:
        raise NoFastKernelError(
            f"rows of {output.hwc[1]} pixels and {outputs} channels, expected {PIXELS} and {CHANNELS} at least"
        )
    if view.dilation[1] != 1 or min(view.pad) < 0 or source.root_offset % 4:
        raise NoFastKernelError("a window that is dilated along the row, or an input that is cut off at its edges")
    step = view.stride[1] * inputs
    copies = 1 + step % 2
    split = inputs % 4 == 0
    run = across * inputs
    pitch = _even(max((output.hwc[1] - 1) * step + run + run % 2, (view.pad[1] + width) * inputs) + copies - 1)
    scaling = scale_channels(
        _window_rows(op, split), op.bias, op.multipliers, source.zero_point, output.zero_point, op.clamp
    )
    row_bytes = 2 * pitch * copies
    shape = TileShape(
        tuple(
            row * view.dilation[0] * row_bytes + 2 * start for row in range(down) for start in range(0, _even(run), 2)
        ),
        tuple(2 * pixel * step + (2 * pitch - 2 if pixel * step % 2 else 0) for pixel in range(PIXELS)),
        2 * PIXELS * step,
        outputs,
        scaling.rounding,
        scaling.shift,
        clamp=scaling.clamp,
    )
    rows = _Rows(step, pitch, copies, split)
    _bands(op, rows, SCRATCH_BYTES)  # or says that it does not do
    geometry = f"{down}x{across}_{row_bytes}_{view.dilation[0]}_{step}_{inputs}_to_{outputs}"
    widen = widen_split() if split else widen_in_order()
    variants = []
    for each in with_loops(shape):
        name = f"tile_{geometry}_{each.name}"
        routines = {"widen": widen, "tile": tile_routine(name, each)}
        build = partial(_call, op, scaling, each, rows, routines)
        loop_cycles = output.hwc[0] * each.loop_cycles(output.hwc[1], outputs)
        variants.append(Variant(routines, 4 * each.words * pairs_of(outputs), build, loop_cycles))
    return variants


@dataclass(frozen=True)
class _Rows:
    """Rows in scratch memory: values from a pixel's window to the next one's, and of a padded row; copies of it;
    whether values are in split order."""

    step: int
    pitch: int
    copies: int
    split: bool


def _bands(op: Conv2D, rows: _Rows, scratch: int) -> RowBands:
    height, width, outputs = op.output.hwc
    room = max(scratch - SCRATCH_SLACK - 2 * PIXELS * rows.step, 1)
    return RowBands.of(op.window, height, 2 * rows.pitch * rows.copies, width * outputs, room)


def _call(
    op: Conv2D, scaling: Scaling, shape: TileShape, rows: _Rows, routines: dict[str, Routine], scratch: int
) -> FastCall:
    source, output, view = op.inputs[0], op.output, op.window
    height, width, inputs = source.hwc
    outputs, down = op.weights.shape[:2]
    row_bytes = 2 * rows.pitch * rows.copies
    bands = _bands(op, rows, scratch)
    return FastCall(
        op,
        "nn_fast_conv_s8",
        "nn_fast_conv_t",
        [
            ("height", str(height)),
            ("row_values", str(width * inputs)),
            ("rows", str(output.hwc[0])),
            ("pixels", str(output.hwc[1])),
            ("outputs", str(outputs)),
            ("computed", str(computed_channels(output))),
            ("band", str(bands.rows)),
            ("stride", str(view.stride[0])),
            ("extent", str((down - 1) * view.dilation[0] + 1)),
            ("pad", str(view.pad[0])),
            ("pad_values", str(view.pad[1] * inputs)),
            ("pixel_values", str(rows.step)),
            ("pitch", str(rows.pitch)),
            ("copies", str(rows.copies)),
            ("split", str(int(rows.split))),
            ("padding", str(source.zero_point)),
            ("pair_words", str(shape.words)),
            ("widen", "{widen}"),
            ("tile", "{tile}"),
            ("constants", "{constants}"),
            ("scratch", "{scratch}"),
        ],
        [bands.access(height, width * inputs, output.hwc[1] * outputs) if source.batch == 1 else None],
        [word_constant(pair_constants(shape, scaling), "[out/2]: biases, weights [kernel y][pairs][2], scaling")],
        f"{down}x{op.weights.shape[2]}, {scaling.rounding.value}",
        repeat=source.batch,
        routines=routines,
        scratch=bands.input_rows * row_bytes + SCRATCH_SLACK + 2 * PIXELS * rows.step,
    )


def _window_rows(op: Conv2D, split: bool) -> np.ndarray:
    """The weights as the tile takes them: rows of the window, each an even number of values."""
    outputs, down, across, inputs = op.weights.shape
    run = across * inputs
    rows = np.zeros((outputs, down, _even(run)), np.int8)
    rows[:, :, :run] = op.weights.reshape(outputs, down, run)
    return rows[:, :, split_order(run)].reshape(outputs, -1) if split else rows.reshape(outputs, -1)


def _even(count: int) -> int:
    return count + count % 2
