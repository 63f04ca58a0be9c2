"""What the board says on its UART: bytes into lines, lines into predictions.

The line formats are the firmware's contract with the outside: one prediction line a frame, errors that start with
``E: ``, a banner after reset. Nothing else is taken for one of them, whatever bytes a firmware sends. A class may have
any name that a line can carry: ``model/labels.py`` refuses the others by the rule that is ``_LABEL`` here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sim.text import decoded, printable

_SCORE = r"(?:  \+0|  [+-][1-9]| [+-][1-9][0-9]|[+-][1-9][0-9][0-9])"  # printf's %+4d
_COUNT = r"(?:0|[1-9][0-9]{0,9})"
_ESCAPE = r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"  # what is no text, shown
_LABEL = rf"(?!\s)(?:(?!: +(?:[+-]|[0-9]+, )| \| |{_ESCAPE}|crosscam [0-9])[^\0-\x1f\x7f]){{1,64}}?(?<!\s)"
_ZONE = r"[A-Za-z][A-Za-z0-9_]{0,29}"
_PAIR = re.compile(rf"(?P<label>{_LABEL}): (?P<score>{_SCORE})(?P<end>, | \| |\Z)")
_REST = re.compile(
    rf"(?:Grade: (?P<grade>{_LABEL}) \| )?(?:Zone: (?P<zone>{_ZONE}) \| )?"
    rf"Duration: (?P<duration>{_COUNT}) ms \| Cycles: (?P<cycles>{_COUNT}) \| Frame: (?P<frame>{_COUNT})"
)
_SCORES = re.compile(rf"scores from (?P<first>{_COUNT}) of (?P<count>{_COUNT}) \| ")
_SELF_TEST = re.compile(rf"self-test: (?:ok|FAILED) \((.+); {_COUNT} cycles\)")
_MARK = re.compile(r"\| Frame:|^[^|]*: *[+-]?[0-9]+,.*\| (?:Duration|Cycles):")
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
        pairs = _pairs(line, 0)
        found = _REST.fullmatch(line, pairs.end) if pairs is not None else None
        if pairs is None or found is None:
            return None
        counts = [int(found[name]) for name in ("frame", "duration", "cycles")]
        if max(counts) > _LARGEST_COUNT:
            return None
        frame, duration, cycles = counts
        return Prediction(
            frame, pairs.scores, duration, cycles, pairs.labels, found["grade"] or "", found["zone"] or ""
        )

    @staticmethod
    def is_damaged(line: str) -> bool:
        """``line`` wants to be a prediction line, and is none."""
        return Prediction.is_meant(line) and Prediction.parse(line) is None

    @staticmethod
    def is_meant(line: str) -> bool:
        """``line`` wants to be a prediction line."""
        return _MARK.search(line) is not None and not is_banner(line)


@dataclass(frozen=True)
class _Pairs:
    """Labels and scores that stand in a line up to ``end``, " | " included."""

    labels: tuple[str, ...]
    scores: tuple[int, ...]
    end: int


def _pairs(line: str, start: int) -> _Pairs | None:
    """What ``line`` has from ``start`` on of "cat:  +12, dog: -128"; None when it is something else."""
    labels: list[str] = []
    scores: list[int] = []
    while (found := _PAIR.match(line, start)) is not None:
        labels.append(SHORT_LABELS.get(found["label"], found["label"]))
        scores.append(int(found["score"]))
        start = found.end()
        if found["end"] != ", ":
            fits = all(-128 <= score <= 127 for score in scores) and all(printable(each) == each for each in labels)
            return _Pairs(tuple(labels), tuple(scores), start) if fits else None
    return None


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
        found = _SCORES.match(line)
        pairs = _pairs(line, found.end()) if found is not None else None
        if found is None or pairs is None or pairs.end < len(line) or line.endswith(" | "):
            return None
        first, count = int(found["first"]), int(found["count"])
        return ScoreLine(first, count, pairs.labels, pairs.scores) if first + len(pairs.scores) <= count else None


def self_test_labels(line: str) -> tuple[str, ...]:
    """The labels that the self-test's line in ``line`` names; empty when there is none."""
    found = _SELF_TEST.search(line)
    pairs = _pairs(found[1], 0) if found is not None else None
    return pairs.labels if pairs is not None else ()


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
