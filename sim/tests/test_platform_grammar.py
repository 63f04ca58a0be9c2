"""The platform language: layout, grammar, tree, messages."""

from __future__ import annotations

import textwrap

import pytest

from sim.engine.platform import syntax
from sim.engine.platform.layout import lay_out
from sim.engine.platform.parser import parse
from sim.errors import CrosscamError


def read(text: str) -> syntax.Description:
    return parse(textwrap.dedent(text), "x.repl")


def entry(text: str) -> syntax.Entry:
    (found,) = read(text).entries
    return found


def settings(found: syntax.Entry) -> dict[str, syntax.Value]:
    return {each.name: each.value for each in found.attributes if isinstance(each, syntax.Setting)}


def wirings(found: syntax.Entry) -> list[syntax.Wiring]:
    return [each for each in found.attributes if isinstance(each, syntax.Wiring)]


def test_indentation_becomes_braces_and_nothing_moves() -> None:
    source = "a: T // c\n    x: 1\n\n    y: {\n  k: 2 }\nb: T\n"
    assert lay_out(source, "x") == "a: T     {\n    x: 1;\n\n    y: {\n  k: 2 }};\nb: T\n"


def test_comments_are_blanked_but_not_in_strings_or_addresses() -> None:
    source = 'a: T /* one\n   two */ @ bus\n    url: "http://x" // "no\n'
    laid = lay_out(source, "x")
    assert "two" not in laid and "no" not in laid and '"http://x"' in laid
    assert laid.split("\n")[1].index("@") == source.split("\n")[1].index("@")


def test_braces_and_indentation_mean_the_same() -> None:
    indented = entry("u: A.B @ bus 0x10\n    x: 1\n    IRQ -> n@5\n")
    braced = entry("u: A.B @ bus 0x10 { x: 1; IRQ -> n@5 }")
    assert settings(indented)["x"] == syntax.Number(syntax.Place("x.repl", 2, 8), 1)
    assert [each.name for each in braced.attributes if isinstance(each, syntax.Setting)] == ["x"]
    assert wirings(indented)[0].receivers[0].inputs == wirings(braced)[0].receivers[0].inputs == (5,)


def test_every_kind_of_value() -> None:
    found = settings(
        entry(
            """
            u: T
                hex: 0xFF_00
                decimal: 480_000_000
                negative: -5
                fraction: 3.25
                text: "a \\"b\\" \\\\ c"
                long: '''one
            { two'''
                yes: true
                no: False
                full: Series.H7
                short: .H7
                other: anotherEntry
                span: <0x10, +0x20>
                list: [1, [2, 3], empty, ]
                table: { "a": 1; 2: b }
                object: new Bus.Point { address: 4; region: "r" }
                gone: none
                blank: empty
            """
        )
    )
    plain = {name: getattr(value, "value", None) for name, value in found.items()}
    assert plain["hex"] == 0xFF00 and plain["decimal"] == 480_000_000 and plain["negative"] == -5
    assert plain["fraction"] == 3.25 and plain["text"] == 'a "b" \\ c' and plain["long"] == "one\n{ two"
    assert plain["yes"] is True and plain["no"] is False
    full, short, span = found["full"], found["short"], found["span"]
    assert isinstance(full, syntax.Enumeration) and (full.type_name, full.value) == ("Series", "H7")
    assert isinstance(short, syntax.Enumeration) and (short.type_name, short.value) == ("", "H7")
    assert isinstance(found["other"], syntax.Reference)
    assert isinstance(span, syntax.Range) and (span.begin, span.end, span.size) == (0x10, 0x30, 0x20)
    items, table, made = found["list"], found["table"], found["object"]
    assert isinstance(items, syntax.Array) and isinstance(items.items[1], syntax.Array)
    assert isinstance(items.items[2], syntax.Empty)
    assert isinstance(table, syntax.Table) and len(table.items) == 2
    assert isinstance(made, syntax.Inline) and made.type_name == "Bus.Point" and len(made.attributes) == 2
    assert isinstance(found["gone"], syntax.Nothing) and isinstance(found["blank"], syntax.Empty)


@pytest.mark.parametrize(
    ("line", "outputs", "receivers"),
    [
        ("-> nvic@78", None, [("nvic", None, (78,))]),
        ("IRQ -> nvic@5", ("IRQ",), [("nvic", None, (5,))]),
        ("3 -> nvic@0x10", (3,), [("nvic", None, (16,))]),
        ("0-2 -> a@5-3", (0, 1, 2), [("a", None, (5, 4, 3))]),
        ("[0-2, 7] -> nvic@[11-13, 47]", (0, 1, 2, 7), [("nvic", None, (11, 12, 13, 47))]),
        ("[A, B] -> nvic@[45, 45]", ("A", "B"), [("nvic", None, (45, 45))]),
        ("-> a@1 | b@2", None, [("a", None, (1,)), ("b", None, (2,))]),
        ("0 -> gpio#07@01 | gpio#8@1", (0,), [("gpio", 7, (1,)), ("gpio", 8, (1,))]),
        ("[0-1] -> a@[0-1] | b#2@[2-3]", (0, 1), [("a", None, (0, 1)), ("b", 2, (2, 3))]),
        ("5 -> none", (5,), []),
        ("-> none", None, []),
    ],
)
def test_wirings(line: str, outputs: tuple[object, ...] | None, receivers: list[tuple[object, ...]]) -> None:
    (found,) = wirings(entry(f"u: T\n    {line}\n"))
    assert found.outputs == outputs
    assert [(end.device, end.local, end.inputs) for end in found.receivers] == receivers


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("u: T @ sysbus 0x10", [("sysbus", syntax.Number)]),
        ("u: T @ sysbus", [("sysbus", type(None))]),
        ("u: T @ sysbus <0x10, 0x20>", [("sysbus", syntax.Range)]),
        ("u: T @ i2c1 0x21", [("i2c1", syntax.Number)]),
        ("u: T @ none", []),
        ("u: T @ { sysbus 0x10; rcc X }", [("sysbus", syntax.Number), ("rcc", syntax.Reference)]),
        (
            'u: T @ {\n    sysbus 0x10;\n    sysbus new P { address: 1; region: "r" }\n    }\n    x: 1',
            [("sysbus", syntax.Number), ("sysbus", syntax.Inline)],
        ),
    ],
)
def test_registrations(text: str, points: list[tuple[str, type]]) -> None:
    found = entry(text).registrations
    assert found is not None
    assert [(each.parent, type(each.point)) for each in found] == points


def test_nothing_said_about_registration_is_not_none() -> None:
    assert entry("u: T").registrations is None
    assert entry("u:\n    x: 1").registrations is None


def test_sections_aliases_locals_and_usings() -> None:
    found = read(
        """
        using "a.repl"
        using "b.repl" prefixed "x_"

        local u: T @ sysbus 1 as "name"
            preinit:
                include @thing
            init add:
                WriteByte 0x1 2
                Tag <0x10, 0x20> "a;b {c}"
            reset:
                Do it
        sysbus:
            init:
                Tag <0, 1> "x"
        """
    )
    assert [(using.path, using.prefix) for using in found.usings] == [("a.repl", ""), ("b.repl", "x_")]
    first, second = found.entries
    assert first.is_local and first.alias == "name" and second.type_name == ""
    scripts = [each for each in first.attributes if isinstance(each, syntax.Script)]
    assert [(each.kind, each.adds, each.lines) for each in scripts] == [
        ("preinit", False, ("include @thing",)),
        ("init", True, ("WriteByte 0x1 2", 'Tag <0x10, 0x20> "a;b {c}"')),
        ("reset", False, ("Do it",)),
    ]


def test_names_may_begin_like_keywords() -> None:
    found = entry("newt: T\n    noneSuch: trueish\n    initial: reference\n    -> usingIt@1\n")
    assert set(settings(found)) == {"noneSuch", "initial"}


def test_an_empty_file_and_windows_line_ends() -> None:
    assert read("// nothing\n\n").entries == ()
    assert parse("a: T\r\n    x: 1\r\n", "x").entries[0].attributes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: T\n    x 1\n", "x.repl:2:7: expected '->' or ':', found '1'"),
        ("a: T @ sysbus <0x10\n", "x.repl:1:20: expected ',', found the end of the file"),
        ("a T\n", "x.repl:1:3: expected ':', found 'T'"),
        ("a: T\n    x:\n", "x.repl:2:7: expected a value, found the end of the block"),
        ("a: T\n  x: 1\n", "x.repl:2:3: indented by 2 spaces: expected a multiple of 4"),
        ("a: T\n\tx: 1\n", "x.repl:2:1: indented with a tab"),
        ("    a: T\n", "x.repl:1:1: expected the first entry at the margin"),
        ('a: T\n    x: "open\n', "x.repl:2:8: this string is never closed"),
        ("a: T /* open\n", "x.repl:1:6: this /* comment is never closed"),
        ("a: T\n    s: '''open\n", "x.repl:2:8: this ''' string is never closed"),
        ("a: T { x: 1\n", "x.repl:1:12: expected end of block or end of line, found the end of the file"),
        ("a: T @ sysbus <5, 4>\n", "x.repl:1:19: expected an end of the range"),
        ('a: T\nusing "b"\n', "x.repl:2:7: expected an entry, found 'using'"),
        ("a: T\n    [0-1] -> b@5 ?\n", "x.repl:2:18: expected "),
    ],
)
def test_messages_name_the_place(text: str, message: str) -> None:
    with pytest.raises(CrosscamError) as caught:
        parse(text, "x.repl")
    assert str(caught.value).startswith(message), str(caught.value)
    assert "\n" not in str(caught.value)
