"""What ``make bench-renode`` times, on a board that answers from a script."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from scripts.bench_renode import FRAMES_A_ROUND, frame_seconds, self_test_rate
from sim.boot import ConsoleLog
from sim.errors import CrosscamError

PREDICTION = "car: -109, neg:  -98, person: +100 | Duration: 185 ms | Cycles: 88962391 | Frame: {}\r\n"


class ScriptedBoard(ConsoleLog):
    """Answers ``s`` with ``self_test``, ``r`` with one prediction a span, ``x`` with ``stopped``."""

    def __init__(self, self_test: str = "self-test: ok (car: -119; 88962361 cycles)") -> None:
        super().__init__()
        self._self_test = self_test
        self._typed = ""
        self._running = False
        self._frame = 0
        self.spans = 0

    def _now(self) -> int:
        return self.spans

    def _type_byte(self, byte: int) -> None:
        self._typed += chr(byte)

    @property
    def seconds(self) -> float:
        return self.spans / 10

    @property
    def captured_frames(self) -> list[int]:
        return list(range(self._frame))

    def ask(self, path: str, command: int, value: int = 0) -> int:
        raise AssertionError(f"{path} was asked")

    def ask_bytes(self, path: str, command: int) -> bytes:
        raise AssertionError(f"{path} was asked")

    def _say(self, text: str) -> None:
        for byte in text.encode():
            self._take_byte(byte)

    def run_for(self, seconds: Fraction) -> None:
        self.spans += 1
        typed, self._typed = self._typed, ""
        if "s\r" in typed:
            self._say(self._self_test + "\r\n")
        if "x\r" in typed:
            self._running = False
            self._say("stopped\r\n")
        self._running = self._running or "r\r" in typed
        if self._running:
            self._frame += 1
            self._say(PREDICTION.format(self._frame))

    def run_until(self, reached: Callable[[], bool], timeout_seconds: float) -> bool:
        for _ in range(20):
            if reached():
                return True
            self.run_for(Fraction(1, 10))
        return reached()

    def close(self) -> None:
        pass


def test_rate_counts_the_cycles_the_board_reports() -> None:
    board = ScriptedBoard()
    assert self_test_rate(board) > 0
    assert board.spans == 1


def test_a_failed_self_test_is_not_timed() -> None:
    with pytest.raises(CrosscamError, match="self-test to be timed did not end"):
        self_test_rate(ScriptedBoard("self-test: FAILED (car: +1; 88962361 cycles)"))


def test_frames_are_timed_while_the_board_runs_and_it_is_stopped_after() -> None:
    board = ScriptedBoard()
    assert frame_seconds(board) > 0
    assert len(board.predictions) == 1 + FRAMES_A_ROUND
    assert board.lines[-1].text == "stopped"


def test_a_board_without_camera_is_told() -> None:
    class Blind(ScriptedBoard):
        def run_for(self, seconds: Fraction) -> None:
            self._typed = ""

    with pytest.raises(CrosscamError, match="no prediction within 2 s"):
        frame_seconds(Blind())
