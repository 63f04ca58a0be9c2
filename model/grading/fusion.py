"""Both stages on one backbone, as one network with two outputs."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from model.grading.names import GRADES, SCORE


def fuse(backbone: keras.Model, grades: keras.Model, score: keras.Model) -> keras.Model:
    """``[n, h, w, 3]`` in; ``score`` ``[n, 1]`` and ``grades`` ``[n, grades]`` out, in this order.

    The parts' layers are the network's own, not copies: what either learns, both have.

    Args:
        backbone: pictures to embeddings (``embeddings.Backbone.network``).
        grades: first stage (``heads.grades_head``).
        score: second stage (``heads.score_head``).
    """
    embedding = backbone.output
    outputs = {SCORE: applied(score, embedding), GRADES: applied(grades, embedding)}
    return keras.Model(backbone.input, [outputs[SCORE], outputs[GRADES]], name=f"sqrxr_{backbone.name}")


def applied(head: keras.Model, x: keras.KerasTensor) -> keras.KerasTensor:
    """The head's layers on ``x``, one by one, so that the fused network is flat: layers by name, one level."""
    for layer in head.layers[1:]:
        x = layer(x)
    return x


def staged(
    backbone: keras.Model, grades: keras.Model, score: keras.Model, pictures: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the fused network gives, computed one model after the other: ``score`` and ``grades``."""
    embeddings = backbone.predict_on_batch(pictures)
    return np.asarray(score.predict_on_batch(embeddings)), np.asarray(grades.predict_on_batch(embeddings))
