"""Figures and pictures of a graded model's scores, set by set; they need no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.dataset.coco import Sample
from model.evaluation.evaluate import auc
from model.evaluation.thresholds import draw_curves, roc_curve, write_tables
from model.grading.judging import confusions, draw_confusions
from model.grading.names import SCORE
from model.grading.recipe import GradesRecipe


def figures_of(
    scores: NDArray[Any], truth: NDArray[np.intp], samples: tuple[Sample, ...], recipe: GradesRecipe
) -> dict[str, dict[str, Any]]:
    """Figures of every source apart, and of all together under ``all``: area of the score, of the first grade against
    all others and against each (those a source lacks left out), grades and their cost.

    Args:
        scores: ``[n, 1 + grades]``, the score and the grades'.
        truth: ``[n]``, places in the recipe's grades.
    """
    names = np.array([sample.source.name for sample in samples])
    figures = {}
    for source in (*dict.fromkeys(names.tolist()), "all"):
        chosen = np.arange(len(names)) if source == "all" else np.flatnonzero(names == source)
        true, said = truth[chosen], scores[chosen, 1:].argmax(axis=1)
        counts = confusions(true, said, len(recipe.names))
        figures[source] = {
            "count": len(chosen),
            "auc": round(auc(scores[chosen, 0], true > 0), 4),
            "auc_by_grade": _areas(scores[chosen, 0], true, recipe.names),
            "accuracy": round(float((true == said).mean()), 4),
            "mean_cost": round(float(recipe.costs[true, said].mean()), 4),
            "confusions": {name: row.tolist() for name, row in zip(recipe.names, counts, strict=True)},
        }
    return figures


def _areas(score: NDArray[Any], true: NDArray[np.intp], names: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for place, name in enumerate(names[1:], start=1):
        either = (true == 0) | (true == place)
        if np.unique(true[either]).size == 2:
            found[name] = round(auc(score[either], true[either]), 4)
    return found


def write_report(scores: NDArray[np.int8], truth: NDArray[np.intp], recipe: GradesRecipe, folder: Path) -> None:
    """ROC and DET curves of the score, ``roc.txt`` with every threshold, ``roc.json`` with those that matter, and a
    picture of which grade is confused with which."""
    curves = {SCORE: roc_curve(scores[:, 0], truth > 0)}
    write_tables(curves, folder, recipe.zones, all_in_text=True)
    draw_curves(curves, folder, recipe.zones)
    counts = confusions(truth, scores[:, 1:].argmax(axis=1), len(recipe.names))
    draw_confusions(counts, recipe.costs, recipe.names, folder)


def table(figures: dict[str, dict[str, Any]]) -> str:
    """The figures as text, one line a set."""
    grades = figures["all"]["auc_by_grade"]
    heads = "".join(f"{f'AUC {name}':>8}" for name in grades)
    lines = [f"{'set':<16}{'count':>6}{'AUC':>8}{heads}{'accuracy':>10}{'mean cost':>11}"]
    for name, row in figures.items():
        areas = "".join(f"{row['auc_by_grade'].get(grade, float('nan')):>8.4f}" for grade in grades)
        told = f"{row['auc']:>8.4f}{areas}{row['accuracy']:>10.3f}{row['mean_cost']:>11.3f}"
        lines.append(f"{name:<16}{row['count']:>6}{told}")
    return "\n".join(lines)
