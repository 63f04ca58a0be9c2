"""Decision thresholds: ROC and DET curves, operating points by wanted false-positive rate, tables of them.

A class is present when its score is at least the threshold. The firmware's thresholds come from the model card; what is
here serves to choose them and to say what they cost.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import CrosscamError
from model.evaluation.drawing import save
from model.files import write_text

ZONES: Mapping[str, float] = {"trusted": 0.004, "neutral": 0.015, "untrusted": 0.10}
"""Zone to the highest false-positive rate (0..1) of its threshold: a score is trusted from the trusted one on."""

TABLE_TEXT, TABLE_JSON = "roc.txt", "roc.json"


def int8_threshold(threshold: float) -> int:
    """The int8 threshold with the same decisions as a real one of 0..1: the lowest score ``q`` with
    ``(q + 128) / 256 >= threshold``; 1 becomes 127, the highest score there is.

    Raises:
        CrosscamError: a threshold outside 0..1.
    """
    if not 0.0 <= threshold <= 1.0:  # catches NaN too
        raise CrosscamError(f"threshold {threshold}: expected a probability from 0 to 1")
    return min(math.ceil(threshold * 256) - 128, 127)


def check_rate(false_positive_rate: float) -> None:
    """Raise CrosscamError for a false-positive rate outside 0..1."""
    if not 0.0 <= false_positive_rate <= 1.0:  # catches NaN too
        raise CrosscamError(f"false-positive rate {false_positive_rate}: expected 0 to 1")


def parse_thresholds(texts: Sequence[str], names: Sequence[str], defaults: Sequence[int]) -> tuple[int, ...]:
    """``CLASS=VALUE`` texts of the command line (value 0..1) to int8 thresholds; the rest keeps its default.

    Raises:
        CrosscamError: another form, a class the model lacks, a value outside 0..1.
    """
    chosen = dict(zip(names, defaults, strict=True))
    for text in texts:
        name, _, value = text.partition("=")
        if name not in chosen:
            raise CrosscamError(f"threshold {text!r}: expected CLASS=VALUE, with CLASS one of {', '.join(names)}")
        try:
            chosen[name] = int8_threshold(float(value))
        except ValueError:
            raise CrosscamError(f"threshold {text!r}: expected CLASS=VALUE, with VALUE from 0 to 1") from None
    return tuple(chosen.values())


@dataclass(frozen=True)
class Curve:
    """One class's errors at every threshold that matters, from the strictest on."""

    thresholds: NDArray[np.float64]
    """Falling; the first is above every score."""
    false_positive_rate: NDArray[np.float64]
    """Rising, 0..1: share of the pictures without the class that are taken for it."""
    true_positive_rate: NDArray[np.float64]
    """Rising, 0..1: share of the pictures with the class that are found."""
    positives: int
    negatives: int

    @property
    def area(self) -> float:
        """Area under the ROC curve, 0..1."""
        return float(np.trapezoid(self.true_positive_rate, self.false_positive_rate))

    def thinned(self) -> Curve:
        """Without the points that lie on a straight line between their neighbours: the same curve and area."""
        x, y = (np.rint(r * n) for r, n in ((self.false_positive_rate, self.negatives), (self._found, 1)))
        cross = np.diff(x)[:-1] * np.diff(y)[1:] - np.diff(x)[1:] * np.diff(y)[:-1]
        keep = np.concatenate([[True], cross != 0, [True]])
        return Curve(
            self.thresholds[keep],
            self.false_positive_rate[keep],
            self.true_positive_rate[keep],
            self.positives,
            self.negatives,
        )

    @property
    def _found(self) -> NDArray[np.float64]:
        return self.true_positive_rate * self.positives

    def operating_point(self, false_positive_rate: float) -> OperatingPoint:
        """The lowest threshold whose false-positive rate is at most the wanted one: it finds the most.

        Raises:
            CrosscamError: a rate outside 0..1.
        """
        check_rate(false_positive_rate)
        index = int(np.searchsorted(self.false_positive_rate, false_positive_rate + 1e-12, side="right")) - 1
        return OperatingPoint(
            false_positive_rate,
            float(self.thresholds[index]),
            float(self.false_positive_rate[index]),
            float(self.true_positive_rate[index]),
        )


@dataclass(frozen=True)
class OperatingPoint:
    """What one threshold gives; rates 0..1."""

    wanted: float
    threshold: float
    false_positive_rate: float
    true_positive_rate: float


def roc_curve(scores: NDArray[Any], truth: NDArray[Any]) -> Curve:
    """The curve of one class.

    Args:
        scores: ``[n]``, int8 or 0..1.
        truth: ``[n]``, 0 or 1.

    Raises:
        CrosscamError: no picture with the class, or none without.
    """
    hit = np.asarray(truth) > 0
    positives, negatives = int(hit.sum()), int((~hit).sum())
    if not positives or not negatives:
        raise CrosscamError(f"a ROC curve needs pictures with and without the class, got {positives} and {negatives}")
    values = np.asarray(scores, np.float64)
    order = np.argsort(-values, kind="stable")
    values, hit = values[order], hit[order]
    last = np.flatnonzero(np.diff(values, append=-np.inf) != 0)  # the last of equal scores: they fall together
    true, false = np.cumsum(hit)[last], np.cumsum(~hit)[last]
    return Curve(
        np.concatenate([[values[0] + 1], values[last]]),
        np.concatenate([[0.0], false / negatives]),
        np.concatenate([[0.0], true / positives]),
        positives,
        negatives,
    )


def zones(curve: Curve, rates: Mapping[str, float] = ZONES) -> dict[str, OperatingPoint]:
    """The operating point of every zone. With fewer than 250 negatives not one may err for ``trusted`` (0.004)."""
    return {name: curve.operating_point(rate) for name, rate in rates.items()}


def _points(curve: Curve) -> list[list[float]]:
    columns = (curve.thresholds, curve.false_positive_rate, curve.true_positive_rate)
    return [[round(float(v), 6) for v in row] for row in zip(*columns, strict=True)]


def write_tables(
    curves: Mapping[str, Curve], folder: Path, rates: Mapping[str, float] = ZONES, *, all_in_text: bool = False
) -> list[Path]:
    """``roc.txt`` (zones and thinned table, to read) and ``roc.json`` (zones, full and thinned tables).

    ``rates`` of the zones; ``all_in_text``: ``roc.txt`` has the full table, and ``roc.json`` the thinned one alone.
    """
    lines: list[str] = []
    document: dict[str, Any] = {"columns": ["threshold", "false_positive_rate", "true_positive_rate"]}
    for name, curve in curves.items():
        thin, points = curve.thinned(), zones(curve, rates)
        lines += [f"# {name}: {curve.positives} with, {curve.negatives} without, AUC {curve.area:.4f}"]
        lines += [
            f"# {zone:<10} FPR <= {p.wanted:<6} threshold {p.threshold:>6g}  FPR {p.false_positive_rate:.4f}  "
            f"TPR {p.true_positive_rate:.4f}"
            for zone, p in points.items()
        ]
        lines += ["# threshold      FPR      TPR"]
        lines += [
            f"{threshold:>11g} {false:>8.4f} {true:>8.4f}"
            for threshold, false, true in _points(curve if all_in_text else thin)
        ]
        lines += [""]
        document[name] = {
            "positives": curve.positives,
            "negatives": curve.negatives,
            "auc": round(curve.area, 6),
            "zones": {zone: vars(point) for zone, point in points.items()},
            **({} if all_in_text else {"full": _points(curve)}),
            "thinned": _points(thin),
        }
    contents = {TABLE_TEXT: "\n".join(lines), TABLE_JSON: json.dumps(document, indent=1) + "\n"}
    for file, text in contents.items():
        write_text(folder / file, text)
    return [folder / file for file in contents]


def normal_deviate(rate: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """A rate on the axis of a DET plot; 0 and 1 lie half a picture inside, as they have no finite place there."""
    normal = NormalDist()
    edge = 0.5 / count
    return np.array([normal.inv_cdf(min(max(float(r), edge), 1.0 - edge)) for r in rate])


def draw_curves(curves: Mapping[str, Curve], folder: Path, rates: Mapping[str, float] = ZONES) -> list[Path]:
    """``roc.svg``, ``roc.png``, ``det.svg`` and ``det.png``: all classes in one picture, the zones as dashed lines."""
    from matplotlib.figure import Figure

    written: list[Path] = []
    for kind in ("roc", "det"):
        figure = Figure(figsize=(5.2, 4.6), layout="constrained")
        axes = figure.add_subplot()
        for name, curve in curves.items():
            label = f"{name} (AUC {curve.area:.3f}, {curve.positives} of {curve.positives + curve.negatives})"
            if kind == "roc":
                axes.plot(curve.false_positive_rate, curve.true_positive_rate, label=label)
            else:
                x = normal_deviate(curve.false_positive_rate, curve.negatives)
                axes.plot(x, normal_deviate(1.0 - curve.true_positive_rate, curve.positives), label=label)
        for rate in rates.values():
            if kind == "det" and not 0.0 < rate < 1.0:
                continue  # they have no finite place there
            axes.axvline(rate if kind == "roc" else NormalDist().inv_cdf(rate), color="0.6", lw=0.8, ls="--", zorder=0)
        axes.set_xlabel("false-positive rate")
        axes.set_ylabel("true-positive rate" if kind == "roc" else "false-negative rate")
        if kind == "det":
            ticks = (0.002, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
            places = [NormalDist().inv_cdf(t) for t in ticks]
            axes.set_xticks(places, [f"{t:g}" for t in ticks], rotation=45)
            axes.set_yticks(places, [f"{t:g}" for t in ticks])
        axes.grid(alpha=0.25)
        axes.legend(loc="lower right" if kind == "roc" else "upper right", fontsize="small")
        written += save(figure, folder, kind)
    return written
