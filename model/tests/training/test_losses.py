"""Losses against values worked out by hand."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("tensorflow")

import numpy as np

from model.training.losses import WeightedBinaryCrossentropy, macro_double_soft_f1

TRUE = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
PRED = np.array([[0.8, 0.3], [0.4, 0.5]], np.float32)


def test_cross_entropy() -> None:
    first = -(math.log(0.8) + math.log(0.7)) / 2
    second = -(math.log(0.6) + math.log(0.5)) / 2
    assert float(WeightedBinaryCrossentropy((1.0, 1.0))(TRUE, PRED)) == pytest.approx((first + second) / 2, rel=1e-5)


def test_positive_weights_touch_positive_terms_alone() -> None:
    first = -(3 * math.log(0.8) + math.log(0.7)) / 2
    second = -(math.log(0.6) + 2 * math.log(0.5)) / 2
    assert float(WeightedBinaryCrossentropy((3.0, 2.0))(TRUE, PRED)) == pytest.approx((first + second) / 2, rel=1e-5)


def test_smoothing_draws_labels_to_the_middle() -> None:
    loss = WeightedBinaryCrossentropy((1.0,), smoothing=0.2)
    expected = -(0.9 * math.log(0.8) + 0.1 * math.log(0.2))
    assert float(loss(np.array([[1.0]], np.float32), np.array([[0.8]], np.float32))) == pytest.approx(
        expected, rel=1e-5
    )


def test_double_soft_f1() -> None:
    # Class 0: tp 0.8, fp 0.4, fn 0.2, tn 0.6.  Class 1: tp 0.5, fp 0.3, fn 0.5, tn 0.7.
    def cost(tp: float, fp: float, fn: float, tn: float) -> float:
        return 1 - 0.5 * (2 * tp / (2 * tp + fp + fn) + 2 * tn / (2 * tn + fp + fn))

    expected = (cost(0.8, 0.4, 0.2, 0.6) + cost(0.5, 0.3, 0.5, 0.7)) / 2
    assert float(macro_double_soft_f1(TRUE, PRED)) == pytest.approx(expected, rel=1e-5)
    assert float(macro_double_soft_f1(TRUE, TRUE)) == pytest.approx(0.0, abs=1e-6)
    assert float(macro_double_soft_f1(TRUE, 1 - TRUE)) == pytest.approx(1.0, abs=1e-6)
