"""Figures against hand-computed values."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from model.errors import CrosscamError
from model.evaluation.__main__ import main
from model.evaluation.evaluate import auc, best_threshold, crossfit_decisions, evaluate, f1_score, parse_source, table

NAMES = ("car", "negative", "person")


def test_f1() -> None:
    assert f1_score(3, 1, 2) == pytest.approx(6 / 9)
    assert f1_score(0, 0, 0) == 0.0


def test_auc_counts_ties_half() -> None:
    scores, truth = np.array([3, 1, 2, 2, 0]), np.array([1, 1, 1, 0, 0])
    # Pairs: 3>2 3>0, 1<2 1>0, 2=2 2>0 -> 1 + 1 + 0 + 1 + 0.5 + 1 of 6.
    assert auc(scores, truth) == pytest.approx(4.5 / 6)
    assert math.isnan(auc(scores, np.ones(5)))


def test_figures_of_four_pictures() -> None:
    scores = np.array([[10, -10, -10], [10, -10, 10], [-10, 10, -10], [-10, 10, 10]], np.int8)
    labels = np.array([[1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]], np.float32)
    figures = evaluate(scores, labels, (0, 0, 0), NAMES)
    assert figures["count"] == 4
    assert figures["accuracy"] == pytest.approx(11 / 12, abs=1e-4)
    assert figures["car"] == {"count": 2, "precision": 1.0, "recall": 1.0, "f1": 1.0, "auc": 1.0}
    assert figures["negative"]["precision"] == 0.5
    assert figures["negative"]["recall"] == 1.0
    assert figures["negative"]["f1"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["macro_f1"] == pytest.approx((1 + 2 / 3 + 1) / 3, abs=1e-4)
    # car 1, negative 1/2, person 2/2; found: car 2/2, negative 1/1, person 2/2.
    assert figures["precision"] == pytest.approx((1 + 0.5 + 1) / 3, abs=1e-4)
    assert figures["recall"] == 1.0
    # car separates 2 from 2; negative: 10 wins 2 and ties 1 of 3; person: 10 and 10 against -10 and -10.
    assert figures["auc"] == pytest.approx((1 + 2.5 / 3 + 1) / 3, abs=1e-4)
    assert "0.889" in table({"toy": figures}, NAMES)


def test_a_score_at_the_threshold_counts() -> None:
    scores, labels = np.array([[5], [4]], np.int8), np.array([[1], [0]])
    assert evaluate(scores, labels, (5,), ("car",))["accuracy"] == 1.0
    assert evaluate(scores, labels, (6,), ("car",))["accuracy"] == 0.5


def test_best_threshold_is_the_middle_of_the_best_range() -> None:
    scores, truth = np.array([-100, -20, 20, 90], np.int8), np.array([0, 0, 1, 1])
    assert best_threshold(scores, truth) == 0  # -19..20 all separate
    assert best_threshold(np.array([-100, 50, 20, 90], np.int8), truth) in range(-99, 21)


def test_crossfit_never_uses_the_picture_it_decides_on() -> None:
    # One lone positive far below the rest: thresholds of the other pictures cannot know it, so it is missed, while a
    # threshold fitted on all pictures would reach down to it.
    scores = np.array([[-50], *[[-60 - n] for n in range(9)], *[[60 + n] for n in range(10)]], np.int8)
    labels = (scores > -55).astype(np.float32)
    assert best_threshold(scores[:, 0], labels[:, 0]) <= -50
    decisions = crossfit_decisions(scores, labels, 20, seed=1)
    assert decisions[0, 0] == 0
    assert decisions[1:, 0].tolist() == labels[1:, 0].tolist()


def test_no_pictures_is_an_error() -> None:
    with pytest.raises(CrosscamError, match="no pictures"):
        evaluate(np.zeros((0, 3), np.int8), np.zeros((0, 3)), (0, 0, 0), NAMES)


def test_sources_are_folder_and_split() -> None:
    assert parse_source("coco/val2017").name == "coco/val2017"
    with pytest.raises(CrosscamError, match="FOLDER/SPLIT"):
        parse_source("coco")


def test_bad_input_is_one_line_and_status_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--data-root", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "no such model card" in error
    assert error.count("\n") == 1
