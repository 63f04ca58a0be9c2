"""The tile at the heart of convolutions: four pixels by two channels, two products in every ``smlad``.

Eight sums, two words of weights, two of activations and two pointers are all 14 registers. A word of activations is
used by both channels and one of weights by all four pixels, so eight products need six loads; each load stands on the
last use of its register, beside a multiply, and the inner loop runs at one multiply a cycle: 0.5 cycles a MAC.

A function handles a row of tiles. What a tile costs besides its products, about 24 cycles, overlaps as far as the
scheduler finds room: the scaling of its sums, their stores, and the first loads of the next tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from model.compiler.fast import assembly as asm
from model.compiler.fast import scaling_code
from model.compiler.fast.assembly import Instruction, OutOfReachError, Routine
from model.compiler.fast.requantize import NO_CLAMP, ByteClamp, Channel, Rounding, Scaling
from model.compiler.fast.schedule import schedule

PIXELS, CHANNELS = 4, 2
_INPUT, _WEIGHTS = "r1", "r2"
_SUMS = (("r3", "r7"), ("r4", "r8"), ("r5", "r9"), ("r6", "r10"))  # [pixel][channel]
_WEIGHT = ("r11", "r12")
_VALUE = ("r0", "lr")
_FREE = (*_VALUE, *_WEIGHT)  # once the products are done
_TILES_AT, _OUTPUT_AT = 0, 4  # in the frame
_BIAS_BYTES = 4 * CHANNELS  # before the weights
_CHUNKS = (32, 16, 8)  # pairs a turn of an inner loop
_TURN_CYCLES = 5  # of a turn, beside its products
# The order of a pair's products: each channel's word of weights and each pixel's values are done with in turn.
_TURNS = ((0, 0), (0, 1), (1, 1), (1, 0), (2, 0), (2, 1), (3, 1), (3, 0))


@dataclass(frozen=True)
class TileShape:
    """``pairs``: byte offsets, in a pixel's window, of the words of two values each; ``starts``: of the windows of the
    tile's pixels; ``step``: bytes to the next tile's; ``output_step``: from a pixel's output to the next one's;
    ``chunk``: pairs a turn of an inner loop, which all lie alike in their turn, 0 where all are unrolled."""

    pairs: tuple[int, ...]
    starts: tuple[int, ...]
    step: int
    output_step: int
    rounding: Rounding
    shift: int
    chunk: int = 0
    clamp: ByteClamp = NO_CLAMP

    @property
    def name(self) -> str:
        """How outputs are scaled and turns counted, in the name of its function."""
        return f"{self.rounding.name.lower()}_{self.shift}_{self.chunk}{self.clamp.name}"

    @property
    def chunks(self) -> list[tuple[int, ...]]:
        """The pairs before the inner loop, at least one, and those of each of its turns."""
        if not self.chunk:
            return [self.pairs]
        first = len(self.pairs) % self.chunk or self.chunk
        starts = range(first, len(self.pairs), self.chunk)
        return [self.pairs[:first], *(self.pairs[start : start + self.chunk] for start in starts)]

    def loop_cycles(self, pixels: int, outputs: int) -> int:
        """About what the inner loop costs, beside the products, for so many outputs."""
        return -(-pixels // PIXELS) * pairs_of(outputs) * _TURN_CYCLES * (len(self.chunks) if self.chunk else 0)

    @property
    def farthest(self) -> int:
        """The largest offset of an instruction."""
        chunks = self.chunks
        longest = max(len(chunk) for chunk in chunks)
        constants = _BIAS_BYTES + 4 * CHANNELS * (longest + scaling_code.WORDS[self.rounding])
        pair = self.pairs[0] + max(pair - chunk[0] for chunk in chunks for pair in chunk)
        return max(constants, max(self.starts) + pair, (PIXELS - 1) * self.output_step)

    @property
    def words(self) -> int:
        """Words of constants of a pair of channels: biases, weights, steps, scaling."""
        steps = len(self.chunks) if self.chunk else 0
        return CHANNELS * (len(self.pairs) + 1 + scaling_code.WORDS[self.rounding]) + steps


def chunk_of(pairs: tuple[int, ...], most: int) -> int:
    """Pairs a turn of an inner loop, an even number and ``most`` of them where possible; 0 where there is none."""
    for size in range(min(most, len(pairs) // 2) & ~1, 2, -2):
        first = len(pairs) % size or size
        turns = [pairs[start : start + size] for start in range(first, len(pairs), size)]
        if len({tuple(pair - turn[0] for pair in turn) for turn in turns}) == 1:
            return size
    return 0


def with_loops(shape: TileShape) -> list[TileShape]:
    """``shape`` with all products unrolled, and with inner loops, the longest code first.

    Raises OutOfReachError where none of them does.
    """
    chunks = dict.fromkeys(chunk_of(shape.pairs, most) for most in _CHUNKS)
    shapes = [shape, *(replace(shape, chunk=chunk) for chunk in chunks if chunk)]
    reachable = [each for each in shapes if each.farthest <= asm.FARTHEST]
    if not reachable:
        raise OutOfReachError(f"{shapes[-1].farthest:,} bytes from a pointer, expected 0 to {asm.FARTHEST:,}")
    return reachable


def tile_constants(shape: TileShape, first: Channel, second: Channel) -> list[int]:
    """The words a tile reads for two channels: biases, [pair][channel] weights of two int16 each, scaling.

    Where there is an inner loop, bytes to the next turn's pairs stand behind those of each turn, 0 behind the last.
    """
    words = [first.bias, second.bias]
    chunks = shape.chunks
    pair = 0
    for number, chunk in enumerate(chunks):
        for _ in chunk:
            for channel in (first, second):
                low, high = (int(value) for value in channel.weights[2 * pair : 2 * pair + 2])
                words.append((low & 0xFFFF) | (high & 0xFFFF) << 16)
            pair += 1
        if shape.chunk:
            words.append(chunks[number + 1][0] - chunk[0] if number + 1 < len(chunks) else 0)
    for channel in (first, second):
        words += scaling_code.constants(channel, shape.rounding)
    return words


def pairs_of(channels: int) -> int:
    """Of so many channels, two at least; of an odd number the last two are the last pair, one of them a second time."""
    return -(-channels // CHANNELS)


def pair_constants(shape: TileShape, scaling: Scaling) -> list[int]:
    """The words of all pairs of channels in turn."""
    count = len(scaling.channels)
    words: list[int] = []
    for pair in range(pairs_of(count)):
        first = min(CHANNELS * pair, count - CHANNELS)
        words += tile_constants(shape, scaling.channels[first], scaling.channels[first + 1])
    return words


def tile_routine(name: str, shape: TileShape) -> Routine:
    """``void name(const int16_t *input, const int32_t *constants, int8_t *output, uint32_t tiles)``.

    Raises OutOfReachError where an offset is too large for an instruction.
    """
    writer = _TileWriter(shape)
    enter = ["push.w {r4-r11, lr}", "sub sp, sp, #8", f"str r3, [sp, #{_TILES_AT}]", f"str r2, [sp, #{_OUTPUT_AT}]"]
    enter += ["mov r2, r1", "mov r1, r0", *asm.lines(writer.begin())]
    leave = ["add sp, sp, #8", "pop.w {r4-r11, pc}"]
    turns = f" in turns of {2 * shape.chunk}" if shape.chunk else ""
    comment = (
        f"{2 * len(shape.pairs)} products an output{turns}, {PIXELS} pixels by {CHANNELS} channels a tile, "
        f"{shape.rounding.value}.\nvoid {name}(const int16_t *input, const int32_t *constants, int8_t *output, "
        "uint32_t tiles)"
    )
    return Routine(name, "nn_tile_t", comment, (*enter, *writer.loop(f".L{name}"), *leave))


def _turns(pair: int) -> list[tuple[int, int]]:
    """(pixel, channel) in the order of pair ``pair``: every other one begins with the channel the last one ended on."""
    return [(pixel, channel ^ (pair & 1)) for pixel, channel in _TURNS]


class _TileWriter:
    """Writes the parts of a function; a tile's first words and biases are loaded when its products begin."""

    def __init__(self, shape: TileShape) -> None:
        self._shape = shape
        self._first, *self._turns = shape.chunks

    def begin(self) -> list[Instruction]:
        """What a tile finds loaded: the biases, in the sums of the last pixel, and the first words."""
        biases = [asm.ldr(_SUMS[-1][channel], _WEIGHTS, 4 * channel) for channel in range(CHANNELS)]
        return [*biases, *self._load(_BIAS_BYTES, self._first[0])]

    def loop(self, label: str) -> list[str]:
        """All tiles."""
        if not self._turns:
            body = [*self._products(self._first, _BIAS_BYTES, begins=True)]
            body += [*self._finish(_BIAS_BYTES + 8 * len(self._first), 0, 0), *self.begin()]
            return asm.loop(label, schedule(body).instructions)
        origin = self._first[0]
        before = [*self._products(self._first, _BIAS_BYTES, begins=True, ends_in_step=True)]
        before += self._next_turn(_BIAS_BYTES + 8 * len(self._first))
        # Every turn finds its pairs where the first one had them, from pointers that have moved along.
        turn = tuple(origin + pair - self._turns[0][0] for pair in self._turns[0])
        body = [*self._products(turn, 0, ends_in_step=True), asm.compare_zero(_VALUE[0])]
        body += self._next_turn(8 * len(turn))
        back = _BIAS_BYTES + 8 * len(self._shape.pairs) + 4 * len(self._shape.chunks)
        end = [*self._finish(0, back, self._turns[-1][0] - origin), *self.begin()]
        return [
            ".balign 8",
            f"{label}:",
            *asm.lines(schedule(before).instructions),
            *asm.loop(f"{label}_turn", schedule(body).instructions),
            *asm.lines(schedule(end).instructions),
            f"bne.w {label}",
        ]

    def _load(self, weights_at: int, offset: int) -> list[Instruction]:
        weights = (asm.ldr(_WEIGHT[channel], _WEIGHTS, weights_at + 4 * channel) for channel in range(CHANNELS))
        return [self._value(0, offset), *weights]

    def _next_turn(self, weights_end: int) -> list[Instruction]:
        """Move on by the step, which is loaded, to the next turn's pairs."""
        return [
            asm.add_register(_INPUT, _INPUT, _VALUE[0]),
            asm.add(_WEIGHTS, _WEIGHTS, weights_end + 4),
            *self._load(0, self._first[0]),
        ]

    def _products(
        self, pairs: Sequence[int], weights_at: int, *, begins: bool = False, ends_in_step: bool = False
    ) -> list[Instruction]:
        """Of ``pairs``, whose first words are loaded; ``begins`` with the biases, ``ends_in_step``: loads it."""
        code: list[Instruction] = []
        parity = len(pairs) % 2 if ends_in_step else 0  # what follows starts as if this number were even
        for number, offset in enumerate(pairs):
            turns = _turns(number + parity)
            beside = {0: self._value(1, offset), 1: self._value(2, offset), 3: self._value(3, offset)}
            if number + 1 < len(pairs):
                beside[5] = self._value(0, pairs[number + 1])
                for turn in (6, 7):
                    channel = turns[turn][1]
                    beside[turn] = asm.ldr(_WEIGHT[channel], _WEIGHTS, weights_at + 8 * (number + 1) + 4 * channel)
            elif ends_in_step:
                beside[5] = asm.ldr(_VALUE[0], _WEIGHTS, weights_at + 8 * len(pairs))
            for turn, (pixel, channel) in enumerate(turns):
                total = _SUMS[pixel][channel]
                before = _SUMS[-1][channel] if begins and number == 0 else total
                code.append(asm.multiply_pairs(total, _VALUE[pixel & 1], _WEIGHT[channel], before))
                if turn in beside:
                    code.append(beside[turn])
        return code

    def _value(self, pixel: int, offset: int) -> Instruction:
        return asm.ldr(_VALUE[pixel & 1], _INPUT, self._shape.starts[pixel] + offset)

    def _finish(self, constants_at: int, back: int, moved: int) -> list[Instruction]:
        """Scale, pack and store; the last pixel first, whose sums the next tile's biases need.

        The pointers go on to the next tile: the weights' by ``back`` bytes back, the input's has ``moved`` already.
        """
        shape = self._shape
        words = scaling_code.WORDS[shape.rounding]
        order = (3, 0, 1, 2)
        held = [_FREE[:words], (*_FREE[words:], *_FREE[: 2 * words - len(_FREE)])[:words]]
        code: list[Instruction] = []
        for channel in range(CHANNELS):
            at = constants_at + 4 * words * channel
            code += scaling_code.load(shape.rounding, held[channel], _WEIGHTS, at)
            scaled = [scaling_code.scale(shape.rounding, _SUMS[p][channel], held[channel], shape.shift) for p in order]
            code += _interleaved(scaled)
        code += asm.move_pointer(_WEIGHTS, -back)
        output, tiles = _FREE[0], _FREE[1]
        code += [asm.ldr(output, "sp", _OUTPUT_AT, cell="output"), asm.ldr(tiles, "sp", _TILES_AT, cell="tiles")]
        code += scaling_code.load_clamp(shape.clamp, _WEIGHT)
        for pixel in order:
            code.append(asm.insert_byte(_SUMS[pixel][0], _SUMS[pixel][1]))
            code += scaling_code.clamp_bytes(shape.clamp, _SUMS[pixel][0], _WEIGHT)
            code.append(asm.store(_SUMS[pixel][0], output, pixel * shape.output_step, size="h"))
        return [
            *code,
            *asm.move_pointer(output, PIXELS * shape.output_step),
            asm.store(output, "sp", _OUTPUT_AT, cell="output"),
            asm.count_down(tiles),
            asm.store(tiles, "sp", _TILES_AT, cell="tiles"),
            *asm.move_pointer(_INPUT, shape.step - moved),
        ]


def _interleaved(sequences: Sequence[Sequence[Instruction]]) -> list[Instruction]:
    """First instructions first."""
    return [instruction for step in zip(*sequences, strict=True) for instruction in step]
