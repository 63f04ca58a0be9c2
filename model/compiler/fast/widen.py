"""int8 values to int16 in scratch memory, so that the tile loads pairs it can multiply.

``sxtb16`` takes bytes 0 and 2, or 1 and 3, of a word. A pair of products does not mind which two values it is made of,
so values stay in that order, 0 2 1 3, and the weights follow them: ``split_order``.
"""

from __future__ import annotations

import itertools

import numpy as np

from model.compiler.fast import assembly as asm
from model.compiler.fast.assembly import Instruction, Routine
from model.compiler.fast.schedule import schedule

BLOCK = 8  # values a turn of the loop


def split_order(count: int) -> np.ndarray:
    """The order in which ``widen_split`` leaves ``count`` values, a multiple of 4."""
    return np.arange(count).reshape(-1, 4)[:, [0, 2, 1, 3]].reshape(-1)


def widen_split() -> Routine:
    """``void widen_split(const int8_t *input, int16_t *output, uint32_t blocks)``: 8 values a block, in split order."""
    code: list[Instruction] = []
    for word, (even, odd) in enumerate((("r3", "r4"), ("r5", "r6"))):
        code += [
            asm.ldr(odd, "r0", 4 * word),
            asm.widen_even(even, odd),
            asm.widen_odd(odd, odd),
            asm.store(even, "r1", 8 * word),
            asm.store(odd, "r1", 8 * word + 4),
        ]
    return _loop("widen_split", "8 values a block, each four in the order 0 2 1 3", code)


def widen_in_order() -> Routine:
    """``void widen_in_order(const int8_t *input, int16_t *output, uint32_t blocks)``: 8 values a block."""
    code: list[Instruction] = []
    for word, (even, odd, low) in enumerate((("r3", "r4", "r7"), ("r5", "r6", "r8"))):
        code += [
            asm.ldr(odd, "r0", 4 * word),
            asm.widen_even(even, odd),
            asm.widen_odd(odd, odd),
            asm.pack_low(low, even, odd),
            asm.pack_high(odd, even, odd),
            asm.store(low, "r1", 8 * word),
            asm.store(odd, "r1", 8 * word + 4),
        ]
    return _loop("widen_in_order", "8 values a block", code)


def widen_tiles(inputs: int) -> Routine:
    """``void widen_tiles_N(const int8_t *input, int16_t *output, uint32_t tiles)``: four pixels of ``inputs`` values a
    tile, a multiple of 4; a word of each pixel in turn, values in split order.
    """
    name = f"widen_tiles_{inputs}"
    pointers = ("r0", "r4", "r5", "r6")
    temporaries = (("r7", "r8"), ("r9", "r10"))
    code: list[Instruction] = []
    for pixel, pointer in enumerate(pointers):
        even, odd = temporaries[pixel & 1]
        code += [
            asm.ldr(odd, pointer, 0),
            asm.add(pointer, pointer, 4),
            asm.widen_even(even, odd),
            asm.widen_odd(odd, odd),
            asm.store(even, "r1", 4 * pixel),
            asm.store(odd, "r1", 4 * (len(pointers) + pixel)),
        ]
    code += [asm.add("r1", "r1", 8 * len(pointers)), asm.count_down("r3")]
    # When a tile is done, the last pixel's pointer is at the next one's first.
    rows = [f"add.w {pointer}, {before}, r12" for before, pointer in itertools.pairwise(pointers)]
    lines = ["push.w {r4-r10, lr}", f"movw r12, #{inputs}", f".L{name}:", *rows, f"movw r3, #{inputs // 4}"]
    lines += [*asm.loop(f".L{name}_words", schedule(code).instructions), "mov r0, r6"]
    lines += ["subs.w r2, r2, #1", f"bne.w .L{name}", "pop.w {r4-r10, pc}"]
    comment = (
        f"int8 to int16, four pixels of {inputs} values a tile, by words of 0 2 and 1 3 of each pixel in turn.\n"
        f"void {name}(const int8_t *input, int16_t *output, uint32_t tiles)"
    )
    return Routine(name, "nn_widen_t", comment, tuple(lines))


def _loop(name: str, what: str, code: list[Instruction]) -> Routine:
    code += [asm.add("r0", "r0", BLOCK), asm.add("r1", "r1", 2 * BLOCK), asm.count_down("r2")]
    comment = f"int8 to int16, {what}.\nvoid {name}(const int8_t *input, int16_t *output, uint32_t blocks)"
    body = asm.loop(f".L{name}", schedule(code).instructions)
    return Routine(name, "nn_widen_t", comment, ("push.w {r4-r8, lr}", *body, "pop.w {r4-r8, pc}"))
