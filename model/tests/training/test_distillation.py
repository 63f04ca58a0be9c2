"""Learning from a teacher: the loss by hand, what the teacher is shown, teachers trained on the way."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("tensorflow")
pytest.importorskip("pycocotools")

import keras

from model.dataset.augmentation import Augmentation
from model.dataset.batches import TrainingBatches
from model.dataset.coco import Source, read_source
from model.dataset.frames import load_frames
from model.errors import CrosscamError
from model.networks import network
from model.run_config import Distillation, TrainingConfig, load_config
from model.tests.conftest import make_coco_tree
from model.tests.training.test_training import eager_functions
from model.training.distillation import Teacher, keep_scores
from model.training.losses import DistillationLoss, WeightedBinaryCrossentropy, macro_double_soft_f1
from model.training.run_state import load_state
from model.training.train import train, train_file


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_the_loss_by_hand() -> None:
    labels, told, said = [1.0, 0.0], [0.9, 0.2], [0.6, 0.5]
    hard = -(math.log(0.6) + math.log(0.5)) / 2
    soft = 0.0
    for teacher, student in zip(told, said, strict=True):
        p, q = sigmoid(logit(teacher) / 2), sigmoid(logit(student) / 2)
        soft -= (p * math.log(q) + (1 - p) * math.log(1 - q)) / 2
    loss = DistillationLoss(WeightedBinaryCrossentropy((1.0, 1.0)), temperature=2.0, weight=0.25)
    target, scores = np.array([labels + told], np.float32), np.array([said], np.float32)
    assert float(loss(target, scores)) == pytest.approx(0.75 * hard + 0.25 * 4 * soft, rel=1e-5)
    f1 = DistillationLoss(macro_double_soft_f1, temperature=2.0, weight=0.25)
    own = float(macro_double_soft_f1(np.array([labels], np.float32), scores))
    assert float(f1(target, scores)) == pytest.approx(0.75 * own + 0.25 * 4 * soft, rel=1e-5)


def corner_watcher(size: int) -> keras.Model:
    """Says how red, green and blue the picture is on average."""
    inputs = keras.Input((size, size, 3))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    return keras.Model(inputs, mean)


def test_the_teacher_sees_the_students_pictures(coco_tree: Path) -> None:
    frames = load_frames(read_source(coco_tree, Source("toy", "train")))
    plain = TrainingBatches(frames, 5, Augmentation(noise=0.0), seed=3, size=32)
    teacher = Teacher([corner_watcher(64), corner_watcher(32)])
    assert teacher.sizes == (64, 32)
    batches = TrainingBatches(frames, 5, Augmentation(noise=0.0), seed=3, size=32, teacher=teacher)
    pictures, targets = batches[0]
    np.testing.assert_array_equal(pictures, plain[0][0])  # a teacher changes nothing of what the student sees
    np.testing.assert_array_equal(targets[:, :3], plain[0][1])
    # Crops of blocks: their mean colour is that of the student's crop, and far from that of the next picture's.
    means = pictures.mean(axis=(1, 2))
    assert np.abs(targets[:, 3:] - means).max() < 0.05
    assert np.abs(targets[:, 3:] - np.roll(means, 1, axis=0)).max() > 0.1


def test_flips_average_both_views() -> None:
    keras.utils.set_random_seed(4)
    model = network.build(size=32, units=8)
    pictures = np.random.default_rng(1).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
    both = (model(pictures).numpy() + model(pictures[:, :, ::-1]).numpy()) / 2
    np.testing.assert_allclose(Teacher([model], flips=True).scores({32: pictures}), both, atol=1e-6)


def test_kept_views_are_those_the_teacher_scored(coco_tree: Path) -> None:
    frames = load_frames(read_source(coco_tree, Source("toy", "train")))
    watcher = Teacher([corner_watcher(32)])
    batches = TrainingBatches(frames, 5, Augmentation(), seed=3, size=32, teacher=watcher)
    batches.kept = batches.view_scores(2)
    assert batches.kept.shape == (len(frames), 2, 3)
    assert np.abs(batches.kept[:, 0] - batches.kept[:, 1]).max() > 0.01, "views differ"
    seen = []
    for epoch in range(3):
        batches.go_to(epoch)
        pictures, targets = batches[0]
        # Mirrored or not, a picture has the mean colour that the watcher told of its view.
        np.testing.assert_allclose(targets[:, 3:], pictures.mean(axis=(1, 2)), atol=1e-5)
        seen += list(pictures)
    distinct = {each.tobytes() for each in seen}
    assert len(distinct) <= 4 * len(frames), "of each picture two views and their mirror images"
    assert any(each[:, ::-1].tobytes() in distinct for each in seen), "some are seen both ways"


class Counting(Teacher):
    """Counts how often it is asked."""

    asked = 0

    def scores(self, pictures: Mapping[int, NDArray[np.float32]]) -> NDArray[np.float32]:
        self.asked += 1
        return super().scores(pictures)


def test_scores_are_kept_for_the_same_views_of_the_same_teacher(coco_tree: Path, tmp_path: Path) -> None:
    source = Source("toy", "train")
    frames = load_frames(read_source(coco_tree, source))
    keras.utils.set_random_seed(2)
    teacher = Counting([network.build(size=32, units=8)])
    config = TrainingConfig(
        id="toy", title="Toy", training=(source,), validation=(source,), size=32, distillation=Distillation((), views=2)
    )
    batches = TrainingBatches(frames, 4, config.augmentation, config.seed, 32, teacher=teacher)

    def asked(config: TrainingConfig) -> int:
        before = teacher.asked
        keep_scores(batches, teacher, config, frames, tmp_path)
        return teacher.asked - before

    assert asked(config) == -(-2 * len(frames) // 4)
    kept = batches.kept
    assert asked(config) == 0
    np.testing.assert_array_equal(batches.kept, kept)
    assert asked(replace(config, distillation=Distillation((), views=3))) > 0
    assert asked(replace(config, augmentation=Augmentation(zoom=0.5))) > 0
    (tmp_path / "teacher_scores.npz").write_bytes(b"damaged")
    assert asked(config) > 0
    taught_anew = Teacher([network.build(size=32, units=8)])
    assert taught_anew.digest() != teacher.digest()
    batches.kept = None
    assert asked(replace(config, distillation=Distillation(()))) == 0
    assert batches.kept is None, "without views the teacher is asked for each picture"


CONFIG = """
from model.dataset.coco import Source
from model.run_config import Distillation, TrainingConfig
CONFIG = TrainingConfig(
    id="toy", title="Toy", training=(Source("toy", "train"),), validation=(Source("toy", "train"),), units=8,
    batch_size=4, backbone="none", epochs=0, {},
)
"""


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    make_coco_tree(tmp_path, "toy", "train", {n: [[(1, 9000.0)], [(3, 9000.0)], []][n % 3] for n in range(1, 7)})
    given = {
        "large": "size=64, head_epochs=1",
        "small": 'size=32, head_epochs=2, head_rate=0.01, distillation=Distillation(("large",), 2.0, 0.5, True)',
        "alone": "size=32, head_epochs=2, head_rate=0.01",
    }
    for name, text in given.items():
        (tmp_path / f"{name}.py").write_text(CONFIG.format(text), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_teachers_are_trained_first_and_leave_their_mark(configs: Path) -> None:
    with eager_functions():
        for name in ("small", "alone"):
            train_file(configs / f"{name}.py", configs, None, configs / "runs" / name, verbose=0)
    runs = configs / "runs"
    assert (runs / "large" / "best.weights.h5").is_file()
    small, alone = (load_state(runs / name, load_config(configs / f"{name}.py")) for name in ("small", "alone"))
    assert small is not None and alone is not None
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(small.model, alone.model, strict=True))
    told = json.loads((runs / "small" / "config.json").read_text(encoding="utf-8"))
    assert told["distillation"] == {"teachers": ["large"], "temperature": 2.0, "weight": 0.5, "flips": True} | {
        "unlabelled": False,
        "views": 0,
    }
    assert told["size"] == 32 and told["rate"] == 1e-5, "what a config leaves out is kept as well"


def test_circles_and_other_classes_are_refused(configs: Path) -> None:
    (configs / "large.py").write_text(CONFIG.format('distillation=Distillation(("small",))'), encoding="utf-8")
    with pytest.raises(CrosscamError, match=r"large\.py: needs the run small, which needs this one"):
        train_file(configs / "small.py", configs, None, configs / "runs" / "small", verbose=0)
    (configs / "large.py").write_text(CONFIG.format('minimum_area={"dog": 0.1, "car": 0.1}'), encoding="utf-8")
    with pytest.raises(CrosscamError, match="teacher large tells car, dog, negative; expected car, negative, person"):
        train_file(configs / "small.py", configs, None, configs / "runs" / "small", verbose=0)
    config = load_config(configs / "small.py")
    with pytest.raises(CrosscamError, match="needs the runs of its teachers, large"):
        train(config, configs, None, configs / "runs" / "small", verbose=0)
    assert not (configs / "runs").exists()
