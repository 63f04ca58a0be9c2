"""Predictions in a log whose lines have more around them than the board said: where does the first label begin?

A label may be any text, so "10:31 car: +127, ..." could be of a class "10:31 car". What the self-test's line names is
known; else what stands in most lines is the label, and what changes from line to line a time stamp or noise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from sim.console import SHORT_LABELS, Prediction, self_test_labels
from sim.text import printable

GARBAGE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
"""What is no text, as ``printable`` shows it."""
_STAMP = re.compile(
    r"\s*(?:\[[^\]\n]{1,40}\]|\(\d[^)\n]{0,30}\)"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\d\d?:\d\d:\d\d(?:[.,]\d+)?|\d+\.\d+)\s*(?:[|>]|->|:\s)?\s*"
)
"""What terminal programs write before a line: a time, in brackets or not."""
_START = re.compile(r"(?<!\w)\w|(?<=\s)\S")
_MARK = "| Frame: "
_MOST_STARTS = 64
_SAMPLE = 1000
"""Lines from which the labels are known."""

_BRIEF = {long: short for short, long in SHORT_LABELS.items()}


def bare(text: str) -> str:
    """``text`` without time stamps at its start and garbage in it."""
    while found := _STAMP.match(text):
        text = text[found.end() :]
    return _clean(text)


def _clean(text: str) -> str:
    return GARBAGE.sub("", printable(text)).strip()


class LogLabels:
    """Of a log with these lines."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._told = {label for text in texts for label in self_test_labels(text)}
        sample = list(islice(filter(None, map(_readings, texts)), _SAMPLE))
        self._lines = Counter(name for each in sample for name in {label for found in each for label in found.labels})
        best = [self._best(each) for each in sample]
        known = Counter(found.labels for found in best)
        ranked = all(list(found.scores) == sorted(found.scores, reverse=True) for found in best)
        varied = ranked and len(known) > 1  # of more scores than a line holds, the highest
        self._labels = known.most_common(1)[0][0] if known and not varied else ()

    def prediction(self, text: str) -> Prediction | None:
        """What the board said in ``text``; None when that is no prediction, or one of other labels than the rest."""
        if _MARK not in text:
            return None
        if not self._labels:
            found = _readings(text)
            return self._best(found) if found else None
        readings = (Prediction.parse(each) for each in self._after_noise(text))
        return next((each for each in readings if each is not None and each.labels == self._labels), None)

    def _after_noise(self, text: str) -> Iterator[str]:
        yield text
        clean = _clean(text)
        first = _BRIEF.get(self._labels[0], self._labels[0]) + ": "
        at = clean.find(first)
        while at >= 0:
            yield clean[at:]
            at = clean.find(first, at + 1)

    def _best(self, readings: Sequence[Prediction]) -> Prediction:
        return max(readings, key=lambda each: (each.labels[0] in self._told, self._lines[each.labels[0]]))


def _readings(text: str) -> list[Prediction]:
    """What ``text`` may say, the likeliest first: without a time stamp, as it is, from each word on."""
    if _MARK not in text:
        return []
    shown = printable(text)
    starts = [found.end() for found in GARBAGE.finditer(shown)] + [found.start() for found in _START.finditer(shown)]
    rest = (shown[start:] for start in sorted(starts)[:_MOST_STARTS])
    candidates = dict.fromkeys([bare(text), text, *(GARBAGE.sub("", each).strip() for each in rest)])
    return [found for each in candidates if (found := Prediction.parse(each)) is not None]
