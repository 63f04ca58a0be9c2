"""The compiler's graph: tensors, one dataclass per operator, and the graph that holds them in execution order.

Shapes are tuples as in TFLite, the batch first. Operators know their geometry (padding in numbers, not SAME/VALID) so
that no later stage has to derive it again. An operator has one output; an operator of the file with several outputs
becomes several operators here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod

import numpy as np

DTYPES: dict[str, np.dtype] = {
    name: np.dtype(name)
    for name in ("int8", "uint8", "int16", "int32", "uint32", "int64", "float16", "float32", "float64", "bool")
}
"""The types of tensors whose values the compiler reads; the names are numpy's."""

CASTS = ("bool", "int8", "uint8", "int16", "int32", "int64", "float32")
"""The types that CAST goes between, in the order of nn_cast_type_t."""


@dataclass(eq=False)
class Tensor:
    """A value of the graph. ``data`` is set for constants; ``alias`` for a view of another tensor's bytes.

    ``initial`` is set for a state: its values before the first run. A state keeps its bytes from run to run.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str  # a key of DTYPES, or the file's own name of a type the compiler only refuses
    scales: np.ndarray  # float32, one entry or one a channel; empty when not quantized
    zero_point: int = 0
    data: np.ndarray | None = None
    alias: Tensor | None = None
    alias_offset: int = 0  # bytes from the start of ``alias``
    axis: int = 0  # of the channels that ``scales`` belong to
    initial: np.ndarray | None = None
    idle: int = 0  # of its last channels nothing reads, so nothing need write them (passes/idle_channels.py)

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
    def root_offset(self) -> int:
        """Where in the bytes of ``root`` this tensor begins."""
        offset, tensor = 0, self
        while tensor.alias is not None:
            offset += tensor.alias_offset
            tensor = tensor.alias
        return offset

    @property
    def in_arena(self) -> bool:
        """Whether its bytes are the memory plan's: neither a constant's in flash nor a state's, which stay apart."""
        return self.root.data is None and self.root.initial is None

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def item(self) -> int:
        """Bytes of an element."""
        return DTYPES[self.dtype].itemsize

    @property
    def numpy_dtype(self) -> np.dtype:
        """The type of its elements in numpy."""
        return DTYPES[self.dtype]

    @property
    def bytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.item

    @property
    def batch(self) -> int:
        """The outermost dimension of a tensor of rank 4, else 1: what convolutions and pools repeat over."""
        return self.shape[0] if len(self.shape) == 4 else 1

    @property
    def hwc(self) -> tuple[int, int, int]:
        """(height, width, channels); a tensor of lower rank is a row of pixels or a single one."""
        if len(self.shape) == 4:
            return self.shape[1], self.shape[2], self.shape[3]
        if not self.shape:
            return 1, 1, 1
        return 1, prod(self.shape[:-1]), self.shape[-1]

    def describe(self) -> str:
        """Short text for comments: "80x80x8", with the type where it is not int8."""
        sizes = self.shape[1:] if len(self.shape) > 1 and self.shape[0] == 1 else self.shape
        text = "x".join(map(str, sizes)) or "1"
        return text if self.dtype == "int8" else f"{text} {self.dtype}"


@dataclass(eq=False)
class Op:
    """An operator: ``inputs`` are the tensors it reads (weights are fields of the subclasses)."""

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
    """``weights`` int8 (out, kh, kw, in); ``bias`` int32 (out,); ``multipliers`` double (out,), see quantize.py.

    With fewer weights than input channels the convolution is grouped: ``groups`` blocks of channels in and out.
    """

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    multipliers: list[float] = field(default_factory=list)
    window: Window = Window((1, 1), (1, 1))
    clamp: tuple[int, int] = (-128, 127)
    left_out: int = 0  # MACs of channels that a pass took out: the network is still one of so many

    @property
    def groups(self) -> int:
        """Blocks of channels that are convolved apart; 1 for a plain convolution."""
        return self.inputs[0].hwc[2] // int(self.weights.shape[3])

    @property
    def macs(self) -> int:
        return self.output.batch * prod(self.output.hwc[:2]) * int(self.weights.size) + self.left_out


@dataclass(eq=False)
class DepthwiseConv2D(Op):
    """``weights`` int8 (kh, kw, out), out = in * multiplier; the rest as in Conv2D."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    multipliers: list[float] = field(default_factory=list)
    window: Window = Window((1, 1), (1, 1))
    clamp: tuple[int, int] = (-128, 127)
    left_out: int = 0  # MACs of channels that a pass took out: the network is still one of so many

    @property
    def macs(self) -> int:
        return self.output.batch * prod(self.output.hwc[:2]) * int(self.weights.size) + self.left_out


@dataclass(eq=False)
class TransposeConv(Op):
    """``weights`` int8 (out, kh, kw, in); ``window.pad`` is cut off the full result above and left."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    multipliers: list[float] = field(default_factory=list)
    window: Window = Window((1, 1), (1, 1))
    clamp: tuple[int, int] = (-128, 127)

    @property
    def macs(self) -> int:
        return self.output.batch * prod(self.inputs[0].hwc[:2]) * int(self.weights.size)


@dataclass(eq=False)
class FullyConnected(Op):
    """``weights`` int8 (out, in); ``bias`` int32 (out,); ``multipliers`` double (out,).

    ``fixed_multipliers`` are TensorFlow Lite Micro's, which multiplies a single pair of scales in float32.
    """

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    multipliers: list[float] = field(default_factory=list)
    filter_scales: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    clamp: tuple[int, int] = (-128, 127)

    @property
    def macs(self) -> int:
        return self.inputs[0].size // int(self.weights.shape[1]) * int(self.weights.size)

    @property
    def fixed_multipliers(self) -> list[float]:
        """Double, one an output, as TensorFlow Lite Micro computes them before it makes 31-bit multipliers of them."""
        if len(self.filter_scales) != 1:
            return self.multipliers
        product = np.float32(self.inputs[0].scale) * self.filter_scales[0]
        return [float(product) / self.output.scale] * len(self.multipliers)


@dataclass(eq=False)
class BatchMatMul(Op):
    """Matrices (rows, depth) times (depth, columns), both computed; ``adjoint`` operands are stored transposed."""

    adjoint: tuple[bool, bool] = (False, False)
    multiplier: float = 1.0

    @property
    def macs(self) -> int:
        depth = self.inputs[0].shape[-2 if self.adjoint[0] else -1]
        return self.output.size * depth


@dataclass(eq=False)
class Svdf(Op):
    """Inputs: values (batch, in) and the state (batch, filters * memory), which the operator moves on.

    ``features`` int8 (filters, in); ``times`` int16 or int8 (filters, memory), filters = units * rank; ``bias`` int32
    (units,). ``multipliers``: of a feature to the state's scale, of a unit to the output's.
    """

    features: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    times: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int16))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    rank: int = 1
    multipliers: tuple[float, float] = (1.0, 1.0)

    @property
    def macs(self) -> int:
        return self.inputs[0].shape[0] * int(self.features.size + self.times.size)


@dataclass(frozen=True)
class LstmGate:
    """``input_weights`` int8 (cells, in), ``recurrent_weights`` int8 (cells, cells), and the scaling of their products.

    Biases are int32 (cells,) with the zero points folded in; ``multipliers`` of the two products lead to Q3.12.
    """

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    input_bias: list[int]
    recurrent_bias: list[int]
    multipliers: tuple[float, float]


@dataclass(eq=False)
class Lstm(Op):
    """Inputs: the sequence, and two states: the last output int8 (batch, cells), the cells int16 (batch, cells).

    ``gates`` by name: "input" (none where it is coupled to "forget"), "forget", "cell", "output".
    """

    gates: dict[str, LstmGate] = field(default_factory=dict)
    time_major: bool = False
    cell_clip: int = 0
    cell_integer_bits: int = 0
    hidden_multiplier: float = 1.0
    hidden_zero_point: int = 0

    @property
    def steps(self) -> tuple[int, int]:
        """Batches and times."""
        if len(self.inputs[0].shape) == 2:
            return self.inputs[0].shape[0], 1
        first, second = self.inputs[0].shape[:2]
        return (second, first) if self.time_major else (first, second)

    @property
    def macs(self) -> int:
        weights = sum(gate.input_weights.size + gate.recurrent_weights.size for gate in self.gates.values())
        return prod(self.steps) * int(weights)


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
class MaxPool2D(Op):
    """Largest value in the part of the window that lies inside the input."""

    window: Window = Window((1, 1), (1, 1))
    clamp: tuple[int, int] = (-128, 127)


@dataclass(eq=False)
class Reduce(Op):
    """``kind`` MEAN, SUM, REDUCE_MAX or REDUCE_MIN over ``axes`` of the input."""

    axes: tuple[int, ...] = ()


@dataclass(eq=False)
class ArgExtreme(Op):
    """``kind`` ARG_MAX or ARG_MIN over ``axis``: the index of the first extreme value, int32 or int64."""

    axis: int = 0


@dataclass(eq=False)
class Gather(Op):
    """Inputs: values, and the numbers of those taken along ``axis``; a number beyond counts as the nearest there is.

    ``by_row``: along the last axis, each row of numbers takes of its own row of values.
    """

    axis: int = 0
    by_row: bool = False


@dataclass(eq=False)
class OneHot(Op):
    """For each number ``depth`` places, ``inner`` elements apart: the first of ``values`` at the number's, the second
    elsewhere. ``values`` are arrays of one element of the output's type."""

    depth: int = 1
    inner: int = 1
    values: tuple[np.ndarray, np.ndarray] = field(default_factory=lambda: (np.ones(1, np.int8), np.zeros(1, np.int8)))


@dataclass(eq=False)
class Top(Op):
    """The places of the largest int8 values of each row, as many as the output's last axis has, int32."""


@dataclass(eq=False)
class Binary(Op):
    """``kind`` ADD, SUB, MUL, ... of two tensors of which either may broadcast."""

    clamp: tuple[int, int] = (-128, 127)


@dataclass(eq=False)
class Compare(Op):
    """A comparison of two int8 tensors of which either may broadcast, as bool.

    ``ranks`` int16 (256,) of each input's values -128..127 are what is compared; ``outcome`` (3,): the result where
    the left one is less, equal, greater.
    """

    ranks: tuple[np.ndarray, np.ndarray] = field(default_factory=lambda: (np.zeros(256, np.int16),) * 2)
    outcome: np.ndarray = field(default_factory=lambda: np.zeros(3, np.int8))


@dataclass(eq=False)
class Whole(Op):
    """Arithmetic or a comparison of two tensors of int32 of which either may broadcast."""


@dataclass(eq=False)
class Select(Op):
    """Inputs: a condition, taken as of ``condition_shape``, and two tensors of one type; all three may broadcast."""

    condition_shape: tuple[int, ...] = ()


@dataclass(eq=False)
class Table(Op):
    """Any function of one 8-bit value: ``table[q + 128]`` for the int8 value q a byte of the input is."""

    table: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int8))
    comment: str = ""


@dataclass(eq=False)
class Quantize(Op):
    """float32 to int8 or uint8 by the output's scale and zero point."""


@dataclass(eq=False)
class Dequantize(Op):
    """int8 or uint8 to float32 by ``scale`` and ``zero_point``: the input's, or 1 and 0 for the stored value itself."""

    scale: float = 1.0
    zero_point: int = 0


@dataclass(eq=False)
class Requantize(Op):
    """int8 or int16 to int8, int16 or int32 at another scale, where no table will do: one of the two is wider."""


@dataclass(eq=False)
class Cast(Op):
    """Between two of ``CASTS``: the value itself, cut towards zero or to its lowest bits; as bool, whether not 0."""


@dataclass(eq=False)
class FloatTable(Op):
    """Any float32 function of one 8-bit value: ``table[q + 128]`` for the int8 value q a byte of the input is."""

    table: np.ndarray = field(default_factory=lambda: np.zeros(256, np.float32))


@dataclass(eq=False)
class FloatUnary(Op):
    """A function of one float32 value, array to array; none is left when kernels are chosen (passes/fold_float.py).

    ``exact``: its results are the reference's to the last bit, not only close to them.
    """

    function: Callable[[np.ndarray], np.ndarray] = field(default=np.copy)
    exact: bool = False


@dataclass(eq=False)
class Softmax(Op):
    """Softmax over the last axis, int8 to int8 or int16."""

    beta: float = 1.0


@dataclass(eq=False)
class LogSoftmax(Op):
    """The logarithm of softmax over the last axis."""


@dataclass(eq=False)
class L2Normalize(Op):
    """Values over the root of the sum of their squares, along the last axis."""


@dataclass(eq=False)
class ResizeBilinear(Op):
    """Bilinear resizing of height and width."""

    align_corners: bool = False
    half_pixel_centers: bool = False


@dataclass(eq=False)
class Move(Op):
    """Every operator that only moves values: RESHAPE, CONCATENATION, PAD, TRANSPOSE, STRIDED_SLICE, TILE, ...

    ``sources[i]`` is the element that output element i copies: an index into the elements of all inputs in a row, or
    -1 for ``fill``.
    """

    sources: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    fill: int = 0

    def starts(self) -> list[int]:
        """The index in ``sources`` of each input's first element."""
        sizes = [0, *(tensor.size for tensor in self.inputs[:-1])]
        return [int(start) for start in np.cumsum(sizes)]

    def part(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Of input ``position``: the elements that are copied, and where in the output they go."""
        start = self.starts()[position]
        mine = (self.sources >= start) & (self.sources < start + self.inputs[position].size)
        places = np.flatnonzero(mine)
        return self.sources[places] - start, places

    def evaluate(self) -> np.ndarray:
        """The output's values when all inputs are constant."""
        values = [tensor.data.reshape(-1) for tensor in self.inputs if tensor.data is not None]
        joined = np.concatenate([*values, np.array([self.fill]).astype(values[0].dtype)])
        result: np.ndarray = joined[self.sources].reshape(self.output.shape)
        return result


@dataclass(eq=False)
class Graph:
    """Operators in execution order, with the inputs and the outputs of the model."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    ops: list[Op]

    @property
    def input(self) -> Tensor:
        """The first input: the picture."""
        return self.inputs[0]

    @property
    def output(self) -> Tensor:
        """The first output: the scores."""
        return self.outputs[0]

    def consumers(self, tensor: Tensor) -> Iterator[Op]:
        """The operators that read ``tensor`` itself (not an alias of it)."""
        return (op for op in self.ops if tensor in op.inputs)
