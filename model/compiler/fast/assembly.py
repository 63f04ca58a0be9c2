"""Instructions of the generated kernels: their text, and what the scheduler has to know of them.

Only what the generators use is here. Every instruction takes its 32-bit encoding, so that code lies in ITCM as two
instructions to the 8 bytes that are fetched a cycle, and its size is known before it is assembled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

BYTES = 4  # of an instruction
FARTHEST = 4095  # bytes from a pointer that a load or store can name


class Unit(IntEnum):
    """What an instruction occupies; which two may issue together is the scheduler's (schedule.py)."""

    ALU = 0
    SHIFT = 1
    """A shift of its own, as ``asr``."""
    SHIFTED = 2
    """An ALU operation with a shifted operand."""
    BITS = 3
    """SIMD, saturation, bit fields."""
    MULTIPLY = 4
    LOAD = 5
    STORE = 6


class Reader(IntEnum):
    """The stage in which an operand is needed, earliest first."""

    EARLY = 0
    """The operand of a shift beside an operation, of a bit-field or SIMD operation; an address."""
    FACTOR = 1
    LATE = 2
    ACCUMULATOR = 3
    STORED = 4


class Writer(IntEnum):
    """The stage a result comes from."""

    LATE = 0
    WORD = 1
    """A load."""
    PRODUCT = 2


@dataclass(frozen=True)
class Instruction:
    """One line of assembly. Registers are named r0..r12, lr, sp; a memory cell that has to keep its order of reads and
    writes is named as a register would be, for example "count"."""

    text: str
    unit: Unit
    reads: tuple[tuple[str, Reader], ...]
    writes: tuple[tuple[str, Writer], ...]


def ldr(to: str, pointer: str, offset: int, *, cell: str = "") -> Instruction:
    """Load the word at ``pointer`` + ``offset`` bytes."""
    reads = ((pointer, Reader.EARLY), *(((cell, Reader.STORED),) if cell else ()))
    return Instruction(f"ldr.w {to}, [{pointer}, #{_reachable(offset)}]", Unit.LOAD, reads, ((to, Writer.WORD),))


def ldr_half(to: str, pointer: str, offset: int) -> Instruction:
    """Load the halfword at ``pointer`` + ``offset`` bytes."""
    text = f"ldrh.w {to}, [{pointer}, #{_reachable(offset)}]"
    return Instruction(text, Unit.LOAD, ((pointer, Reader.EARLY),), ((to, Writer.WORD),))


def store(value: str, pointer: str, offset: int, *, size: str = "", cell: str = "") -> Instruction:
    """Store a word, or with ``size`` "h" or "b" its low part, at ``pointer`` + ``offset`` bytes."""
    writes = ((cell, Writer.LATE),) if cell else ()
    return Instruction(
        f"str{size}.w {value}, [{pointer}, #{_reachable(offset)}]",
        Unit.STORE,
        ((value, Reader.STORED), (pointer, Reader.EARLY)),
        writes,
    )


def add(to: str, value: str, constant: int) -> Instruction:
    """Add a constant, 0..4095."""
    return Instruction(
        f"addw {to}, {value}, #{_reachable(constant)}", Unit.ALU, ((value, Reader.LATE),), ((to, Writer.LATE),)
    )


def move_pointer(pointer: str, distance: int) -> list[Instruction]:
    """Add ``distance`` bytes, which may be negative or more than an instruction's constant can be."""
    name = "addw" if distance > 0 else "subw"
    steps = [min(FARTHEST, abs(distance) - at) for at in range(0, abs(distance), FARTHEST)]
    ends = ((pointer, Reader.LATE),), ((pointer, Writer.LATE),)
    return [Instruction(f"{name} {pointer}, {pointer}, #{step}", Unit.ALU, *ends) for step in steps]


def compare_zero(value: str) -> Instruction:
    """Set the flags by ``value``."""
    return Instruction(f"cmp.w {value}, #0", Unit.ALU, ((value, Reader.LATE),), (("flags", Writer.LATE),))


def add_register(to: str, left: str, right: str) -> Instruction:
    """Add two registers."""
    reads = ((left, Reader.LATE), (right, Reader.LATE))
    return Instruction(f"add.w {to}, {left}, {right}", Unit.ALU, reads, ((to, Writer.LATE),))


def subtract_register(to: str, left: str, right: str) -> Instruction:
    """``left`` - ``right``."""
    reads = ((left, Reader.LATE), (right, Reader.LATE))
    return Instruction(f"sub.w {to}, {left}, {right}", Unit.ALU, reads, ((to, Writer.LATE),))


def add_shifted(to: str, left: str, right: str, shift: int) -> Instruction:
    """``left`` + (``right`` << ``shift``)."""
    reads = ((left, Reader.LATE), (right, Reader.EARLY))
    return Instruction(f"add.w {to}, {left}, {right}, lsl #{shift}", Unit.SHIFTED, reads, ((to, Writer.LATE),))


def add_sign(to: str, value: str) -> Instruction:
    """Subtract 1 where ``value`` is negative."""
    return Instruction(
        f"add.w {to}, {value}, {value}, asr #31", Unit.SHIFTED, ((value, Reader.EARLY),), ((to, Writer.LATE),)
    )


def count_down(counter: str) -> Instruction:
    """Subtract 1 and set the flags."""
    writes = ((counter, Writer.LATE), ("flags", Writer.LATE))
    return Instruction(f"subs.w {counter}, {counter}, #1", Unit.ALU, ((counter, Reader.LATE),), writes)


def shift_right_by(to: str, value: str, by: int) -> Instruction:
    """Arithmetic shift by a constant."""
    return Instruction(f"asr.w {to}, {value}, #{by}", Unit.SHIFT, ((value, Reader.LATE),), ((to, Writer.LATE),))


def shift_right(to: str, value: str, by: str) -> Instruction:
    """Arithmetic shift by the low byte of a register."""
    reads = ((value, Reader.LATE), (by, Reader.LATE))
    return Instruction(f"asr.w {to}, {value}, {by}", Unit.SHIFT, reads, ((to, Writer.LATE),))


def saturate(to: str, value: str, shift: int = 0) -> Instruction:
    """``value`` >> ``shift``, at most 31, saturated to int8."""
    shifted = f", asr #{shift}" if shift else ""
    return Instruction(f"ssat {to}, #8, {value}{shifted}", Unit.BITS, ((value, Reader.EARLY),), ((to, Writer.LATE),))


def repeat_byte(to: str, value: int) -> Instruction:
    """``value``, 1..255, in all four bytes."""
    return Instruction(f"mov.w {to}, #0x{value * 0x01010101:08X}", Unit.ALU, (), ((to, Writer.LATE),))


def add_bytes(to: str, left: str, right: str) -> Instruction:
    """The sums of four signed bytes, each saturated."""
    reads = ((left, Reader.EARLY), (right, Reader.EARLY))
    return Instruction(f"qadd8 {to}, {left}, {right}", Unit.BITS, reads, ((to, Writer.LATE),))


def subtract_bytes(to: str, left: str, right: str) -> Instruction:
    """The differences of four signed bytes, each saturated."""
    reads = ((left, Reader.EARLY), (right, Reader.EARLY))
    return Instruction(f"qsub8 {to}, {left}, {right}", Unit.BITS, reads, ((to, Writer.LATE),))


def insert_byte(to: str, value: str) -> Instruction:
    """The low byte of ``value`` becomes the second byte of ``to``."""
    reads = ((to, Reader.LATE), (value, Reader.EARLY))
    return Instruction(f"bfi {to}, {value}, #8, #8", Unit.BITS, reads, ((to, Writer.LATE),))


def widen_even(to: str, value: str) -> Instruction:
    """Bytes 0 and 2 as two signed halves."""
    return Instruction(f"sxtb16 {to}, {value}", Unit.BITS, ((value, Reader.EARLY),), ((to, Writer.LATE),))


def widen_odd(to: str, value: str) -> Instruction:
    """Bytes 1 and 3 as two signed halves."""
    text = f"sxtb16 {to}, {value}, ror #8"
    return Instruction(text, Unit.BITS, ((value, Reader.EARLY),), ((to, Writer.LATE),))


def widen_byte(to: str, value: str, number: int) -> Instruction:
    """Byte ``number`` as a signed word."""
    text = f"sxtb.w {to}, {value}" + (f", ror #{8 * number}" if number else "")
    return Instruction(text, Unit.BITS, ((value, Reader.EARLY),), ((to, Writer.LATE),))


def pack_low(to: str, low: str, high: str) -> Instruction:
    """The low halves of two registers."""
    reads = ((low, Reader.LATE), (high, Reader.EARLY))
    return Instruction(f"pkhbt {to}, {low}, {high}, lsl #16", Unit.BITS, reads, ((to, Writer.LATE),))


def pack_high(to: str, low: str, high: str) -> Instruction:
    """The high halves of two registers."""
    reads = ((high, Reader.LATE), (low, Reader.EARLY))
    return Instruction(f"pkhtb {to}, {high}, {low}, asr #16", Unit.BITS, reads, ((to, Writer.LATE),))


def multiply_pairs(to: str, left: str, right: str, accumulator: str) -> Instruction:
    """``accumulator`` + both products of the halves."""
    return _multiply("smlad", to, left, right, accumulator)


def multiply_halves(to: str, left: str, left_half: str, right: str, right_half: str, accumulator: str) -> Instruction:
    """``accumulator`` + the product of two halves, each "b" (low) or "t" (high)."""
    return _multiply(f"smla{left_half}{right_half}", to, left, right, accumulator)


def multiply_add(to: str, left: str, right: str, accumulator: str) -> Instruction:
    """``accumulator`` + ``left`` * ``right``, the low word."""
    return _multiply("mla", to, left, right, accumulator)


def multiply_high(to: str, left: str, right: str, accumulator: str) -> Instruction:
    """``accumulator`` + floor(``left`` * ``right`` / 2^32)."""
    return _multiply("smmla", to, left, right, accumulator)


def multiply_long(low: str, high: str, left: str, right: str) -> Instruction:
    """Add the 64-bit product to ``high`` and ``low``."""
    factors = ((left, Reader.FACTOR), (right, Reader.FACTOR))
    sums = ((low, Reader.ACCUMULATOR), (high, Reader.ACCUMULATOR))
    writes = ((low, Writer.PRODUCT), (high, Writer.PRODUCT))
    return Instruction(f"smlal {low}, {high}, {left}, {right}", Unit.MULTIPLY, (*factors, *sums), writes)


def multiply_high_rounded(to: str, left: str, right: str) -> Instruction:
    """``left`` * ``right`` / 2^32 to nearest, ties up."""
    reads = ((left, Reader.FACTOR), (right, Reader.FACTOR))
    return Instruction(f"smmulr {to}, {left}, {right}", Unit.MULTIPLY, reads, ((to, Writer.PRODUCT),))


def _multiply(name: str, to: str, left: str, right: str, accumulator: str) -> Instruction:
    reads = ((left, Reader.FACTOR), (right, Reader.FACTOR), (accumulator, Reader.ACCUMULATOR))
    return Instruction(f"{name} {to}, {left}, {right}, {accumulator}", Unit.MULTIPLY, reads, ((to, Writer.PRODUCT),))


def _reachable(offset: int) -> int:
    if not 0 <= offset <= FARTHEST:
        raise OutOfReachError(f"{offset} bytes from a pointer, expected 0 to {FARTHEST}")
    return offset


class OutOfReachError(ValueError):
    """A shape whose data no immediate offset reaches."""


@dataclass(frozen=True)
class Routine:
    """A function of the generated assembly, of type ``ctype`` in C; ``comment`` says what it computes and takes."""

    name: str
    ctype: str
    comment: str
    lines: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of code, at most."""
        return BYTES * sum(1 for line in self.lines if not line.endswith(":") and not line.startswith(".")) + 16

    def text(self, prefix: str) -> str:
        """The function for an assembler, in ITCM, with ``prefix`` before its name."""
        body = "\n".join(line if line.endswith(":") else f"    {line}" for line in self.lines)
        comment = "\n".join(f" * {line}" for line in self.comment.splitlines())
        name = prefix + self.name
        return (
            f'/*\n{comment}\n */\n    .section .itcm_text, "ax", %progbits\n    .balign 8\n'
            f"    .global {name}\n    .type {name}, %function\n    .thumb_func\n{name}:\n{body}\n"
            f"    .size {name}, . - {name}\n"
        )


def lines(instructions: Iterable[Instruction]) -> list[str]:
    """Their texts."""
    return [instruction.text for instruction in instructions]


def loop(label: str, body: Sequence[Instruction]) -> list[str]:
    """``body``, which sets the flags, until they say zero; entered on a fetch boundary."""
    return [".balign 8", f"{label}:", *lines(body), f"bne.w {label}"]


def file_text(routines: Sequence[Routine], prefix: str, title: str) -> str:
    """An assembler source with ``routines``, their names behind ``prefix``."""
    head = f"/* {title} */\n    .syntax unified\n    .cpu cortex-m7\n    .thumb\n"
    return "\n".join([head, *(routine.text(prefix) for routine in routines)])
