"""What a board said, out of a log of its UART: boots, and in each of them predictions and other lines.

A log comes from a bench: a terminal program has put its time stamps before the lines, bytes are garbled when a cable
is plugged in or the board is reset in the middle of a line, and other programs write into it. Whatever stands around
a prediction or a banner is taken off; a line that wants to be a prediction and is none is counted as damaged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sim.console import BANNER, Prediction, is_banner
from sim.errors import CrosscamError
from sim.recording.log_labels import LogLabels, bare
from sim.text import decoded

_LINE_END = re.compile(rb"\r\n|\n|\r")
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])")
MOST_LINES = 5_000_000


@dataclass(frozen=True)
class Said:
    """A line as it is compared. ``number``: in the log, from 1; ``damaged``: it was a prediction once."""

    number: int
    text: str
    prediction: Prediction | None = None
    damaged: bool = False


@dataclass
class Boot:
    """From one start of the board to the next. ``frames``: the predictions by frame number, the first of each."""

    lines: list[Said] = field(default_factory=list)
    frames: dict[int, Said] = field(default_factory=dict)

    @property
    def damaged(self) -> int:
        """Lines that were predictions once."""
        return sum(line.damaged for line in self.lines)

    @property
    def last_frame(self) -> int:
        """The highest number; 0 without a frame."""
        return max(self.frames, default=0)


def read_log(content: bytes, where: str) -> list[Boot]:
    """The boots in the bytes of a log.

    Raises:
        CrosscamError: there is no prediction in it; ``where`` names the log.
    """
    boots = boots_of(decoded(line) for line in _LINE_END.split(content))
    if not any(boot.frames for boot in boots):
        raise CrosscamError(
            f'{where}: no prediction in it: expected lines such as "car: +127, neg: -128 | Duration: 57 ms | Cycles: '
            '27412345 | Frame: 17"'
        )
    return boots


def boots_of(lines: Iterable[str]) -> list[Boot]:
    """The boots that ``lines`` are of; a board that starts anew counts its frames from the beginning."""
    texts = [each for line in lines for each in _split_at_banner(_ESCAPE.sub("", line))][:MOST_LINES]
    labels = LogLabels(texts)
    boots = [Boot()]
    for number, text in enumerate(texts, 1):
        said = _said(number, text, labels)
        if _starts_anew(said, boots[-1]):
            boots.append(Boot())
        boots[-1].lines.append(said)
        if said.prediction is not None:
            boots[-1].frames.setdefault(said.prediction.frame, said)
    return [boot for boot in boots if boot.lines]


def _starts_anew(said: Said, boot: Boot) -> bool:
    if is_banner(said.text):
        return any(is_banner(line.text) for line in boot.lines) or bool(boot.frames)
    return said.prediction is not None and said.prediction.frame < boot.last_frame


def _split_at_banner(text: str) -> Iterator[str]:
    """``text``; where a board was reset in the middle of a line, what came before and the banner are two."""
    found = BANNER.search(text)
    if found is None:
        yield text
        return
    before = text[: found.start()]
    if bare(before):
        yield before
    yield text[found.start() :]


def _said(number: int, text: str, labels: LogLabels) -> Said:
    prediction = labels.prediction(text)
    clean = bare(text)
    return Said(number, clean, prediction, prediction is None and Prediction.is_meant(clean))
