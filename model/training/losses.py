"""Losses for multi-label outputs in 0..1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from model.dataset.coco import UNKNOWN
from model.run_config import TrainingConfig


class WeightedBinaryCrossentropy(keras.losses.Loss):
    """Binary cross-entropy whose positive terms weigh more for rarer classes.

    Args:
        positive_weights: weight of each output's positive term; 1 is the plain loss.
        smoothing: labels are drawn this far towards 0.5 (0..1).
    """

    def __init__(
        self, positive_weights: Sequence[float], smoothing: float = 0.0, name: str = "weighted_binary_crossentropy"
    ) -> None:
        super().__init__(name=name)
        self._weights, self._smoothing = tuple(positive_weights), smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """``[n, outputs]`` labels and scores to the mean over outputs of each sample, ``[n]``."""
        y_true = ops.cast(y_true, y_pred.dtype) * (1.0 - self._smoothing) + 0.5 * self._smoothing
        y_pred = ops.clip(y_pred, 1e-7, 1.0 - 1e-7)
        weights = ops.convert_to_tensor(self._weights, dtype=y_pred.dtype)
        terms = weights * y_true * ops.log(y_pred) + (1.0 - y_true) * ops.log(1.0 - y_pred)
        return -ops.mean(terms, axis=-1)


def macro_double_soft_f1(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """1 - F1 with scores as soft counts, of the positives and of the negatives of each class, averaged.

    Args:
        y_true: ``[n, outputs]``, 0 or 1.
        y_pred: ``[n, outputs]``, 0..1.

    Returns:
        A scalar, 0 (perfect) to 1.
    """
    y_true = ops.cast(y_true, y_pred.dtype)
    both = ops.sum(y_pred * y_true, axis=0)
    neither = ops.sum((1.0 - y_pred) * (1.0 - y_true), axis=0)
    wrong = ops.sum(y_pred * (1.0 - y_true), axis=0) + ops.sum((1.0 - y_pred) * y_true, axis=0)
    # The small constant only keeps a class absent from the batch from dividing by zero.
    positive = 2.0 * both / (2.0 * both + wrong + 1e-16)
    negative = 2.0 * neither / (2.0 * neither + wrong + 1e-16)
    return ops.mean(1.0 - 0.5 * (positive + negative))


class DistillationLoss(keras.losses.Loss):
    """A loss against the labels mixed with the cross-entropy against a teacher's scores.

    Both sides' logits are divided by the temperature T, and the teacher's part is multiplied by T squared, which keeps
    its gradients as large as without (arXiv:1503.02531, section 2). Each output is a sigmoid of its own. Pictures
    without a label (``coco.UNKNOWN``) learn from the teacher alone.

    Args:
        own: the loss against the labels: of labels and scores ``[n, outputs]``, to ``[n]`` or a scalar.
        temperature: T, above 0.
        weight: share of the teacher's part, 0..1.
    """

    def __init__(self, own: Any, temperature: float, weight: float, name: str = "distillation") -> None:
        super().__init__(name=name)
        self._own = own.call if isinstance(own, keras.losses.Loss) else own
        self._temperature, self._weight = temperature, weight

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Labels and teacher's scores side by side, ``[n, 2 * outputs]``, and scores ``[n, outputs]``, to ``[n]``."""
        outputs = y_pred.shape[-1]
        labels, teacher = y_true[:, :outputs], ops.cast(y_true[:, outputs:], y_pred.dtype)
        wanted = ops.sigmoid(_logits(teacher) / self._temperature)
        said = ops.sigmoid(_logits(y_pred) / self._temperature)
        soft = -ops.mean(wanted * ops.log(said) + (1.0 - wanted) * ops.log(1.0 - said), axis=-1)
        known = ops.cast(ops.min(labels, axis=-1) > UNKNOWN, y_pred.dtype)
        hard = known * self._own(ops.maximum(labels, 0.0), y_pred)
        return (1.0 - self._weight) * hard + self._weight * self._temperature**2 * soft


def _logits(scores: keras.KerasTensor) -> keras.KerasTensor:
    scores = ops.clip(scores, 1e-6, 1.0 - 1e-6)
    return ops.log(scores) - ops.log(1.0 - scores)


def loss_of(config: TrainingConfig) -> Any:
    """The loss that a config names, as ``model.compile`` takes it; with a teacher, of targets of twice the width."""
    own = (
        macro_double_soft_f1
        if config.loss == "soft_f1"
        else WeightedBinaryCrossentropy(config.positive_weights, config.smoothing)
    )
    if config.distillation is None:
        return own
    return DistillationLoss(own, config.distillation.temperature, config.distillation.weight)
