"""What ways to choose and use thresholds are worth on pictures the thresholds were not chosen on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.evaluation.evaluate import best_threshold, f1_score, standard_error
from model.judgement import NEGATIVE

FOLDS = 5
DEALS = 20
"""How often the pictures are dealt into folds: one deal alone moves macro F1 by more than most ways do."""
PULLS = (1.0, 0.75, 0.5, 0.25, 0.0)


@dataclass(frozen=True)
class Way:
    """Thresholds are ``pull`` times those of the highest F1: 1 as they are, 0 all in the middle, a score of 1/2.

    ``excluding``: a picture in which another class is present is no negative, whatever that score.
    """

    pull: float
    excluding: bool

    def decisions(self, scores: NDArray[Any], best: NDArray[Any], names: Sequence[str]) -> NDArray[np.bool_]:
        """``bool[n, outputs]`` of int8 scores ``[n, outputs]``; ``best``: thresholds of the highest F1."""
        present: NDArray[np.bool_] = scores >= np.rint(self.pull * best)
        if self.excluding and NEGATIVE in names:
            negative = list(names).index(NEGATIVE)
            present[:, negative] &= ~np.delete(present, negative, axis=1).any(axis=1)
        return present


@dataclass(frozen=True)
class Worth:
    """Cross-fitted macro F1 of a way: mean and deviation over the deals, the difference from the plain way, pull 1 and
    nothing excluded, and its standard error by the bootstrap."""

    way: Way
    macro_f1: float
    deviation: float
    difference: float
    error: float


def worth_of_ways(scores: NDArray[np.int8], labels: NDArray[Any], names: Sequence[str], seed: int = 1) -> list[Worth]:
    """Every pull with and without exclusion, the plain way first.

    The pictures are dealt into folds ``DEALS`` times; those of a fold are decided by thresholds of all others.

    Args:
        scores: ``[n, outputs]``.
        labels: ``[n, outputs]``, 0 or 1.
        names: of the outputs.
        seed: of deals and bootstrap.
    """
    ways = [Way(pull, excluding) for pull in PULLS for excluding in (False, True)]
    truth = labels > 0
    said = _dealt(scores, truth, ways, names, seed)
    figures = np.array([[macro_f1(decided, truth) for decided in each] for each in said])
    found = []
    for way, each, decided in zip(ways, figures, said, strict=True):

        def apart(chosen: NDArray[np.intp], decided: NDArray[np.bool_] = decided[0]) -> float:
            return macro_f1(decided[chosen], truth[chosen]) - macro_f1(said[0, 0, chosen], truth[chosen])

        error = standard_error(apart, len(scores), seed)
        found.append(Worth(way, each.mean(), each.std(), each.mean() - figures[0].mean(), error))
    return found


def _dealt(
    scores: NDArray[np.int8], truth: NDArray[np.bool_], ways: Sequence[Way], names: Sequence[str], seed: int
) -> NDArray[np.bool_]:
    """Decisions ``bool[ways, DEALS, n, outputs]``, each by thresholds of the other folds of its deal."""
    rng = np.random.default_rng(seed)
    said = np.zeros((len(ways), DEALS, *truth.shape), bool)
    for deal in range(DEALS):
        fold_of = rng.permutation(len(scores)) % FOLDS
        for fold in range(FOLDS):
            inside = fold_of == fold
            known = [best_threshold(scores[~inside, i], truth[~inside, i]) for i in range(len(names))]
            for place, way in enumerate(ways):
                said[place, deal, inside] = way.decisions(scores[inside], np.array(known), names)
    return said


@dataclass(frozen=True)
class Compared:
    """Cross-fitted macro F1 of two models on the same pictures, means over the deals, and the error of the
    difference by the bootstrap over the pictures."""

    macro_f1: float
    other: float
    difference: float
    error: float


def compared(
    scores: NDArray[np.int8], other: NDArray[np.int8], labels: NDArray[Any], names: Sequence[str], seed: int = 1
) -> Compared:
    """Two models by the same deals and resamples, each decided by its own thresholds of the other folds.

    Args:
        scores: ``[n, outputs]``.
        other: the other model's, of the same pictures.
        labels: ``[n, outputs]``, 0 or 1.
        names: of the outputs.
        seed: of deals and bootstrap.
    """
    truth = labels > 0
    said = [_dealt(each, truth, [Way(1.0, False)], names, seed)[0] for each in (scores, other)]

    def mean_f1(decided: NDArray[np.bool_], chosen: NDArray[np.intp]) -> float:
        return float(np.mean([macro_f1(each[chosen], truth[chosen]) for each in decided]))

    def apart(chosen: NDArray[np.intp]) -> float:
        return mean_f1(said[0], chosen) - mean_f1(said[1], chosen)

    every = np.arange(len(truth))
    own, others = (mean_f1(each, every) for each in said)
    return Compared(own, others, own - others, standard_error(apart, len(truth), seed))


def macro_f1(decisions: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Mean F1 of all outputs of ``bool[n, outputs]``."""
    hits, said, real = (decisions & truth).sum(axis=0), decisions.sum(axis=0), truth.sum(axis=0)
    return float(np.mean([f1_score(h, s - h, r - h) for h, s, r in zip(hits, said, real, strict=True)]))


def table(worths: Sequence[Worth]) -> str:
    """One line a way."""
    lines = [f"{'thresholds':<14}{'negative':<24}{'macro F1':>9}{'(deals)':>9}{'difference':>12}{'(error)':>9}"]
    for each in worths:
        rule = "where no class is" if each.way.excluding else "by its own threshold"
        lines.append(
            f"{f'best x {each.way.pull:g}':<14}{rule:<24}{each.macro_f1:>9.4f}{each.deviation:>9.4f}"
            f"{each.difference:>12.4f}{each.error:>9.4f}"
        )
    return "\n".join(lines)
