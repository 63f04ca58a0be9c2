"""The mean of several runs' weights (model soups, arXiv:2203.05482).

Runs that start from the same weights, head included (the same seed), and differ in schedule or pictures end in one
basin: the mean of their weights is a network of the same size that errs less than each of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model.dataset.frames import load_frames
from model.errors import CrosscamError
from model.files import whole, write_text
from model.run_config import TrainingConfig, load_config, settings_of

SAME = ("network", "size", "alpha", "units", "minimum_area", "backbone", "quantization_aware", "seed")
"""Fields that members share: network, start, what the weights mean, and seed."""


def member_configs(path: Path, config: TrainingConfig) -> dict[str, TrainingConfig]:
    """The configs of a config's members, which lie beside it.

    Raises:
        CrosscamError: a member that is missing, has members itself, or another network, start or seed.
    """
    found = {}
    for name in config.members:
        member = load_config(path.parent / f"{name}.py")
        if member.members:
            raise CrosscamError(f"{path}: member {name} has members itself; name those")
        for key in SAME:
            if getattr(member, key) != getattr(config, key):
                raise CrosscamError(
                    f"{path}: member {name} has {key} {getattr(member, key)!r}, expected {getattr(config, key)!r}: "
                    "only runs of one network from one start can be averaged"
                )
        found[name] = member
    return found


def average_runs(
    config: TrainingConfig, members: Mapping[str, TrainingConfig], runs: Mapping[str, Path], data_root: Path, out: Path
) -> Path:
    """Write the mean of the members' best weights, and its figures, as a run of its own.

    Args:
        config: the run that names the members.
        members: their configs.
        runs: their folders, trained.
        data_root: folder that holds the validation sources.
        out: folder of the run.

    Returns:
        The weights' file.

    Raises:
        CrosscamError: a member without weights, unreadable pictures.
    """
    from model.dataset.coco import read_sources
    from model.evaluation.evaluate import evaluate
    from model.preprocessing import to_float
    from model.training.run_folder import BEST, FIGURES
    from model.training.trained import load_run

    model, weights, told = None, [], {}
    for name, member in members.items():
        model = load_run(member, runs[name])
        weights.append(model.get_weights())
        best = json.loads((runs[name] / FIGURES).read_text(encoding="utf-8"))
        told[name] = {"epoch": best["epoch"], "macro_f1": best["macro_f1"], **settings_of(member)}
    assert model is not None
    model.set_weights([np.mean(arrays, axis=0) for arrays in zip(*weights, strict=True)])
    frames = load_frames(read_sources(data_root, config.validation, config.minimum_area))
    scores = model.predict(to_float(frames.camera_pictures(config.size)), batch_size=64, verbose=0)
    figures: dict[str, Any] = evaluate(scores, frames.labels, (0.5,) * len(config.outputs), config.outputs)
    with whole(out / BEST) as part:
        model.save_weights(part)
    write_text(out / FIGURES, json.dumps({"epoch": 0, **figures, "members": told}, indent=1))
    print(f"mean of {', '.join(members)}: macro F1 at 0.5 {figures['macro_f1']}")
    return out / BEST
