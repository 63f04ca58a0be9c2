"""The verdict follows frames: each once, in order, of the photograph the camera showed."""

from __future__ import annotations

import re

import pytest

from sim.verdict import FrameSequence, counted

BANNER = "crosscam 0.1.0: Person and car, MobileNetV1 0.25 160x160 on an STM32H743"


def prediction(frame: int) -> str:
    return f"car: +127, neg: -128, person:  +12 | Duration: 57 ms | Cycles: 27412345 | Frame: {frame}"


def sequence(*lines: str | int, captured: int = 100) -> FrameSequence:
    made = FrameSequence(lambda number: 10 + number if number < captured else None)
    for line in lines:
        made.line(prediction(line) if isinstance(line, int) else line)
    return made


def test_frames_in_order_are_no_problem_and_of_the_photographs_the_camera_showed() -> None:
    made = sequence(BANNER, "model: x", 1, 2, 3)
    assert [(each.prediction.frame, each.photograph) for each in made.seen] == [(1, 10), (2, 11), (3, 12)]
    assert (made.problems, made.restarts) == ([], 0)


@pytest.mark.parametrize(
    ("lines", "problem", "seen"),
    [
        ((1, 1, 2), r'line 2 "car: .*Frame: 1": frame 1 came after frame 1', 2),
        ((1, 3), r'line 2 "car: .*Frame: 3": frame 2 did not come', 2),
        ((4,), "frames 1 to 3 did not come", 1),
        ((999,), "frames 1 to 998 did not come", 1),
        ((0, 1), "frame 0 came where frames count from 1", 1),
        ((1, 2, 1, 2, 1), "frame 1 came after frame 2: repeated, or the board started anew", 2),
        ((1, prediction(2).replace("+127", "+-+1"), 2), r'line 2 "car: \+-\+1.*damaged', 2),
        ((BANNER, 1, 2, BANNER, 1), "line 4 .*the board started anew after frame 2", 3),
        ((BANNER, BANNER), "started anew after no frame at all", 0),
    ],
)
def test_what_goes_wrong_is_told_with_its_line(lines: tuple[str | int, ...], problem: str, seen: int) -> None:
    made = sequence(*lines)
    assert re.search(problem, made.problems[0])
    assert len(made.seen) == seen


def test_a_frame_the_camera_knows_nothing_of_is_a_problem() -> None:
    made = sequence(1, 2, 3, captured=2)
    assert made.problems == [f'line 3 "{prediction(3)}": the camera has not delivered 3 photographs']
    assert made.seen[-1].photograph is None


def test_a_reset_the_machine_tells_of_is_told_once_with_its_reason() -> None:
    made = sequence(BANNER, 1, 2)
    made.reset("IWDG1: not reloaded in time")
    made.line(BANNER)
    made.line(prediction(1))
    assert made.problems == ["the board was reset (IWDG1: not reloaded in time) after frame 2"]
    assert made.restarts == 1
    assert [each.prediction.frame for each in made.seen] == [1, 2, 1]


def test_a_command_may_be_answered_after_the_prediction_that_was_being_made() -> None:
    made = sequence(BANNER, 1)
    made.allow_gap()  # the user typed `i`
    for line in (prediction(2), BANNER, prediction(3)):
        made.line(line)
    assert (made.problems, made.restarts) == ([], 0)
    made.line(BANNER)
    assert made.restarts == 1


def test_what_the_test_asked_for_is_no_problem() -> None:
    made = sequence(BANNER, 1)
    made.allow_gap()
    made.line(BANNER)  # the user typed `i`
    made.allow_gap()
    made.line(prediction(3))
    made.allow_restart()
    made.reset("a test's own")
    made.line(BANNER)
    made.line(prediction(1))
    assert made.problems == []
    assert made.left_out == ["frame 2"], "no problem, and no secret"
    made.line(prediction(3))
    assert len(made.problems) == 1


def test_the_count_says_what_did_not_come() -> None:
    assert counted(21, 21, 40) == "21 of 21 that came are equal, 19 of 40 did not come"
    assert counted(0, 1, 2) == "0 of 1 that came is equal, 1 of 2 did not come"
    assert counted(5, 6, 6) == "5 of 6 predictions equal the host reference bit for bit"
