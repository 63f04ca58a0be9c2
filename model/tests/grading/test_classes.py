"""A teacher made of a graded network, and a student that learns from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="the extra [train] is not installed")
pytest.importorskip("pycocotools")

import keras

from model.dataset.coco import UNKNOWN, Source, read_source
from model.errors import CrosscamError
from model.grading.classes import teacher_of_classes
from model.grading.embeddings import EMBEDDING
from model.grading.heads import Fitting
from model.run_config import Distillation, TrainingConfig
from model.tests.conftest import make_coco_tree
from model.training.distillation import teacher_of
from model.training.losses import DistillationLoss, WeightedBinaryCrossentropy

TOY = Source("toy", "train")
CONFIG = TrainingConfig(
    id="toy", title="Toy", training=(TOY,), validation=(TOY,), distillation=Distillation((), unlabelled=True)
)


def graded_network() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Flatten(name=EMBEDDING)(keras.layers.AveragePooling2D(8)(inputs))
    return keras.Model(inputs, [x, keras.layers.Dense(4, activation="softmax")(x)])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    make_coco_tree(
        tmp_path, "toy", "train", {n: [[(1, 9000.0)], [(3, 9000.0)], [], [(1, 9.0)]][n % 4] for n in range(12)}
    )
    return tmp_path


def test_a_teacher_tells_the_configs_classes(tree: Path) -> None:
    graded = graded_network()
    made = teacher_of_classes(graded, CONFIG, tree, fitting=Fitting(epochs=2, batch_size=4))
    assert made.network.input_shape == (None, 32, 32, 3) and made.network.output_shape == (None, 3)
    assert made.figures["all"]["count"] == made.figures["toy/train"]["count"] == 9  # three belong to neither side
    made.network.save(tree / "teacher.keras")
    teacher = teacher_of(CONFIG, [], tree / "teacher.keras")
    assert teacher is not None and teacher.sizes == (32,)
    pictures = np.random.default_rng(2).uniform(-1, 1, (5, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(teacher.scores({32: pictures}), made.network(pictures), atol=1e-6)
    graded.save(tree / "graded.keras")
    with pytest.raises(CrosscamError, match="one square colour picture and one output"):
        teacher_of(CONFIG, [], tree / "graded.keras")
    with pytest.raises(CrosscamError, match="--teacher"):
        teacher_of(CONFIG, [])
    assert teacher_of(replace(CONFIG, distillation=None), []) is None
    with pytest.raises(CrosscamError, match="no layer 'embedding'"):
        teacher_of_classes(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()]), CONFIG, tree)


def test_pictures_without_a_label_learn_from_the_teacher_alone(tree: Path) -> None:
    known, every = (read_source(tree, TOY, unlabelled=unlabelled) for unlabelled in (False, True))
    assert len(every) == len(known) + 3 and sum(UNKNOWN in sample.label for sample in every) == 3
    loss = DistillationLoss(WeightedBinaryCrossentropy((2.0, 1.0, 1.0)), temperature=1.0, weight=0.25)
    said, told = np.array([[0.2, 0.7, 0.9]], np.float32), [0.3, 0.6, 0.8]
    soft = -np.mean([p * np.log(q) + (1 - p) * np.log(1 - q) for p, q in zip(told, said[0], strict=True)])
    assert float(loss(np.array([[UNKNOWN] * 3 + told], np.float32), said)) == pytest.approx(0.25 * soft, rel=1e-5)
    assert float(loss(np.array([[0, 1, 0, *told]], np.float32), said)) > 0.25 * soft + 0.1
