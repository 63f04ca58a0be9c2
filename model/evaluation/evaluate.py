"""Figures of a multi-label classifier, each with the count of pictures it stands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.dataset.coco import Source
from model.dataset.frames import FrameSet
from model.errors import CrosscamError
from model.evaluation.reference import Reference

RESAMPLES = 1000


def f1_score(true_positives: int, false_positives: int, false_negatives: int) -> float:
    """``2 tp / (2 tp + fp + fn)``; 0 where that is 0 / 0."""
    denominator = 2 * true_positives + false_positives + false_negatives
    return 2 * true_positives / denominator if denominator else 0.0


def auc(scores: NDArray[Any], truth: NDArray[Any]) -> float:
    """Area under the ROC curve: the chance that a positive outscores a negative, ties half; NaN if either is absent."""
    positives, negatives = np.sort(scores[truth > 0]), np.sort(scores[truth == 0])
    if not positives.size or not negatives.size:
        return float("nan")
    below = np.searchsorted(negatives, positives, side="left")
    equal = np.searchsorted(negatives, positives, side="right") - below
    return float((below + 0.5 * equal).sum() / (positives.size * negatives.size))


def standard_error(figure: Callable[[NDArray[np.intp]], float], count: int, seed: int) -> float:
    """Of a figure of ``count`` pictures, by the bootstrap: its deviation over resamples, which are given as indices."""
    rng = np.random.default_rng(seed)
    return float(np.nanstd([figure(rng.integers(count, size=count)) for _ in range(RESAMPLES)]))


def evaluate(
    scores: NDArray[Any], labels: NDArray[Any], thresholds: Sequence[float], names: Sequence[str]
) -> dict[str, Any]:
    """Per-class and macro figures.

    Args:
        scores: ``[n, outputs]``, int8 or float.
        labels: ``[n, outputs]``, 0 or 1.
        thresholds: a class is present when its score is at least this; the scores' unit.
        names: the outputs' names.

    Returns:
        ``count``, ``accuracy`` (binary accuracy: the share of right decisions of all outputs), ``macro_f1``,
        ``precision``, ``recall`` and ``auc`` (means of the classes; an AUC that does not exist is left out), and for
        each name a dictionary of ``count`` (pictures with that class), ``precision``, ``recall``, ``f1``, ``auc``.
        Rounded to four digits.

    Raises:
        CrosscamError: no picture.
    """
    if not len(scores):
        raise CrosscamError("evaluation: no pictures to evaluate on")
    decisions = scores >= np.asarray(thresholds)
    truth = labels > 0
    figures: dict[str, Any] = {"count": len(scores), "accuracy": round(float((decisions == truth).mean()), 4)}
    f1s, classes = [], {}
    for index, name in enumerate(names):
        hit, real = decisions[:, index], truth[:, index]
        tp, fp, fn = int((hit & real).sum()), int((hit & ~real).sum()), int((~hit & real).sum())
        f1s.append(f1_score(tp, fp, fn))
        classes[name] = {
            "count": int(real.sum()),
            "precision": round(tp / (tp + fp), 4) if tp + fp else 0.0,
            "recall": round(tp / (tp + fn), 4) if tp + fn else 0.0,
            "f1": round(f1s[-1], 4),
            "auc": round(auc(scores[:, index], labels[:, index]), 4),
        }
    figures["macro_f1"] = round(float(np.mean(f1s)), 4)
    for key in ("precision", "recall"):
        figures[key] = round(float(np.mean([row[key] for row in classes.values()])), 4)
    known = [row["auc"] for row in classes.values() if not np.isnan(row["auc"])]
    figures["auc"] = round(float(np.mean(known)), 4) if known else float("nan")
    return {**figures, **classes}


def best_threshold(scores: NDArray[Any], truth: NDArray[Any]) -> int:
    """The int8 threshold of one class with the highest F1; of equally good neighbours, the middle one.

    Args:
        scores: int8 scores, ``[n]``.
        truth: 0 or 1, ``[n]``.
    """
    candidates = np.arange(-127, 128)
    f1s = np.array(
        [
            f1_score(
                int(((scores >= t) & (truth > 0)).sum()),
                int(((scores >= t) & (truth == 0)).sum()),
                int(((scores < t) & (truth > 0)).sum()),
            )
            for t in candidates
        ]
    )
    best = int(f1s.argmax())
    end = best
    while end + 1 < len(f1s) and f1s[end + 1] == f1s[best]:
        end += 1
    return int(candidates[(best + end) // 2])


def crossfit_decisions(scores: NDArray[Any], labels: NDArray[Any], folds: int, seed: int) -> NDArray[np.int8]:
    """Decisions (0 or 1) with thresholds that never saw the picture they decide on.

    The pictures are dealt into folds at random; those of a fold are decided by the best thresholds of all others.

    Args:
        scores: int8 scores, ``[n, outputs]``.
        labels: 0 or 1, ``[n, outputs]``.
        folds: number of folds, at least 2.
        seed: of the deal.
    """
    fold_of = np.random.default_rng(seed).permutation(len(scores)) % folds
    decisions = np.zeros(scores.shape, np.int8)
    for fold in range(folds):
        inside = fold_of == fold
        for output in range(scores.shape[1]):
            threshold = best_threshold(scores[~inside, output], labels[~inside, output])
            decisions[inside, output] = scores[inside, output] >= threshold
    return decisions


def evaluate_sets(
    scores: NDArray[Any], frames: FrameSet, thresholds: Sequence[float], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Figures of every source apart, and of all together under ``all``."""
    sources = dict.fromkeys(sample.source.name for sample in frames.samples)
    figures = {}
    for source in sources:
        chosen = frames.from_source(source)
        figures[source] = evaluate(scores[chosen], frames.labels[chosen], thresholds, names)
    figures["all"] = evaluate(scores, frames.labels, thresholds, names)
    return figures


def int8_scores(reference: Reference, pictures: NDArray[np.int8]) -> NDArray[np.int8]:
    """``int8[n, outputs]`` of camera-path pictures ``int8[n, h, w, 3]``, by LiteRT's reference kernels."""
    return np.stack([reference.scores(picture) for picture in pictures])


def table(figures: dict[str, dict[str, Any]], names: Sequence[str]) -> str:
    """The figures as text, one line a set: count, accuracy, macro F1, and F1 (count) of each class."""
    lines = [f"{'set':<16}{'count':>6}{'accuracy':>10}{'macro F1':>10}" + "".join(f"{n + ' F1':>20}" for n in names)]
    for name, row in figures.items():
        cells = "".join(f"{row[n]['f1']:>13.3f} ({row[n]['count']:>4})" for n in names)
        lines.append(f"{name:<16}{row['count']:>6}{row['accuracy']:>10.3f}{row['macro_f1']:>10.3f}{cells}")
    return "\n".join(lines)


def class_report(row: dict[str, Any], names: Sequence[str]) -> str:
    """One set's figures class by class as text; the last line has the means and the binary accuracy.

    Args:
        row: what ``evaluate`` gives.
        names: names of the outputs.
    """
    keys = ("precision", "recall", "f1", "auc")
    lines = [f"{'class':<16}{'count':>6}" + "".join(f"{key:>10}" for key in keys)]
    lines += [f"{n:<16}{row[n]['count']:>6}" + "".join(f"{row[n][key]:>10.3f}" for key in keys) for n in names]
    means = (row["precision"], row["recall"], row["macro_f1"], row["auc"])
    cells = "".join(f"{value:>10.3f}" for value in means)
    return "\n".join([*lines, f"{'mean':<16}{row['count']:>6}{cells}   binary accuracy {row['accuracy']:.3f}"])


def parse_source(text: str) -> Source:
    """``FOLDER/SPLIT`` as given on the command line.

    Raises:
        CrosscamError: no slash in it.
    """
    folder, slash, split = text.rpartition("/")
    if not slash or not folder or not split:
        raise CrosscamError(f"{text!r}: expected a source as FOLDER/SPLIT, for example coco/val2017")
    return Source(folder, split)
