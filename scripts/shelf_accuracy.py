"""How well a model of the shelf tells the photographs of a frame folder apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.references import HostReference
from sim.frames.folder import FrameFolder


@dataclass(frozen=True)
class Accuracy:
    """Counts of labelled photographs: what is present by the card's thresholds, or the grade, is just what is shown, or
    something else, or no score reaches its threshold; ``best``: the highest score is of something that is shown."""

    correct: int
    incorrect: int
    empty: int
    best: int

    @property
    def count(self) -> int:
        """All of them."""
        return self.correct + self.incorrect + self.empty


def accuracy_of(model: Path, frames: FrameFolder) -> Accuracy | None:
    """Of the model's int8 scores by LiteRT's reference kernels; None where its labels are not the photographs'.

    Raises:
        CrosscamError: the card or the model cannot be read.
    """
    host = HostReference(model, frames)
    judgement = host.card.judgement
    named = [at for at, label in enumerate(host.card.labels) if label != judgement.zone_label]
    shown = [number for number, entry in enumerate(frames.entries) if entry.labelled]
    truths = {number: host[number].labels for number in shown} if _tells(host, frames) else {}
    if not truths:
        return None
    correct = incorrect = empty = best = 0
    for number, truth in truths.items():
        scores = host[number].scores
        over = any(score >= limit for score, limit in zip(scores, host.card.thresholds, strict=True))
        reached = over or bool(judgement.grades)  # the highest grade holds, whatever its score
        is_right = set(host.decide(host.card.labels, scores)) == set(truth)
        correct += reached and is_right
        incorrect += reached and not is_right
        empty += not reached
        best += host.card.labels[max(named, key=lambda at, scores=scores: scores[at])] in truth
    return Accuracy(correct, incorrect, empty, best)


def _tells(host: HostReference, frames: FrameFolder) -> bool:
    named = {label for entry in frames.entries if entry.labelled for label in entry.labels or ("negative",)}
    return named <= set(host.card.labels)
