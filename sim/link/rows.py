"""Rows of a picture as lines of text, as ``firmware/app/rows.h`` says: ``D 012 <base64> <CRC>``."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from sim.frames.convert import HEIGHT, WIDTH

ROW_BYTES = WIDTH * 2
ROWS = HEIGHT
FROM_BOARD, TO_BOARD = "D", "U"
_LINE = re.compile(r"([DU]) (\d{3}) ([A-Za-z0-9+/]+={0,2}) ([0-9A-F]{8})", re.ASCII)


def row_line(letter: str, number: int, pixels: bytes) -> str:
    """The line of row ``number``, whose ``ROW_BYTES`` are ``pixels``; without its end."""
    return f"{letter} {number:03} {base64.b64encode(pixels).decode('ascii')} {_crc(number, pixels):08X}"


def read_row(line: str, letter: str) -> tuple[int, bytes] | None:
    """Number and pixels of the row that ends ``line``; None when there is none, or it was damaged on its way."""
    found = _LINE.search(line)
    if found is None or found[1] != letter:
        return None
    try:
        pixels = base64.b64decode(found[3], validate=True)
    except binascii.Error:
        return None
    number = int(found[2])
    whole = number < ROWS and len(pixels) == ROW_BYTES and _crc(number, pixels) == int(found[4], 16)
    return (number, pixels) if whole else None


def _crc(number: int, pixels: bytes) -> int:
    """Over the number, too: a row is not taken for another."""
    return zlib.crc32(pixels, zlib.crc32(bytes((number & 0xFF,))))


def spans(rows: list[int]) -> list[tuple[int, int]]:
    """Sorted numbers as first and last of each run without a gap."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = found[-1][0], row
        else:
            found.append((row, row))
    return found


def spelled(rows: list[int]) -> str:
    """``3, 17 to 20``."""
    return ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in spans(rows))
