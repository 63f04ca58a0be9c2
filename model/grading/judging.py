"""What graded models are worth: confusions and what they cost, areas under the ROC, zones, each with its error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.evaluation.drawing import save
from model.evaluation.evaluate import auc, standard_error
from model.evaluation.thresholds import roc_curve

FOLDS = 5

Values = NDArray[np.float64]


def confusions(true: NDArray[np.intp], said: NDArray[np.intp], grades: int) -> NDArray[np.int64]:
    """``int64[grades, grades]``: pictures of the row's grade that were taken for the column's."""
    counts = np.zeros((grades, grades), np.int64)
    np.add.at(counts, (true, said), 1)
    return counts


def compared_costs(
    costs: Values, true: NDArray[np.intp], said: NDArray[np.intp], control: NDArray[np.intp], seed: int
) -> dict[str, float]:
    """Mean costs of two sets of decisions on the same pictures, and the error of their difference."""
    own, other = costs[true, said], costs[true, control]
    apart = own - other
    return {
        "cost": round(float(own.mean()), 4),
        "control": round(float(other.mean()), 4),
        "difference": round(float(apart.mean()), 4),
        "standard_error": round(standard_error(lambda chosen: float(apart[chosen].mean()), len(apart), seed), 4),
    }


def compared_areas(
    positive: NDArray[np.bool_], scores: NDArray[np.floating], control: NDArray[np.floating], seed: int
) -> dict[str, float]:
    """ROC AUCs of two scores of the same pictures, and the error of their difference."""

    def apart(chosen: NDArray[np.intp]) -> float:
        return auc(scores[chosen], positive[chosen]) - auc(control[chosen], positive[chosen])

    every = np.arange(len(scores))
    return {
        "auc": round(auc(scores, positive), 4),
        "control": round(auc(control, positive), 4),
        "difference": round(apart(every), 4),
        "standard_error": round(standard_error(apart, len(scores), seed), 4),
    }


def zone_scores(scores: NDArray[np.int8], positive: NDArray[np.bool_], rates: Mapping[str, float]) -> dict[str, int]:
    """The least int8 score of every zone: the lowest whose false-positive rate is at most the wanted one; 127 where
    even that errs too often, as there is no higher one."""
    curve = roc_curve(scores, positive)
    return {name: min(int(curve.operating_point(rate).threshold), 127) for name, rate in rates.items()}


def crossfit_zones(
    scores: NDArray[np.int8], positive: NDArray[np.bool_], rates: Mapping[str, float], seed: int
) -> dict[str, dict[str, float]]:
    """What zones are worth on pictures they were not chosen on: the rates that come where they are wanted.

    The pictures are dealt into folds at random; those of a fold are judged by the zones of all others.
    """
    fold_of = np.random.default_rng(seed).permutation(len(scores)) % FOLDS
    above = {name: np.zeros(len(scores), bool) for name in rates}
    for fold in range(FOLDS):
        inside = fold_of == fold
        for name, least in zone_scores(scores[~inside], positive[~inside], rates).items():
            above[name][inside] = scores[inside] >= least
    return {
        name: {
            "wanted": rates[name],
            "false_positive_rate": round(float(hit[~positive].mean()), 4),
            "true_positive_rate": round(float(hit[positive].mean()), 4),
        }
        for name, hit in above.items()
    }


def draw_confusions(counts: NDArray[np.int64], costs: Values, names: Sequence[str], folder: Path) -> list[Path]:
    """``confusion.svg`` and ``confusion.png``: which grade is taken for which, shaded by the share of its row, with
    counts, shares and what each confusion costs in all."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.6 + 1.1 * len(names), 1.4 + 1.0 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        cost = f"\ncost {count * costs[row, column]:g}" if row != column else ""
        axes.text(column, row, f"{count}\n{shares[row, column]:.0%}{cost}", ha="center", va="center", color=colour)
    mean = (counts * costs).sum() / max(counts.sum(), 1)
    axes.set_title(f"{counts.sum()} pictures, mean cost {mean:.3f}", fontsize="medium")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    return save(figure, folder, "confusion")
