"""A trained run to a folder of the zoo: int8 ``.tflite``, thresholds, figures, card.

``python -m model.deployment.export model/configs/person_car_160.py --data-root DIR --run runs/person_car_160 -o
model/zoo/person_car_160``
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.card import Card, sha256_of, write_card
from model.dataset.coco import count_labels, read_sources
from model.dataset.frames import FrameSet, load_frames
from model.dataset.representative import REPRESENTATIVE
from model.deployment.quantization import check_contract, quantize
from model.deployment.selection import append, row_of
from model.errors import CrosscamError, exit_status
from model.evaluation.evaluate import best_threshold, crossfit_decisions, evaluate_sets, int8_scores, table
from model.files import whole
from model.networks import network
from model.preprocessing import camera_path, to_float
from model.run_config import TrainingConfig, load_config, settings_of
from model.selftest import PATTERN, xor_frame
from model.training.run_folder import FIGURES
from model.training.trained import load_run

FOLDS = 5

BACKBONES = {
    "imagenet": "keras.applications MobileNet, ImageNet weights (Apache-2.0)",
    "vww": "MLPerf Tiny's person detection network, trained on COCO 2014 (Apache-2.0)",
    "widened": "keras.applications MobileNet 0.25, ImageNet weights (Apache-2.0), widened",
    "tflite": "an earlier int8 model of the same network",
    "none": "random weights",
}
"""What the card says of a config's ``backbone``."""


def _kept(config: TrainingConfig, best: dict[str, Any]) -> str:
    """Which weights of a run were kept, and why."""
    why = "the best float macro F1 at 0.5 on the validation sets together"
    if config.members:
        return f"mean of the weights of {len(config.members)} runs, each at its best epoch: {why}"
    if config.keep == "last":
        return f"epoch {best['epoch']} of {config.head_epochs + config.epochs}, the last, whatever its figures"
    return f"epoch {best['epoch']} of {config.head_epochs + config.epochs}: {why}"


def provenance(config: TrainingConfig, training: FrameSet, best: dict[str, Any]) -> dict[str, Any]:
    """What the card says about where the weights come from: sources, their counts and licences, seed, settings.

    Args:
        config: the run.
        training: what it was trained on.
        best: the figures of the epoch that was kept, as ``model.training`` wrote them.
    """
    sources = {}
    for source in config.training:
        samples = [training.samples[i] for i in training.from_source(source.name)]
        licenses = Counter(sample.license for sample in samples)
        sources[source.name] = {
            **count_labels(samples, config.minimum_area),
            "weight": source.weight,
            "licenses": [f"{name}: {count}" for name, count in licenses.most_common()],
        }
    areas = ", ".join(f"{name} > {share:.0%}" for name, share in sorted(config.minimum_area.items()))
    return {
        "backbone": BACKBONES[config.backbone],
        "minimum_area": dict(config.minimum_area),
        "label_rule": f"one object's share of the image: {areas}; only smaller ones: image left out",
        "seed": config.seed,
        "selection": _kept(config, best),
        "thresholds": "highest F1 of each class of the int8 model on the validation sets together; the float figures "
        "use the same ones",
        "caution": "epoch and thresholds were chosen on the validation sets, so figures on them flatter the model; "
        f"int8_thresholds_crossfit takes each threshold from the other {FOLDS - 1} of {FOLDS} folds",
        "validation": [source.name for source in config.validation],
        "annotations_license": "CC BY 4.0",
        "weights_license": config.license,
        "notes": config.notes,
        **({"members": best["members"]} if config.members else {"settings": settings_of(config)}),
        "training": sources,
    }


def export(config: TrainingConfig, data_root: Path, run: Path, out: Path, selection: Path | None = None) -> Card:
    """Quantise the best weights of a run, measure, and write ``model.tflite`` and ``card.toml``.

    Args:
        config: the run's config.
        data_root: folder that holds the sources' folders.
        run: the folder ``model.training`` wrote.
        out: folder of the zoo; made when missing.
        selection: a model selection table (CSV) to add the run to.

    Raises:
        CrosscamError: no weights in the run, unreadable data, an int8 model that breaks the camera-path contract.
    """
    model = load_run(config, run)
    try:
        best = json.loads((run / FIGURES).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CrosscamError(f"{run / FIGURES}: missing or damaged; it names the epoch that was kept") from error
    training = load_frames(read_sources(data_root, config.training, config.minimum_area))
    validation = load_frames(read_sources(data_root, config.validation, config.minimum_area))

    content = quantize(model, training.some(REPRESENTATIVE, config.seed).camera_pictures(config.size))
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / "model.tflite"
        candidate.write_bytes(content)
        reference = check_contract(candidate)

    pictures = validation.camera_pictures(config.size)
    floats = model.predict(to_float(pictures), batch_size=64, verbose=0)
    scores = int8_scores(reference, pictures)
    names = config.outputs
    thresholds = [best_threshold(scores[:, i], validation.labels[:, i]) for i in range(len(names))]
    real = [(t + 128) / 256 for t in thresholds]
    fitted = crossfit_decisions(scores, validation.labels, FOLDS, config.seed)
    metrics = {
        "int8_camera_path": evaluate_sets(scores, validation, thresholds, names),
        "float_camera_path": evaluate_sets(floats, validation, real, names),
        "int8_camera_path_at_half": evaluate_sets(scores, validation, [0] * len(names), names),
        "int8_thresholds_crossfit": evaluate_sets(fitted, validation, [1] * len(names), names),
    }
    for figures in metrics["int8_thresholds_crossfit"].values():
        del figures["auc"]
        for name in names:
            del figures[name]["auc"]  # these are decisions, not scores: they have no ROC curve
    for form, figures in metrics.items():
        print(f"{form}\n{table(figures, names)}")
    path = out / "model.tflite"
    with whole(path) as part:
        part.write_bytes(content)
    (input_scale, input_zero), (output_scale, output_zero) = reference.input_quantization, reference.output_quantization
    card = Card(
        id=config.id,
        title=config.title,
        file=path.name,
        sha256=sha256_of(path),
        labels=names,
        macs=network.multiply_accumulates(model),
        parameters=model.count_params(),
        input_shape=(config.size, config.size, 3),
        input_scale=input_scale,
        input_zero_point=input_zero,
        output_scale=output_scale,
        output_zero_point=output_zero,
        thresholds=tuple(thresholds),
        self_test_pattern=PATTERN,
        self_test_expected=tuple(int(s) for s in reference.scores(camera_path(xor_frame(), config.size, config.size))),
        metrics=metrics,
        provenance=provenance(config, training, best),
        folder=out,
    )
    write_card(card, out)
    if selection is not None:
        append(selection, row_of(run.name, config, card, best))
    return card


def main(arguments: Sequence[str] | None = None) -> int:
    """Quantise, measure and write a trained run into the zoo; exit status 2 on bad input."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(prog="python -m model.deployment.export", description=main.__doc__)
    parser.add_argument("config", type=Path, help="the run's file of model/configs")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds the config's sources")
    parser.add_argument("--run", type=Path, required=True, help="folder that model.training wrote")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the zoo")
    parser.add_argument("--selection", type=Path, help="model selection table (CSV) to add the run to")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _export(options))


def _export(options: argparse.Namespace) -> None:
    card = export(load_config(options.config), options.data_root, options.run, options.out, options.selection)
    print(f"{card.model_path}: {card.model_path.stat().st_size} bytes, thresholds {list(card.thresholds)}")


if __name__ == "__main__":
    sys.exit(main())
