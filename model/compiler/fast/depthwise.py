"""Depthwise convolutions: a band of rows is turned into planes, then every channel goes over its own."""

from __future__ import annotations

from functools import partial

from model.compiler.fast.assembly import Routine
from model.compiler.fast.bands import RowBands
from model.compiler.fast.call import (
    SCRATCH_SLACK,
    FastCall,
    NoFastKernelError,
    Variant,
    computed_channels,
    word_constant,
)
from model.compiler.fast.planes import planes_routine
from model.compiler.fast.requantize import Scaling, scale_channels
from model.compiler.fast.rows import LANES, RowShape, loop_cycles_of, row_constants, rows_routine, with_turns
from model.compiler.ir import DepthwiseConv2D

CACHE_LINE = 32  # bytes


def depthwise(op: DepthwiseConv2D) -> list[Variant]:
    """nn_fast_depthwise_s8; raises NoFastKernelError, NoFormError or OutOfReachError where it does not do."""
    source, output, view = op.inputs[0], op.output, op.window
    width, channels = source.hwc[1:]
    if output.hwc[2] != channels or channels % LANES or source.root_offset % 4:
        raise NoFastKernelError(f"{channels} to {output.hwc[2]} channels, expected as many out as in, by fours")
    if view.dilation != (1, 1) or min(view.pad) < 0:
        raise NoFastKernelError("a window that is dilated, or an input that is cut off at its edges")
    weights = op.weights.reshape(-1, channels).T
    scaling = scale_channels(weights, op.bias, op.multipliers, source.zero_point, output.zero_point, op.clamp)
    pitch = _pitch(op)
    shape = RowShape(view.kernel, view.stride, pitch, output.hwc[1], channels, scaling.rounding, scaling.shift)
    planes = planes_routine(f"planes_{width}x{channels}_{view.pad[1]}_{pitch}", width, channels, view.pad[1], pitch)
    geometry = f"{view.kernel[0]}x{view.kernel[1]}_{view.stride[0]}x{view.stride[1]}_{output.hwc[1]}x{channels}"
    variants = []
    for groups in with_turns(shape):
        name = f"rows_{geometry}_{pitch}_{scaling.rounding.name.lower()}_{scaling.shift}_{groups}"
        routines = {"planes": planes, "convolve": rows_routine(name, shape, groups)}
        build = partial(_call, op, scaling, shape, routines)
        loop_cycles = output.hwc[0] * channels * loop_cycles_of(shape, groups)
        variants.append(Variant(routines, 4 * shape.words * channels, build, loop_cycles))
    return variants


def _call(op: DepthwiseConv2D, scaling: Scaling, shape: RowShape, routines: dict[str, Routine]) -> FastCall:
    source, output, view = op.inputs[0], op.output, op.window
    height, width, channels = source.hwc
    quads = channels // LANES
    bands = RowBands.of(view, output.hwc[0], shape.row_bytes * quads, output.hwc[1] * channels, quads)
    part = LANES * _aligned(-(-quads // bands.parts), quads)
    zero = source.zero_point & 0xFFFF
    return FastCall(
        op,
        "nn_fast_depthwise_s8",
        "nn_fast_depthwise_t",
        [
            ("height", str(height)),
            ("row_bytes", str(width * channels)),
            ("channels", str(channels)),
            ("computed", str(computed_channels(output))),
            ("part", str(part)),
            ("rows", str(output.hwc[0])),
            ("pixels", str(output.hwc[1])),
            ("band", str(bands.rows)),
            ("stride", str(view.stride[0])),
            ("window", str(view.kernel[0])),
            ("pad", str(view.pad[0])),
            ("pitch", str(shape.pitch)),
            ("padding", f"0x{zero | zero << 16:X}U"),
            ("channel_words", str(shape.words)),
            ("planes", "{planes}"),
            ("convolve", "{convolve}"),
            ("constants", "{constants}"),
            ("scratch", "{scratch}"),
        ],
        [bands.access(height, width * channels, output.hwc[1] * channels) if source.batch == 1 else None],
        [
            word_constant(
                [word for channel in scaling.channels for word in row_constants(shape, channel)],
                "[channel]: pairs of weights by rows, bias, scaling",
            )
        ],
        f"{view.kernel[0]}x{view.kernel[1]}, {scaling.rounding.value}",
        repeat=source.batch,
        routines=routines,
        scratch=bands.input_rows * shape.row_bytes * (part // LANES) + SCRATCH_SLACK,
    )


def _aligned(quads: int, all_quads: int) -> int:
    """Whole cache lines of a pixel's channels where a part holds some, so that none is read for two parts."""
    line = CACHE_LINE // LANES
    return quads if quads == all_quads or quads < line else quads // line * line


def _pitch(op: DepthwiseConv2D) -> int:
    """Values of a padded row: all that a window touches and all that the input has, an even number."""
    touched = (op.output.hwc[1] - 1) * op.window.stride[1] + op.window.kernel[1]
    padded = op.window.pad[1] + op.inputs[0].hwc[1]
    return -(-max(touched, padded) // 2) * 2
