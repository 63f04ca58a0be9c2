"""The two stages on an embedding, and their training on embeddings that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from model.grading.embeddings import CHANNELS_DROPPED, Graded
from model.grading.losses import CostWeightedCrossentropy
from model.grading.names import GRADES, SCORE


@dataclass(frozen=True)
class Fitting:
    """How long and how fast a head learns."""

    epochs: int = 40
    batch_size: int = 512
    rate: float = 2e-3
    weight_decay: float = 1e-4


HEADS = Fitting()


def grades_head(width: int, grades: int) -> keras.Model:
    """First stage: ``[n, width]`` embeddings to ``[n, grades]`` that sum to 1."""
    inputs = keras.Input((width,))
    x = layers.Dense(128, activation="relu", name="grades_hidden")(inputs)
    x = layers.Dropout(0.5, name="grades_dropout")(x)
    return keras.Model(inputs, layers.Dense(grades, activation="softmax", name=GRADES)(x), name="sqrx")


def score_head(width: int) -> keras.Model:
    """Second stage: ``[n, width]`` embeddings to ``[n, 1]`` in 0..1, high for all grades but the first."""
    inputs = keras.Input((width,))
    x = layers.Dense(50, activation="sigmoid", name="score_hidden_1")(inputs)
    x = layers.Dropout(0.4, name="score_dropout")(x)
    x = layers.Dense(10, activation="sigmoid", name="score_hidden_2")(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name=SCORE)(x), name="sqrxr")


def classes_head(width: int, outputs: int) -> keras.Model:
    """For classes that do not exclude one another: ``[n, width]`` embeddings to ``[n, outputs]``, each 0..1."""
    inputs = keras.Input((width,))
    x = layers.Dense(128, activation="relu", name="classes_hidden")(inputs)
    x = layers.Dropout(0.5, name="classes_dropout")(x)
    return keras.Model(inputs, layers.Dense(outputs, activation="sigmoid", name="classes")(x), name="classes")


def batches(
    graded: Graded, targets: NDArray[np.float32], batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """One epoch: photographs drawn by the weights of their sources, a view of each drawn anew; a rest too small for a
    batch is left out where there is a whole one."""
    count, views = graded.embeddings.shape[:2]
    edges = np.cumsum(graded.weights / graded.weights.sum())
    marks = (np.arange(count) + rng.random()) / count  # each floor or ceil of its expected number of times
    order = rng.permutation(np.minimum(np.searchsorted(edges, marks), count - 1))
    chosen_views = rng.integers(views, size=count)
    size = min(batch_size, count)
    for start in range(0, count - size + 1, size):
        chosen = order[start : start + size]
        seen = graded.embeddings[chosen, chosen_views[start : start + size]]
        yield seen.astype(np.float32, copy=False), targets[chosen]


def fit_grades(
    graded: Graded, grades: int, costs: NDArray[np.float64], seed: int, fitting: Fitting = HEADS
) -> keras.Model:
    """A first stage, trained with ``costs`` (``[grades, grades]``); zeros give the unweighted control."""
    keras.utils.set_random_seed(seed)
    head = grades_head(graded.embeddings.shape[-1], grades)
    # Dropping values of an average is dropping whole channels of what was averaged.
    noisy = keras.Sequential([layers.Dropout(CHANNELS_DROPPED), head])
    targets = np.eye(grades, dtype=np.float32)[graded.grades]
    _fit(noisy, CostWeightedCrossentropy(costs), graded, targets, seed, fitting)
    return head


def fit_score(graded: Graded, loss: keras.losses.Loss | str, seed: int, fitting: Fitting = HEADS) -> keras.Model:
    """A second stage, trained with ``RocAucLoss`` or the control ``binary_crossentropy``."""
    keras.utils.set_random_seed(seed)
    head = score_head(graded.embeddings.shape[-1])
    targets = (graded.grades > 0).astype(np.float32)[:, None]
    _fit(head, loss, graded, targets, seed, fitting)
    return head


def fit_classes(
    graded: Graded, labels: NDArray[np.float32], loss: keras.losses.Loss, seed: int, fitting: Fitting = HEADS
) -> keras.Model:
    """A head for classes, trained against ``labels`` (``[n, outputs]``, 0 or 1)."""
    keras.utils.set_random_seed(seed)
    head = classes_head(graded.embeddings.shape[-1], labels.shape[-1])
    noisy = keras.Sequential([layers.Dropout(CHANNELS_DROPPED), head])
    _fit(noisy, loss, graded, labels, seed, fitting)
    return head


def _fit(
    model: keras.Model,
    loss: keras.losses.Loss | str,
    graded: Graded,
    targets: NDArray[np.float32],
    seed: int,
    fitting: Fitting,
) -> None:
    steps = fitting.epochs * max(1, len(targets) // fitting.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(fitting.rate, steps)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=fitting.weight_decay), loss)
    rng = np.random.default_rng(seed)
    for _ in range(fitting.epochs):
        for embeddings, wanted in batches(graded, targets, fitting.batch_size, rng):
            model.train_on_batch(embeddings, wanted)
