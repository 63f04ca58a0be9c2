"""Depthwise rows: four neighbouring outputs of a channel at a time, products in pairs along the row.

A channel's values lie in a row as int16, two to a word. An output's window covers whole words, of which ``smlad`` takes
both products at a time, and half words at its ends, for which one half of a word of weights does: a 3x3 window is six
multiplies, not nine. The weights come as the pairs that occur, (0, 1) for windows that begin on a word and (1, 2)
for those that begin between two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from model.compiler.fast import assembly as asm
from model.compiler.fast import scaling_code
from model.compiler.fast.assembly import Instruction, OutOfReachError, Routine
from model.compiler.fast.call import NoFastKernelError
from model.compiler.fast.requantize import NO_CLAMP, ByteClamp, Channel, Rounding
from model.compiler.fast.schedule import schedule

OUTPUTS = 4  # of a group
LANES = 4  # channels that share a row of scratch memory
_MOST_GROUPS = 10  # unrolled
_TURN_CYCLES = 10  # of a turn, beside its products
_INPUT, _CONSTANTS, _OUTPUT = "r1", "r2", "r12"
_SUMS = ("r3", "r4", "r5", "r6")
_VALUES = ("r0", "lr", "r7")
_WEIGHTS = ("r8", "r9", "r10", "r11")
_ROWS_AT, _TURNS_AT, _FRAME = 0, 4, 8


@dataclass(frozen=True)
class RowShape:
    """``pitch``: int16 values from a channel's row to the next channel's; ``output_step``: bytes from an output to its
    right neighbour's; ``item``: bytes of an output, 1 or 2."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pitch: int
    outputs: int
    output_step: int
    rounding: Rounding
    shift: int
    item: int = 1
    clamp: ByteClamp = NO_CLAMP

    @property
    def name(self) -> str:
        """What tells it from other shapes, in the name of its function."""
        kernel, stride = (f"{down}x{across}" for down, across in (self.kernel, self.stride))
        scaling = f"{self.rounding.name.lower()}_{self.shift}"
        return (
            f"{kernel}_{stride}_{self.outputs}x{self.output_step}x{self.item}_{self.pitch}_{scaling}{self.clamp.name}"
        )

    @property
    def row_bytes(self) -> int:
        """Of all lanes."""
        return 2 * LANES * self.pitch

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The pairs of taps the products need words of weights for."""
        both = {product.taps for product in self.products(OUTPUTS) if product.whole(self.kernel[1])}
        single = {
            product.tap(self.kernel[1]) for product in self.products(OUTPUTS) if not product.whole(self.kernel[1])
        }
        for tap in sorted(single - {tap for pair in both for tap in pair}):
            both.add((tap, tap + 1) if tap % 2 == 0 else (tap - 1, tap))
        return tuple(sorted(both))

    def products(self, outputs: int) -> Iterator[_Product]:
        """Of one row of the window and ``outputs`` neighbours, word by word."""
        across, step = self.kernel[1], self.stride[1]
        for word in range(ceil((step * (outputs - 1) + across) / 2)):
            for output in range(outputs):
                first = 2 * word - step * output
                if -1 <= first < across:
                    yield _Product(word, output, (first, first + 1))

    @property
    def words(self) -> int:
        """Words of constants of a channel."""
        return self.kernel[0] * len(self.pairs) + 1 + scaling_code.WORDS[self.rounding]


@dataclass(frozen=True)
class _Product:
    """Word ``word`` of a row of values times ``taps`` for the sum of ``output``; taps outside the window count not."""

    word: int
    output: int
    taps: tuple[int, int]

    def whole(self, across: int) -> bool:
        """Both halves count."""
        return self.taps[0] >= 0 and self.taps[1] < across

    def tap(self, across: int) -> int:
        """The one that counts."""
        return self.taps[1] if self.taps[0] < 0 or self.taps[0] >= across else self.taps[0]


def row_constants(shape: RowShape, channel: Channel) -> list[int]:
    """The words of one channel: [kernel row][pair] weights, bias, scaling; ``weights`` are (kernel y, kernel x)."""
    down, across = shape.kernel
    words = []
    for row in channel.weights.reshape(down, across):
        for pair in shape.pairs:
            low, high = (int(row[tap]) if tap < across else 0 for tap in pair)
            words.append((low & 0xFFFF) | (high & 0xFFFF) << 16)
    return [*words, channel.bias, *scaling_code.constants(channel, shape.rounding)]


def with_turns(shape: RowShape) -> list[int]:
    """How many groups of outputs a turn of the loop along the row may have, most first.

    Raises NoFastKernelError or OutOfReachError where the shape does not do.
    """
    if len(shape.pairs) > len(_WEIGHTS) or shape.kernel[1] < 2:
        raise NoFastKernelError(f"a window {shape.kernel[1]} wide, expected 2 to 5")
    groups = shape.outputs // OUTPUTS
    turns = [turn for turn in range(min(groups, _MOST_GROUPS), 0, -1) if groups % turn == 0 and _reachable(shape, turn)]
    if not turns and groups:
        raise OutOfReachError(
            f"rows of {shape.row_bytes:,} bytes, or outputs {shape.output_step:,} bytes apart: too far"
        )
    return turns or [0]


def loop_cycles_of(shape: RowShape, turn: int) -> int:
    """About what the loop along one row costs beside the products."""
    turns = shape.outputs // OUTPUTS // turn if turn else 0
    return _TURN_CYCLES * turns if turns > 1 else 0


def _reachable(shape: RowShape, groups: int) -> bool:
    """Whether immediate offsets reach all of so many groups."""
    output = (groups * OUTPUTS - 1) * shape.output_step
    words = (shape.stride[1] * (groups * OUTPUTS - 1) + shape.kernel[1] + 1) // 2
    return max(output, (shape.kernel[0] - 1) * shape.row_bytes + 4 * words) <= asm.FARTHEST


def rows_routine(name: str, shape: RowShape, turn: int) -> Routine:
    """``void name(const int16_t *input, const uint32_t *constants, int8_t *output, uint32_t rows)``: rows of outputs of
    one channel.

    ``turn`` is one of ``with_turns``.
    """
    groups, rest = divmod(shape.outputs, OUTPUTS)
    turns = groups // turn if groups else 0
    looped = turns > 1 or (turns == 1 and rest > 0 and not _reachable(shape, turn + 1))
    writer = _GroupWriter(shape)
    body = [instruction for at in range(turn) for instruction in writer.group(at, OUTPUTS)]
    row_step = shape.stride[0] * shape.row_bytes
    lines = ["push.w {r4-r11, lr}", f"sub sp, sp, #{_FRAME}", f"str r3, [sp, #{_ROWS_AT}]"]
    lines += ["mov r12, r2", "mov r2, r1", "mov r1, r0", ".balign 8", f".L{name}:"]
    steps_back = 0
    if looped:
        forward, ahead = 2 * turn * OUTPUTS * shape.stride[1], turn * OUTPUTS * shape.output_step
        count = [
            *asm.move_pointer(_INPUT, forward),
            *asm.move_pointer(_OUTPUT, ahead),
            asm.ldr(_VALUES[0], "sp", _TURNS_AT, cell="turns"),
            asm.count_down(_VALUES[0]),
            asm.store(_VALUES[0], "sp", _TURNS_AT, cell="turns"),
        ]
        lines += [f"mov.w r0, #{turns}", f"str.w r0, [sp, #{_TURNS_AT}]"]
        lines += asm.loop(f".L{name}_turn", schedule([*body, *count]).instructions)
        body, steps_back = [], turns * forward
    tail = writer.group(0 if looped else turn, rest) if rest else []
    tail_step = (shape.outputs - (groups * OUTPUTS if looped else 0)) * shape.output_step
    end = [
        *asm.move_pointer(_OUTPUT, tail_step),
        *asm.move_pointer(_INPUT, row_step - steps_back),
        asm.ldr(_VALUES[0], "sp", _ROWS_AT, cell="rows"),
        asm.count_down(_VALUES[0]),
        asm.store(_VALUES[0], "sp", _ROWS_AT, cell="rows"),
    ]
    lines += [*asm.lines(schedule([*body, *tail, *end]).instructions), f"bne.w .L{name}"]
    lines += [f"add sp, sp, #{_FRAME}", "pop.w {r4-r11, pc}"]
    comment = (
        f"Rows of {shape.outputs} outputs of one channel, window {shape.kernel[0]}x{shape.kernel[1]}, stride "
        f"{shape.stride[0]}x{shape.stride[1]}, {shape.rounding.value}.\n"
        f"void {name}(const int16_t *input, const uint32_t *constants, int8_t *output, uint32_t rows)"
    )
    return Routine(name, "nn_rows_t", comment, tuple(lines))


class _GroupWriter:
    """Writes groups of outputs; registers of values and weights go round, so that loads run ahead."""

    def __init__(self, shape: RowShape) -> None:
        self._shape = shape
        self._value = 0
        self._set = 0

    def group(self, number: int, outputs: int) -> list[Instruction]:
        """Group ``number`` from the pointers on, of ``outputs`` outputs."""
        shape = self._shape
        down = shape.kernel[0]
        bias_at = 4 * down * len(shape.pairs)
        code = [asm.ldr(_SUMS[output], _CONSTANTS, bias_at) for output in range(outputs)]
        for row in range(down):
            code += self._row(number, row, outputs)
        held = [*self._next_weights(), self._next_value()][: scaling_code.WORDS[shape.rounding]]
        code += scaling_code.load(shape.rounding, held, _CONSTANTS, bias_at + 4)
        free = [register for register in (*_WEIGHTS, *_VALUES) if register not in held]
        code += scaling_code.load_clamp(shape.clamp, free)
        for output in range(outputs):
            total = _SUMS[output]
            code += scaling_code.scale(shape.rounding, total, held, shape.shift)
            code += scaling_code.clamp_bytes(shape.clamp, total, free)
            if shape.item > 1 and shape.clamp.lift:
                code.append(asm.widen_byte(total, total, 0))
            place = (number * OUTPUTS + output) * shape.output_step
            code.append(asm.store(total, _OUTPUT, place, size=" bh"[shape.item]))
        return code

    def _row(self, number: int, row: int, outputs: int) -> list[Instruction]:
        shape = self._shape
        across = shape.kernel[1]
        start = row * shape.row_bytes + 2 * number * OUTPUTS * shape.stride[1]
        weights = dict(zip(shape.pairs, self._next_weights(), strict=False))
        code = [
            asm.ldr(register, _CONSTANTS, 4 * (row * len(shape.pairs) + at))
            for at, register in enumerate(weights.values())
        ]
        word, value = -1, ""
        for product in shape.products(outputs):
            if product.word != word:
                word, value = product.word, self._next_value()
                code.append(asm.ldr(value, _INPUT, start + 4 * word))
            code.append(_multiply(_SUMS[product.output], value, product, weights, across))
        return code

    def _next_value(self) -> str:
        self._value = (self._value + 1) % len(_VALUES)
        return _VALUES[self._value]

    def _next_weights(self) -> tuple[str, ...]:
        """Registers for a row's weights: half of them in turn where that is enough."""
        half = len(_WEIGHTS) // 2
        if len(self._shape.pairs) > half:
            return _WEIGHTS
        self._set ^= 1
        return _WEIGHTS[half * self._set :][:half]


def _multiply(
    total: str, value: str, product: _Product, weights: dict[tuple[int, int], str], across: int
) -> Instruction:
    if product.whole(across):
        return asm.multiply_pairs(total, value, weights[product.taps], total)
    tap = product.tap(across)
    half = "bt"[product.taps.index(tap)]
    pair = next(pair for pair in weights if tap in pair)
    return asm.multiply_halves(total, value, half, weights[pair], "bt"[pair.index(tap)], total)
