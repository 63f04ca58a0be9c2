"""Monitor commands and .resc files, taken apart."""

from __future__ import annotations

import pytest

from sim.engine.monitor.script_files import commands
from sim.engine.monitor.tokens import Equals, Execution, Mark, PathText, Span, Variable, Word, tokenize
from sim.errors import CrosscamError


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("mach create", [Word("mach"), Word("create")]),
        ("x 0x1F -5 2.5 true False null", [Word("x"), 0x1F, -5, 2.5, True, False, None]),
        ('x "a \\"b\\" c" \'d\'', [Word("x"), 'a "b" c', "d"]),
        ("i @path\\ with/space.resc", [Word("i"), PathText("path with/space.resc")]),
        ("i @@scripts/x.resc", [Word("i"), PathText("scripts/x.resc")]),
        ("$bin?=@a.elf", [Variable("bin"), Equals(True), PathText("a.elf")]),
        ("$a = 3", [Variable("a"), Equals(False), 3]),
        ("i $ORIGIN/dir/x.resc", [Word("i"), Variable("ORIGIN", "/dir/x.resc")]),
        ('Tag <0x10, 0x20> "n"', [Word("Tag"), Span(0x10, 0x20), "n"]),
        ("Tag <0x10 0x20>", [Word("Tag"), Span(0x10, 0x2F)]),
        ("echo `cpu PC`", [Word("echo"), Execution("cpu PC")]),
        ("f [1, 2]", [Word("f"), Mark("["), 1, Mark(","), 2, Mark("]")]),
        ("sysbus.uart-1.x Y?", [Word("sysbus.uart-1.x"), Word("Y?")]),
        ('python """\nprint("a; b")\n"""', [Word("python"), '\nprint("a; b")\n']),
        ("start # go", [Word("start")]),
        ("mach create 3rd", [Word("mach"), Word("create"), Word("3rd")]),
    ],
)
def test_tokens(text: str, tokens: list[object]) -> None:
    assert tokenize(text) == [tokens]
    assert [type(token) for token in tokenize(text)[0]] == [type(token) for token in tokens]


def test_commands_are_separated_and_comments_dropped() -> None:
    assert tokenize("a; b ;; c") == [["a"], ["b"], ["c"]]
    assert tokenize(":name: x") == tokenize("# x") == tokenize("  ") == []


def test_what_is_no_token_is_refused() -> None:
    with pytest.raises(CrosscamError, match="column 3: expected a word, number, string"):
        tokenize("a !b")


def test_ranges_know_their_size() -> None:
    assert Span(0x10, 0x1F).size == 0x10


def test_lines_and_multi_line_texts() -> None:
    source = 'one\n\nmacro reset\n"""\n    a\n    b\n"""\n$x="""p\nq"""\nlast'
    assert list(commands(source, "f")) == [
        (1, "one"),
        (3, 'macro reset\n"""\n    a\n    b\n"""'),
        (8, '$x="""p\nq"""'),
        (10, "last"),
    ]


def test_a_text_on_one_line_does_not_swallow_the_next() -> None:
    assert list(commands('python """x"""\nnext', "f")) == [(1, 'python """x"""'), (2, "next")]


def test_a_text_that_never_ends_is_refused() -> None:
    with pytest.raises(CrosscamError, match='f:2: the text opened by """ never ends'):
        list(commands('a\nmacro m\n"""\nb\n', "f"))
