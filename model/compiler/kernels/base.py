"""What a chosen kernel is to the rest of the compiler: a C call, its constants, and its order of reads and writes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.compiler.ir import Op, Tensor, Window
from model.errors import CrosscamError

LARGEST = 65535  # of nn_shape_t
LEVELS = 6  # NN_LEVELS in nn_types.h
_MANY, _BLOCK = 1 << 18, 64  # elements: of steps as many as there are, what checks each takes over a second


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
    """A constant array of the generated C: C type, initialisers row by row, and its size in flash.

    ``in_ram``: loaded into the fastest memory at start-up, not read from flash.
    """

    suffix: str
    ctype: str
    rows: list[str]
    length: int
    size: int
    comment: str
    in_ram: bool = False


@dataclass(frozen=True)
class KernelCall:
    """One layer of the generated C: ``function(&params, inputs..., output)``.

    ``fields`` are the initialisers of the parameter structure ``ctype``; a value {name} refers to the constant with
    that suffix. ``access`` has one entry an input, None where input and output must not overlap. ``repeat`` calls run
    one behind the other, each on the next equal share of every input and of the output: a batch of pictures.
    """

    op: Op
    function: str
    ctype: str
    fields: list[tuple[str, str]]
    access: list[Access | None]
    constants: list[Constant] = field(default_factory=list)
    summary: str = ""
    sources: list[Tensor] | None = None  # other inputs than the operator's
    repeat: int = 1
    region: tuple[int, int] | None = None  # first and last byte (exclusive) of the output where only a part is written
    within: tuple[Op, ...] = ()  # operators before ``op`` that the call computes too, without a tensor between

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors whose addresses the C function gets, in its order."""
        return self.op.inputs if self.sources is None else self.sources

    @property
    def output(self) -> Tensor:
        """The tensor the C function writes, or writes a part of."""
        return self.op.output

    @property
    def written(self) -> tuple[int, int]:
        """The bytes of the output that the call may write."""
        return (0, self.output.bytes) if self.region is None else self.region

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all operators the call computes."""
        return self.op.macs + sum(op.macs for op in self.within)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all constants in flash."""
        return sum(constant.size for constant in self.constants)


def int8_constant(suffix: str, values: np.ndarray, comment: str) -> Constant:
    """A constant int8_t array, 24 values a line."""
    flat = [int(value) for value in values.reshape(-1)]
    rows = [", ".join(map(str, flat[start : start + 24])) for start in range(0, len(flat), 24)]
    return Constant(suffix, "int8_t", rows, len(flat), len(flat), comment)


def int16_constant(suffix: str, values: np.ndarray, comment: str) -> Constant:
    """A constant int16_t array, 16 values a line."""
    flat = [int(value) for value in values.reshape(-1)]
    rows = [", ".join(map(str, flat[start : start + 16])) for start in range(0, len(flat), 16)]
    return Constant(suffix, "int16_t", rows, len(flat), 2 * len(flat), comment)


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


def wide(*tensors: Tensor) -> bool:
    """Whether a dimension exceeds what the 16-bit structures hold."""
    return any(max(tensor.hwc) > LARGEST for tensor in tensors)


def walk(levels: list[tuple[int, ...]], steps: int) -> str:
    """Initialiser of nested loops, innermost first: counts, then ``steps`` arrays of element steps."""
    if len(levels) > LEVELS:
        raise CrosscamError(f"an operator needs {len(levels)} nested loops over its tensors, expected at most {LEVELS}")
    padded = [*levels, *[(1, *[0] * steps)] * (LEVELS - len(levels))]
    columns = ["{" + ", ".join(str(level[at]) for level in padded) + "}" for at in range(steps + 1)]
    return "{" + ", ".join([str(len(levels)), *columns]) + "}"


def merge_levels(levels: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Nested loops, innermost first, with loops joined that run on where the inner one ends; at least one loop."""
    merged: list[tuple[int, ...]] = []
    for count, *steps in levels:
        if count == 1:
            continue
        if merged and all(step == merged[-1][0] * inner for step, inner in zip(steps, merged[-1][1:], strict=True)):
            merged[-1] = (merged[-1][0] * count, *merged[-1][1:])
        else:
            merged.append((count, *steps))
    return merged or [(1, *[0] * (len(levels[0]) - 1 if levels else 1))]


def window(value: Window) -> str:
    """Initialiser of an nn_window_t."""
    numbers = (*value.kernel, *value.stride, *value.dilation, *value.pad)
    return "{" + ", ".join(map(str, numbers)) + "}"


def quantized_range(output: Tensor, clamp: tuple[int, int]) -> str:
    """Initialiser of an nn_range_t."""
    return f"{{{output.zero_point}, {clamp[0]}, {clamp[1]}}}"


def elementwise(size: int, read: int = 1, write: int = 1) -> Access:
    """Element i of ``read`` bytes is read, then one of ``write`` bytes is written; many are taken by the block."""
    starts = np.arange(0, size, 1 if size < _MANY else _BLOCK, dtype=np.int64)
    return Access(starts * read, np.append(starts[1:], size) * write)


def repeated(access: Access | None, count: int) -> Access | None:
    """The order of ``count`` calls; None, as for any more than one, where nothing is said of what lies between."""
    return access if count == 1 else None


def block_ends(channels: int, block: int) -> np.ndarray:
    """Ends of the blocks of ``block`` channels a kernel writes at once; the last block may be shorter."""
    return np.minimum(np.arange(block, channels + block, block, dtype=np.int64), channels)


def lane_ends(channels: int, lanes: int) -> np.ndarray:
    """Ends of the blocks of a kernel that writes ``lanes`` channels at once, and those left over one by one."""
    full = channels - channels % lanes
    return np.concatenate([block_ends(full, lanes), np.arange(full + 1, channels + 1, dtype=np.int64)])


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
