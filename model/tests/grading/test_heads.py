"""Both stages on embeddings made up here: they learn, and fused they say what they say one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

import keras
import numpy as np
from keras import layers

from model.dataset.coco import Sample, Source
from model.evaluation.evaluate import auc
from model.grading import fusion, heads
from model.grading.embeddings import EMBEDDING, Graded
from model.grading.losses import RocAucLoss


def made_up(count: int, seed: int) -> Graded:
    """Embeddings of 32 values, two views each, in which the grade can be seen through noise."""
    rng = np.random.default_rng(seed)
    grades = rng.integers(0, 4, count)
    embeddings = rng.normal(0, 4.0, (count, 2, 32)).astype(np.float32)
    embeddings[..., :16] += grades[:, None, None] > 0
    embeddings[..., 16:] += grades[:, None, None]
    samples = tuple(Sample(Path(f"{at}.jpg"), (), Source("toy", "train"), "") for at in range(count))
    return Graded(samples, grades, embeddings)


QUICK = heads.Fitting(epochs=20, batch_size=200, rate=2e-2)


def test_the_first_stage_learns_grades_and_costs_move_its_decisions() -> None:
    training, unseen = made_up(600, 1), made_up(400, 2)
    costs = np.zeros((4, 4))
    costs[3, :3] = 40.0  # the severest grade missed
    plain, weighted = (heads.fit_grades(training, 4, each, 3, QUICK) for each in (np.zeros((4, 4)), costs))
    said, careful = (head.predict(unseen.embeddings[:, 0], verbose=0).argmax(axis=1) for head in (plain, weighted))
    assert (said == unseen.grades).mean() > 0.4
    severest = unseen.grades == 3
    assert (careful[severest] == 3).mean() > (said[severest] == 3).mean()


@pytest.mark.slow
def test_the_second_stage_learns_to_rank() -> None:
    training, unseen = made_up(600, 1), made_up(400, 2)
    for loss in (RocAucLoss(), "binary_crossentropy"):
        head = heads.fit_score(training, loss, 3, QUICK)
        assert auc(head.predict(unseen.embeddings[:, 0], verbose=0)[:, 0], unseen.grades > 0) > 0.8


@pytest.mark.slow
def test_the_same_seed_gives_the_same_head() -> None:
    quick = heads.Fitting(epochs=2, batch_size=64)
    first, second = (heads.fit_score(made_up(100, 1), RocAucLoss(), 5, quick).get_weights() for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_sources_are_drawn_by_weight() -> None:
    light, heavy = Source("light", "train", 0.5), Source("heavy", "train", 1.5)
    samples = tuple(Sample(Path(), (), light if at < 50 else heavy, "") for at in range(100))
    graded = Graded(samples, np.zeros(100, np.intp), np.zeros((100, 1, 1), np.float32))
    targets = np.arange(100, dtype=np.float32)[:, None]
    drawn = np.concatenate([wanted for _, wanted in heads.batches(graded, targets, 50, np.random.default_rng(1))])
    assert len(drawn) == 100
    assert (drawn < 50).sum() == pytest.approx(25, abs=1)


def backbone(size: int = 16) -> keras.Model:
    inputs = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(inputs)
    x = layers.SpatialDropout2D(0.4)(x)
    x = layers.AveragePooling2D(size // 2)(x)
    return keras.Model(inputs, layers.Flatten(name=EMBEDDING)(x), name="tiny")


def test_fused_is_staged(tmp_path: Path) -> None:
    keras.utils.set_random_seed(4)
    body, grades, score = backbone(), heads.grades_head(8, 4), heads.score_head(8)
    pictures = np.random.default_rng(1).uniform(-1, 1, (5, 16, 16, 3)).astype(np.float32)
    fused = fusion.fuse(body, grades, score)
    fused.save(tmp_path / "fused.keras")
    expected = fusion.staged(body, grades, score, pictures)
    for model in (fused, keras.saving.load_model(tmp_path / "fused.keras")):
        found = model.predict_on_batch(pictures)
        assert [each.shape for each in found] == [(5, 1), (5, 4)]
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    assert np.ptp(expected[1]) > 0.01  # it says something
