"""Asking a board: lines out, lines in, each wait with an end."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from sim.console import LineAssembler
from sim.link.links import Link
from sim.text import printable

_SPAN_SECONDS = 0.05
_OF_A_PICTURE = re.compile(r"[DU] [0-9]{3} |u (?:[0-9]{1,3} ok|bad)$")


class Dialogue:
    """Lines over ``link``; ``show`` gets each that is no row of a picture, made fit to be shown."""

    def __init__(self, link: Link, baud: int, show: Callable[[str], None] = lambda text: None) -> None:
        self._link = link
        self._baud = baud
        self._show = show
        self._come: deque[str] = deque()
        self._lines = LineAssembler(lambda: 0, lambda line: self._come.append(line.text))

    def send(self, text: str, end: str = "\r") -> None:
        """``text`` and Enter."""
        self._link.write((text + end).encode("ascii"))

    def line(self, seconds: float) -> str | None:
        """The next line; None when none comes within ``seconds`` of silence."""
        quiet_since = self._link.seconds
        while not self._come:
            data = self._link.read(_SPAN_SECONDS)
            for byte in data:
                self._lines.feed(byte)
            if data:
                quiet_since = self._link.seconds
            elif self._link.seconds - quiet_since > seconds:
                return None
        text = self._come.popleft()
        if not _OF_A_PICTURE.match(text):
            self._show(printable(text))
        return text

    def wait_for(self, seconds: float, wanted: Callable[[str], bool]) -> str | None:
        """The next line that is ``wanted``; None when none has come ``seconds`` later, whatever else the board says."""
        end = self._link.seconds + seconds
        while (left := end - self._link.seconds) > 0:
            text = self.line(left)
            if text is not None and wanted(text):
                return text
        return None

    def speed(self, baud: int | None) -> None:
        """The wire's speed; None: the console's own."""
        self._link.set_baud(baud or self._baud)
