"""ADD and SUB of two tensors of one shape: two multiplications and a saturating shift an element.

The reference raises both inputs by 20 bits, scales each, adds, and scales the sum, with up to six roundings. All of it
is a function of two int8 values, and close to a linear one: so the compiler looks for

    output = saturate((left * a + right * b + c) >> n)

that gives the reference's value for each of the 65,536 pairs of inputs. For given a, b and n every pair bounds c on
one side or on both, so one pass over the pairs tells whether there is a c and which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from model.compiler.fast import assembly as asm
from model.compiler.fast.assembly import Instruction, Routine
from model.compiler.fast.call import FastCall, NoFastKernelError, Variant
from model.compiler.fast.requantize import NoFormError
from model.compiler.fast.schedule import schedule
from model.compiler.ir import Binary
from model.compiler.kernels.base import elementwise
from model.compiler.kernels.elementwise import ADD_HEADROOM, sum_multipliers
from model.compiler.quantize import INT8, quantize_multiplier

WORD = 4  # elements of a turn
_SHIFTS = range(23, 11, -1)
_NEARBY = 3  # steps from the rounded factors that are tried
_INT32 = 1 << 31
_VALUES = np.arange(INT8[0], INT8[1] + 1, dtype=np.int64)


@dataclass(frozen=True)
class LinearSum:
    """saturate((x * ``left`` + y * ``right`` + ``addend``) >> ``shift``), without overflow for any two int8."""

    left: int
    right: int
    addend: int
    shift: int


def addition(op: Binary) -> list[Variant]:
    """nn_fast_add_s8; raises NoFastKernelError or NoFormError where it does not do."""
    if op.kind not in ("ADD", "SUB"):
        raise NoFastKernelError(f"{op.kind} has no other kernel")
    if op.inputs[0].shape != op.inputs[1].shape:
        raise NoFastKernelError("two inputs of different shapes")
    if any(tensor.data is not None or tensor.root_offset % WORD for tensor in (*op.inputs, op.output)):
        raise NoFastKernelError("a constant, or a part of a tensor that does not begin on a word")
    form = linear_sum(reference_sums(op), op)
    routines = {"add": add_routine(form.shift)}
    return [Variant(routines, 0, lambda _: _call(op, form, routines))]


def reference_sums(op: Binary) -> np.ndarray:
    """What the reference makes of every pair of int8 inputs: (256, 256) from -128 on."""
    left, right, total = sum_multipliers(op.inputs[0], op.inputs[1], op.output)
    scaled = [
        _scaled((_VALUES - tensor.zero_point) << ADD_HEADROOM, real)
        for tensor, real in zip(op.inputs, (left, right), strict=True)
    ]
    sums = scaled[0][:, None] + (scaled[1] if op.kind == "ADD" else -scaled[1])[None, :]
    outputs: np.ndarray = np.clip(_scaled(sums, total) + op.output.zero_point, *op.clamp)
    return outputs


def linear_sum(expected: np.ndarray, op: Binary) -> LinearSum:
    """The form that gives ``expected`` for every pair; raises NoFormError where none was found."""
    if op.clamp != INT8:
        raise NoFormError(f"outputs clamped to {op.clamp[0]}..{op.clamp[1]}, not to all of int8")
    sign = 1 if op.kind == "ADD" else -1
    reals = [tensor.scale / op.output.scale * each for tensor, each in zip(op.inputs, (1, sign), strict=True)]
    for shift in _SHIFTS:
        for left, right in _factors(reals, shift):
            values = left * _VALUES[:, None] + right * _VALUES[None, :]
            least = np.where(expected > INT8[0], (expected << shift) - values, -_INT32).max()
            most = np.where(expected < INT8[1], ((expected + 1) << shift) - values - 1, _INT32 - 1).min()
            if least <= most:
                addend = int(least + most) // 2
                if addend + values.min() >= -_INT32 and addend + values.max() < _INT32:
                    return LinearSum(left, right, addend, shift)
    raise NoFormError("no linear form of this sum agrees with the reference for all inputs")


def add_routine(shift: int) -> Routine:
    """``void add_words_N(const int8_t *left, const int8_t *right, int8_t *output, const int32_t *constants)``.

    ``constants``: words to do, at least one; factors of left and right; addend.
    """
    words, output, factors, addend = "r3", "r2", ("r4", "r5"), "r6"
    inputs, held, sums, value = ("r0", "r1"), ("r7", "r8"), ("r9", "r10", "r11", "r12"), "lr"
    code: list[Instruction] = [asm.ldr(word, pointer, 0) for word, pointer in zip(held, inputs, strict=True)]
    code += [asm.add(pointer, pointer, WORD) for pointer in inputs]
    for number, total in enumerate(sums):
        for word, factor, before in ((held[0], factors[0], addend), (held[1], factors[1], total)):
            code += [asm.widen_byte(value, word, number), asm.multiply_add(total, value, factor, before)]
        code.append(asm.saturate(total, total, shift))
    code += [asm.insert_byte(sums[0], sums[1]), asm.insert_byte(sums[2], sums[3])]
    code += [asm.pack_low(sums[0], sums[0], sums[2]), asm.store(sums[0], output, 0), asm.add(output, output, WORD)]
    name = f"add_words_{shift}"
    lines = ["push.w {r4-r11, lr}", *(f"ldr.w {factor}, [r3, #{4 + 4 * at}]" for at, factor in enumerate(factors))]
    lines += [f"ldr.w {addend}, [r3, #12]", "ldr.w r3, [r3]"]
    lines += asm.loop(f".L{name}", schedule([*code, asm.count_down(words)]).instructions)
    comment = (
        f"Sums of two tensors, shifted by {shift}.\n"
        f"void {name}(const int8_t *left, const int8_t *right, int8_t *output, const int32_t *constants)"
    )
    return Routine(name, "nn_add_words_t", comment, (*lines, "pop.w {r4-r11, pc}"))


def _call(op: Binary, form: LinearSum, routines: dict[str, Routine]) -> FastCall:
    size = op.output.size
    constants = (size // WORD, form.left, form.right, form.addend)
    return FastCall(
        op,
        "nn_fast_add_s8",
        "nn_fast_add_t",
        [
            ("size", str(size)),
            ("constants", "{" + ", ".join(map(str, constants)) + "}"),
            ("shift", str(form.shift)),
            ("add", "{add}"),
        ],
        [elementwise(size) for _ in op.inputs],
        routines=routines,
    )


def _factors(reals: list[float], shift: int) -> Iterator[tuple[int, int]]:
    """Factors of left and right, those nearest to ``reals`` first."""
    near = [round(real * (1 << shift)) for real in reals]
    offsets = sorted(product(range(-_NEARBY, _NEARBY + 1), repeat=2), key=lambda pair: abs(pair[0]) + abs(pair[1]))
    for down, across in offsets:
        yield near[0] + down, near[1] + across


def _scaled(values: np.ndarray, real: float) -> np.ndarray:
    """``multiply_by_quantized_multiplier`` of int32 values."""
    multiplier, shift = quantize_multiplier(real)
    left, right = max(shift, 0), max(-shift, 0)
    wrapped = (((values << left) + _INT32) & (2 * _INT32 - 1)) - _INT32
    high = (wrapped * multiplier + (1 << 30)) >> 31
    result: np.ndarray = (high + (1 << right - 1) - (high < 0)) >> right if right else high
    return result
