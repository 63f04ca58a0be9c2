"""The compiler's graph: tensors, one dataclass per operator, and the graph that holds them in execution order.

Shapes are tuples as in TFLite: activations (1, height, width, channels) or (1, channels); the batch is always 1.
Operators know their geometry (padding in numbers, not SAME/VALID) so that no later stage has to derive it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

import numpy as np


@dataclass(eq=False)
class Tensor:
    """A value of the graph. ``data`` is set for constants; ``alias`` for a view of another tensor's bytes."""

    name: str
    shape: tuple[int, ...]
    dtype: str  # "int8" or "int32"
    scales: np.ndarray  # float32, one entry or one a channel; empty when not quantized
    zero_point: int = 0
    data: np.ndarray | None = None
    alias: Tensor | None = None

    @property
    def scale(self) -> float:
        """The per-tensor scale, as the float32 TFLite stores."""
        return float(self.scales[0])

    @property
    def root(self) -> Tensor:
        """The tensor that owns the bytes this one shows."""
        tensor = self
        while tensor.alias is not None:
            tensor = tensor.alias
        return tensor

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def hwc(self) -> tuple[int, int, int]:
        """(height, width, channels); a tensor of lower rank is a row of pixels or a single one."""
        if len(self.shape) == 4:
            return self.shape[1], self.shape[2], self.shape[3]
        return 1, prod(self.shape[:-1]), self.shape[-1]

    def describe(self) -> str:
        """Short text for comments: "80x80x8"."""
        return "x".join(str(size) for size in (self.shape[1:] if len(self.shape) > 1 else self.shape))


@dataclass(eq=False)
class Op:
    """An operator: ``inputs`` are the activations it reads (constants are fields of the subclasses)."""

    kind: str  # TFLite's name, e.g. "CONV_2D"
    inputs: list[Tensor]
    output: Tensor
    name: str = ""  # layer name, set by naming.assign_names

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run."""
        return 0


@dataclass(frozen=True)
class Window:
    """A sliding window: kernel, stride, dilation, and the padding above and left (below and right follow)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)


@dataclass(eq=False)
class Conv2D(Op):
    """``weights`` int8 (out, kh, kw, in); ``bias`` int32 (out,); ``multipliers`` double (out,), see quantize.py."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    multipliers: list[float] = field(default_factory=list)
    window: Window = Window((1, 1), (1, 1))
    clamp: tuple[int, int] = (-128, 127)

    @property
    def macs(self) -> int:
        return prod(self.output.hwc[:2]) * int(self.weights.size)


@dataclass(eq=False)
class DepthwiseConv2D(Op):
    """``weights`` int8 (kh, kw, out), out = in * multiplier; the rest as in Conv2D."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    multipliers: list[float] = field(default_factory=list)
    window: Window = Window((1, 1), (1, 1))
    clamp: tuple[int, int] = (-128, 127)

    @property
    def macs(self) -> int:
        return prod(self.output.hwc[:2]) * int(self.weights.size)


@dataclass(eq=False)
class FullyConnected(Op):
    """``weights`` int8 (out, in); ``bias`` int32 (out,); ``multipliers`` double (out,)."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    multipliers: list[float] = field(default_factory=list)
    clamp: tuple[int, int] = (-128, 127)

    @property
    def macs(self) -> int:
        return prod(self.output.hwc[:2]) * int(self.weights.size)


@dataclass(eq=False)
class Pad(Op):
    """Spatial padding with the zero point: (before, after) for height and width."""

    height: tuple[int, int] = (0, 0)
    width: tuple[int, int] = (0, 0)


@dataclass(eq=False)
class AveragePool2D(Op):
    """Average over the part of the window that lies inside the input."""

    window: Window = Window((1, 1), (1, 1))
    clamp: tuple[int, int] = (-128, 127)


@dataclass(eq=False)
class Mean(Op):
    """Mean over height and width."""


@dataclass(eq=False)
class Add(Op):
    """Elementwise sum of two tensors of one shape; the second may be constant."""

    clamp: tuple[int, int] = (-128, 127)


@dataclass(eq=False)
class Logistic(Op):
    """Sigmoid, elementwise."""


@dataclass(eq=False)
class Softmax(Op):
    """Softmax over the last axis."""

    beta: float = 1.0


@dataclass(eq=False)
class Reshape(Op):
    """Same bytes, other shape (RESHAPE, SQUEEZE, EXPAND_DIMS)."""


@dataclass(eq=False)
class Graph:
    """Operators in execution order, with the one input and the one output of the model."""

    input: Tensor
    output: Tensor
    ops: list[Op]

    def consumers(self, tensor: Tensor) -> Iterator[Op]:
        """The operators that read ``tensor`` itself (not an alias of it)."""
        return (op for op in self.ops if tensor in op.inputs)
