"""Mutations of texts: of bytes, of numbers, of lines, of words."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

LONGEST = 20_000
"""Bytes of an input at most."""
_NUMBER = re.compile(rb"0x[0-9A-Fa-f]+|\d+(?:\.\d+)?")
_WORD = re.compile(rb"[\w.]+")
NUMBERS = (
    b"0", b"1", b"-1", b"2", b"255", b"65535", b"4294967295", b"4294967296", b"0x80000000", b"0xFFFFFFFF",
    b"0x100000000", b"9223372036854775807", b"18446744073709551615", b"18446744073709551616", b"-9223372036854775809",
    b"99999999999999999999", b"0x" + b"F" * 40, b"9" * 5000, b"0x", b"1e999", b"1.5", b"-0.5", b"nan", b"inf",
)  # fmt: skip
STRANGERS = (
    b"\0", b"\x1b[2J", b"\r", b"\n", b"\t", b"\xff", b"\xed\xa0\x80", "é".encode(), "\u202e".encode(),
    "\u2028".encode(), "\U0001f600".encode(), b"A" * 300, b"[" * 100, b"(" * 60, b"{" * 60, b"\"", b"'", b"\\", b"`",
    b"$", b"@", b";", b"#", b":", b"'''", b'"""', b"%s%n", b"[/x]", b"../../etc", b"//", b"/*",
)  # fmt: skip


def mutate(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    """One to four changes of ``data``, with pieces of ``others`` and ``words``."""
    for _ in range(source.choice((1, 1, 1, 2, 2, 3, 4))):
        data = source.choice(_CHANGES)(data, others, words, source)
    return data[:LONGEST]


def _place(data: bytes, source: random.Random) -> int:
    return source.randint(0, len(data))


def _flip(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    if not data:
        return bytes([source.randrange(256)])
    at = source.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << source.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    start = _place(data, source)
    return data[:start] + data[start + source.choice((1, 2, 5, 20, 100)) :]


def _repeat(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    start = _place(data, source)
    piece = data[start : start + source.choice((1, 3, 10, 40))]
    return data[:start] + piece * source.choice((2, 3, 10, 100)) + data[start:]


def _insert(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    at = _place(data, source)
    piece = source.choice((source.choice(STRANGERS), source.choice(NUMBERS), source.choice(words or (b"x",))))
    return data[:at] + piece + data[at:]


def _number(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    return _replace(data, _NUMBER, NUMBERS, source)


def _word(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    return _replace(data, _WORD, words or NUMBERS, source)


def _replace(data: bytes, pattern: re.Pattern[bytes], pieces: Sequence[bytes], source: random.Random) -> bytes:
    found = list(pattern.finditer(data))
    if not found:
        return data + source.choice(pieces)
    match = source.choice(found)
    return data[: match.start()] + source.choice(pieces) + data[match.end() :]


def _lines(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    """A line goes, comes twice, or changes places with another."""
    lines = data.split(b"\n")
    one, two = source.randrange(len(lines)), source.randrange(len(lines))
    action = source.randrange(3)
    if action == 0:
        del lines[one]
    elif action == 1:
        lines.insert(two, lines[one])
    else:
        lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def _splice(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    other = source.choice(others)
    return data[: _place(data, source)] + other[_place(other, source) :]


def _line_of_another(data: bytes, others: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    lines = data.split(b"\n")
    lines.insert(source.randrange(len(lines) + 1), source.choice(source.choice(others).split(b"\n")))
    return b"\n".join(lines)


_CHANGES = (_flip, _cut, _repeat, _insert, _number, _number, _word, _word, _lines, _splice, _line_of_another)
