"""The one exception a user's bad input may raise inside ``model``."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

LONGEST_MESSAGE = 320
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class CrosscamError(Exception):
    """Bad input: its text is one line that names what, where, what was expected and what to do.

    The command line prints the text and exits with status 2; nothing else may turn it into a traceback. Whatever names
    and values the line quotes, it stays one line of at most ``LONGEST_MESSAGE`` characters that a terminal can show.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(shown(text, LONGEST_MESSAGE))


def exit_status(action: Callable[[], object]) -> int:
    """Of a command that does ``action``: 0, or 2 with the text of a ``CrosscamError`` on stderr."""
    try:
        action()
    except CrosscamError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def shown(value: object, longest: int = 60) -> str:
    """``value`` for a message: one line of at most ``longest`` characters, of which the middle is left out, nothing in
    it that a terminal would obey."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 128:
        return f"a number of {value.bit_length()} bits"
    text = str(value)
    if len(text) > 4 * longest:  # before what takes time for each character
        text = text[: 2 * longest] + text[-2 * longest :]
    text = "".join(map(_escaped, text))
    if len(text) > longest:
        tail = longest // 3
        text = f"{text[: longest - tail - 1]}\u2026{text[len(text) - tail :]}"
    return text


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
