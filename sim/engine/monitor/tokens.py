"""A monitor command -> tokens, as Renode's monitor splits it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sim.errors import CrosscamError


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
    """``$name``, perhaps followed by ``/rest``: then a path."""

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

_NUMBER = r"0x[0-9A-Fa-f_]+|[+-]?\d+"
_TOKEN = re.compile(
    rf"""
      (?P<blank>\s+)
    | (?P<comment>[#:][^\n]*)
    | `(?P<execution>[^`]*)`
    | \$(?P<variable>[\w.]+)(?P<rest>/(?:\\\ |[^\s;])*)?
    | (?P<mark>[\[\],])
    | \"\"\"(?P<long>.*?)\"\"\"
    | '(?P<single>(?:[^'\\]|\\.)*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | <\s*(?P<begin>{_NUMBER})(?P<comma>\s*,)?\s*(?P<end>\+?(?:{_NUMBER}))\s*>
    | @(?P<path>(?:\\\ |[^\s;])+)
    | (?P<hex>0x[0-9A-Fa-f_]+)(?![\w.])
    | (?P<float>[+-]?\d+\.\d*)(?![\w.])
    | (?P<integer>[+-]?\d+)(?![\w.])
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
    commands: list[list[Token]] = [[]]
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise CrosscamError(
                f"column {position + 1}: expected a word, number, string, @path or $variable, found {text[position]!r}"
            )
        position = match.end()
        if match["split"]:
            commands.append([])
        elif not (match["blank"] or match["comment"]):
            commands[-1].append(_token(match))
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
        begin = _integer(groups["begin"])
        end = _integer(text)
        return Span(begin, end) if groups["comma"] and not text.startswith("+") else Span(begin, begin + end - 1)
    if kind in ("hex", "integer"):
        return _integer(text)
    if kind == "float":
        return float(text)
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


def _integer(text: str) -> int:
    return int(text.replace("_", ""), 16 if "x" in text else 10)
