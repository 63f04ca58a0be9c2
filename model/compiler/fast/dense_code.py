"""One pixel's outputs, eight at a time, from int8 weights that stay int8 in flash: there every byte is read once.

Two channels' weights share a halfword, a + 256 b. A word of two inputs times a word of them gives the sum of
(a + 256 b) x in one multiplication; ``sxtb16`` of the word leaves a, so a second one gives the sum of a x; their
difference is 256 times the sum of b x. So four products need one load, one extension and two multiplications: half a
cycle a product, as many as with 16-bit weights, of which flash would have to deliver twice as many bytes.
"""

from __future__ import annotations

from model.compiler.fast import assembly as asm
from model.compiler.fast.assembly import Instruction, Routine
from model.compiler.fast.schedule import schedule

OUTPUTS = 8  # of a block
TURNS = (32, 16, 8)  # values a turn of the inner loop may have
_PAIRS = OUTPUTS // 2
_INPUT, _WEIGHTS = "r1", "r2"
_LOW = ("r3", "r4", "r5", "r6")  # sums of a
_BOTH = ("r7", "r8", "r9", "r10")  # sums of a + 256 b
_WEIGHT = ("r11", "r12")
_VALUE = ("r0", "lr")
_INPUT_AT, _TURNS_AT, _OUTPUT_AT, _BLOCKS_AT, _LEFT_AT, _FRAME = 0, 4, 8, 12, 16, 24
_NEXT_VALUE = 2  # the pair at which the next word of values is loaded; until then its register holds extensions


def scaling_words(*, own: bool) -> int:
    """Behind a block's weights: multipliers, the addend's upper word, and a lower one, or one for each output."""
    return OUTPUTS + 1 + (OUTPUTS if own else 1)


def turn_inputs(inputs: int) -> int:
    """Values a turn for so many inputs: few that are filled up, and few turns."""
    return min(TURNS, key=lambda turn: -(-inputs // turn) * (9 * turn + 14))


def dense_routine(shift: int, turn: int, *, own: bool) -> Routine:
    """``void dense_N(const int16_t *input, const uint32_t *constants, int8_t *output, const uint32_t *counts)``.

    ``counts``: blocks, and turns of a block, both at least one. ``constants`` of a block: biases, weights by inputs,
    multipliers, addend, whose lower word is each output's ``own``, or all outputs'.
    """
    name = f"dense_{shift}_{turn}_{'own' if own else 'shared'}"
    enter = ["push.w {r4-r11, lr}", f"sub sp, sp, #{_FRAME}", f"str r0, [sp, #{_INPUT_AT}]", "ldrd r4, r5, [r3]"]
    enter += [f"str r4, [sp, #{_BLOCKS_AT}]", f"str r5, [sp, #{_TURNS_AT}]", f"str r2, [sp, #{_OUTPUT_AT}]"]
    block = [
        *asm.lines(schedule(_begin()).instructions),
        f".L{name}:",
        *asm.loop(f".L{name}_turn", schedule(_turn(turn // 2)).instructions),
        *asm.lines(schedule([*_finish(shift, own), *_begin()]).instructions),
        f"bne.w .L{name}",
    ]
    comment = (
        f"Blocks of {OUTPUTS} outputs, {turn} inputs a turn, shifted by {shift}.\n"
        f"void {name}(const int16_t *input, const uint32_t *constants, int8_t *output, const uint32_t *counts)"
    )
    leave = [f"add sp, sp, #{_FRAME}", "pop.w {r4-r11, pc}"]
    return Routine(name, "nn_dense_t", comment, (*enter, "mov r2, r1", *block, *leave))


def _begin() -> list[Instruction]:
    """Biases, pointers, and the first words of a turn."""
    code = [
        asm.ldr(_VALUE[1], "sp", _TURNS_AT),
        asm.ldr(_INPUT, "sp", _INPUT_AT),
        asm.store(_VALUE[1], "sp", _LEFT_AT, cell="left"),
    ]
    for pair, (low, both) in enumerate(zip(_LOW, _BOTH, strict=True)):
        code += [asm.ldr(low, _WEIGHTS, 8 * pair), asm.ldr(both, _WEIGHTS, 8 * pair + 4)]
    code += [asm.add_shifted(both, low, both, 8) for low, both in zip(_LOW, _BOTH, strict=True)]
    return [*code, asm.add(_WEIGHTS, _WEIGHTS, 4 * OUTPUTS), *_first_words()]


def _first_words() -> list[Instruction]:
    return [asm.ldr(_VALUE[0], _INPUT, 0), *(asm.ldr(_WEIGHT[at], _WEIGHTS, 4 * at) for at in range(2))]


def _turn(words: int) -> list[Instruction]:
    code: list[Instruction] = []
    for word in range(words):
        value, other = _VALUE[word & 1], _VALUE[word + 1 & 1]
        for pair in range(_PAIRS):
            number = word * _PAIRS + pair
            weights = _WEIGHT[number & 1]
            if pair == _NEXT_VALUE and word + 1 < words:
                code.append(asm.ldr(other, _INPUT, 4 * (word + 1)))
            low = other if pair < _NEXT_VALUE else weights
            extension = asm.widen_even(low, weights)
            both = asm.multiply_pairs(_BOTH[pair], weights, value, _BOTH[pair])
            last = asm.multiply_pairs(_LOW[pair], low, value, _LOW[pair])
            following = number + 2 < words * _PAIRS
            load = [asm.ldr(weights, _WEIGHTS, 4 * (number + 2))] if following else []
            code += [extension, both, *load, last] if low == other else [both, extension, last, *load]
    code += [asm.add(_INPUT, _INPUT, 4 * words), asm.add(_WEIGHTS, _WEIGHTS, 4 * words * _PAIRS), *_first_words()]
    left = _VALUE[1]
    code += [asm.ldr(left, "sp", _LEFT_AT, cell="left"), asm.count_down(left)]
    return [*code, asm.store(left, "sp", _LEFT_AT, cell="left")]


def _finish(shift: int, own: bool) -> list[Instruction]:
    """Part the sums, scale, pack, store. Registers go round, so that loads run ahead."""
    free = [*_WEIGHT, *_VALUE, _INPUT]
    results: list[str] = []
    code: list[Instruction] = []
    for pair, (low, both) in enumerate(zip(_LOW, _BOTH, strict=True)):
        code += [asm.subtract_register(both, both, low), asm.shift_right_by(both, both, 8)]
        for channel, total in enumerate((low, both)):
            multiplier, tail, result = free[:3]
            code += [
                asm.ldr(multiplier, _WEIGHTS, 4 * (2 * pair + channel)),
                asm.ldr(tail, _WEIGHTS, 4 * (OUTPUTS + 1 + (2 * pair + channel if own else 0))),
                asm.ldr(result, _WEIGHTS, 4 * OUTPUTS),
                asm.multiply_long(tail, result, total, multiplier),
                asm.saturate(result, result, shift),
            ]
            free = [*free[3:], multiplier, tail, total]
            results.append(result)
        code.append(asm.insert_byte(*results[-2:]))
        free.append(results.pop())
    output, blocks = free[:2]
    code += [asm.ldr(output, "sp", _OUTPUT_AT, cell="output"), asm.ldr(blocks, "sp", _BLOCKS_AT, cell="blocks")]
    for half, (first, second) in enumerate(zip(results[::2], results[1::2], strict=True)):
        code += [asm.pack_low(first, first, second), asm.store(first, output, 4 * half)]
    return [
        *code,
        asm.add(output, output, OUTPUTS),
        asm.store(output, "sp", _OUTPUT_AT, cell="output"),
        asm.count_down(blocks),
        asm.store(blocks, "sp", _BLOCKS_AT, cell="blocks"),
        asm.add(_WEIGHTS, _WEIGHTS, 4 * scaling_words(own=own)),
    ]
