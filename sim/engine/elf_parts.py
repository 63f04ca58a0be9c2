"""The parts of an ELF file that may be anybody's: nothing is taken that the file does not hold.

Sources: System V ABI, chapters 4 and 5 (object files, program loading); ELF for the Arm Architecture (AAELF32).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from sim.reading import UnreadableError

LARGEST_FILE = 1 << 28
"""Bytes, debug information and all."""
MOST_SEGMENTS, MOST_SECTIONS, MOST_SYMBOLS = 256, 8192, 1 << 20
LARGEST_IMAGE = 1 << 28
"""Bytes of all segments together."""
LONGEST_NAME = 4096
"""Bytes; what is longer is cut."""
_LARGEST_NAMES = 1 << 26
"""Bytes of the names of all symbols together."""
_PROGRAM_HEADER, _SECTION_HEADER = 32, 40
"""Bytes."""
_SYMBOL = struct.Struct("<IIIBBH")
"""st_name, st_value, st_size, st_info, st_other, st_shndx."""
_SHF_ALLOC = 2
_STT_NOTYPE, _STT_OBJECT, _STT_FUNC = 0, 1, 2


class ElfParts:
    """What ``content`` is made of.

    Attributes:
        entry: start address of the header.
        segments: (physical address, bytes) to load.
        runs_at: the address each segment is linked for, which is another where code copies itself.
        data_marks: where data begins (True) and where code (False), by address (AAELF32 5.5.5: $d, $t).
        sections: address of each section that has one.
        sizes: bytes in memory of those that are loaded, or cleared, when the firmware starts.
        symbols: name, address, size in bytes, whether it is a function.

    Raises:
        UnreadableError: it is no 32-bit little-endian ARM executable, or it is damaged.
    """

    def __init__(self, content: bytes) -> None:
        from elftools.common.exceptions import ELFError
        from elftools.common.utils import struct_parse
        from elftools.elf.elffile import ELFFile

        self._content = content
        self.segments: list[tuple[int, bytes]] = []
        self.runs_at: list[int] = []
        self.data_marks: list[tuple[int, bool]] = []
        self.sections: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        self.symbols: list[tuple[str, int, int, bool]] = []
        if content[:4] != b"\x7fELF":
            raise UnreadableError("it does not begin as one")
        if content[4:6] != b"\1\1":
            raise UnreadableError("expected a 32-bit little-endian one")
        try:
            layouts = ELFFile(io.BytesIO(_without_sections(content))).structs
            header = struct_parse(layouts.Elf_Ehdr, io.BytesIO(content), 0)
        except (ELFError, ValueError, LookupError, AssertionError, AttributeError, TypeError) as error:
            raise UnreadableError(f"its header is damaged: {error or type(error).__name__}") from error
        if header["e_machine"] != "EM_ARM":
            raise UnreadableError(f"it is for {header['e_machine']}, expected a 32-bit little-endian ARM one")
        self.entry = int(header["e_entry"])
        self._read_segments(layouts, header)
        self._read_sections(layouts, header)

    def _slice(self, what: str, offset: int, size: int) -> bytes:
        if offset + size > len(self._content):
            raise UnreadableError(f"truncated: {what} ends at byte {offset + size} of {len(self._content)}")
        return self._content[offset : offset + size]

    def _headers(self, what: str, layout: Any, offset: int, count: int, size: int) -> Iterator[Any]:
        from elftools.common.utils import struct_parse

        table = io.BytesIO(self._slice(f"the table of {what} headers", offset, count * size))
        for index in range(count):
            yield struct_parse(layout, table, index * size)

    def _read_segments(self, layouts: Any, header: Any) -> None:
        count = int(header["e_phnum"])
        if not count:
            raise UnreadableError("nothing to load in it; expected a linked firmware, not an object file")
        if count > MOST_SEGMENTS or header["e_phentsize"] != _PROGRAM_HEADER:
            raise UnreadableError(
                f"{count} segments of {header['e_phentsize']} bytes a header, at most {MOST_SEGMENTS}"
            )
        loaded = 0
        headers = self._headers("segment", layouts.Elf_Phdr, header["e_phoff"], count, _PROGRAM_HEADER)
        for number, each in enumerate(headers):
            if each["p_type"] != "PT_LOAD" or not each["p_filesz"]:
                continue
            loaded += each["p_filesz"]
            if loaded > LARGEST_IMAGE or each["p_paddr"] + each["p_filesz"] > 1 << 32:
                raise UnreadableError(f"segment {number} has {each['p_filesz']} bytes at 0x{each['p_paddr']:08X}")
            data = self._slice(f"segment {number}", each["p_offset"], each["p_filesz"])
            self.segments.append((each["p_paddr"], data))
            self.runs_at.append(int(each["p_vaddr"]))
        if not self.segments:
            raise UnreadableError("nothing to load in it; expected a linked firmware, not an object file")

    def _read_sections(self, layouts: Any, header: Any) -> None:
        count, place = int(header["e_shnum"]), int(header["e_shstrndx"])
        if not count:
            return
        if count > MOST_SECTIONS or header["e_shentsize"] != _SECTION_HEADER:
            raise UnreadableError(
                f"{count} sections of {header['e_shentsize']} bytes a header, at most {MOST_SECTIONS}"
            )
        headers = list(self._headers("section", layouts.Elf_Shdr, header["e_shoff"], count, _SECTION_HEADER))
        names = self._strings(headers, place) if place else b"\0"
        for each in headers:
            name = _name(names, each["sh_name"])
            if each["sh_addr"] or each["sh_flags"] & _SHF_ALLOC:
                self.sections[name] = int(each["sh_addr"])
            if each["sh_flags"] & _SHF_ALLOC:
                self.sizes[name] = int(each["sh_size"])
            if name == ".symtab":
                self._read_symbols(headers, each)

    def _strings(self, headers: list[Any], place: int) -> bytes:
        if place >= len(headers) or headers[place]["sh_type"] != "SHT_STRTAB":
            raise UnreadableError(f"section {place} is no table of names")
        return self._slice("a table of names", headers[place]["sh_offset"], headers[place]["sh_size"])

    def _read_symbols(self, headers: list[Any], table: Any) -> None:
        size = int(table["sh_size"])
        if table["sh_type"] != "SHT_SYMTAB" or table["sh_entsize"] != _SYMBOL.size or size % _SYMBOL.size:
            raise UnreadableError(".symtab is no table of symbols")
        if size > MOST_SYMBOLS * _SYMBOL.size:
            raise UnreadableError(f"{size // _SYMBOL.size} symbols, expected at most {MOST_SYMBOLS}")
        names = self._strings(headers, int(table["sh_link"]))
        spent = 0
        rows = _SYMBOL.iter_unpack(self._slice(".symtab", table["sh_offset"], size))
        for at, address, length, info, _, section in rows:
            kind = info & 0xF
            if not section or kind not in (_STT_NOTYPE, _STT_OBJECT, _STT_FUNC):
                continue
            name = _name(names, at)
            spent += len(name)
            if spent > _LARGEST_NAMES:
                raise UnreadableError(f"the names of its symbols have more than {_LARGEST_NAMES} bytes")
            if name[:2] in ("$d", "$t"):
                self.data_marks.append((address & ~1, name[1] == "d"))
            if name and name[0] != "$":
                is_function = kind == _STT_FUNC
                self.symbols.append((name, address & ~1 if is_function else address, length, is_function))


def _without_sections(content: bytes) -> bytes:
    """The file's header alone, without what leads to its sections, which elftools would read at once."""
    header = bytearray(content[:52])
    header[32:36] = bytes(4)  # e_shoff
    header[48:52] = bytes(4)  # e_shnum, e_shstrndx
    return bytes(header)


def _name(table: bytes, at: int) -> str:
    end = table.find(b"\0", at, at + LONGEST_NAME)
    return table[at : at + LONGEST_NAME if end < 0 else end].decode("utf-8", "backslashreplace")
