"""Python 2 statements that Python 3 has no more, rewritten: Renode's scripts are IronPython 2.7.

Only spelling is rewritten, line by line and without moving lines: ``print x``, ``print >>f, x``, ``exec "code"``,
``except E, e:``, ``raise E, "text"``, octal ``0755`` and long ``5L``. Meaning is Python 3's: ``/`` divides
exactly, texts are Unicode.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable

_SKIPPED = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)
_COMPOUND = frozenset(["if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class"])
_OPENING, _CLOSING = "([{", ")]}"
_NUMBERS = re.compile(r"(?<![\w.])(?:0(?=[0-7])(?P<octal>[0-7]+)|(?P<long>0[xX][0-9a-fA-F]+|\d+))[lL]?(?![\w.])")
_TEXTS = re.compile(r"""('''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\#[^\n]*)""", re.DOTALL)
"""Splits off texts and comments: every second piece is one."""

Token = tokenize.TokenInfo


def to_python3(source: str) -> str | None:
    """``source`` in Python 3's spelling, with every line where it was; None when it cannot be split into tokens."""
    source = _numbers(source)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return None
    lines = source.split("\n")
    for token in tokens:
        if token.type == tokenize.OP and token.string == "<>":
            _replace(lines, token, token, "!=")
    for statement in reversed(list(_statements(tokens))):
        _rewrite(statement, lines)
    return "\n".join(lines)


def _numbers(source: str) -> str:
    """Octal and long numbers, outside of texts and comments, as Python 3 writes them."""

    def new(match: re.Match[str]) -> str:
        octal = match["octal"]
        return f"0o{octal}" if octal else match["long"]

    pieces = _TEXTS.split(source)
    return "".join(piece if index % 2 else _NUMBERS.sub(new, piece) for index, piece in enumerate(pieces))


def _statements(tokens: Iterable[Token]) -> Iterable[list[Token]]:
    """Simple statements and headers of compound ones, without what ends them."""
    statement: list[Token] = []
    depth = 0
    for token in tokens:
        if token.type in _SKIPPED:
            continue
        depth += (token.string in _OPENING and token.type == tokenize.OP) - (
            token.string in _CLOSING and token.type == tokenize.OP
        )
        ends = token.type in (tokenize.NEWLINE, tokenize.ENDMARKER) or (depth == 0 and token.string == ";")
        if not ends:
            statement.append(token)
        header = depth == 0 and token.string == ":" and statement[0].string in _COMPOUND
        if (ends or header) and statement:
            yield statement
            statement = []


def _rewrite(statement: list[Token], lines: list[str]) -> None:
    first = statement[0]
    rest = statement[1:]
    if first.string == "exec" and rest and (inside := _keyword(rest, "in")) is not None:
        _replace(lines, inside, inside, ",")
        _call(lines, first, rest)
    elif first.string in ("print", "exec") and not _is_call(rest):
        _call(lines, first, rest)
    elif first.string == "except" and (comma := _comma(rest[:-1])) is not None:
        _replace(lines, comma, comma, " as")
    elif first.string == "raise" and (comma := _comma(rest)) is not None:
        _insert(lines, rest[-1].end, ")")
        _replace(lines, comma, comma, "(")


def _is_call(rest: list[Token]) -> bool:
    """Whether what follows ``print`` is one pair of brackets (or nothing that could be printed)."""
    if not rest or rest[0].string != "(":
        return bool(rest) and rest[0].string in ("=", ".", ",")
    depth = 0
    for index, token in enumerate(rest):
        depth += (token.string in _OPENING) - (token.string in _CLOSING)
        if depth == 0:
            return index == len(rest) - 1
    return True


def _call(lines: list[str], name: Token, rest: list[Token]) -> None:
    if not rest:
        _insert(lines, name.end, "()")
        return
    end, extra = rest[-1].end, ""
    if rest[-1].string == ",":
        _replace(lines, rest[-1], rest[-1], " ")
        extra = ", end=' '"
        rest = rest[:-1]
    if rest and rest[0].string == ">>":
        comma = _comma(rest)
        target = rest[1 : rest.index(comma)] if comma is not None else rest[1:]
        extra += f", file={''.join(each.string for each in target)}"
        _insert(lines, end, f"{extra})" if comma is not None else f"{extra[2:]})")
        _replace(lines, rest[0], comma if comma is not None else target[-1], " ")
    else:
        _insert(lines, end, f"{extra})")
    row, column = name.end
    text = lines[row - 1]
    lines[row - 1] = text[:column] + "(" + text[column:].removeprefix(" ")


def _comma(tokens: list[Token]) -> Token | None:
    """The first comma outside of brackets."""
    return _keyword(tokens, ",")


def _keyword(tokens: list[Token], text: str) -> Token | None:
    """The first ``text`` outside of brackets."""
    depth = 0
    for token in tokens:
        depth += (token.string in _OPENING) - (token.string in _CLOSING)
        if depth == 0 and token.string == text:
            return token
    return None


def _insert(lines: list[str], place: tuple[int, int], text: str) -> None:
    row, column = place
    lines[row - 1] = lines[row - 1][:column] + text + lines[row - 1][column:]


def _replace(lines: list[str], first: Token, last: Token, text: str) -> None:
    """``first`` to ``last`` (of one line) become ``text``."""
    row = first.start[0] - 1
    lines[row] = lines[row][: first.start[1]] + text + lines[row][last.end[1] :]
