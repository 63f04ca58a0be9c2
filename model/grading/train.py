"""Trains both stages: embeddings, where wanted the backbone's last stages, heads and their controls."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model.files import whole
from model.grading.embeddings import Backbone, Graded, Progress, graded
from model.grading.fusion import fuse
from model.grading.heads import HEADS, Fitting, fit_grades, fit_score
from model.grading.judging import FOLDS, compared_areas, compared_costs
from model.grading.losses import RocAucLoss
from model.grading.recipe import GradesRecipe
from model.grading.tuning import LAST_STAGES, embedded, last_stages, tune, with_last_stages


@dataclass(frozen=True)
class Plan:
    """What is trained, on what.

    ``after``: the backbone's stages after so many are trained, too; None leaves all as they are. ``views``: of every
    training photograph, the augmented ones among them. ``epochs`` of the last stages.
    """

    backbone: Backbone
    after: int | None = None
    views: int = 3
    heads: Fitting = HEADS
    stages: Fitting = LAST_STAGES


@dataclass(frozen=True)
class Trained:
    """Both stages, the network they are fused into, the photographs, and the heads' figures beside their controls."""

    backbone: keras.Model
    grades: keras.Model
    score: keras.Model
    fused: keras.Model
    training: Graded
    validation: Graded
    figures: dict[str, Any]


def train(recipe: GradesRecipe, root: Path, plan: Plan, cache: Path, progress: Progress = lambda done: None) -> Trained:
    """Train by ``plan`` on the recipe's training sources.

    Raises:
        CrosscamError: unreadable annotations, photographs or weights.
    """
    sources = {
        key: graded(root, sources, recipe.grades, plan.backbone, cache, views, progress, plan.after)
        for key, sources, views in (("training", recipe.training, plan.views), ("validation", recipe.validation, 1))
    }
    training, validation = sources["training"], sources["validation"]
    network = plan.backbone.network()
    if plan.after is not None:
        trunk = last_stages(plan.backbone, plan.after, training.embeddings.shape[2:])
        kept = cache / f"stages-{_key(recipe, plan, training)}.weights.h5"
        if not _load(trunk, kept):
            tune(trunk, training, recipe.costs, recipe.seed, fitting=plan.stages)
            with whole(kept) as part:
                trunk.save_weights(part)
        with_last_stages(network, trunk)
        training, validation = embedded(trunk, training), embedded(trunk, validation)
    grades = fit_grades(training, len(recipe.grades), recipe.costs, recipe.seed, plan.heads)
    score = fit_score(training, RocAucLoss(), recipe.seed, plan.heads)
    figures = {
        "score": _areas(recipe, training, validation, score, plan.heads),
        "first_stage": _first_stage(recipe, validation, grades, score),
        "grades_crossfit": _crossfit_costs(recipe, training, validation, plan.heads),
    }
    return Trained(network, grades, score, fuse(network, grades, score), training, validation, figures)


def _key(recipe: GradesRecipe, plan: Plan, training: Graded) -> str:
    """Of everything that decides what the last stages learn."""
    digest = hashlib.sha256(repr((plan.after, plan.stages, recipe.seed, recipe.costs.tolist())).encode())
    for array in (training.embeddings, training.grades, training.weights):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _load(trunk: keras.Model, path: Path) -> bool:
    """Whether an earlier run has kept the weights; they are loaded."""
    try:
        trunk.load_weights(path)
    except (OSError, ValueError):
        return False
    return True


def _areas(
    recipe: GradesRecipe, training: Graded, validation: Graded, score: keras.Model, fitting: Fitting
) -> dict[str, float]:
    """The second stage beside one trained with plain cross-entropy, on the validation photographs."""
    control = fit_score(training, "binary_crossentropy", recipe.seed, fitting)
    seen = validation.embeddings[:, 0]
    scores, controls = (np.asarray(head.predict(seen, verbose=0))[:, 0] for head in (score, control))
    return compared_areas(validation.grades > 0, scores, controls, recipe.seed)


def _first_stage(recipe: GradesRecipe, validation: Graded, grades: keras.Model, score: keras.Model) -> dict[str, float]:
    """All grades but the first by the first stage alone, beside the second stage, on the validation photographs."""
    seen = validation.embeddings[:, 0]
    least = np.asarray(grades.predict(seen, verbose=0))[:, 0]
    scores = np.asarray(score.predict(seen, verbose=0))[:, 0]
    return compared_areas(validation.grades > 0, 1.0 - least, scores, recipe.seed)


def _crossfit_costs(recipe: GradesRecipe, training: Graded, validation: Graded, fitting: Fitting) -> dict[str, float]:
    """The first stage beside one trained without costs: each fold of the validation photographs is graded by heads that
    were trained on the training photographs and the other folds."""
    count = len(validation.samples)
    fold_of = np.random.default_rng(recipe.seed).permutation(count) % FOLDS
    said: list[NDArray[np.intp]] = [np.zeros(count, np.intp), np.zeros(count, np.intp)]
    for fold in range(FOLDS):
        inside = fold_of == fold
        known = joined(training, validation, np.flatnonzero(~inside))
        for decisions, costs in zip(said, (recipe.costs, np.zeros_like(recipe.costs)), strict=True):
            head = fit_grades(known, len(recipe.grades), costs, recipe.seed, fitting)
            decisions[inside] = np.asarray(head.predict(validation.embeddings[inside, 0], verbose=0)).argmax(axis=1)
    return compared_costs(recipe.costs, validation.grades, *said, recipe.seed)


def joined(training: Graded, other: Graded, chosen: NDArray[np.intp]) -> Graded:
    """``training`` and some of ``other``, of which there is one view, told as often as training has views."""
    views = training.embeddings.shape[1]
    more = np.repeat(other.embeddings[chosen][:, :1], views, axis=1)
    return replace(
        training,
        samples=(*training.samples, *(other.samples[place] for place in chosen)),
        grades=np.concatenate([training.grades, other.grades[chosen]]),
        embeddings=np.concatenate([training.embeddings, more]),
    )
