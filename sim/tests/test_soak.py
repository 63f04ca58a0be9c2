"""A soak tells what creeps: scores, cycles, the firmware's stack, lost frames, this process' memory."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

from sim import soak
from sim.boot import ConsoleLog
from sim.errors import CrosscamError
from sim.soak import Limits, Soak

ELF = Path("some.elf")
BANNER = "crosscam 0.1.0: Person and car, MobileNetV1 0.25 160x160 on an STM32H743"
PHOTOGRAPHS = 3
Change = Callable[[int], int]


class Talker(ConsoleLog):
    """A board that says what a vision firmware says, a frame every tenth of a second; ``frame -> addition`` for what
    changes as it goes on."""

    def __init__(self, score: Change, cycles: Change, stack: Change, resets_at: int = 0) -> None:
        super().__init__()
        self._changes = (score, cycles, stack)
        self._resets_at = resets_at
        self._frame = 0
        self._typed = b""
        self._say(BANNER)

    def _say(self, text: str) -> None:
        for byte in f"{text}\r\n".encode():
            self._take_byte(byte)

    def run_for(self, seconds: Fraction) -> None:
        score, cycles, stack = (change(self._frame + 1) for change in self._changes)
        self._frame += 1
        if self._frame == self._resets_at:
            self._say(BANNER)
        cost = f"| Duration: 28 ms | Cycles: {13_600_000 + cycles} | Frame: {self._frame}"
        self._say(f"car: {self._frame % PHOTOGRAPHS + score:+4d}, neg:   +3, person:  +12 {cost}")
        if self._typed.endswith(b"i\r"):  # answered after the frame's line, as the firmware does
            self._typed = b""
            for line in (BANNER, f"stack: {700 + stack}/17664 bytes at its deepest"):
                self._say(line)
            self._say(f"frames: {self._frame} taken, 0 lost")

    def run_until(self, reached: Callable[[], bool], timeout_seconds: float) -> bool:
        for _ in range(round(timeout_seconds * 10)):
            if self._has_reached(reached):
                return True
            self.run_for(Fraction(1, 10))
        return self._has_reached(reached)

    def _now(self) -> int:
        return self._frame * 48_000_000

    def _type_byte(self, byte: int) -> None:
        self._typed += bytes([byte])

    @property
    def seconds(self) -> float:
        return self._frame / 10

    @property
    def captured_frames(self) -> list[int]:
        return [number % PHOTOGRAPHS for number in range(self._frame)]

    def ask(self, path: str, command: int, value: int = 0) -> int:
        raise NotImplementedError

    def ask_bytes(self, path: str, command: int) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to let go of."""


def nothing(frame: int) -> int:
    return 0


def soaked(
    frames: int = 120, score: Change = nothing, cycles: Change = nothing, stack: Change = nothing, resets_at: int = 0
) -> Soak:
    board = Talker(score, cycles, stack, resets_at)
    run = Soak(board, PHOTOGRAPHS, frames)
    run.run(ELF)
    assert len(board.lines) < 2 * frames / soak.WINDOWS + 10  # what was said is not kept
    return run


def test_nothing_creeps() -> None:
    run = soaked()
    assert run.problems == []
    assert len(run.windows) == soak.WINDOWS
    assert run.frames == run.windows[-1].last_frame >= 120
    assert {(window.cycles, window.stack, window.lost) for window in run.windows} == {(13_600_000, 700, 0)}


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"score": lambda frame: int(frame == 77)}, "frame 77: photograph 1 has scores .*, and had .* in frame 2"),
        ({"cycles": lambda frame: 1_000 * frame}, r"\+0\.\d\d %, expected at most 0.5 %"),
        ({"stack": lambda frame: 8 * (frame > 60)}, "the stack got deeper: 708 bytes, 700 up to frame"),
        ({"resets_at": 50}, "the board started anew after frame 49"),
    ],
)
def test_what_creeps_is_told(changed: dict[str, Change], problem: str) -> None:
    run = soaked(**changed)  # type: ignore[arg-type]
    assert [each for each in run.problems if re.search(problem, each)], run.problems
    assert run.document()["passed"] is False


def test_memory_that_grows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    held = iter(range(100_000_000, 200_000_000, 1_000_000))
    monkeypatch.setattr(soak, "resident_bytes", lambda: next(held))
    assert soaked().problems == ["this process grew from 100 to 109 MB: +9.0 %, expected at most 5 %"]


def test_frames_that_do_not_come_are_given_up_in_wall_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a storm of interrupts: virtual time goes on, by a hair with every look."""
    board = Talker(nothing, nothing, nothing)
    looks = iter(range(0, 10**9, 60))  # a minute of wall time passes with each
    monkeypatch.setattr("sim.vision_run.time", SimpleNamespace(perf_counter=lambda: float(next(looks))))
    monkeypatch.setattr(board, "run_for", lambda seconds: None)
    run = Soak(board, PHOTOGRAPHS, 120)
    run.run(ELF)
    (problem,) = run.problems
    assert problem.startswith("gave up after 1800 s of wall time without a frame")


def test_each_photograph_has_to_come_twice() -> None:
    with pytest.raises(CrosscamError, match="at least 6"):
        Soak(Talker(nothing, nothing, nothing), PHOTOGRAPHS, 5, Limits())


def test_memory_of_this_process_is_known() -> None:
    before = soak.resident_bytes()
    with mmap.mmap(
        -1, 50_000_000
    ) as ballast:  # of the system: what the process has freed lately could serve a bytearray
        ballast.write(b"x" * len(ballast))
        assert soak.resident_bytes() - before > 0.8 * len(ballast)
