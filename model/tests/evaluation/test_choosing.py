"""What ways to choose thresholds are worth."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation import choosing
from model.evaluation.choosing import PULLS, Way, compared, macro_f1, table, worth_of_ways
from model.evaluation.evaluate import evaluate

NAMES = ("car", "negative", "person")


def test_thresholds_are_pulled_and_negatives_excluded() -> None:
    scores = np.array([[60, 90, -90], [30, 90, -90], [-90, 90, -90]], np.int8)
    best = np.array([50, 80, 50])
    assert Way(1.0, excluding=False).decisions(scores, best, NAMES)[:, 0].tolist() == [True, False, False]
    assert Way(0.5, excluding=False).decisions(scores, best, NAMES)[:, 0].tolist() == [True, True, False]
    assert Way(1.0, excluding=False).decisions(scores, best, NAMES)[:, 1].tolist() == [True, True, True]
    assert Way(0.5, excluding=True).decisions(scores, best, NAMES)[:, 1].tolist() == [False, False, True]
    assert Way(1.0, excluding=True).decisions(scores, best, ("car", "dog", "person"))[:, 1].all()


def test_macro_f1_is_that_of_evaluate() -> None:
    rng = np.random.default_rng(3)
    scores, truth = rng.integers(-128, 128, (40, 3)).astype(np.int8), rng.integers(0, 2, (40, 3))
    assert round(macro_f1(scores >= 5, truth > 0), 4) == evaluate(scores, truth, [5, 5, 5], NAMES)["macro_f1"]


def test_the_way_that_suits_the_scores_wins() -> None:
    """Scores that separate at 90, not at 0: pulled thresholds lose, by more than the error; nothing to exclude."""
    rng = np.random.default_rng(5)
    truth = np.eye(3, dtype=int)[rng.integers(3, size=120)]
    scores = np.where(truth > 0, 110, 70) + rng.integers(-15, 16, truth.shape)
    plain, excluding, *_, last = found = worth_of_ways(scores.astype(np.int8), truth, NAMES)
    assert [each.way.pull for each in found] == [pull for pull in PULLS for _ in range(2)]
    assert plain.macro_f1 > 0.98 and (plain.difference, plain.error) == (0.0, 0.0)
    assert abs(excluding.difference) < 0.02
    assert last.difference < -5 * last.error < 0
    assert len(table(found).splitlines()) == 1 + len(found)


def test_two_models_are_compared_on_the_same_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "DEALS", 4)
    rng = np.random.default_rng(6)
    truth = np.eye(3, dtype=int)[rng.integers(3, size=120)]
    good = (np.where(truth > 0, 60, -60) + rng.integers(-20, 21, truth.shape)).astype(np.int8)
    poor = (np.where(truth > 0, 20, -20) + rng.integers(-60, 61, truth.shape)).astype(np.int8)
    found = compared(good, poor, truth, NAMES)
    assert found.macro_f1 > 0.98 > 0.9 > found.other
    assert found.macro_f1 == worth_of_ways(good, truth, NAMES)[0].macro_f1, "the same deals"
    assert found.difference > 3 * found.error > 0
    again = compared(poor, good, truth, NAMES)
    assert (again.difference, again.error) == (-found.difference, found.error)
    same = compared(good, good, truth, NAMES)
    assert (same.difference, same.error) == (0.0, 0.0)
