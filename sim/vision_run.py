"""A run of the vision firmware, from power-on until all frames came or it is clear that they will not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sim.boot import ConsoleLog
from sim.console import is_banner
from sim.errors import CrosscamError
from sim.text import printable
from sim.verdict import FrameSequence
from sim.wall_time import LONGEST
from sim.watch.guard import Guard

SECONDS_TO_SPEAK = 3.0
"""Virtual time within which a vision firmware has said what it is."""


class VisionRun:
    """Follows ``board`` until ``wanted`` frames have come.

    ``sequence`` gets the lines; ``tell`` gets a line for the user when nothing was said for long. ``disturbed``: faults
    were asked for, so a reset and frames left out are no surprise. A frame that takes ``sim.wall_time.LONGEST`` is
    given up.
    """

    def __init__(
        self,
        board: ConsoleLog,
        sequence: FrameSequence,
        wanted: int,
        tell: Callable[[str], None] = lambda text: None,
        *,
        disturbed: bool = False,
    ) -> None:
        self._board = board
        self._sequence = sequence
        self._wanted = wanted
        self._tell = tell
        self._disturbed = disturbed
        self._guard = Guard(board.machine) if board.machine is not None else None
        self._is_vision = False
        self._why = ""
        self._came = 0
        self._first = 0.0  # wall time at which a frame came
        self._last = time.perf_counter()  # the same, or when it began
        board.on_line.append(lambda line: self._take(line.text))
        board.on_reset.append(sequence.reset)

    def _take(self, text: str) -> None:
        if self._disturbed:
            self._sequence.allow_restart()
            self._sequence.allow_gap()
        if self._board.was_typed_at:  # a user at the console may stop it, or ask for the banner
            self._board.was_typed_at = False
            self._sequence.allow_gap()
        seen = self._sequence.line(text)
        if seen is not None:
            self._last = time.perf_counter()
            self._first = self._first or self._last
            self._came += 1
        self._is_vision = self._is_vision or seen is not None or is_banner(text)

    @property
    def wall_seconds_per_frame(self) -> float:
        """Wall time from a frame to the next, on average; 0 when there were fewer than two."""
        return (self._last - self._first) / (self._came - 1) if self._came > 1 else 0.0

    def is_over(self) -> bool:
        """All frames came, or no more will."""
        if self._came >= self._wanted or (self._sequence.restarts and not self._disturbed):
            return True
        if self._guard is not None and self._guard_says(self._guard):
            return True
        if time.perf_counter() - self._last >= LONGEST:
            self._why = f"gave up after {LONGEST:.0f} s of wall time without a frame{self._place()}"
            return True
        return not self._is_vision and self._board.seconds >= SECONDS_TO_SPEAK

    def _guard_says(self, guard: Guard) -> bool:
        sent = self._board.sent
        self._why = guard.faults.lock_up()
        if not self._why and guard.look(sent) is not None:
            self._why = guard.stuck_text()
        progress = guard.progress(sent)
        if progress:
            self._tell(progress)
        return bool(self._why)

    def _place(self) -> str:
        return f"; {self._guard.describe()}" if self._guard is not None else ""

    def explain(self, elf: Path) -> None:
        """Add to the problems why frames did not come; CrosscamError when ``elf`` is no vision firmware."""
        if self._why:
            hint = "" if self._is_vision else f"; not the vision application? `crosscam boot {elf}` boots any firmware"
            self._sequence.problems.append(f"{self._why}{hint}")
        elif not self._is_vision:
            lines = self._board.lines
            said = f'it said "{printable(lines[0].text, 80)}"' if lines else "it said nothing"
            raise CrosscamError(
                f"{elf}: not the vision application: {said} where `crosscam VERSION: ...` was due; boot other firmware "
                f"with `crosscam boot {elf}`"
            )
        elif self._came < self._wanted and not self._sequence.restarts:
            said = printable(self._board.lines[-1].text, 100)
            self._sequence.problems.append(
                f'gave up after {self._board.seconds:.1f} s of board time; last line: "{said}"'
            )
