"""What a chosen kernel is to the rest of the compiler: a C call, its constants, and its order of reads and writes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.compiler.ir import Op, Tensor, Window


@dataclass(frozen=True)
class Access:
    """The order in which a kernel reads one input and writes its output, as steps in execution order.

    Step s first reads input bytes from ``lowest_read[s]`` on (later steps may go back), then has written the output
    up to ``written[s]``. Byte offsets within each tensor. A step that reads nothing has ``lowest_read`` = input size.
    """

    lowest_read: np.ndarray
    written: np.ndarray

    def lead(self) -> int:
        """The largest (output start - input start) at which no step overwrites what a later step still reads."""
        if len(self.written) < 2:
            return 1 << 30
        still_read = np.minimum.accumulate(self.lowest_read[::-1])[::-1][1:]
        return int(np.min(still_read - self.written[:-1]))


@dataclass(frozen=True)
class Constant:
    """A constant array of the generated C: C type, initialisers row by row, and its size in flash."""

    suffix: str
    ctype: str
    rows: list[str]
    length: int
    size: int
    comment: str


@dataclass(frozen=True)
class KernelCall:
    """One layer of the generated C: ``function(&params, inputs..., output)``.

    ``fields`` are the initialisers of the parameter structure ``ctype``; a value {name} refers to the constant with
    that suffix. ``access`` has one entry an input, None where input and output must not overlap.
    """

    op: Op
    function: str
    ctype: str
    fields: list[tuple[str, str]]
    access: list[Access | None]
    constants: list[Constant] = field(default_factory=list)
    summary: str = ""

    @property
    def weight_bytes(self) -> int:
        """Bytes of all constants in flash."""
        return sum(constant.size for constant in self.constants)


def int8_constant(suffix: str, values: np.ndarray, comment: str) -> Constant:
    """A constant int8_t array, 24 values a line."""
    flat = [int(value) for value in values.reshape(-1)]
    rows = [", ".join(map(str, flat[start : start + 24])) for start in range(0, len(flat), 24)]
    return Constant(suffix, "int8_t", rows, len(flat), len(flat), comment)


def int32_constant(suffix: str, values: list[int], comment: str) -> Constant:
    """A constant int32_t array, 8 values a line."""
    rows = [", ".join(map(str, values[start : start + 8])) for start in range(0, len(values), 8)]
    return Constant(suffix, "int32_t", rows, len(values), 4 * len(values), comment)


def channel(bias: int, multiplier: int, shift: int) -> str:
    """Initialiser of an nn_channel_t; INT32_MIN needs a spelling of its own in C."""
    text = "INT32_MIN" if bias == -(1 << 31) else str(bias)
    return f"{{{text}, {multiplier}, {max(shift, 0)}, {max(-shift, 0)}}}"


def shape(tensor: Tensor) -> str:
    """Initialiser of an nn_shape_t."""
    return "{{{}, {}, {}}}".format(*tensor.hwc)


def window(value: Window) -> str:
    """Initialiser of an nn_window_t."""
    numbers = (*value.kernel, *value.stride, *value.dilation, *value.pad)
    return "{" + ", ".join(map(str, numbers)) + "}"


def quantized_range(output: Tensor, clamp: tuple[int, int]) -> str:
    """Initialiser of an nn_range_t."""
    return f"{{{output.zero_point}, {clamp[0]}, {clamp[1]}}}"


def elementwise(size: int) -> Access:
    """Element i is read, then written."""
    steps = np.arange(size, dtype=np.int64)
    return Access(steps, steps + 1)


def block_ends(channels: int, block: int) -> np.ndarray:
    """Ends of the blocks of ``block`` channels a kernel writes at once; the last block may be shorter."""
    return np.minimum(np.arange(block, channels + block, block, dtype=np.int64), channels)


def windowed(source: Tensor, output: Tensor, view: Window, ends: np.ndarray, *, channelwise: bool) -> Access:
    """Pixels forward; in a pixel one step for each block of output channels, which ``ends`` lists.

    ``channelwise``: a step reads only the input channels of its own block (from the block's first one on).
    """
    height, width, channels = source.hwc
    out_height, out_width, out_channels = output.hwc
    rows = np.clip(np.arange(out_height, dtype=np.int64) * view.stride[0] - view.pad[0], 0, height)
    columns = np.clip(np.arange(out_width, dtype=np.int64) * view.stride[1] - view.pad[1], 0, width)
    starts = ((rows[:, None] * width + columns[None, :]) * channels).reshape(-1, 1)
    first = np.concatenate([[0], ends[:-1]])
    offset = first * channels // out_channels if channelwise else np.zeros_like(first)
    pixels = np.arange(out_height * out_width, dtype=np.int64).reshape(-1, 1)
    reads = np.minimum(starts + offset[None, :], source.size)
    return Access(reads.reshape(-1), (pixels * out_channels + ends[None, :]).reshape(-1))
