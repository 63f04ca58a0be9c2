"""Text of strangers (firmware, files, symbol names) made fit to be shown: it never reaches a terminal as it came."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories that move the cursor, change what stands around them, or cannot be written: controls, bidirectional and
other format characters, surrogates, characters of no meaning, line and paragraph separators."""
LONGEST_MESSAGE = 320


def decoded(data: bytes) -> str:
    """Bytes as text: UTF-8 where it is some, ``\\xNN`` where not. Nothing is escaped yet."""
    return data.decode("utf-8", "backslashreplace")


def printable(text: str | bytes, limit: int | None = None) -> str:
    """``text`` with everything that is no plain character written out (``\\x1b``, ``\\u202e``); tabs become blanks.

    Args:
        limit: characters at most; what is cut from the middle is marked by an ellipsis.
    """
    if isinstance(text, bytes):
        text = decoded(text)
    if not text.isascii() or not text.isprintable():
        text = "".join(map(_shown, text))
    if limit is not None and len(text) > limit:
        tail = limit // 3
        text = f"{text[: limit - tail - 1]}\u2026{text[len(text) - tail :]}"
    return text


def _shown(character: str) -> str:
    if character == "\t":
        return "    "
    if unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def number_of(count: int, noun: str) -> str:
    """``1 picture``, ``2 pictures``; ``noun``: one of them, its last word taking an s for more."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def one_line(text: str) -> str:
    """A message for stderr: one line, its breaks blanks, escaped, ``LONGEST_MESSAGE`` characters at most."""
    return printable(" ".join(text.split()), LONGEST_MESSAGE)


def monitor_path(path: object) -> str:
    r"""``@path`` as monitor commands take it: a blank would end it, so each has a backslash before it."""
    return "@" + str(path).replace(" ", "\\ ")
