"""Losses of the two stages: cross-entropy weighted by what a confusion costs, and a surrogate of the ROC's area."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

MARGIN = 0.3
"""gamma: how far a positive's score has to be above a negative's; 0 to 1."""
POWER = 2
"""p: above 1, so that the loss is smooth."""


class CostWeightedCrossentropy(keras.losses.Loss):
    """Categorical cross-entropy, each picture's weighted by what its scores would cost.

    ``(1 + sum_j C[y, j] p_j) * -log p_y`` for a picture of class ``y`` with scores ``p``. ``C[y, y]`` is 0, so a
    picture that is surely right weighs 1; one that is surely taken for ``j`` weighs ``1 + C[y, j]``. Costs of 0 give
    the plain cross-entropy, the control.

    Args:
        costs: ``[classes, classes]``, of taking the row's class for the column's, from 0.
    """

    def __init__(self, costs: NDArray[np.float64], name: str = "cost_weighted_crossentropy") -> None:
        super().__init__(name=name)
        self._costs = costs

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """One-hot classes and scores that sum to 1, ``[n, classes]``, to the loss of each picture, ``[n]``."""
        y_true = ops.cast(y_true, y_pred.dtype)
        costs = ops.matmul(y_true, ops.convert_to_tensor(self._costs, dtype=y_pred.dtype))
        surprise = -ops.sum(y_true * ops.log(ops.clip(y_pred, 1e-7, 1.0)), axis=-1)
        return (1.0 + ops.sum(costs * y_pred, axis=-1)) * surprise


class RocAucLoss(keras.losses.Loss):
    """A differentiable stand-in for 1 - the area under the ROC curve, over all pairs of a batch.

    That area is the Wilcoxon-Mann-Whitney statistic, the share of pairs of a positive i and a negative j with
    ``x_i > x_j``, which has no gradient. Instead of it the mean over all pairs of::

        R(x_i, x_j) = (gamma - (x_i - x_j)) ** p   where x_i - x_j < gamma, else 0

    is made small, with 0 < gamma <= 1 and p > 1 (Yan, Dodier, Mozer and Wolniewicz, "Optimizing classifier performance
    via an approximation to the Wilcoxon-Mann-Whitney statistic", ICML 2003). A pair in the wrong order, or a tie, gives
    at least ``gamma ** p``, so the mean divided by that is never below 1 - the area; 0 means that every positive is
    above every negative by gamma. A batch of one kind alone has no pairs, and loss 0.

    Args:
        margin: gamma.
        power: p.
    """

    def __init__(self, margin: float = MARGIN, power: float = POWER, name: str = "roc_auc_loss") -> None:
        super().__init__(name=name, reduction="sum")  # it is one number for the batch
        self._margin, self._power = margin, power

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Truth (0 or 1) and scores, ``[n, 1]``, to the mean over all pairs."""
        positive = ops.reshape(ops.cast(y_true, y_pred.dtype), (-1, 1))
        scores = ops.reshape(y_pred, (-1, 1))
        pairs = positive * ops.transpose(1.0 - positive)
        short = ops.relu(self._margin - (scores - ops.transpose(scores)))
        return ops.sum(pairs * short**self._power) / ops.maximum(ops.sum(pairs), 1.0)
