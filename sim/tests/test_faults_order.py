"""How faults are spelled: kinds, arguments, moments; what is wrong gets one line."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import CrosscamError
from sim.faults.injector import KINDS, kind_of
from sim.faults.order import Moment, Order
from sim.text import LONGEST_MESSAGE


def test_an_order_has_a_kind_arguments_and_a_moment() -> None:
    order = Order.parse("camera.nack,at=12,frames=2@frame:3+5ms")
    assert (order.kind, order.arguments) == ("camera.nack", {"at": "12", "frames": "2"})
    assert order.moment == Moment("frame", 3, later=Fraction(5, 1000))
    assert Order.parse("clock.lsi-off").moment == Moment()


@pytest.mark.parametrize(
    ("spelling", "moment"),
    [
        ("boot", Moment()),
        ("time:0.25", Moment("time", seconds=Fraction(1, 4))),
        ("cycle:99", Moment("cycle", 99)),
        ("line:Frame: 2", Moment("line", text="Frame: 2")),
        ("call:main", Moment("call", 1, text="main")),
        ("call:main:7+1.5ms", Moment("call", 7, text="main", later=Fraction(3, 2000))),
    ],
)
def test_moments(spelling: str, moment: Moment) -> None:
    assert Moment.parse(spelling) == moment
    assert Moment.parse(spelling).spelling == spelling


@pytest.mark.parametrize(
    "spelling",
    ["", "camera", "camera.nack@", "camera.nack,at", "camera.nack,=3", "camera.nack@frame:0", "camera.nack@frame:x",
     "camera.nack@soon", "camera.nack@call:", "camera.nack@time:1e9", "camera.nack@frame:3+5s", "\x1b[2J.nack"],
)  # fmt: skip
def test_what_is_no_order_is_said_in_one_line(spelling: str) -> None:
    with pytest.raises(CrosscamError, match="expected") as caught:
        Order.parse(spelling)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


@given(st.text(max_size=300))
def test_any_text_is_an_order_or_refused(text: str) -> None:
    try:
        Order.parse(text)
    except CrosscamError as error:
        assert len(str(error)) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        ("camera.nak", {}, "camera.nack"),
        ("weather.rain", {}, r"camera\.\*"),
        ("camera.nack", {"byte": "3"}, "expected at, frames"),
        ("camera.nack", {"at": "x"}, "expected a whole number"),
        ("camera.nack", {"at": "-1"}, "expected a whole number"),
        ("memory.flip", {}, "at= is missing"),
    ],
)
def test_kinds_and_arguments_are_checked(kind: str, arguments: dict[str, str], words: str) -> None:
    with pytest.raises(CrosscamError, match=words):
        kind_of(kind).read_arguments(arguments)


def test_there_are_forty_kinds_and_each_says_what_happens() -> None:
    assert len(KINDS) >= 40
    for name, kind in KINDS.items():
        assert kind.name == name and 10 < len(kind.text) < 120, name
    assert kind_of("camera.nack").read_arguments({"at": "0x0C"}) == {"at": 12}
