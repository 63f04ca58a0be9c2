"""Seal a linked image: ``python seal.py crosscam.elf`` writes the CRC-32 of what lies in flash into ``image_seal``.

The firmware checks itself against it (app/integrity.c). Sealed is everything from ``vector_table`` up to the seal, in
the order of flash addresses: code, constants, weights, and the images of ITCM and of initialised data.
"""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

from elftools.elf.elffile import ELFFile


def sealed_content(elf: ELFFile) -> tuple[bytes, int]:
    """What is sealed, and where in the file the seal goes.

    Raises:
        ValueError: the segments leave a gap in flash, whose content nobody knows.
    """
    symbols = {symbol.name: symbol["st_value"] for symbol in elf.get_section_by_name(".symtab").iter_symbols()}
    start, end = symbols["vector_table"], symbols["image_seal"]
    content, place = b"", 0
    for segment in sorted(elf.iter_segments("PT_LOAD"), key=lambda each: each["p_paddr"]):
        first = segment["p_paddr"]
        if not segment["p_filesz"] or not start <= first <= end:
            continue
        if first <= end < first + segment["p_filesz"]:
            place = segment["p_offset"] + end - first
        data = segment.data()[: end - first]
        if data and first != start + len(content):
            raise ValueError(f"flash has a gap at 0x{start + len(content):08X}, before 0x{first:08X}")
        content += data
    if start + len(content) != end or not place:
        raise ValueError(f"the image ends at 0x{start + len(content):08X}, not at its seal at 0x{end:08X}")
    return content, place


def main() -> None:
    """Write the seal in place."""
    path = Path(sys.argv[1])
    with path.open("r+b") as stream:
        try:
            content, place = sealed_content(ELFFile(stream))
        except ValueError as error:
            sys.exit(f"firmware: {path} cannot be sealed: {error}; look at the linker script")
        stream.seek(place)
        stream.write(struct.pack("<I", zlib.crc32(content)))


if __name__ == "__main__":
    main()
