"""A monitor command -> tokens, as Renode's monitor splits it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sim.engine.wording import CANNOT_TOKENIZE, NO_RANGE
from sim.errors import CrosscamError, shown

LONGEST_COMMAND = 1 << 20
"""Characters of the command(s) to take apart at once."""
LONGEST_NUMBER = 40
"""Digits of a number; 64 bits have 20."""


class Word(str):
    """A bare word: a command, a device path, a member, an enumeration value."""

    __slots__ = ()


class PathText(str):
    """What followed ``@``."""

    __slots__ = ()


@dataclass(slots=True, frozen=True)
class Span:
    """``<begin, end>`` (end included, as Renode's monitor has it) or ``<begin size>``."""

    begin: int
    end: int

    @property
    def size(self) -> int:
        """Bytes from begin to end, both included."""
        return self.end - self.begin + 1


@dataclass(slots=True, frozen=True)
class Variable:
    """``$name``, perhaps followed by ``/rest`` or ``\\rest``: then a path."""

    name: str
    rest: str = ""


@dataclass(slots=True, frozen=True)
class Execution:
    """A command in backticks: replaced by what it prints."""

    command: str


@dataclass(slots=True, frozen=True)
class Equals:
    """``=`` or, ``if_unset``, ``?=``."""

    if_unset: bool


@dataclass(slots=True, frozen=True)
class Mark:
    """``[``, ``]`` or ``,``."""

    sign: str


Token = Word | PathText | str | int | float | bool | None | Span | Variable | Execution | Equals | Mark

_HEX = r"0x[0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*"
_NUMBER = rf"{_HEX}|[+-]?[0-9]+"
_TOKEN = re.compile(
    rf"""
      (?P<blank>\s+)
    | (?P<comment>[#:][^\n]*)
    | `(?P<execution>[^`]*)`
    | \$(?P<variable>[\w.]+)(?P<rest>[/\\](?:\\\ |[^\s;])*)?
    | (?P<mark>[\[\],])
    | \"\"\"(?P<long>.*?)\"\"\"
    | '(?P<single>(?:[^'\\]|\\.)*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | <\s*(?P<begin>{_NUMBER})(?P<comma>\s*,)?\s*(?P<end>\+?(?:{_NUMBER}))\s*>
    | @@?(?P<path>(?:\\\ |[^\s;])+)
    | (?P<hex>{_HEX})(?![\w.])
    | (?P<float>[+-]?[0-9]+\.[0-9]*)(?![\w.])
    | (?P<integer>[+-]?[0-9]+)(?![\w.])
    | (?P<equals>\??=)
    | (?P<split>;)
    | (?P<word>[\w.\-?]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def tokenize(text: str) -> list[list[Token]]:
    """The commands of ``text`` (``;`` separates them), each a list of tokens; comments and empty commands left out.

    Raises:
        CrosscamError: something that is no token, with its column.
    """
    if len(text) > LONGEST_COMMAND:
        raise CrosscamError(f"a command of {len(text)} characters: expected at most {LONGEST_COMMAND}")
    commands: list[list[Token]] = [[]]
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise CrosscamError(
                f"{CANNOT_TOKENIZE} column {position + 1}: expected a word, number, string, @path or $variable, found"
                f" {shown(text[position : position + 10])}"
            )
        try:
            token = None if match["blank"] or match["comment"] or match["split"] else _token(match)
        except ValueError as error:
            raise CrosscamError(f"{CANNOT_TOKENIZE} column {position + 1}: {error}") from None
        position = match.end()
        if match["split"]:
            commands.append([])
        elif not (match["blank"] or match["comment"]):
            commands[-1].append(token)
    return [command for command in commands if command]


def _token(match: re.Match[str]) -> Token:
    kind = match.lastgroup
    groups = match.groupdict()
    text: Any = groups[kind] if kind else ""
    if kind in ("single", "double"):
        return re.sub(r"\\(.)", _unescape, text, flags=re.DOTALL)
    if kind == "long":
        return str(text)
    if kind == "end":
        return _span(_integer(groups["begin"]), _integer(text), bool(groups["comma"]) and not text.startswith("+"))
    if kind in ("hex", "integer"):
        return _integer(text)
    if kind == "float":
        return float(_short(text))
    if kind in ("variable", "rest"):
        return Variable(groups["variable"], (groups["rest"] or "").replace("\\ ", " "))
    if kind == "path":
        return PathText(text.replace("\\ ", " "))
    if kind == "execution":
        return Execution(text)
    if kind == "equals":
        return Equals(text == "?=")
    if kind == "mark":
        return Mark(text)
    return _CONSTANTS[text.lower()] if text.lower() in _CONSTANTS else Word(text)


def _unescape(match: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1])


def _span(begin: int, second: int, is_end: bool) -> Span:
    end = second if is_end else begin + second - 1
    if not 0 <= begin <= end < 1 << 64:
        raise ValueError(f"{shown(f'<0x{max(begin, 0):X}, {second}>')}: {NO_RANGE}")
    return Span(begin, end)


def _short(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} characters: expected 64 bits at most")
    return text


def _integer(text: str) -> int:
    """Decimal numbers have 64 bits with a sign, hexadecimal ones without, as Renode's."""
    is_hex = "x" in text
    value = int(_short(text).replace("_", ""), 16 if is_hex else 10)
    if not -(1 << 63) <= value < 1 << (64 if is_hex else 63):
        raise ValueError(f"{shown(text)}: expected a number of 64 bits at most")
    return value
