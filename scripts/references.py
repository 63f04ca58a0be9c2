"""What the host says a frame folder must score: LiteRT's reference kernels on the numpy camera path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.card import read_card
from model.preprocessing import camera_path
from model.reference import Reference
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
            height, width, _ = self.card.input_shape
            image = camera_path(self.frames.pixels(index), height, width)
            scores = tuple(int(score) for score in self._reference.scores(image))
            self._known[index] = Expected(entry.source, _truth(entry), scores)
        return self._known[index]

    def decide(self, scores: tuple[int, ...]) -> tuple[str, ...]:
        """The classes whose raw score reaches the card's threshold; "negative" only where no other does."""
        present = tuple(
            label
            for label, score, threshold in zip(self.card.labels, scores, self.card.thresholds, strict=True)
            if label != "negative" and score >= threshold
        )
        return present or ("negative",)
