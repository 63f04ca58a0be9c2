"""From photographs to a model folder, with a tiny backbone of random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("pycocotools")

import keras
import numpy as np

from model.card import read_card, verify_model_file
from model.compiler.compile import compile_model
from model.errors import CrosscamError
from model.evaluation.evaluate import auc
from model.evaluation.reference import Reference
from model.grading import train as training_module
from model.grading.embeddings import Backbone, graded
from model.grading.export import export
from model.grading.fusion import staged
from model.grading.heads import Fitting
from model.grading.recipe import GradesRecipe, read_grades
from model.grading.train import Plan, Trained, train
from model.networks import efficientnet_lite as lite
from model.preprocessing import to_float
from model.tests.conftest import make_coco_tree
from model.tests.lite_weights import random_arrays

SHIPPED = Path(__file__).parents[2] / "configs" / "grades.toml"
OBJECTS = [[], [(1, 100.0)], [(3, 400.0)], [(1, 9000.0)]]  # one of each grade


def random_weights(path: Path) -> Path:
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(inputs, lite.features(inputs, 2))
    np.savez(path, **random_arrays(model))
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("grades")


@pytest.fixture(scope="module")
def recipe(place: Path) -> GradesRecipe:
    make_coco_tree(place, "toy", "train", {at: OBJECTS[at % 4] for at in range(16)})
    make_coco_tree(place, "toy", "val", {at: OBJECTS[at % 4] for at in range(12)})
    text = SHIPPED.read_text().split("[[training]]")[0]
    sources = "".join(
        f'[[{key}]]\nfolder = "toy"\nsplit = "{split}"\n'
        for key, split in (("training", "train"), ("validation", "val"))
    )
    path = place / "grades.toml"
    path.write_text(text + sources)
    return read_grades(path)


@pytest.fixture(scope="module")
def plan(place: Path) -> Plan:
    quick = Fitting(epochs=1, batch_size=8)
    return Plan(Backbone(32, 2, random_weights(place / "w.npz")), 1, 2, quick, quick)


@pytest.fixture(scope="module")
def trained(place: Path, recipe: GradesRecipe, plan: Plan) -> Trained:
    return train(recipe, place, plan, place / "cache")


@pytest.mark.slow
def test_fused_is_staged_within_a_millionth(trained: Trained) -> None:
    pictures = np.random.default_rng(2).uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32)
    fused = trained.fused.predict_on_batch(pictures)
    for one, other in zip(fused, staged(trained.backbone, trained.grades, trained.score, pictures), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_kept_embeddings_and_stages_are_used_again(
    place: Path, recipe: GradesRecipe, plan: Plan, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backbone, "first", lambda *_: pytest.fail("computed again"))
    monkeypatch.setattr(training_module, "tune", lambda *_, **__: pytest.fail("trained again"))
    again = train(recipe, place, plan, place / "cache")
    np.testing.assert_allclose(again.validation.embeddings, trained.validation.embeddings, atol=1e-6)
    assert again.figures == trained.figures


@pytest.mark.slow
def test_the_first_stage_stands_beside_the_second(trained: Trained) -> None:
    seen, truth = trained.validation.embeddings[:, 0], trained.validation.grades > 0
    beside = trained.figures["first_stage"]
    assert beside["auc"] == round(auc(1 - trained.grades.predict_on_batch(seen)[:, 0], truth), 4)
    assert beside["control"] == trained.figures["score"]["auc"]


def test_a_changed_photograph_is_embedded_anew(place: Path, recipe: GradesRecipe, plan: Plan, tmp_path: Path) -> None:
    def values() -> np.ndarray:
        return graded(place, recipe.validation, recipe.grades, plan.backbone, tmp_path).embeddings

    before = values()
    picture = place / "toy" / "val" / f"{3:012d}.jpg"
    content = picture.read_bytes()
    picture.write_bytes((place / "toy" / "val" / f"{4:012d}.jpg").read_bytes())
    after = values()
    picture.write_bytes(content)
    assert np.array_equal(before[4], after[3]) and not np.array_equal(before[3], after[3])
    for damaged in tmp_path.glob("*.npz"):
        damaged.write_bytes(b"PK damaged")
    np.testing.assert_array_equal(values()[4], before[4])


@pytest.mark.slow
def test_the_model_folder(place: Path, recipe: GradesRecipe, plan: Plan, trained: Trained) -> None:
    out, report = place / "zoo", place / "report"
    export(trained, recipe, plan, "tiny", out, report)
    card = read_card(out)
    assert card.labels == ("score", "S", "Q", "R", "X")
    assert card.output_sizes == (1, 4)
    assert list(card.judgement.zones) == ["trusted", "neutral", "untrusted"]
    assert card.thresholds[0] == card.judgement.zones["neutral"]
    assert card.metrics["int8_camera_path"]["all"]["count"] == 12
    assert sum(card.metrics["int8_camera_path"]["all"]["confusions"]["X"]) == 3
    assert card.provenance["training"]["toy/train"]["Q"] == 4
    reference = Reference(verify_model_file(card), 2)
    picture = np.random.default_rng(1).integers(-128, 128, (32, 32, 3)).astype(np.int8)
    said = (reference.scores(picture).astype(np.float32) + 128) / 256
    expected = np.concatenate(trained.fused.predict_on_batch(to_float(picture)[None]), axis=1)[0]
    np.testing.assert_allclose(said, expected, atol=0.1)
    compile_model(out, place / "compiled", firmware=True)
    assert {"roc.png", "det.svg", "confusion.png", "fused.keras", "sqrx.keras"} <= {p.name for p in report.iterdir()}
    assert "thinned" in json.loads((report / "roc.json").read_text())["score"]
    assert "full" not in json.loads((report / "roc.json").read_text())["score"]
    embedding, grades = keras.saving.load_model(report / "sqrx.keras").predict_on_batch(to_float(picture)[None])
    assert embedding.shape == (1, 24)
    np.testing.assert_allclose(grades[0], expected[1:], atol=1e-6)


def test_a_plan_that_cannot_be_gets_one_line(place: Path, recipe: GradesRecipe, plan: Plan) -> None:
    with pytest.raises(CrosscamError, match="expected a multiple of 16"):
        train(recipe, place, Plan(Backbone(33, 2, plan.backbone.weights)), place / "other")
    with pytest.raises(CrosscamError, match="no such weights file"):
        train(recipe, place, Plan(Backbone(32, 2, place / "none.npz")), place / "other")
