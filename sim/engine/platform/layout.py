"""Indentation to braces.

A .repl may be written with braces and semicolons or by indenting four spaces a level; both may be mixed. This pass
blanks comments and appends ``{``, ``}`` and ``;`` to the ends of lines where the indentation says so, so that the
grammar sees one form. Nothing moves: every character keeps its line and column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.engine.platform.limits import DEEPEST
from sim.engine.platform.syntax import Place
from sim.errors import CrosscamError

INDENT = 4

_PIECE = re.compile(
    r"""
      (?P<text>'''(?:\\.|(?!''').)*'''|"(?:\\.|[^"\\\n])*")
    | (?P<comment>/\*.*?\*/|(?:(?<=\s)|^)//[^\n]*)
    | (?P<open>'''|"|/\*)
    | (?P<brace>[{}])
    | (?P<bracket>[\[\]])
    | (?P<stranger>[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff])
    | (?P<newline>\n)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_NOT_NEWLINE = re.compile(r"[^\n]")
_OPENED = {"'''": "''' string", '"': "string", "/*": "/* comment"}


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    depth: int
    """Braces still open behind this line."""


def lay_out(source: str, file: str) -> str:
    """``source`` with comments blanked and blocks braced.

    Raises:
        CrosscamError: an unterminated string or comment, an indentation that is no multiple of four spaces.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    source, lines = _scan(source, file)
    pieces: list[str] = []
    done = 0
    level = 0
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if index == 0 and _level(source, line, file):
            raise CrosscamError(f"{_place(source, line.start, file)}: expected the first entry at the margin")
        if line.depth > 0:
            continue
        next_level = 0 if following is None else _level(source, following, file)
        pieces.append(source[done : line.end])
        done = line.end
        if next_level > level:
            pieces.append("{" * (next_level - level))
        else:
            pieces.append("}" * (level - next_level) + ("" if following is None else ";"))
        level = next_level
    pieces.append(source[done:])
    return "".join(pieces)


def _scan(source: str, file: str) -> tuple[str, list[_Line]]:
    """Comments blanked, and the lines that hold something; a line runs on while a string is open."""
    pieces: list[str] = []
    lines: list[_Line] = []
    done = start = depth = nested = 0

    blanked: list[tuple[int, int]] = []
    breaks: list[tuple[int, int]] = []
    for match in _PIECE.finditer(source):
        kind = match.lastgroup
        if kind == "newline":
            breaks.append((match.start(), depth))
        elif kind in ("brace", "bracket"):
            step = 1 if match.group() in "{[" else -1
            nested += step
            if kind == "brace":
                depth += step
            if nested > DEEPEST:
                raise CrosscamError(
                    f"{_place(source, match.start(), file)}: more than {DEEPEST} brackets inside others"
                )
        elif kind == "stranger":
            code = f"U+{ord(match.group()):04X}"
            raise CrosscamError(f"{_place(source, match.start(), file)}: the character {code}: expected printable text")
        elif kind == "comment":
            blanked.append(match.span())
        elif kind == "open":
            what = _OPENED[match.group()]
            raise CrosscamError(f"{_place(source, match.start(), file)}: this {what} is never closed")
    breaks.append((len(source), depth))
    for begin, end in blanked:
        pieces += (source[done:begin], _NOT_NEWLINE.sub(" ", source[begin:end]))
        done = end
    pieces.append(source[done:])
    source = "".join(pieces)
    for end, depth_behind in breaks:
        if source[start:end].strip():
            lines.append(_Line(start, end, depth_behind))
        start = end + 1
    return source, lines


def _level(source: str, line: _Line, file: str) -> int:
    text = source[line.start : line.end]
    blanks = text[: len(text) - len(text.lstrip())]
    if "\t" in blanks:
        raise CrosscamError(
            f"{_place(source, line.start, file)}: indented with a tab: expected {INDENT} spaces a level"
        )
    if len(blanks) % INDENT:
        where = _place(source, line.start + len(blanks), file)
        raise CrosscamError(f"{where}: indented by {len(blanks)} spaces: expected a multiple of {INDENT}")
    if len(blanks) > INDENT * DEEPEST:
        raise CrosscamError(f"{_place(source, line.start, file)}: more than {DEEPEST} levels: expected fewer")
    return len(blanks) // INDENT


def _place(source: str, offset: int, file: str) -> Place:
    return Place(file, source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset))
