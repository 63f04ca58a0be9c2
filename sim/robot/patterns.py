"""Texts and regular expressions that keywords look for."""

from __future__ import annotations

import re

from sim.errors import CrosscamError, shown

_NAMED_GROUP = re.compile(r"\(\?<([A-Za-z_]\w*)>")
"""A named group as .NET writes it."""


def compiled(pattern: str, regex: bool, flags: int = 0) -> re.Pattern[str]:
    """``pattern`` as a regular expression, .NET's named groups included; taken literally unless ``regex``.

    Raises:
        CrosscamError: it is none.
    """
    if not regex:
        return re.compile(re.escape(pattern))
    try:
        return re.compile(_NAMED_GROUP.sub(r"(?P<\1>", pattern), flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise CrosscamError(f"{shown(pattern, 100)}: no regular expression: {shown(error, 100)}") from None


def integer(text: int | str) -> int:
    """A number as a suite writes it: ``27``, ``0x1B``, ``0b11``.

    Raises:
        CrosscamError: it is none.
    """
    if isinstance(text, int):
        return text
    try:
        return int(text, 0)
    except ValueError:
        raise CrosscamError(f"expected a number such as 27 or 0x1B, found {shown(text) or 'nothing'}") from None
