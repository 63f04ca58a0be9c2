"""What the host says a frame folder must score: LiteRT's reference kernels on the numpy camera path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.card import read_card
from model.evaluation.reference import Reference
from model.preprocessing import camera_path
from sim.frames.folder import Entry, FrameFolder


@dataclass(frozen=True)
class Expected:
    """One frame: its photograph, its true classes (empty: unknown), the scores the board must print."""

    source: str
    labels: tuple[str, ...]
    scores: tuple[int, ...]


def _truth(entry: Entry) -> tuple[str, ...]:
    if not entry.labelled:
        return ()
    return entry.labels or ("negative",)


class HostReference:
    """Scores frames of a folder, each at most once."""

    def __init__(self, model_folder: Path, frames: FrameFolder) -> None:
        self.card = read_card(model_folder)
        self.frames = frames
        self._reference = Reference(self.card.model_path, self.card.outputs)
        self._known: dict[int, Expected] = {}

    def __getitem__(self, index: int) -> Expected:
        """What frame ``index`` of the folder (counted from 0) must give."""
        if index not in self._known:
            entry = self.frames.entries[index]
            image = camera_path(self.frames.pixels(index), *self.card.input_shape)
            scores = tuple(int(score) for score in self._reference.scores(image))
            truth = _truth(entry)
            # Photographs labelled for another task say nothing here.
            known = truth if set(truth) <= set(self.card.labels) else ()
            self._known[index] = Expected(entry.source, known, scores)
        return self._known[index]

    def highest(self, index: int, count: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Labels and scores of the ``count`` highest scores of a frame, the first of equal ones first."""
        scores = self[index].scores
        order = sorted(range(len(scores)), key=lambda at: (-scores[at], at))[:count]
        return tuple(self.card.labels[at] for at in order), tuple(scores[at] for at in order)

    def decide(self, labels: tuple[str, ...], scores: tuple[int, ...]) -> tuple[str, ...]:
        """What the scores of some labels amount to, by the card: classes that are present, or the grade."""
        thresholds = dict(zip(self.card.labels, self.card.thresholds, strict=True))
        return self.card.judgement.present(labels, scores, thresholds)

    def verdict(self, index: int) -> tuple[str, str]:
        """Grade and zone of a frame; each is empty where the card has none."""
        scores = dict(zip(self.card.labels, self[index].scores, strict=True))
        return self.card.judgement.grade(scores), self.card.judgement.zone(scores)
