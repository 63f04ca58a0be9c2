"""A long run of the vision firmware, cut into windows: what creeps from the first to the last.

Nothing of a frame is kept but its scores once a photograph, so the run may be as long as anybody likes.
"""

from __future__ import annotations

import re
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sim.boot import ConsoleLog
from sim.console import Line
from sim.errors import CrosscamError
from sim.text import number_of
from sim.verdict import FrameSequence
from sim.vision_run import VisionRun

WINDOWS = 10
"""Parts of a run that are held against each other; each at least one round of the folder."""
_SECONDS_PER_FRAME = 5.0  # of virtual time
_SECONDS_TO_ANSWER = 2.0  # of virtual time, for the console
_PROBLEMS = 100
_STACK = re.compile(r"stack: (\d+)/\d+ bytes", re.ASCII)
_LOST = re.compile(r"frames: \d+ taken, (\d+) lost", re.ASCII)


@dataclass(frozen=True)
class Limits:
    """Percent by which the last windows may differ from the first: mean cycles of a frame, memory of this process."""

    cycles: float = 0.5
    memory: float = 5.0


@dataclass(frozen=True)
class Window:
    """What some frames in a row cost: ``cycles`` is their mean, ``slowest`` the most; ``stack`` bytes at its deepest
    since power-on and ``lost`` frames since then, by the firmware's own words; ``host_bytes`` of this process."""

    last_frame: int
    cycles: float
    slowest: int
    stack: int
    lost: int
    host_bytes: int
    wall_seconds: float


class Soak:
    """Runs ``board`` for ``wanted`` frames of a folder of ``photographs``.

    Attributes:
        windows: what was measured so far.
        problems: what is not as it was, or went wrong; empty when all is well.

    Raises:
        CrosscamError: ``wanted`` is less than two rounds of the folder, which is what it takes to compare.
    """

    def __init__(self, board: ConsoleLog, photographs: int, wanted: int, limits: Limits | None = None) -> None:
        self._length = max(-(-wanted // WINDOWS), photographs)
        if wanted < 2 * photographs:
            raise CrosscamError(
                f"{wanted} frames of a folder with {photographs}: expected at least {2 * photographs}, so that each "
                "comes twice"
            )
        self._board = board
        self._wanted = wanted
        self._limits = limits or Limits()
        self._sequence = FrameSequence(board.photograph)
        self._run = VisionRun(board, self._sequence, wanted)
        self._scores: dict[int, tuple[int, tuple[int, ...]]] = {}  # photograph: first frame with it, its scores
        self._cycles: list[int] = []  # of the window
        self._stack = self._lost = 0
        self.frames = 0
        self.windows: list[Window] = []
        self.problems: list[str] = []
        board.on_line.append(self._take)

    def run(
        self,
        elf: Path,
        progress: Callable[[int], object] = lambda frames: None,
        on_window: Callable[[Window], object] = lambda window: None,
    ) -> None:
        """All windows, or as many as the board makes; ``progress`` hears how many frames have come.

        Raises:
            CrosscamError: ``elf``, which the board was booted with, is not the vision application.
        """
        while self.frames < self._wanted and not self.problems:
            goal = min((len(self.windows) + 1) * self._length, self._wanted)
            if self._wanted - goal < self._length // 2:
                goal = self._wanted
            began = time.perf_counter()
            came = self._run_to(goal, progress)
            if came:
                self._ask_firmware()
                self._close_window(time.perf_counter() - began)
                on_window(self.windows[-1])
            elif not self.problems:
                self._run.explain(elf)
            self._collect()
            if not came:
                break
        self.problems += self._drift()

    def document(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "frames": self.frames,
            "photographs": len(self._scores),
            "passed": not self.problems,
            "problems": self.problems,
            "limits": asdict(self._limits),
            "windows": [asdict(each) for each in self.windows],
        }

    def _run_to(self, goal: int, progress: Callable[[int], object]) -> bool:
        def is_over() -> bool:
            progress(self.frames)
            return self.frames >= goal or bool(self._sequence.problems) or self._run.is_over()

        limit = 2.0 + (goal - self.frames) * _SECONDS_PER_FRAME
        return self._board.run_until(is_over, limit) and self.frames >= goal

    def _take(self, line: Line) -> None:
        if (stack := _STACK.search(line.text)) is not None:
            self._stack = int(stack[1])
        if (lost := _LOST.search(line.text)) is not None:
            self._lost = int(lost[1])
        if not self._sequence.seen:
            return
        seen = self._sequence.seen.pop()
        self.frames += 1
        self._cycles.append(seen.prediction.cycles)
        if seen.photograph is None:
            return
        frame, scores = self._scores.setdefault(seen.photograph, (self.frames, seen.prediction.scores))
        if scores != seen.prediction.scores and len(self.problems) < _PROBLEMS:
            self.problems.append(
                f"frame {self.frames}: photograph {seen.photograph} has scores {list(seen.prediction.scores)}, "
                f"and had {list(scores)} in frame {frame}"
            )

    def _ask_firmware(self) -> None:
        """What it says of its stack and of lost frames; the answer shows its banner as well."""
        said = self._board.sent
        self._sequence.allow_gap()
        self._board.type_text("i\r")
        known = len(self._board.lines)
        answered = self._board.run_until(
            lambda: any(_LOST.search(line.text) for line in self._board.lines[known:]), _SECONDS_TO_ANSWER
        )
        if not answered:
            what = "nothing" if self._board.sent == said else "no `frames: ... taken, ... lost`"
            self.problems.append(f"after frame {self.frames}: the console said {what} to the command `i`")

    def _close_window(self, wall: float) -> None:
        cycles, self._cycles = self._cycles, []
        self.windows.append(
            Window(self.frames, sum(cycles) / len(cycles), max(cycles), self._stack, self._lost, resident_bytes(), wall)
        )
        self._board.forget()

    def _collect(self) -> None:
        self.problems += self._sequence.problems
        self._sequence.problems.clear()

    def _drift(self) -> list[str]:
        """The windows after the first against it: by then everything has been there that is there only once."""
        if len(self.windows) < 2:
            return []
        first, last = self.windows[0], self.windows[-1]
        found = [f"{number_of(last.lost, 'frame')} lost"] if last.lost else []
        for window in self.windows[1:]:
            away = 100 * (window.cycles / first.cycles - 1)
            if abs(away) > self._limits.cycles:
                found.append(
                    f"frames up to {window.last_frame} took {window.cycles:,.0f} cycles, those up to "
                    f"{first.last_frame} {first.cycles:,.0f}: {away:+.2f} %, expected at most {self._limits.cycles:g} %"
                )
                break
        if last.stack > first.stack:
            found.append(f"the stack got deeper: {last.stack} bytes, {first.stack} up to frame {first.last_frame}")
        megabytes, at_first = last.host_bytes / 1e6, first.host_bytes / 1e6
        grown = 100 * (megabytes / at_first - 1)
        if grown > self._limits.memory:
            found.append(
                f"this process grew from {at_first:.0f} to {megabytes:.0f} MB: {grown:+.1f} %, expected at most"
                f" {self._limits.memory:g} %"
            )
        return found


def resident_bytes() -> int:
    """Memory this process holds now; where the system does not say, the most it has held."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kilobytes elsewhere
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
