"""Curves and operating points against figures worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from model.errors import CrosscamError
from model.evaluation.thresholds import (
    ZONES,
    draw_curves,
    int8_threshold,
    normal_deviate,
    parse_thresholds,
    roc_curve,
    write_tables,
    zones,
)

# Sorted by score: + at 90, - at 80, + and - tied at 70, + at 60, - at 10 and -50.
SCORES = np.array([70, 90, 80, -50, 60, 70, 10], np.int8)
TRUTH = np.array([1, 1, 0, 0, 1, 0, 0])


def test_the_curve_by_hand() -> None:
    curve = roc_curve(SCORES, TRUTH)
    assert curve.thresholds.tolist() == [91, 90, 80, 70, 60, 10, -50]
    assert curve.false_positive_rate.tolist() == [0, 0, 0.25, 0.5, 0.5, 0.75, 1]
    np.testing.assert_allclose(curve.true_positive_rate, [0, 1 / 3, 1 / 3, 2 / 3, 1, 1, 1])
    # Of 12 pairs the positive wins 90 > all (4), 70 > 2 and ties 1 (2.5), 60 > 2 (2): 8.5 / 12.
    assert curve.area == pytest.approx(8.5 / 12)


def test_thinning_drops_only_what_lies_on_a_line() -> None:
    curve = roc_curve(SCORES, TRUTH)
    thin = curve.thinned()
    assert thin.thresholds.tolist() == [91, 90, 80, 70, 60, -50]
    assert thin.area == pytest.approx(curve.area)
    rng = np.random.default_rng(1)
    long = roc_curve(rng.integers(-128, 128, 500), rng.integers(0, 2, 500))
    assert long.thinned().area == pytest.approx(long.area)
    assert len(long.thinned().thresholds) < len(long.thresholds)


@pytest.mark.parametrize(
    ("wanted", "threshold", "false", "true"),
    [(0.0, 90, 0.0, 1 / 3), (0.3, 80, 0.25, 1 / 3), (0.5, 60, 0.5, 1.0), (1.0, -50, 1.0, 1.0)],
)
def test_operating_points_by_hand(wanted: float, threshold: float, false: float, true: float) -> None:
    point = roc_curve(SCORES, TRUTH).operating_point(wanted)
    assert (point.threshold, point.false_positive_rate) == (threshold, false)
    assert point.true_positive_rate == pytest.approx(true)


def test_zones_on_a_thousand_negatives() -> None:
    """Negatives score 0..999, ten positives 996.5 and so on: FPR 0.004 is the threshold that four negatives reach."""
    scores = np.concatenate([np.arange(1000), np.full(10, 980.5)])
    truth = np.concatenate([np.zeros(1000), np.ones(10)])
    found = zones(roc_curve(scores, truth))
    assert list(found) == list(ZONES) == ["trusted", "neutral", "untrusted"]
    assert found["trusted"].threshold == 996
    assert found["trusted"].true_positive_rate == 0
    assert found["neutral"].threshold == 985
    assert found["untrusted"].threshold == 900
    assert found["untrusted"].true_positive_rate == 1


def test_a_perfect_and_a_useless_class() -> None:
    assert roc_curve(np.array([5, 6, 1]), np.array([1, 1, 0])).area == 1
    assert roc_curve(np.array([5, 5, 5]), np.array([1, 1, 0])).area == 0.5


def test_one_sided_classes_are_refused() -> None:
    with pytest.raises(CrosscamError, match="got 2 and 0"):
        roc_curve(np.array([1, 2]), np.array([1, 1]))
    with pytest.raises(CrosscamError, match=r"false-positive rate 1\.5"):
        roc_curve(SCORES, TRUTH).operating_point(1.5)


def test_int8_thresholds_decide_as_the_real_ones() -> None:
    assert [int8_threshold(t) for t in (0.0, 0.5, 0.501, 0.75, 1.0)] == [-128, 0, 1, 64, 127]
    scores = np.arange(-128, 128)
    for real in np.linspace(0, 0.996, 77):
        np.testing.assert_array_equal(scores >= int8_threshold(real), (scores + 128) / 256 >= real)


@pytest.mark.parametrize("value", [-0.1, 1.01, float("nan")])
def test_a_threshold_outside_its_range(value: float) -> None:
    with pytest.raises(CrosscamError, match="from 0 to 1"):
        int8_threshold(value)


def test_thresholds_of_the_command_line() -> None:
    names = ("car", "negative", "person")
    assert parse_thresholds(["person=0.75"], names, (1, 2, 3)) == (1, 2, 64)
    for text, problem in (
        ("bus=0.5", "one of car, negative, person"),
        ("car=high", "VALUE from 0 to 1"),
        ("car=2", "0"),
    ):
        with pytest.raises(CrosscamError, match=problem):
            parse_thresholds([text], names, (1, 2, 3))


def test_tables_and_pictures(tmp_path: Path) -> None:
    curves = {"car": roc_curve(SCORES, TRUTH), "person": roc_curve(-SCORES.astype(int), TRUTH)}
    write_tables(curves, tmp_path)
    text = (tmp_path / "roc.txt").read_text(encoding="utf-8")
    assert "# car: 3 with, 4 without, AUC 0.7083" in text
    assert "         90   0.0000   0.3333" in text
    document = json.loads((tmp_path / "roc.json").read_text(encoding="utf-8"))
    assert document["car"]["full"][2] == [80, 0.25, 0.333333]
    assert len(document["car"]["full"]) == 7 and len(document["car"]["thinned"]) == 6
    assert document["car"]["zones"]["trusted"]["threshold"] == 90
    paths = draw_curves(curves, tmp_path)
    assert sorted(path.name for path in paths) == ["det.png", "det.svg", "roc.png", "roc.svg"]
    assert (tmp_path / "det.png").read_bytes().startswith(b"\x89PNG")
    before = (tmp_path / "roc.svg").read_bytes()
    draw_curves(curves, tmp_path)
    assert (tmp_path / "roc.svg").read_bytes() == before, "the same curves give the same bytes"


def test_normal_deviates() -> None:
    np.testing.assert_allclose(normal_deviate(np.array([0.5, 0.0, 1.0]), 50), [0, -2.3263, 2.3263], atol=1e-4)
