"""A teacher of the first system's classes: the backbone of a trained graded network with a head for them.

``crosscam train --teacher`` takes what is made here (``model.training.distillation``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model.dataset.coco import Sample, read_source
from model.dataset.frames import FRAME_HEIGHT, FRAME_WIDTH, FrameSet, load_frames
from model.errors import CrosscamError
from model.evaluation.evaluate import crossfit_decisions, evaluate_sets
from model.grading.embeddings import CHUNK, EMBEDDING, Graded, Progress
from model.grading.fusion import applied
from model.grading.heads import HEADS, Fitting, fit_classes
from model.preprocessing import to_float
from model.run_config import TrainingConfig
from model.training.losses import WeightedBinaryCrossentropy

FOLDS = 5


@dataclass(frozen=True)
class Teacher:
    """``network``: pictures to the config's classes; ``figures`` of every validation source and of ``all``, decided by
    thresholds of the other folds."""

    network: keras.Model
    figures: dict[str, dict[str, Any]]


def teacher_of_classes(
    graded: keras.Model,
    config: TrainingConfig,
    root: Path,
    progress: Progress = lambda done: None,
    fitting: Fitting = HEADS,
) -> Teacher:
    """Train a head for a config's classes on the embeddings of a graded network, which stays as it is.

    Args:
        graded: with a layer ``embedding``, as ``crosscam grades train`` leaves it in ``report/sqrx.keras``.
        config: classes, sources and weights of the positives are its.
        root: folder that holds the sources.

    Raises:
        CrosscamError: no such layer, unreadable annotations or photographs.
    """
    try:
        backbone = keras.Model(graded.inputs, graded.get_layer(EMBEDDING).output)
    except ValueError as error:
        raise CrosscamError(
            f"teacher: the network has no layer '{EMBEDDING}'; expected sqrx.keras or fused.keras"
        ) from error
    seen = [
        _embedded(backbone, [s for source in sources for s in read_source(root, source, config.minimum_area)], progress)
        for sources in (config.training, config.validation)
    ]
    (training, labels), (validation, truth) = seen
    loss = WeightedBinaryCrossentropy(config.positive_weights, config.smoothing)
    head = fit_classes(training, labels, loss, config.seed, fitting)
    scores = np.asarray(head.predict(validation.embeddings[:, 0], verbose=0))
    stored = np.clip(np.rint(scores * 256) - 128, -128, 127).astype(np.int8)
    decided = crossfit_decisions(stored, truth, FOLDS, config.seed)
    judged = FrameSet(np.empty((0, FRAME_HEIGHT, FRAME_WIDTH, 3), np.uint8), truth, validation.samples)
    figures = evaluate_sets(decided, judged, [1] * len(config.outputs), config.outputs)
    return Teacher(keras.Model(backbone.inputs, applied(head, backbone.output), name="teacher"), figures)


def _embedded(backbone: keras.Model, samples: list[Sample], progress: Progress) -> tuple[Graded, NDArray[np.float32]]:
    """The photographs that can be read with their embeddings, and their labels ``[n, outputs]``; no grades."""
    size = int(backbone.input_shape[1])
    kept: list[Sample] = []
    parts: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.float32]] = []
    for start in range(0, len(samples), CHUNK):
        frames = load_frames(samples[start : start + CHUNK])
        pictures = to_float(frames.camera_pictures(size))
        parts.append(np.asarray(backbone.predict_on_batch(pictures), np.float32)[:, None])
        labels.append(frames.labels)
        kept += frames.samples
        progress(len(frames))
    return Graded(tuple(kept), np.zeros(len(kept), np.intp), np.concatenate(parts)), np.concatenate(labels)
