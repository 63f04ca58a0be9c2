"""The losses against values worked out by hand and against the exact Wilcoxon-Mann-Whitney statistic."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("tensorflow")

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluation.evaluate import auc
from model.grading.losses import CostWeightedCrossentropy, RocAucLoss

COSTS = np.array([[0.0, 1.0, 4.0], [0.5, 0.0, 1.0], [2.0, 1.0, 0.0]])


def test_a_confusion_weighs_what_it_costs() -> None:
    true = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
    said = np.array([[0.5, 0.2, 0.3], [0.1, 0.1, 0.8]], np.float32)
    first = (1 + 0.2 * 1.0 + 0.3 * 4.0) * -math.log(0.5)
    second = (1 + 0.1 * 2.0 + 0.1 * 1.0) * -math.log(0.8)
    assert float(CostWeightedCrossentropy(COSTS)(true, said)) == pytest.approx((first + second) / 2, rel=1e-5)


def test_without_costs_it_is_the_plain_cross_entropy() -> None:
    true = np.array([[1.0, 0.0, 0.0]], np.float32)
    said = np.array([[0.5, 0.2, 0.3]], np.float32)
    assert float(CostWeightedCrossentropy(np.zeros((3, 3)))(true, said)) == pytest.approx(-math.log(0.5), rel=1e-5)


SCORES = st.lists(st.integers(0, 16), min_size=1, max_size=12)


def losses(positives: list[float], negatives: list[float], margin: float, power: float) -> tuple[float, float]:
    """The surrogate, and 1 - the exact area, of the same scores."""
    scores = np.array([*positives, *negatives], np.float32)
    truth = np.array([1] * len(positives) + [0] * len(negatives), np.float32)
    loss = RocAucLoss(margin, power)(truth[:, None], scores[:, None])
    return float(loss), 1.0 - auc(scores, truth)


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES, st.sampled_from([0.1, 0.3, 1.0]), st.sampled_from([2.0, 3.0]))
def test_the_surrogate_bounds_the_exact_statistic(
    positives: list[int], negatives: list[int], margin: float, power: float
) -> None:
    loss, missed = losses([x / 16 for x in positives], [x / 16 for x in negatives], margin, power)
    by_hand = np.mean([max(0.0, margin - (i - j) / 16) ** power for i in positives for j in negatives])
    assert loss == pytest.approx(float(by_hand), abs=1e-5)
    assert loss / margin**power >= missed - 1e-4


def test_order_is_all_that_counts_and_a_margin_is_enough() -> None:
    assert losses([0.9, 0.8], [0.4, 0.5], 0.3, 2) == (pytest.approx(0.0), 0.0)
    apart, missed = losses([0.55, 0.56], [0.5, 0.51], 0.3, 2)
    assert missed == 0.0
    assert apart > 0.05  # in order, but not by the margin
    assert losses([0.1], [0.9], 0.3, 2)[0] == pytest.approx(1.1**2)


def test_a_batch_of_one_kind_has_no_pairs() -> None:
    loss = RocAucLoss()
    assert float(loss(np.ones((3, 1), np.float32), np.full((3, 1), 0.4, np.float32))) == 0.0


def test_its_gradient_raises_the_exact_statistic() -> None:
    import tensorflow as tf

    truth = np.array([1, 1, 0, 0], np.float32)
    scores = tf.Variable([[0.4], [0.6], [0.5], [0.7]])
    before = auc(scores.numpy()[:, 0], truth)
    for _ in range(50):
        with tf.GradientTape() as tape:
            loss = RocAucLoss()(truth[:, None], scores)
        scores.assign_sub(0.2 * tape.gradient(loss, scores))
    assert before == 0.25
    assert auc(scores.numpy()[:, 0], truth) == 1.0
