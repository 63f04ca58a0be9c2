"""The instructions of requantize.py's forms."""

from __future__ import annotations

from collections.abc import Sequence

from model.compiler.fast import assembly as asm
from model.compiler.fast.assembly import Instruction
from model.compiler.fast.requantize import ByteClamp, Channel, Rounding

WORDS = {Rounding.SHARED: 2, Rounding.OWN: 3, Rounding.SIGNED: 3}
"""Constants of a channel that its scaling loads: multiplier, addend and, but for ``SHARED``, shift."""


def constants(channel: Channel, rounding: Rounding) -> list[int]:
    """What ``load`` expects in memory."""
    return [channel.multiplier, channel.addend, channel.shift][: WORDS[rounding]]


def load(rounding: Rounding, into: Sequence[str], pointer: str, offset: int) -> list[Instruction]:
    """Load a channel's constants."""
    return [asm.ldr(into[at], pointer, offset + 4 * at) for at in range(WORDS[rounding])]


def load_clamp(clamp: ByteClamp, into: Sequence[str]) -> list[Instruction]:
    """What ``clamp_bytes`` finds in two registers."""
    values = ((clamp.lift, into[0]), (clamp.cut, into[1]))
    return [asm.repeat_byte(register, value) for value, register in values if value]


def clamp_bytes(clamp: ByteClamp, value: str, held: Sequence[str]) -> list[Instruction]:
    """Clamp every byte of ``value``."""
    code = [asm.add_bytes(value, value, held[0])] if clamp.lift else []
    return [*code, *([asm.subtract_bytes(value, value, held[1])] if clamp.cut else [])]


def scale(rounding: Rounding, value: str, constants_in: Sequence[str], shift: int) -> list[Instruction]:
    """Turn the sum in ``value`` into the int8 of the output; ``shift`` is that of ``SHARED``."""
    multiplier, addend = constants_in[:2]
    if rounding is Rounding.SHARED:
        return [asm.multiply_high(value, value, multiplier, addend), asm.saturate(value, value, shift)]
    by = constants_in[2]
    if rounding is Rounding.OWN:
        first = [asm.multiply_high(value, value, multiplier, addend)]
    else:
        first = [
            asm.multiply_high_rounded(value, value, multiplier),
            asm.add_sign(value, value),
            asm.add_register(value, value, addend),
        ]
    return [*first, asm.shift_right(value, value, by), asm.saturate(value, value)]
