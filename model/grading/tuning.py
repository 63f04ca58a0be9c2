"""The backbone's last stages, trained with both heads on features of the first ones, which stay and are kept."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from model.grading.embeddings import Backbone, Graded, averaged
from model.grading.fusion import fuse
from model.grading.heads import Fitting, batches, fit_grades, fit_score
from model.grading.losses import CostWeightedCrossentropy, RocAucLoss
from model.networks.efficientnet_lite import features, load_weights, read_weights

FIRST_HEADS = Fitting(epochs=10)
LAST_STAGES = Fitting(epochs=4, batch_size=64, rate=5e-4)


def last_stages(backbone: Backbone, after: int, shape: tuple[int, ...]) -> keras.Model:
    """Features of the first ``after`` stages (``[n, *shape]``) in, embeddings out; with the published weights."""
    inputs = keras.Input(shape)
    model = keras.Model(inputs, averaged(features(inputs, backbone.stages, after)))
    load_weights(model, read_weights(backbone.weights), backbone.weights)
    return model


def tune(
    trunk: keras.Model,
    graded: Graded,
    costs: NDArray[np.float64],
    seed: int,
    heads: Fitting = FIRST_HEADS,
    fitting: Fitting = LAST_STAGES,
) -> None:
    """Train ``trunk`` (see ``last_stages``) on features, by the losses of both stages together.

    The heads are trained on the trunk's first embeddings of view 0 before, so that they do not spoil it, and are not
    kept. The
    statistics of the batch normalisation stay those of ImageNet: batches are small.
    """
    before = embedded(trunk, replace(graded, embeddings=graded.embeddings[:, :1]))
    grades, score = fit_grades(before, len(costs), costs, seed, heads), fit_score(before, RocAucLoss(), seed, heads)
    for layer in trunk.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    model = fuse(trunk, grades, score)
    steps = fitting.epochs * max(1, len(graded.samples) // fitting.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=fitting.rate, warmup_steps=steps // 20)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=fitting.weight_decay)
    model.compile(optimizer, [RocAucLoss(), CostWeightedCrossentropy(costs)])
    targets = np.eye(len(costs), dtype=np.float32)[graded.grades]
    rng = np.random.default_rng(seed)
    for _ in range(fitting.epochs):
        for seen, wanted in batches(graded, targets, fitting.batch_size, rng):
            model.train_on_batch(seen, [1.0 - wanted[:, :1], wanted])


def embedded(trunk: keras.Model, graded: Graded) -> Graded:
    """The photographs with the embeddings that ``trunk`` makes of their features."""
    views = np.moveaxis(graded.embeddings, 1, 0)
    made = [np.asarray(trunk.predict(view, batch_size=128, verbose=0)) for view in views]
    return replace(graded, embeddings=np.stack(made, axis=1))


def with_last_stages(network: keras.Model, trunk: keras.Model) -> None:
    """Give ``network`` (see ``Backbone.network``) what ``trunk`` has learnt."""
    for layer in trunk.layers:
        if layer.weights:
            network.get_layer(layer.name).set_weights(layer.get_weights())
