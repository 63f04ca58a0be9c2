"""What there is to cover in an ELF file: its lines, its branches, its functions."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.dwarf.line_table import LARGEST_FILE, LineTable
from sim.engine.elf_parts import ElfParts
from sim.errors import CrosscamError
from sim.reading import UnreadableError, plain_bytes

_WIDE = 0xE800  # a first halfword from here on has a second one (ARM DDI 0403E A5.1)


@dataclass(frozen=True)
class Function:
    """A function and where it is defined, as far as the line table says."""

    name: str
    address: int
    file: str
    line: int


class Program:
    """One file.

    Attributes:
        lines: its line table.
        branches: addresses of its conditional branches (B<c>, CBZ, CBNZ), rising, with those of lines only.
        functions: those with lines, by address; one name each.

    Raises:
        CrosscamError: it cannot be read, or has no debug information.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = LineTable.read(path)
        try:
            parts = ElfParts(plain_bytes(path, LARGEST_FILE))
        except (OSError, UnreadableError) as error:
            raise CrosscamError(f"{path}: not a readable ELF file ({error})") from error
        self._segments = [(at, data) for at, (_, data) in zip(parts.runs_at, parts.segments, strict=True)]
        self._marks = sorted(parts.data_marks)
        self._mark_places = [place for place, _ in self._marks]
        self.branches = sorted(
            {branch for each in self.lines.ranges for branch in self._branches(each.start, each.end)}
        )
        names: dict[int, str] = {}
        for name, address, _, is_function in sorted(parts.symbols):
            if is_function:
                names.setdefault(address, name)  # a default handler has the name of each interrupt besides its own
        self.functions = [
            Function(name, address, *place)
            for address, name in sorted(names.items())
            if (place := self.lines.at(address)) is not None
        ]

    def _is_data(self, address: int) -> bool:
        index = bisect.bisect_right(self._mark_places, address) - 1
        return index >= 0 and self._marks[index][1]

    def _code(self, start: int, end: int) -> bytes:
        for base, data in self._segments:
            if base <= start and end <= base + len(data):
                return data[start - base : end - base]
        return b""

    def _branches(self, start: int, end: int) -> Iterator[int]:
        """Conditional branches (A7.7.12: encodings T1 and T3, A7.7.21) in a range of one line."""
        code = self._code(start, end)
        place = 0
        while place + 2 <= len(code):
            address = start + place
            first = int.from_bytes(code[place : place + 2], "little")
            second = int.from_bytes(code[place + 2 : place + 4], "little")
            wide = first >= _WIDE
            short = not wide and ((first & 0xF000 == 0xD000 and first & 0xF00 < 0xE00) or first & 0xF500 == 0xB100)
            long = first & 0xF800 == 0xF000 and second & 0xD000 == 0x8000 and first >> 6 & 0xF < 14
            if (short or long) and not self._is_data(address):
                yield address
            place += 4 if wide else 2
