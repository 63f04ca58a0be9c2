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
        self._reference = Reference(self.card.model_path)
        self._known: dict[int, Expected] = {}

    def __getitem__(self, index: int) -> Expected:
        """What frame ``index`` of the folder (counted from 0) must give."""
        if index not in self._known:
            entry = self.frames.entries[index]
            image = camera_path(self.frames.pixels(index), *self.card.input_shape)
            scores = tuple(int(score) for score in self._reference.scores(image))
            self._known[index] = Expected(entry.source, _truth(entry), scores)
        return self._known[index]

    def highest(self, index: int, count: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Labels and scores of the ``count`` highest scores of a frame, the first of equal ones first."""
        scores = self[index].scores
        order = sorted(range(len(scores)), key=lambda at: (-scores[at], at))[:count]
        return tuple(self.card.labels[at] for at in order), tuple(scores[at] for at in order)

    def decide(self, labels: tuple[str, ...], scores: tuple[int, ...]) -> tuple[str, ...]:
        """The classes whose raw score reaches the card's threshold; "negative" only where no other does."""
        thresholds = dict(zip(self.card.labels, self.card.thresholds, strict=True))
        present = tuple(
            label
            for label, score in zip(labels, scores, strict=True)
            if label != "negative" and score >= thresholds[label]
        )
        return present or (("negative",) if "negative" in thresholds else ())
