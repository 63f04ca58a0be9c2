from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.console import LONGEST_LINE, Line, LineAssembler, Prediction, ScoreLine, is_banner
from sim.verdict import FrameSequence

EXAMPLE = "car: +127, neg: -128, person:  +12 | Duration: 57 ms | Cycles: 27412345 | Frame: 17"


def test_a_prediction_line_is_read_to_the_letter() -> None:
    assert Prediction.parse(EXAMPLE) == Prediction(17, (127, -128, 12), 57, 27412345)


def test_the_classes_are_whatever_the_line_names() -> None:
    found = Prediction.parse("bird:   +0, neg: -100 | Duration: 1 ms | Cycles: 2 | Frame: 3")
    assert found == Prediction(3, (0, -100), 1, 2, ("bird", "negative"))


def test_a_graded_network_tells_grade_and_zone() -> None:
    line = "score: +101, S: -128, R: +100 | Grade: R | Zone: trusted | Duration: 90 ms | Cycles: 43295852 | Frame: 1"
    expected = Prediction(1, (101, -128, 100), 90, 43295852, ("score", "S", "R"), "R", "trusted")
    assert Prediction.parse(line) == expected
    assert Prediction.parse(line.replace(" | Grade: R", "")) == replace(expected, grade="")
    assert Prediction.parse(line.replace(" | Zone: trusted", "")) == replace(expected, zone="")
    assert Prediction.is_damaged(line.replace("Grade", "Grad"))


def test_a_line_of_scores_is_read_to_the_letter() -> None:
    found = ScoreLine.parse("scores from 97 of 100 | cat:  +12, neg: -128, class 99:   +0")
    assert found == ScoreLine(97, 100, ("cat", "negative", "class 99"), (12, -128, 0))


@pytest.mark.parametrize(
    "line", ["scores from 98 of 100 | a:  +12, b: -128, c:   +0", "scores from 0 of 1 | a: +128", ""]
)
def test_other_lines_are_no_scores(line: str) -> None:
    assert ScoreLine.parse(line) is None


@pytest.mark.parametrize(
    "line",
    ["", "self-test: ok (car: -119, neg: +124, person: -123; 88962361 cycles)", "[/x]", "E: CAM_NACK no answer"],
)
def test_other_lines_are_no_predictions(line: str) -> None:
    assert Prediction.parse(line) is None
    assert not Prediction.is_damaged(line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+127", "+-+1"),
        ("+127", "+128"),
        ("+127", "+012"),
        ("+127", "+0"),
        ("+127", "  -0"),
        ("+127", "0127"),
        ("  +12", " +12"),
        ("17", "017"),
        ("17", "4294967296"),
        ("17", "9" * 5000),
        ("17", "\u0661\u0667"),
        ("17", "17 "),
        ("17", "17\n"),
        ("57", "-57"),
        ("car", "\x1b[31mcar"),
        ("car", " car"),
    ],
)
def test_a_line_that_is_nearly_a_prediction_is_damaged(old: str, new: str) -> None:
    line = EXAMPLE.replace(old, new)
    assert line != EXAMPLE
    assert Prediction.parse(line) is None
    assert Prediction.is_damaged(line)


def test_a_banner_is_known_by_its_beginning() -> None:
    assert is_banner("crosscam 0.1.0: Person and car, MobileNetV1 0.25 160x160 on an STM32H743")
    assert not is_banner("hello from crosscam 0.1.0: no")


def test_bytes_become_lines_with_the_time_of_their_line_feed() -> None:
    lines: list[Line] = []
    now = 0
    assembler = LineAssembler(lambda: now, lines.append)
    for now, byte in enumerate(b"one\r\n\r\ntwo"):  # noqa: B007
        assembler.feed(byte)
    assert lines == [Line("one", 4), Line("", 6)]
    assert assembler.pending == "two"
    assembler.feed(13)  # its line feed takes time on the wire
    assert assembler.pending == "two"


def test_a_line_without_an_end_does_not_grow_for_ever() -> None:
    lines: list[Line] = []
    assembler = LineAssembler(lambda: 0, lines.append)
    for _ in range(3 * LONGEST_LINE):
        assembler.feed(0x61)
    assert [len(line.text) for line in lines] == [LONGEST_LINE] * 3


@given(st.lists(st.one_of(st.binary(), st.just(EXAMPLE.encode()), st.sampled_from([b"\n", b"\r\n", b"| Frame: "]))))
def test_no_bytes_end_the_run(parts: list[bytes]) -> None:
    """Whatever comes over the wire: lines, at most as many predictions, problems in words."""
    lines: list[Line] = []
    assembler = LineAssembler(lambda: 0, lines.append)
    data = b"".join(parts)
    for byte in data:
        assembler.feed(byte)
    assert len(lines) == data.count(b"\n")
    sequence = FrameSequence(lambda number: number if number < 5 else None)
    for line in lines:
        sequence.line(line.text)
    assert len(sequence.seen) <= len(lines)
    assert all(problem.isprintable() for problem in sequence.problems)
