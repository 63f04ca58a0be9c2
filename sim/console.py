"""What the board says on its UART: bytes into lines, lines into predictions.

The line formats are the firmware's contract with the outside: one prediction line a frame, errors that start with
``E: ``, a banner after reset.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_PREDICTION = re.compile(
    r"car: (?P<car>[ +-]+\d+), neg: (?P<negative>[ +-]+\d+), person: (?P<person>[ +-]+\d+)"
    r" \| Duration: (?P<duration>\d+) ms \| Cycles: (?P<cycles>\d+) \| Frame: (?P<frame>\d+)$"
)

LABELS = ("car", "negative", "person")
"""Order of the classes on the UART and in the network's output: sorted names."""


@dataclass(frozen=True)
class Prediction:
    """One prediction line: raw int8 scores in the order of ``LABELS``, cost of the frame."""

    frame: int
    scores: tuple[int, int, int]
    duration_ms: int
    cycles: int

    @staticmethod
    def parse(line: str) -> Prediction | None:
        """The prediction in ``line``, or None when the line is something else."""
        found = _PREDICTION.match(line)
        if found is None:
            return None
        car, negative, person = (int(found[label]) for label in LABELS)
        return Prediction(int(found["frame"]), (car, negative, person), int(found["duration"]), int(found["cycles"]))


@dataclass(frozen=True)
class Line:
    """A line without its CR LF and the core cycle at which its last byte was sent."""

    text: str
    cycle: int


class LineAssembler:
    """Turns UART bytes into lines; hands each to ``on_line`` when its line feed arrives."""

    def __init__(self, now: Callable[[], int], on_line: Callable[[Line], None]) -> None:
        self._now = now
        self._on_line = on_line
        self._pending = bytearray()

    @property
    def pending(self) -> str:
        """The unfinished line, a prompt for example."""
        return self._pending.decode("ascii", "replace")

    def feed(self, byte: int) -> None:
        """One byte as the UART sent it."""
        if byte == 0x0A:
            text = self._pending.rstrip(b"\r").decode("ascii", "replace")
            self._pending.clear()
            self._on_line(Line(text, self._now()))
        else:
            self._pending.append(byte)
