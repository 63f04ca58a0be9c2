"""Comparing runs: made-up board logs with time stamps, noise, garbage and resets against what was really said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import CrosscamError
from sim.recording.board_log import Boot, boots_of, read_log
from sim.recording.compare import Comparison, Rules, compare

BANNER = "crosscam 0.1.0: what a board sees"
HEAD = [BANNER, "model: birds 1234abcd, 3 layers", "self-test: ok (cat:  +12; 13712460 cycles)"]


def line(frame: int, score: int = 0, cycles: int = 1_000_000) -> str:
    scores = f"cat: {score + frame:+4d}, dog: {-frame:+4d}"
    return f"{scores} | Duration: {cycles // 480_000} ms | Cycles: {cycles + 100 * frame} | Frame: {frame}"


def run(*frames: int, **values: int) -> list[str]:
    return [*HEAD, *(line(frame, **values) for frame in frames)]


def log(text: list[str] | bytes) -> list[Boot]:
    content = text if isinstance(text, bytes) else "\r\n".join(text).encode() + b"\r\n"
    return read_log(content, "a.log")


def held(a: list[str] | bytes, b: list[str] | bytes, **rules: object) -> Comparison:
    return compare(log(a), log(b), Rules(**rules))  # type: ignore[arg-type]


def kinds(found: Comparison) -> list[tuple[str, str]]:
    return [(each.kind, each.where) for each in found.differences]


BENCH = b"\n".join(
    [
        *(f"[2026-01-02 03:04:05.{n:03}] {text}".encode() for n, text in enumerate(run(1, 2))),
        b"usb 1-2: new device, car: 4 doors",
        b"\xff\x00\xfe\x1b[31mnoise",
        b"12:00:01.5 -> " + line(3).encode() + b"\x80",
        b"cat:   +4, dog:   -" + b"\x00\xff" + BANNER.encode(),  # reset in the middle of a line
        *(text.encode() for text in HEAD[1:]),
        *(b"\x80\xfe" + line(frame).encode() for frame in (1, 2, 3, 4)),
    ]
)


def test_equal_runs_pass() -> None:
    found = held(run(1, 2, 3), run(1, 2, 3))
    assert found.passed
    assert [(frame.frame, frame.equal) for frame in found.frames] == [(1, True), (2, True), (3, True)]
    assert found.notes == []


def test_a_bench_log_is_read_through_stamps_noise_and_garbage() -> None:
    first, second = log(BENCH)
    assert sorted(first.frames) == [1, 2, 3]
    assert sorted(second.frames) == [1, 2, 3, 4]
    found = held(run(1, 2, 3, 4), BENCH)
    assert kinds(found) == [("reset", "starts")]
    assert len(found.frames) == 7
    assert any("new device" in note for note in found.notes)


def test_a_run_that_goes_on_after_the_reset_is_held_against_what_comes_next() -> None:
    after = [line(frame).replace(f"Frame: {frame}", f"Frame: {frame - 2}") for frame in (3, 4)]
    found = held(run(1, 2, 3, 4), [*run(1, 2), *HEAD, *after])
    assert kinds(found) == [("reset", "starts")]
    assert kinds(held([*run(1, 2), *HEAD, *after], run(1, 2, 3, 4))) == [("reset", "starts")]


@pytest.mark.parametrize("frame", [1, 2, 3, 4])
def test_one_changed_score_is_found(frame: int) -> None:
    changed = line(frame).replace(f"dog: {-frame:+4d}", f"dog: {-frame + 1:+4d}").encode()
    head, _, tail = BENCH.rpartition(line(frame).encode())
    found = held(run(1, 2, 3, 4), head + changed + tail)
    assert ("scores", f"start 2, frame {frame}") in kinds(found)
    assert len(found.differences) == 2
    scores = next(each for each in found.differences if each.kind == "scores")
    assert (scores.a, scores.b) == (f"dog {-frame:+d}", f"dog {-frame + 1:+d}")


def test_a_shift_of_one_per_cent_is_found() -> None:
    shifted = re.sub(rb"Cycles: (\d+)", lambda found: b"Cycles: %d" % (int(found[1]) * 101 // 100), BENCH)
    found = held(run(1, 2, 3, 4), shifted)
    assert [each.kind for each in found.differences].count("cycles") == 7
    assert found.shift == pytest.approx(0.01, rel=1e-3)
    assert kinds(held(run(1, 2, 3, 4), shifted, tolerance=0.011)) == [("reset", "starts")]


def test_missing_frames_errors_and_other_lines() -> None:
    board = [*HEAD[:1], HEAD[1].replace("1234abcd", "ffff0000"), HEAD[2].replace("13712460", "13712470")]
    found = held(run(1, 2), [*board, line(1), "E: CAM_NACK no answer from camera at 0x21"])
    assert set(kinds(found)) == {
        ("line", "line 2"),
        ("missing frame", "frame 2"),
        ("error line", "line 5 of B"),
    }
    assert not held(run(1), [*run(1), "hello"], strict=True).passed
    assert held(run(1), [*run(1), "hello"], strict=True, ignore=lambda text: text == "hello").passed


def test_other_labels_are_a_difference() -> None:
    found = held(run(1), [text.replace("dog", "fox") for text in run(1)])
    assert kinds(found) == [("labels", "frame 1")]
    assert found.document()["first_difference"]["b"] == "cat, fox"


def test_a_damaged_prediction_is_counted_and_its_frame_missed() -> None:
    found = held(run(1, 2), [*run(1), line(2).replace("| Cycles: 1", "| Cy#les: 1")])
    assert kinds(found) == [("missing frame", "frame 2")]
    assert found.notes == ["B: 1 damaged prediction line"]


def test_a_log_without_predictions_is_refused() -> None:
    with pytest.raises(CrosscamError, match=r"a\.log: no prediction"):
        log(b"\xff\xfe\x00 nothing")


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(0, 3))
def test_noise_between_the_lines_changes_nothing(noise: list[bytes], every: int) -> None:
    """Whatever bytes stand on lines of their own."""
    lines = [text.encode() for text in run(1, 2, 3)]
    for number, each in enumerate(noise):
        lines.insert(3 + (number + every) % (len(lines) - 2), each.replace(b"\n", b"").replace(b"\r", b""))
    found = compare(boots_of(run(1, 2, 3)), read_log(b"\n".join(lines), "x"), Rules())
    assert [each for each in found.differences if each.kind in ("scores", "cycles", "missing frame")] == []
    assert len(found.frames) == 3


@pytest.mark.parametrize("name", ["K\u00e4fer {\u00df}", "a, b: c", "hot dog", "[a] b", "1.5 l", "fer"])
def test_labels_of_any_kind_are_told_from_what_stands_before_them(name: str) -> None:
    """A name that looks like a time stamp is known by the self-test's line."""
    said = [each.replace("cat", name) for each in [*run(1, 2, 3), line(4, score=-20)]]
    assert all(boot.frames[2].prediction.labels == (name, "dog") for boot in log(said) if boot.frames[2].prediction)
    stamped = [f"[12:00:0{n}.5] board> {each}" for n, each in enumerate(said)]
    noisy = [stamped[0], *(f"\x80\x02{each}\x00" for each in stamped[1:])]
    assert held(said, said).passed
    assert held(said, noisy).passed
    changed = [*noisy[:-1], noisy[-1].replace("  -4", "  -5")]
    assert kinds(held(said, changed)) == [("scores", "frame 4")]
    assert log([*noisy, noisy[-1].replace("dog", "d\x07g")])[0].damaged == 1


def test_a_line_has_the_highest_of_more_scores_than_it_holds() -> None:
    rest = "| Duration: 2 ms | Cycles: 1000"
    said = [f"cat: +{90 + n}, dog:   -1 {rest} | Frame: {n}" for n in (1, 2)] + [
        f"elk:  +80, cat:   -1 {rest} | Frame: 3"
    ]
    stamped = [f"10:00:0{n} {each}" for n, each in enumerate(said)]
    assert sorted(log(stamped)[0].frames) == [1, 2, 3]
    assert held(said, stamped).passed
