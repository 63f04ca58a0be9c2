"""ELF files that may be anybody's: damaged, absurd, or built to cost memory."""

from __future__ import annotations

import resource
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.elf import ElfImage
from sim.engine.elf_parts import ElfParts
from sim.errors import CrosscamError
from sim.reading import UnreadableError

CODE = bytes(range(64))
STRINGS = b"\0main\0table\0$t\0"
NAMES = b"\0.symtab\0.strtab\0.shstrtab\0.vectors\0"
SYMTAB, STRTAB, PROGBITS = 2, 3, 1
SYMBOLS_OFFSET = 52 + 32 + 64
"""Behind the two headers and the code."""


def image(symbols: list[tuple[int, int, int, int, int, int]] | None = None) -> bytearray:
    """One segment, its section, a symbol table; section headers at the end."""
    rows = symbols or [
        (0, 0, 0, 0, 0, 0),
        (1, 0x08000011, 8, 2, 0, 4),
        (6, 0x08000020, 16, 1, 0, 4),
        (12, 0, 0, 0, 0, 4),
    ]
    table = b"".join(struct.pack("<IIIBBH", *row) for row in rows)
    strings = SYMBOLS_OFFSET + len(table)
    names = strings + len(STRINGS)
    headers = names + len(NAMES)
    sections = [
        (0,) * 10,
        (1, SYMTAB, 0, 0, SYMBOLS_OFFSET, len(table), 2, 1, 4, 16),
        (9, STRTAB, 0, 0, strings, len(STRINGS), 0, 0, 1, 0),
        (17, STRTAB, 0, 0, names, len(NAMES), 0, 0, 1, 0),
        (27, PROGBITS, 2, 0x08000000, 84, 64, 0, 0, 4, 0),
    ]
    magic = b"\x7fELF\x01\x01\x01" + bytes(9)
    header = struct.pack("<16sHHIIIIIHHHHHH", magic, 2, 40, 1, 0x08000011, 52, headers, 0x5000400, 52, 32, 1, 40, 5, 3)
    segment = struct.pack("<IIIIIIII", 1, 84, 0x08000000, 0x08000000, 64, 64, 5, 4)
    return bytearray(
        header + segment + CODE + table + STRINGS + NAMES + b"".join(struct.pack("<10I", *s) for s in sections)
    )


def header_of(section: int) -> int:
    """Where the header of a section stands."""
    return len(image()) - 40 * (5 - section)


def test_what_a_good_one_holds() -> None:
    parts = ElfParts(bytes(image()))
    assert parts.entry == 0x08000011
    assert parts.segments == [(0x08000000, CODE)]
    assert parts.sections == {".vectors": 0x08000000}
    assert parts.symbols == [("main", 0x08000010, 8, True), ("table", 0x08000020, 16, False)]


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (0, b"MZ", "does not begin as one"),
        (4, b"\2", "expected a 32-bit little-endian one"),
        (5, b"\2", "expected a 32-bit little-endian one"),
        (18, b"\x3e\0", "it is for EM_X86_64"),
        (28, b"\xff\xff\xff\xff", "the table of segment headers ends at byte"),
        (42, b"\0\0", "segments of 0 bytes a header"),
        (44, b"\xff\xff", "65535 segments"),
        (44, b"\0\0", "nothing to load"),
        (52, b"\4", "nothing to load"),
        (56, b"\xff\xff\xff\xff", "segment 0 ends at byte"),
        (68, b"\0\0\0\x40", "segment 0 has 1073741824 bytes"),
        (64, b"\xff\xff\xff\xff", "segment 0 has 64 bytes at 0xFFFFFFFF"),
        (32, b"\xff\xff\xff\xff", "the table of section headers ends at byte"),
        (46, b"\0\0", "sections of 0 bytes a header"),
        (48, b"\xff\xff", "65535 sections"),
        (50, b"\x09\0", "section 9 is no table of names"),
        (50, b"\x04\0", "section 4 is no table of names"),
        (header_of(1) + 4, b"\1", r"\.symtab is no table of symbols"),
        (header_of(1) + 36, b"\0", r"\.symtab is no table of symbols"),
        (header_of(1) + 20, b"\xf0\xff\xff\xff", "symbols, expected at most"),
        (header_of(1) + 20, b"\xf0\xff\0\0", r"\.symtab ends at byte"),
        (header_of(1) + 24, b"\x04", "section 4 is no table of names"),
        (header_of(2) + 20, b"\xff\xff\xff\x7f", "a table of names ends at byte"),
    ],
)
def test_each_damage_is_named(tmp_path: Path, at: int, value: bytes, says: str) -> None:
    content = image()
    content[at : at + len(value)] = value
    with pytest.raises(UnreadableError, match=says):
        ElfParts(bytes(content))
    file = tmp_path / "x.elf"
    file.write_bytes(content)
    with pytest.raises(CrosscamError, match="give the .elf the firmware build wrote") as caught:  # noqa: RUF043
        ElfImage.read(file)
    assert len(str(caught.value)) <= 320


def test_names_that_share_a_long_text_do_not_add_up() -> None:
    """Many symbols with one name of a megabyte would take gigabytes."""
    content = bytearray(image([(1, 4, 4, 1, 0, 4)] * 60_000))
    text = bytes([0x61]) * (1 << 20)
    struct.pack_into("<II", content, len(content) - 40 * 3 + 16, len(content), len(text))
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(UnreadableError, match="the names of its symbols have more than"):
        ElfParts(bytes(content) + text)
    assert time.process_time() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10


@settings(max_examples=400, deadline=None)
@given(places=st.lists(st.tuples(st.integers(0, len(image()) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_bytes_are_read_or_refused(places: list[tuple[int, int]]) -> None:
    content = image()
    for at, value in places:
        content[at] = value
    try:
        ElfParts(bytes(content))
    except UnreadableError as error:
        assert str(error)
