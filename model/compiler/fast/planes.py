"""A row of pixels as rows of channels: four channels at a time, int16, two neighbours to a word, with their padding.

``sxtb16`` takes channels 0 and 2, or 1 and 3, out of a pixel's word; packing the halves of two pixels gives a word of
each channel: eight packing operations for eight values, and the loads and stores beside them.
"""

from __future__ import annotations

from model.compiler.fast import assembly as asm
from model.compiler.fast.assembly import Instruction, Routine
from model.compiler.fast.rows import LANES
from model.compiler.fast.schedule import schedule

_INPUT, _OUTPUT, _PADDING, _TURNS = "r0", "r1", "r2", "r3"
# Words take turns, so that one is loaded while the other is packed: [turn][pixel] channels 0 and 2, channels 1 and 3.
_PIXELS = ((("r4", "r5"), ("r6", "r7")), (("r8", "r9"), ("r10", "r11")))
_PACKED = ("r12", "lr")
_UNROLLED = 10  # words that need no loop


def planes_routine(name: str, width: int, channels: int, pad: int, pitch: int) -> Routine:
    """``void name(const int8_t *input, int16_t *output, uint32_t padding)``: ``width`` pixels, ``channels`` bytes
    apart, behind ``pad`` values of padding, up to ``pitch`` values a channel, an even number; ``padding`` is the value
    that stands outside the input, twice.
    """
    writer = _WordWriter(width, channels, pad, 2 * pitch)
    inside = [word for word in range(pitch // 2) if writer.inside(2 * word) and writer.inside(2 * word + 1)]
    if len(inside) <= _UNROLLED:
        inside = []
    first = inside[0] if inside else 0
    lines = ["push.w {r4-r11, lr}", *asm.lines(schedule(writer.words(range(first))).instructions)]
    if inside:
        together = 2 if len(inside) % 2 == 0 else 1
        body = writer.words(range(first, first + together))
        lines += [f"mov.w {_TURNS}, #{len(inside) // together}"]
        lines += asm.loop(f".L{name}", schedule([*body, asm.count_down(_TURNS)]).instructions)
    lines += asm.lines(schedule(writer.words(range(first + len(inside), pitch // 2))).instructions)
    comment = (
        f"{width} pixels of {LANES} channels out of {channels} to int16, a row of {pitch} a channel, padded.\n"
        f"void {name}(const int8_t *input, int16_t *output, uint32_t padding)"
    )
    return Routine(name, "nn_planes_t", comment, (*lines, "pop.w {r4-r11, pc}"))


class _WordWriter:
    """Writes words of two neighbours each; the pointers move along where offsets become too large, and at the end."""

    def __init__(self, width: int, channels: int, pad: int, plane_bytes: int) -> None:
        self._width, self._channels, self._pad, self._plane = width, channels, pad, plane_bytes
        self._read = self._written = 0  # bytes beyond the pointers

    def inside(self, position: int) -> bool:
        """Whether a pixel, not padding, is at ``position`` of the row."""
        return self._pad <= position < self._pad + self._width

    def words(self, numbers: range) -> list[Instruction]:
        """Both halves of the words ``numbers``, for all four channels."""
        code: list[Instruction] = []
        for number in numbers:
            pixels = 2 * self._channels + LANES
            if max(self._read + pixels, self._written + LANES * self._plane) > asm.FARTHEST:
                code += self._move()
            code += self._word(number)
        return [*code, *self._move()]

    def _move(self) -> list[Instruction]:
        code = [*asm.move_pointer(_INPUT, self._read), *asm.move_pointer(_OUTPUT, self._written)]
        self._read = self._written = 0
        return code

    def _word(self, number: int) -> list[Instruction]:
        code: list[Instruction] = []
        halves = []
        for at, (even, odd) in enumerate(_PIXELS[number & 1]):
            if not self.inside(2 * number + at):
                halves.append((_PADDING, _PADDING))
                continue
            code += [
                *self._load(2 * number + at - self._pad, odd, even),
                asm.widen_even(even, odd),
                asm.widen_odd(odd, odd),
            ]
            self._read += self._channels
            halves.append((even, odd))
        for channel in range(LANES):
            pack = asm.pack_low if channel < 2 else asm.pack_high
            first, second = halves[0][channel & 1], halves[1][channel & 1]
            packed = _PACKED[channel & 1]
            code.append(pack(packed, first, second))
            code.append(asm.store(packed, _OUTPUT, self._written + channel * self._plane))
        self._written += 4
        return code

    def _load(self, pixel: int, into: str, spare: str) -> list[Instruction]:
        """A pixel's word, by halves where it is known to lie across two: such a load takes four cycles more."""
        across = self._width * self._channels % 4 == 0 and pixel * self._channels % 4 == 2
        if not across:
            return [asm.ldr(into, _INPUT, self._read)]
        halves = [asm.ldr_half(into, _INPUT, self._read), asm.ldr_half(spare, _INPUT, self._read + 2)]
        return [*halves, asm.pack_low(into, into, spare)]
