"""The line table of an ELF file: which source line each address of its code comes from (DWARF 5, 6.2).

The file may be anybody's. What is damaged, larger than a firmware's, or compressed beyond the limit is refused with one
line; file names are only names, nothing is opened by them here.
"""

from __future__ import annotations

import bisect
import io
import posixpath
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.engine.elf_parts import ElfParts
from sim.errors import CrosscamError
from sim.reading import UnreadableError, plain_bytes

LARGEST_FILE = 1 << 28
LARGEST_SECTION = 1 << 26
"""Bytes of one section of debug information."""
MOST_ENTRIES = 1 << 21
"""Rows of all line programs together."""
MOST_UNITS = 1 << 15
LONGEST_NAME = 1024
SECONDS = 60.0
"""Of wall time to read all of it."""
_SHF_COMPRESSED = 0x800


@dataclass(frozen=True, order=True)
class LineRange:
    """Addresses from ``start`` to ``end`` (excluded) come from ``line`` of ``file``, a name of ``LineTable.files``."""

    start: int
    end: int
    file: int
    line: int


class LineTable:
    """Every range of ``content``, an ELF file's bytes.

    Attributes:
        files: paths as the compiler was given them, a relative one below its folder.
        ranges: by rising address, without overlaps.

    Raises:
        UnreadableError: it has no line table, or a damaged one.
    """

    def __init__(self, content: bytes) -> None:
        self.files: list[str] = []
        self._numbers: dict[str, int] = {}
        self._until = time.monotonic() + SECONDS
        found: list[LineRange] = []
        try:
            functions = {(at, at + size) for _, at, size, is_function in ElfParts(content).symbols if is_function}
            for unit, program in _programs(content):
                self._hurry()
                for sequence in self._sequences(unit, program, MOST_ENTRIES - len(found)):
                    if sequence[0].start or _is_there(sequence, functions):
                        found += sequence
        except UnreadableError:
            raise
        except RecursionError:
            raise UnreadableError("its debug information is damaged: it leads to itself") from None
        except Exception as error:  # pyelftools fails in many ways on damaged data
            raise UnreadableError(f"its debug information is damaged ({type(error).__name__})") from error
        self.ranges = _without_overlaps(found)
        self._starts = [each.start for each in self.ranges]

    @classmethod
    def read(cls, path: Path) -> LineTable:
        """The line table of a file.

        Raises:
            CrosscamError: it cannot be read, or has none.
        """
        try:
            return cls(plain_bytes(path, LARGEST_FILE))
        except (OSError, UnreadableError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise CrosscamError(f"{path}: no source lines ({reason}); build the firmware with -g") from error

    def at(self, address: int) -> tuple[str, int] | None:
        """File and line of the code at ``address``."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0 or address >= self.ranges[index].end:
            return None
        return self.files[self.ranges[index].file], self.ranges[index].line

    def _hurry(self) -> None:
        if time.monotonic() > self._until:
            raise UnreadableError(f"its debug information takes more than {SECONDS:g} s to read")

    def _sequences(self, unit: Any, program: Any, most: int) -> Iterator[list[LineRange]]:
        """The ranges of one unit, by the sequences the linker has placed; a line 0 is nobody's (6.2.2)."""
        numbers: dict[int, int] = {}
        before = None
        sequence: list[LineRange] = []
        for count, entry in enumerate(program.get_entries()):
            if count > most:
                raise UnreadableError(f"its line table has more than {MOST_ENTRIES} rows")
            state = entry.state
            if state is None:
                continue
            if before is not None and before.line and before.address < state.address <= 1 << 32:
                if before.file not in numbers:
                    numbers[before.file] = self._number(_path(unit, program, before.file))
                line = min(before.line, 1 << 31)
                sequence.append(LineRange(before.address, state.address, numbers[before.file], line))
            before = state
            if state.end_sequence:
                if sequence:
                    yield sequence
                before, sequence = None, []

    def _number(self, path: str) -> int:
        if path not in self._numbers:
            self._numbers[path] = len(self.files)
            self.files.append(path)
        return self._numbers[path]


def _is_there(sequence: list[LineRange], functions: set[tuple[int, int]]) -> bool:
    """Code that begins at address 0 is in the firmware, not of a section the linker has dropped: those lie at 0 too."""
    ends = {end for _, end in functions}
    return sequence[-1].end in ends and any(start == 0 < end for start, end in functions)


def _programs(content: bytes) -> Iterator[tuple[Any, Any]]:
    """Each unit with a line program."""
    from elftools.elf.elffile import ELFFile

    elf = ELFFile(io.BytesIO(content))
    _refuse_large(elf, len(content))
    if not elf.has_dwarf_info(strict=True):
        raise UnreadableError("it has no debug information")
    dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False, follow_links=False)
    for count, unit in enumerate(dwarf.iter_CUs()):
        if count == MOST_UNITS:
            raise UnreadableError(f"its debug information has more than {MOST_UNITS} units")
        program = dwarf.line_program_for_CU(unit)
        if program is not None:
            yield unit, program


def _refuse_large(elf: Any, size: int) -> None:
    """Before pyelftools reads, and unpacks, a section whole."""
    if elf.num_sections() > 1 << 13:
        raise UnreadableError("it has more sections than a firmware")
    for section in elf.iter_sections():
        if not section.name.startswith((".debug", ".zdebug")) or section["sh_type"] == "SHT_NOBITS":
            continue
        held = section["sh_size"]
        if section["sh_offset"] + held > size:
            raise UnreadableError(f"truncated: {section.name} ends at byte {section['sh_offset'] + held} of {size}")
        if section["sh_flags"] & _SHF_COMPRESSED:
            held = section.data_size
        if held > LARGEST_SECTION or section.name.startswith(".zdebug"):
            raise UnreadableError(f"{section.name} has {held} bytes, expected {LARGEST_SECTION} at most")


def _path(unit: Any, program: Any, number: int) -> str:
    """Files and folders count from 0 in DWARF 5, from 1 before, folder 0 being the compiler's own (6.2.4)."""
    five = program["version"] >= 5
    entry = program["file_entry"][number if five else number - 1]
    folders = program["include_directory"]
    folder = ""
    if five or entry.dir_index:
        folder = _text(folders[entry.dir_index if five else entry.dir_index - 1])
    own = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
    return posixpath.normpath(posixpath.join(_text(own.value) if own is not None else "", folder, _text(entry.name)))


def _text(name: Any) -> str:
    if isinstance(name, bytes):
        return name[:LONGEST_NAME].decode("utf-8", "backslashreplace")
    return str(getattr(name, "value", name))[:LONGEST_NAME]


def _without_overlaps(found: list[LineRange]) -> list[LineRange]:
    """By rising address; where ranges overlap, the earlier counts."""
    kept: list[LineRange] = []
    for each in sorted(found):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
        elif each.end > kept[-1].end:
            kept.append(LineRange(kept[-1].end, each.end, each.file, each.line))
    return kept
