"""The tile at the heart of convolutions: four pixels by two channels, two products in every ``smlad``.

Eight sums, two words of weights, two of activations and two pointers are all 14 registers. A word of activations is
used by both channels and one of weights by all four pixels, so eight products need six loads; each load stands on the
last use of its register, beside a multiply, and the inner loop runs at one multiply a cycle: 0.5 cycles a MAC.

A function handles a row of tiles. What a tile costs besides its products, about 24 cycles, overlaps as far as the
scheduler finds room: the scaling of its sums, their stores, and the first loads of the next tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.compiler.fast import assembly as asm
from model.compiler.fast import scaling_code
from model.compiler.fast.assembly import Instruction, Routine
from model.compiler.fast.requantize import Channel, Rounding, Scaling
from model.compiler.fast.schedule import schedule

PIXELS, CHANNELS = 4, 2
_INPUT, _WEIGHTS = "r1", "r2"
_SUMS = (("r3", "r7"), ("r4", "r8"), ("r5", "r9"), ("r6", "r10"))  # [pixel][channel]
_WEIGHT = ("r11", "r12")
_VALUE = ("r0", "lr")
_FREE = (*_VALUE, *_WEIGHT)  # once the products are done
_TILES_AT, _OUTPUT_AT = 0, 4  # in the frame
# The order of a pair's products: each channel's word of weights and each pixel's values are done with in turn.
_TURNS = ((0, 0), (0, 1), (1, 1), (1, 0), (2, 0), (2, 1), (3, 1), (3, 0))


@dataclass(frozen=True)
class TileShape:
    """``pairs``: byte offsets, in a pixel's window, of the words of two values each; ``starts``: of the windows of the
    tile's pixels; ``step``: bytes to the next tile's; ``output_step``: from a pixel's output to the next one's."""

    pairs: tuple[int, ...]
    starts: tuple[int, ...]
    step: int
    output_step: int
    rounding: Rounding
    shift: int

    @property
    def words(self) -> int:
        """Words of constants of a pair of channels: weights, biases, scaling."""
        return CHANNELS * (len(self.pairs) + 1 + scaling_code.WORDS[self.rounding])


def tile_constants(shape: TileShape, first: Channel, second: Channel) -> list[int]:
    """The words a tile reads for two channels: [pair][channel] weights, biases, scaling; weights are two int16 each."""
    words = []
    for pair in range(len(shape.pairs)):
        for channel in (first, second):
            low, high = (int(value) for value in channel.weights[2 * pair : 2 * pair + 2])
            words.append((low & 0xFFFF) | (high & 0xFFFF) << 16)
    words += [first.bias, second.bias]
    for channel in (first, second):
        words += scaling_code.constants(channel, shape.rounding)
    return words


def pair_constants(shape: TileShape, scaling: Scaling) -> list[int]:
    """The words of all pairs of channels in turn."""
    words: list[int] = []
    for first, second in zip(scaling.channels[::2], scaling.channels[1::2], strict=True):
        words += tile_constants(shape, first, second)
    return words


def tile_routine(name: str, shape: TileShape) -> Routine:
    """``void name(const int16_t *input, const int32_t *constants, int8_t *output, uint32_t tiles)``.

    Raises OutOfReachError where an offset is too large for an instruction.
    """
    body = schedule([*_products(shape), *_finish(shape), *_begin(shape)]).instructions
    enter = ["push.w {r4-r11, lr}", "sub sp, sp, #8", f"str r3, [sp, #{_TILES_AT}]", f"str r2, [sp, #{_OUTPUT_AT}]"]
    enter += ["mov r2, r1", "mov r1, r0", *asm.lines(_begin(shape))]
    leave = ["add sp, sp, #8", "pop.w {r4-r11, pc}"]
    comment = (
        f"{2 * len(shape.pairs)} products an output, {PIXELS} pixels by {CHANNELS} channels a tile, "
        f"{shape.rounding.value}.\nvoid {name}(const int16_t *input, const int32_t *constants, int8_t *output, "
        "uint32_t tiles)"
    )
    return Routine(name, "nn_tile_t", comment, (*enter, *asm.loop(f".L{name}", body), *leave))


def _turns(pair: int) -> list[tuple[int, int]]:
    """(pixel, channel) in the order of pair ``pair``: every other one begins with the channel the last one ended on."""
    return [(pixel, channel ^ (pair & 1)) for pixel, channel in _TURNS]


def _begin(shape: TileShape) -> list[Instruction]:
    """What a tile finds loaded: the biases, in the sums of the last pixel, and the first words."""
    return [
        *(asm.ldr(_SUMS[-1][channel], _WEIGHTS, 8 * len(shape.pairs) + 4 * channel) for channel in range(CHANNELS)),
        asm.ldr(_VALUE[0], _INPUT, shape.starts[0] + shape.pairs[0]),
        *(asm.ldr(_WEIGHT[channel], _WEIGHTS, 4 * channel) for channel in range(CHANNELS)),
    ]


def _products(shape: TileShape) -> list[Instruction]:
    code: list[Instruction] = []
    last = len(shape.pairs) - 1
    for pair in range(len(shape.pairs)):
        turns = _turns(pair)
        beside: dict[int, Instruction] = {
            0: _value(shape, 1, pair),
            1: _value(shape, 2, pair),
            3: _value(shape, 3, pair),
        }
        if pair < last:
            beside[5] = _value(shape, 0, pair + 1)
            for turn in (6, 7):
                channel = turns[turn][1]
                beside[turn] = asm.ldr(_WEIGHT[channel], _WEIGHTS, 8 * (pair + 1) + 4 * channel)
        for turn, (pixel, channel) in enumerate(turns):
            total = _SUMS[pixel][channel]
            before = total if pair else _SUMS[-1][channel]
            code.append(asm.multiply_pairs(total, _VALUE[pixel & 1], _WEIGHT[channel], before))
            if turn in beside:
                code.append(beside[turn])
    return code


def _value(shape: TileShape, pixel: int, pair: int) -> Instruction:
    return asm.ldr(_VALUE[pixel & 1], _INPUT, shape.starts[pixel] + shape.pairs[pair])


def _finish(shape: TileShape) -> list[Instruction]:
    """Scale, pack and store; the last pixel first, whose sums the next tile's biases need."""
    words = scaling_code.WORDS[shape.rounding]
    constants_at = 8 * len(shape.pairs) + 4 * CHANNELS
    order = (3, 0, 1, 2)
    held = [_FREE[:words], (*_FREE[words:], *_FREE[: 2 * words - len(_FREE)])[:words]]
    code: list[Instruction] = []
    for channel in range(CHANNELS):
        code += scaling_code.load(shape.rounding, held[channel], _WEIGHTS, constants_at + 4 * words * channel)
        scaled = [scaling_code.scale(shape.rounding, _SUMS[p][channel], held[channel], shape.shift) for p in order]
        code += _interleaved(scaled)
    output, tiles = _FREE[0], _FREE[1]
    code += [asm.ldr(output, "sp", _OUTPUT_AT, cell="output"), asm.ldr(tiles, "sp", _TILES_AT, cell="tiles")]
    for pixel in order:
        code.append(asm.insert_byte(_SUMS[pixel][0], _SUMS[pixel][1]))
        code.append(asm.store(_SUMS[pixel][0], output, pixel * shape.output_step, size="h"))
    code += [
        asm.add(output, output, PIXELS * shape.output_step),
        asm.store(output, "sp", _OUTPUT_AT, cell="output"),
        asm.count_down(tiles),
        asm.store(tiles, "sp", _TILES_AT, cell="tiles"),
        asm.add(_INPUT, _INPUT, shape.step),
    ]
    return code


def _interleaved(sequences: Sequence[Sequence[Instruction]]) -> list[Instruction]:
    """First instructions first."""
    return [instruction for step in zip(*sequences, strict=True) for instruction in step]
