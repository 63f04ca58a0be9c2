from __future__ import annotations

import pytest

from sim.console import Line, LineAssembler, Prediction

EXAMPLE = "car: +127, neg: -128, person:  +12 | Duration: 57 ms | Cycles: 27412345 | Frame: 17"


def test_a_prediction_line_is_read_to_the_letter() -> None:
    assert Prediction.parse(EXAMPLE) == Prediction(17, (127, -128, 12), 57, 27412345)


@pytest.mark.parametrize(
    "line",
    ["", "self-test: ok (car: -119, neg: +124, person: -123; 88962361 cycles)", EXAMPLE + " ", " " + EXAMPLE],
)
def test_other_lines_are_no_predictions(line: str) -> None:
    assert Prediction.parse(line) is None


def test_bytes_become_lines_with_the_time_of_their_line_feed() -> None:
    lines: list[Line] = []
    now = 0
    assembler = LineAssembler(lambda: now, lines.append)
    for now, byte in enumerate(b"one\r\n\r\ntwo"):  # noqa: B007
        assembler.feed(byte)
    assert lines == [Line("one", 4), Line("", 6)]
    assert assembler.pending == "two"


def test_bytes_that_are_no_text_do_not_end_the_run() -> None:
    lines: list[Line] = []
    assembler = LineAssembler(lambda: 0, lines.append)
    for byte in b"\xff\x00ok\n":
        assembler.feed(byte)
    assert lines[0].text.endswith("ok")
