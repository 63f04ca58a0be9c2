"""What the board says on its UART: bytes into lines, lines into predictions.

The line formats are the firmware's contract with the outside: one prediction line a frame, errors that start with
``E: ``, a banner after reset. Nothing else is taken for one of them, whatever bytes a firmware sends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sim.text import decoded

_SCORE = r"(?:  \+0|  [+-][1-9]| [+-][1-9]\d|[+-][1-9]\d\d)"  # printf's %+4d
_COUNT = r"(?:0|[1-9]\d{0,9})"
_LABEL = r"[A-Za-z_][A-Za-z0-9_ -]{0,30}"
_PAIRS = rf"(?P<scores>{_LABEL}: {_SCORE}(?:, {_LABEL}: {_SCORE})*)"
_PREDICTION = re.compile(
    _PAIRS + rf"(?: \| Grade: (?P<grade>{_LABEL}))?(?: \| Zone: (?P<zone>{_LABEL}))?"
    rf" \| Duration: (?P<duration>{_COUNT}) ms \| Cycles: (?P<cycles>{_COUNT}) \| Frame: (?P<frame>{_COUNT})",
    re.ASCII,
)
_SCORES = re.compile(rf"scores from (?P<first>{_COUNT}) of (?P<count>{_COUNT}) \| {_PAIRS}", re.ASCII)
_MARK = re.compile(r"\| Frame:|^\W{0,3}[A-Za-z]+: +[+-]?\d+,.*\| (?:Duration|Cycles):", re.ASCII)
"""What only a prediction line holds."""
BANNER = re.compile(r"crosscam \d+\.\d+\.\d+\S{0,40}: ", re.ASCII)
"""How the first line after a reset starts."""

LABELS = ("car", "negative", "person")
"""Order of the classes on the UART and in the network's output: sorted names."""
SHORT_LABELS = {"neg": "negative"}
"""What the line abbreviates, as the application it comes from does."""
_LARGEST_COUNT = (1 << 32) - 1
LONGEST_LINE = 4096
"""Bytes after which a line without an end is taken for one."""


@dataclass(frozen=True)
class Prediction:
    """One prediction line: raw int8 scores in the order of ``labels``, what a graded network's amount to (else empty),
    cost of the frame."""

    frame: int
    scores: tuple[int, ...]
    duration_ms: int
    cycles: int
    labels: tuple[str, ...] = LABELS
    grade: str = ""
    zone: str = ""

    @staticmethod
    def parse(line: str) -> Prediction | None:
        """The prediction in ``line``, or None when the line is something else."""
        found = _PREDICTION.fullmatch(line)
        if found is None:
            return None
        labels, scores = _pairs(found["scores"])
        counts = [int(found[name]) for name in ("frame", "duration", "cycles")]
        if not all(-128 <= score <= 127 for score in scores) or max(counts) > _LARGEST_COUNT:
            return None
        frame, duration, cycles = counts
        return Prediction(frame, scores, duration, cycles, labels, found["grade"] or "", found["zone"] or "")

    @staticmethod
    def is_damaged(line: str) -> bool:
        """``line`` wants to be a prediction line, and is none."""
        return _MARK.search(line) is not None and Prediction.parse(line) is None


def _pairs(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Labels and scores of "cat:  +12, dog: -128"."""
    parts = [part.rpartition(": ") for part in text.split(", ")]
    return tuple(SHORT_LABELS.get(label, label) for label, _, _ in parts), tuple(int(score) for _, _, score in parts)


@dataclass(frozen=True)
class ScoreLine:
    """One of the lines that the console's command for all scores gives: some of ``count``, from number ``first`` on."""

    first: int
    count: int
    labels: tuple[str, ...]
    scores: tuple[int, ...]

    @staticmethod
    def parse(line: str) -> ScoreLine | None:
        """The scores in ``line``, or None when the line is something else."""
        found = _SCORES.fullmatch(line)
        if found is None:
            return None
        labels, scores = _pairs(found["scores"])
        first, count = int(found["first"]), int(found["count"])
        if first + len(scores) > count or not all(-128 <= score <= 127 for score in scores):
            return None
        return ScoreLine(first, count, labels, scores)


def is_banner(line: str) -> bool:
    """``line`` is the first one a vision firmware prints after a reset."""
    return BANNER.match(line) is not None


@dataclass(frozen=True)
class Line:
    """A line without its CR LF and the core cycle at which its last byte was sent.

    ``text`` is what was sent, control characters included: ``sim.text.printable`` makes it fit to be shown.
    """

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
        """The unfinished line, a prompt for example; half a line end (CR) is none of it."""
        return decoded(bytes(self._pending.rstrip(b"\r")))

    def feed(self, byte: int) -> None:
        """One byte as the UART sent it."""
        if byte != 0x0A:
            self._pending.append(byte)
            if len(self._pending) < LONGEST_LINE:
                return
        text = decoded(bytes(self._pending.rstrip(b"\r")))
        self._pending.clear()
        self._on_line(Line(text, self._now()))
