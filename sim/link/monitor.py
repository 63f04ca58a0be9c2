"""Shows what a board says, line by line with the time each came, and keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.console import Line, LineAssembler, Prediction
from sim.link.links import Link
from sim.text import printable

SPAN_SECONDS = 0.1
"""How long a read waits: as long as a user may wait for Ctrl-C or for what was typed."""
SILENCE_SECONDS = 0.5
"""After which an unfinished line, a prompt for example, is shown as it is."""
START_SECONDS = 1.0


@dataclass(frozen=True)
class Limits:
    """When to stop: after ``seconds``, ``frames`` predictions, or a line with ``until`` in it; None: not for that."""

    seconds: float | None = None
    frames: int | None = None
    until: str | None = None


class Monitor:
    """Follows ``link``; ``show`` gets each line with its time: ``[   12.345678] text``.

    Attributes:
        frames: predictions that came.
        found: whether the line waited for has come.
    """

    def __init__(self, link: Link, show: Callable[[str], None], keep: Callable[[bytes], None] | None = None) -> None:
        self._link = link
        self._show = show
        self._keep = keep or (lambda data: None)
        self._lines = LineAssembler(lambda: 0, self._take)
        self._heard = 0.0
        self._spoken = False
        self._until: str | None = None
        self.frames = 0
        self.found = False

    def run(self, limits: Limits, first: bytes = b"", typed: Callable[[], bytes] = lambda: b"") -> None:
        """Until a limit is reached.

        Args:
            limits: when.
            first: typed as soon as the board has said something, or has had ``START_SECONDS`` to start.
            typed: asked for what the user has typed since.

        Raises:
            LinkLostError: the board has gone.
        """
        self._until = limits.until
        began = self._heard = self._link.seconds
        end = None if limits.seconds is None else self._link.seconds + limits.seconds
        while not self.found and (limits.frames is None or self.frames < limits.frames):
            left = SPAN_SECONDS if end is None else min(SPAN_SECONDS, end - self._link.seconds)
            if left <= 0:
                break
            if first and (self._spoken or self._link.seconds - began >= START_SECONDS):
                self._link.write(first)
                first = b""
            keys = typed()
            if keys:
                self._link.write(keys)
            self._hear(self._link.read(left))
        if self._lines.pending:
            self._lines.feed(0x0A)

    def _hear(self, data: bytes) -> None:
        if data:
            self._spoken = True
            self._keep(data)
            self._heard = self._link.seconds
            for byte in data:
                self._lines.feed(byte)
        elif self._lines.pending and self._link.seconds - self._heard > SILENCE_SECONDS:
            self._lines.feed(0x0A)

    def _take(self, line: Line) -> None:
        self._show(f"[{self._link.seconds:12.6f}] {printable(line.text)}")
        self.frames += Prediction.parse(line.text) is not None
        self.found = self.found or (self._until is not None and self._until in line.text)
