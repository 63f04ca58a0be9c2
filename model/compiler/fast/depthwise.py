"""Depthwise convolutions: a band of rows is turned into planes, then every channel goes over its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

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
from model.compiler.fast.planes import planes_routine
from model.compiler.fast.requantize import Scaling, scale_channels
from model.compiler.fast.rows import LANES, RowShape, loop_cycles_of, row_constants, rows_routine, with_turns
from model.compiler.ir import DepthwiseConv2D
from model.compiler.kernels.base import Constant

CACHE_LINE = 32  # bytes


@dataclass(frozen=True)
class DepthwiseForm:
    """A depthwise convolution as rows of its channels."""

    op: DepthwiseConv2D
    scaling: Scaling
    shape: RowShape

    @classmethod
    def of(cls, op: DepthwiseConv2D) -> DepthwiseForm:
        """Raises NoFastKernelError or NoFormError where it does not do."""
        source, output, view = op.inputs[0], op.output, op.window
        channels = source.hwc[2]
        if output.hwc[2] != channels or source.root_offset % 4:
            raise NoFastKernelError(f"{channels} to {output.hwc[2]} channels, expected as many out as in")
        if view.dilation != (1, 1) or min(view.pad) < 0:
            raise NoFastKernelError("a window that is dilated, or an input that is cut off at its edges")
        weights = op.weights.reshape(-1, channels).T
        scaling = scale_channels(weights, op.bias, op.multipliers, source.zero_point, output.zero_point, op.clamp)
        rounding, shift = scaling.rounding, scaling.shift
        return cls(
            op,
            scaling,
            RowShape(view.kernel, view.stride, _pitch(op), output.hwc[1], channels, rounding, shift, 1, scaling.clamp),
        )

    def to_halves(self, step: int) -> DepthwiseForm:
        """The same with int16 outputs, ``step`` of them from a pixel to the next."""
        return replace(self, shape=replace(self.shape, output_step=2 * step, item=2))

    def routines(self, turn: int) -> dict[str, Routine]:
        """The functions, with ``turn`` groups of outputs a turn."""
        width, channels = self.op.inputs[0].hwc[1:]
        pad, pitch = self.op.window.pad[1], self.shape.pitch
        return {
            "planes": planes_routine(f"planes_{width}x{channels}_{pad}_{pitch}", width, channels, pad, pitch),
            "convolve": rows_routine(f"rows_{self.shape.name}_{turn}", self.shape, turn),
        }

    def fields(self, band: int, computed: int, part: int, constants: str) -> list[tuple[str, str]]:
        """The initialisers of an nn_fast_depthwise_t that does ``part`` channels of ``band`` rows at a time."""
        op, view = self.op, self.op.window
        height, width, channels = op.inputs[0].hwc
        zero = op.inputs[0].zero_point & 0xFFFF
        return [
            ("height", str(height)),
            ("row_bytes", str(width * channels)),
            ("channels", str(channels)),
            ("computed", str(computed)),
            ("part", str(part)),
            ("rows", str(op.output.hwc[0])),
            ("pixels", str(op.output.hwc[1])),
            ("band", str(band)),
            ("stride", str(view.stride[0])),
            ("window", str(view.kernel[0])),
            ("pad", str(view.pad[0])),
            ("pitch", str(self.shape.pitch)),
            ("padding", f"0x{zero | zero << 16:X}U"),
            ("channel_words", str(self.shape.words)),
            ("planes", "{planes}"),
            ("convolve", "{convolve}"),
            ("constants", f"{{{constants}}}"),
            ("scratch", "{scratch}"),
        ]

    def constant(self, suffix: str) -> Constant:
        """The words of all channels."""
        words = [word for channel in self.scaling.channels for word in row_constants(self.shape, channel)]
        return word_constant(words, "[channel]: pairs of weights by rows, bias, scaling", suffix)


def depthwise(op: DepthwiseConv2D) -> list[Variant]:
    """nn_fast_depthwise_s8; raises NoFastKernelError, NoFormError or OutOfReachError where it does not do."""
    form = DepthwiseForm.of(op)
    _bands(form, SCRATCH_BYTES)  # or says that it does not do
    variants = []
    for turn in with_turns(form.shape):
        routines = form.routines(turn)
        channels = op.output.hwc[2]
        loop_cycles = op.output.hwc[0] * channels * loop_cycles_of(form.shape, turn)
        build = partial(_call, form, routines)
        variants.append(Variant(routines, 4 * form.shape.words * channels, build, loop_cycles))
    return variants


def _bands(form: DepthwiseForm, scratch: int) -> RowBands:
    height, width, channels = form.op.output.hwc
    quads, room = -(-channels // LANES), max(scratch - SCRATCH_SLACK, 1)
    return RowBands.of(form.op.window, height, form.shape.row_bytes * quads, width * channels, room, quads)


def _call(form: DepthwiseForm, routines: dict[str, Routine], scratch: int) -> FastCall:
    op = form.op
    source, output = op.inputs[0], op.output
    height, width, channels = source.hwc
    quads = -(-channels // LANES)
    row_bytes = form.shape.row_bytes
    bands = _bands(form, scratch)
    part = LANES * _aligned(-(-quads // bands.parts), quads)
    return FastCall(
        op,
        "nn_fast_depthwise_s8",
        "nn_fast_depthwise_t",
        form.fields(bands.rows, computed_channels(output), part, "constants"),
        [bands.access(height, width * channels, output.hwc[1] * channels) if source.batch == 1 else None],
        [form.constant("constants")],
        f"{op.window.kernel[0]}x{op.window.kernel[1]}, {form.scaling.rounding.value}",
        repeat=source.batch,
        routines=routines,
        reads_beyond=-channels % LANES,
        scratch=bands.input_rows * row_bytes * (part // LANES) + SCRATCH_SLACK,
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
