"""Strangers' text never moves a cursor, and never grows a message."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.text import LONGEST_MESSAGE, number_of, one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [/x] text", "plain [/x] text"),
        ("\x1b[31mred\x07\x9b", "\\x1b[31mred\\x07\\x9b"),
        ("a\tb\r\n", "a    b\\x0d\\x0a"),
        ("right\u202eleft", "right\\u202eleft"),
        ("21 \u00b0C", "21 \u00b0C"),
        ("\ud800", "\\ud800"),
        (b"\xff\xc3\xbc\x00", "\\xff\u00fc\\x00"),
    ],
)
def test_what_is_no_plain_character_is_written_out(text: str | bytes, shown: str) -> None:
    assert printable(text) == shown


@given(st.one_of(st.text(), st.binary()))
def test_nothing_but_plain_characters_is_left(text: str | bytes) -> None:
    shown = printable(text)
    assert all(unicodedata.category(character)[0] not in "C" for character in shown)
    assert "\n" not in shown and "\u2028" not in shown
    shown.encode("utf-8")


@given(st.text(), st.integers(4, 50))
def test_a_limit_is_kept_and_what_is_cut_is_marked(text: str, limit: int) -> None:
    shown, whole = printable(text, limit), printable(text)
    assert len(shown) <= limit
    assert shown == whole or "\u2026" in shown


@given(st.text(max_size=2000))
def test_a_message_is_one_line_of_bearable_length(text: str) -> None:
    assert len(one_line(text)) <= LONGEST_MESSAGE
    assert len(one_line(text).splitlines()) <= 1


def test_one_thing_is_one_and_others_are_more() -> None:
    assert [number_of(count, "whole picture") for count in (0, 1, 1234)] == [
        "0 whole pictures", "1 whole picture", "1,234 whole pictures"
    ]  # fmt: skip
