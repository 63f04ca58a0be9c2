"""The grammar of Renode's platform descriptions (.repl), whole, and text -> syntax tree.

Both spellings of 1.16 and of later versions are accepted (``prefixed``, dictionaries, trailing separators).
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from sim.engine.platform import syntax
from sim.engine.platform.layout import lay_out
from sim.engine.platform.limits import LARGEST_FILE, LONGEST_NAME, LONGEST_NUMBER, MOST_PINS
from sim.engine.platform.syntax import Place
from sim.engine.wording import syntax_error
from sim.errors import CrosscamError, shown

_GRAMMAR = r"""
start: (_item? ";")* _item?
_item: using | entry
using: "using" STRING ["prefixed" STRING]

entry: [LOCAL] NAME ":" [type] [registrations] ["as" STRING] [attributes]
?type: NAME | DOTTED

registrations: "@" "none" -> no_registration
             | "@" registration
             | "@" "{" (registration? ";")* registration? "}"
registration: NAME [point]
?point: _scalar | inline | array

attributes: "{" (_attribute? ";")* _attribute? "}"
_attribute: setting | script | wiring
setting: NAME ":" (_value | nothing | empty)
script: (PREINIT | INIT | RESET) [ADD] ":" "{" (STATEMENT? ";")* STATEMENT? "}"

wiring: [outputs] ARROW (not_wired | receiver ("|"? receiver)*)
not_wired: "none"
outputs: _output | "[" _output ("," _output)* "]"
_output: output_name | pins
output_name: NAME
receiver: NAME ["#" UNSIGNED] "@" (pins | "[" pins ("," pins)* "]")
pins: UNSIGNED ["-" UNSIGNED]

_value: _scalar | inline | array | table
_scalar: text | range | number | enumeration | boolean | reference
text: STRING | LONG_STRING
number: NUMBER
range: "<" UNSIGNED "," [PLUS] UNSIGNED ">"
enumeration: DOTTED | SHORT
boolean: TRUE | TRUE_ | FALSE | FALSE_
reference: NAME
inline: NEW type [attributes]
array: LSQB "]" | LSQB _element ("," _element)* ","? "]"
_element: _value | empty
table: LBRACE (pair? ";")* pair? "}"
pair: _scalar ":" _value
nothing: NONE
empty: EMPTY

NEW: "new"
NONE: "none"
EMPTY: "empty"
LOCAL: "local"
PREINIT: "preinit"
INIT: "init"
RESET: "reset"
ADD: "add"
TRUE: "true"
TRUE_: "True"
FALSE: "false"
FALSE_: "False"
ARROW: "->"
PLUS: "+"
LSQB: "["
LBRACE: "{"
NAME: /[^\W\d_]\w*/
DOTTED: /[^\W\d_]\w*(\.[^\W\d_]\w*)+/
SHORT: /\.[^\W\d_]\w*/
UNSIGNED: /0x[0-9A-Fa-f]+(_[0-9A-Fa-f]+)*|\d+(_\d+)*/
NUMBER: /-?0x[0-9A-Fa-f]+(_[0-9A-Fa-f]+)*|-?\d+(_\d+)*(\.\d+)?/
STRING: /"(\\.|[^"\\\n])*"/
LONG_STRING: /'''(\\.|(?!''').)*'''/s
STATEMENT: /("(\\.|[^"\\])*"|[^;{}"\s])("(\\.|[^"\\])*"|[^;{}"])*/
%ignore /[ \t\n\f\ufeff]+/
"""

_NAMES = {
    "NAME": "a name",
    "DOTTED": "a dotted name",
    "SHORT": "an enumeration value",
    "UNSIGNED": "a number",
    "NUMBER": "a number",
    "STRING": "a string",
    "LONG_STRING": "a string",
    "STATEMENT": "a monitor command",
    "COLON": "':'",
    "SEMICOLON": "end of line",
    "$END": "end of file",
    "RBRACE": "end of block",
    "LBRACE": "'{'",
    "LSQB": "'['",
    "RSQB": "']'",
    "AT": "'@'",
    "ARROW": "'->'",
    "COMMA": "','",
    "VBAR": "'|'",
    "HASH": "'#'",
    "MINUS": "'-'",
    "PLUS": "'+'",
    "LESSTHAN": "'<'",
    "MORETHAN": "'>'",
    "VALUE": "a value",
}
_NAMED = frozenset({"NAME", "DOTTED", "SHORT"})
_VALUES = {"STRING", "NUMBER", "TRUE", "NAME", "DOTTED"}
_OTHER_VALUES = {
    "LONG_STRING",
    "SHORT",
    "FALSE",
    "TRUE_",
    "FALSE_",
    "NEW",
    "LSQB",
    "LBRACE",
    "LESSTHAN",
    "NONE",
    "EMPTY",
}


_KEPT_SIZE = 1 << 17  # characters; real boards have 20,000


def parse(source: str, file: str) -> syntax.Description:
    """The tree of ``source``; ``file`` names it in messages and in every place of the tree.

    Raises:
        CrosscamError: ``file:line:column: expected ..., found ...``.
    """
    if len(source) > LARGEST_FILE:
        raise CrosscamError(f"{file}:1:1: {len(source)} characters: expected at most {LARGEST_FILE}")
    return _parse_kept(source, file) if len(source) < _KEPT_SIZE else _parse(source, file)


def _parse(source: str, file: str) -> syntax.Description:
    text = lay_out(source, file)
    builder = _TreeBuilder(file)
    try:
        items: list[syntax.Using | syntax.Entry] = builder.transform(_parser().parse(text))
    except UnexpectedInput as error:
        _explain(error, source, text, file)
    except VisitError as error:
        raise error.orig_exc from None
    usings = [item for item in items if isinstance(item, syntax.Using)]
    for before, item in itertools.pairwise(items):
        if isinstance(item, syntax.Using) and isinstance(before, syntax.Entry):
            raise CrosscamError(f"{item.place}: expected an entry, found 'using': it must stand before all entries")
    return syntax.Description(file, tuple(usings), tuple(item for item in items if isinstance(item, syntax.Entry)))


_parse_kept = functools.lru_cache(maxsize=32)(_parse)
"""Suites build the same board for each test."""


@functools.cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=False, maybe_placeholders=True)


def _explain(error: UnexpectedInput, source: str, text: str, file: str) -> NoReturn:
    place = Place(file, max(error.line, 1), max(error.column, 1))
    lines = source.split("\n")
    written = lines[place.line - 1].rstrip("\r") if place.line <= len(lines) else ""
    if isinstance(error, UnexpectedToken):
        expected: Iterable[str] = error.accepts or error.expected
        found = error.token.value if error.token.type != "$END" else ""
    else:
        assert isinstance(error, UnexpectedCharacters)
        expected = error.allowed or ()
        found = error.char
    stopped = found
    if not found:
        found = "the end of the file"
        last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
        place = Place(file, last, len(lines[last - 1].rstrip()) + 1)
    elif place.column > len(written):
        found = {"{": "an indented block", "}": "the end of the block"}.get(found, "the end of the line")
    else:
        found = f"'{shown(found.split(chr(10))[0])}'"
    wanted = set(expected)
    words = syntax_error("" if found == "the end of the file" else stopped[:1], _expected_as_renode(wanted))
    if wanted >= _VALUES:
        wanted = wanted - _VALUES - _OTHER_VALUES | {"VALUE"}
    names = sorted({_NAMES.get(name, f"'{name.lower()}'") for name in wanted})
    raise CrosscamError(f"{place}: expected {' or '.join(names)}, found {found}", renode=words) from None


def _expected_as_renode(wanted: set[str]) -> str:
    """What Renode's grammar says it expected: it names the outermost thing it could not complete."""
    if "NONE" in wanted:
        return "constructor or property value or none keyword or empty keyword"
    return "attribute list end" if "RBRACE" in wanted else "end of input"


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Any]):
    """Lark's tree -> ours, bottom up."""

    def __init__(self, file: str) -> None:
        super().__init__(visit_tokens=False)
        self._file = file

    def _at(self, token: Token) -> Place:
        place = Place(self._file, token.line or 1, token.column or 1)
        if len(token) > LONGEST_NAME and token.type in _NAMED:
            raise CrosscamError(f"{place}: a name of {len(token)} characters: expected at most {LONGEST_NAME}")
        return place

    def _integer(self, token: Token) -> int:
        text = token.replace("_", "")
        value = int(text, 16 if "x" in text else 10) if len(text) <= LONGEST_NUMBER else 1 << 65
        if not -(1 << 63) <= value < 1 << 64:
            raise CrosscamError(f"{self._at(token)}: {shown(token, 40)}: expected a number of at most 64 bits")
        return value

    def _pin(self, token: Token) -> int:
        value = self._integer(token)
        if value >= MOST_PINS:
            raise CrosscamError(f"{self._at(token)}: {shown(token, 40)}: expected a pin's number below {MOST_PINS}")
        return value

    def start(self, *items: syntax.Using | syntax.Entry) -> list[syntax.Using | syntax.Entry]:
        return list(items)

    def using(self, path: Token, prefix: Token | None) -> syntax.Using:
        return syntax.Using(self._at(path), _unquote(path), _unquote(prefix) if prefix else "")

    def entry(
        self,
        local: Token | None,
        name: Token,
        type_name: Token | None,
        registrations: tuple[syntax.Registration, ...] | None,
        alias: Token | None,
        attributes: tuple[syntax.Attribute, ...] | None,
    ) -> syntax.Entry:
        return syntax.Entry(
            self._at(name),
            str(name),
            str(type_name or ""),
            self._at(type_name or name),
            registrations,
            _unquote(alias) if alias else None,
            attributes or (),
            local is not None,
        )

    def no_registration(self) -> tuple[syntax.Registration, ...]:
        return ()

    def registrations(self, *found: syntax.Registration) -> tuple[syntax.Registration, ...]:
        return found

    def registration(self, parent: Token, point: syntax.Value | None) -> syntax.Registration:
        return syntax.Registration(self._at(parent), str(parent), point)

    def attributes(self, *found: syntax.Attribute | Token) -> tuple[syntax.Attribute, ...]:
        return tuple(each for each in found if not isinstance(each, Token))

    def setting(self, name: Token, value: syntax.Value) -> syntax.Setting:
        return syntax.Setting(self._at(name), str(name), value)

    def script(self, kind: Token, adds: Token | None, *found: Token) -> syntax.Script:
        lines = tuple(
            " ".join(token.split()) if "\n" in token else token.strip() for token in found if token.strip() != "{"
        )
        return syntax.Script(self._at(kind), str(kind), adds is not None, lines)

    def wiring(
        self, outputs: tuple[syntax.Pin, ...] | None, arrow: Token, *ends: syntax.Receiver | None
    ) -> syntax.Wiring:
        return syntax.Wiring(self._at(arrow), outputs, tuple(end for end in ends if end is not None))

    def not_wired(self) -> None:
        return None

    def outputs(self, *found: tuple[syntax.Pin, ...] | Token) -> tuple[syntax.Pin, ...]:
        return tuple(pin for pins in found if not isinstance(pins, Token) for pin in pins)

    def output_name(self, name: Token) -> tuple[str]:
        return (str(name),)

    def receiver(self, device: Token, local: Token | None, *found: tuple[int, ...] | Token) -> syntax.Receiver:
        inputs = tuple(pin for pins in found if not isinstance(pins, Token) for pin in pins)
        return syntax.Receiver(self._at(device), str(device), None if local is None else self._pin(local), inputs)

    def pins(self, first: Token, last: Token | None) -> tuple[int, ...]:
        low = self._pin(first)
        high = low if last is None else self._pin(last)
        return tuple(range(low, high + 1) if high >= low else range(low, high - 1, -1))

    def text(self, token: Token) -> syntax.Text:
        return syntax.Text(self._at(token), _unquote(token))

    def number(self, token: Token) -> syntax.Number:
        place = self._at(token)
        if "." not in token:
            return syntax.Number(place, self._integer(token))
        if len(token) > LONGEST_NUMBER:
            raise CrosscamError(
                f"{place}: {shown(token, 40)}: expected a number of at most {LONGEST_NUMBER} characters"
            )
        return syntax.Number(place, float(token.replace("_", "")))

    def range(self, begin: Token, plus: Token | None, end: Token) -> syntax.Range:
        first, last = self._integer(begin), self._integer(end)
        if plus is not None:
            last += first
        if last < first:
            raise CrosscamError(
                f"{self._at(end)}: expected an end of the range behind its begin 0x{first:X}, found {shown(end, 40)}"
            )
        if last > 1 << 64:
            raise CrosscamError(f"{self._at(end)}: expected an end of the range within 64 bits")
        return syntax.Range(self._at(begin), first, last)

    def enumeration(self, token: Token) -> syntax.Enumeration:
        type_name, _, value = token.rpartition(".")
        return syntax.Enumeration(self._at(token), type_name, value)

    def boolean(self, token: Token) -> syntax.Boolean:
        return syntax.Boolean(self._at(token), token.lower() == "true")

    def reference(self, token: Token) -> syntax.Reference:
        return syntax.Reference(self._at(token), str(token))

    def inline(self, _: Token, type_name: Token, attributes: tuple[syntax.Attribute, ...] | None) -> syntax.Inline:
        return syntax.Inline(self._at(type_name), str(type_name), attributes or ())

    def array(self, bracket: Token, *items: syntax.Value) -> syntax.Array:
        return syntax.Array(self._at(bracket), items)

    def table(self, brace: Token, *items: tuple[syntax.Value, syntax.Value]) -> syntax.Table:
        return syntax.Table(self._at(brace), items)

    def pair(self, key: syntax.Value, value: syntax.Value) -> tuple[syntax.Value, syntax.Value]:
        return key, value

    def nothing(self, token: Token) -> syntax.Nothing:
        return syntax.Nothing(self._at(token))

    def empty(self, token: Token) -> syntax.Empty:
        return syntax.Empty(self._at(token))


def _unquote(token: str) -> str:
    if token.startswith("'''"):
        return token[3:-3].replace("\\'''", "'''")
    return re.sub(r'\\(["\\])', r"\1", token[1:-1])
