"""Losses for multi-label outputs in 0..1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

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


def loss_of(config: TrainingConfig) -> Any:
    """The loss that a config names, as ``model.compile`` takes it."""
    if config.loss == "soft_f1":
        return macro_double_soft_f1
    return WeightedBinaryCrossentropy(config.positive_weights, config.smoothing)
