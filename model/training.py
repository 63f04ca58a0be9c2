"""Transfer learning: the head on frozen ImageNet features first, then the whole network at a falling rate.

``python -m model.training model/configs/person_car_160.py --data-root DIR --weights FILE -o runs/person_car_160``
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model.dataset.coco import Sample, Source, count_labels, read_source
from model.dataset.frames import FrameSet, load_frames
from model.errors import CrosscamError
from model.run_config import TrainingConfig, load_config

BEST, LAST, FIGURES = "best.weights.h5", "history.csv", "best.json"


def read_sources(root: Path, sources: Sequence[Source], minimum_area: Mapping[str, float]) -> list[Sample]:
    """Samples of several sources, with one line of counts a source on stdout."""
    samples: list[Sample] = []
    for source in sources:
        found = read_source(root, source, minimum_area)
        counts = count_labels(found, minimum_area)
        print(f"{source.name}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        samples += found
    return samples


def build_network(config: TrainingConfig) -> Any:
    """The untrained network of a config (imports Keras)."""
    from model import network

    return network.build(
        size=config.size,
        alpha=config.alpha,
        units=config.units,
        dropout=config.dropout,
        outputs=len(config.outputs),
    )


def best_epoch_callback(validation: FrameSet, config: TrainingConfig, out: Path) -> Any:
    """A Keras callback that keeps the weights with the best macro F1 (at 0.5) on all validation sets together."""
    import keras

    from model.evaluation import evaluate
    from model.preprocessing import to_float

    pictures = to_float(validation.camera_pictures(config.size))

    class BestEpoch(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.best, self.step, self.rows = -1.0, 0, []

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            scores = self.model.predict(pictures, batch_size=64, verbose=0)
            figures = evaluate(scores, validation.labels, (0.5,) * len(config.outputs), config.outputs)
            self.step += 1
            row = {"epoch": self.step, "loss": round((logs or {}).get("loss", 0.0), 5), "macro_f1": figures["macro_f1"]}
            row.update({f"{name}_{key}": figures[name][key] for name in config.outputs for key in ("f1", "auc")})
            self.rows.append(row)
            with (out / LAST).open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, row.keys())
                writer.writeheader()
                writer.writerows(self.rows)
            mark = ""
            if figures["macro_f1"] > self.best:
                self.best, mark = figures["macro_f1"], " *"
                self.model.save_weights(out / BEST)
                (out / FIGURES).write_text(json.dumps({"epoch": self.step, **figures}, indent=1), encoding="utf-8")
            print(" - ".join(f"{key} {value}" for key, value in row.items()) + mark, flush=True)

    return BestEpoch()


def train(config: TrainingConfig, data_root: Path, weights: Path, out: Path, verbose: int | str = "auto") -> Path:
    """Run one config.

    Args:
        config: the run.
        data_root: folder that holds the sources' folders.
        weights: ImageNet weights of the backbone (Keras MobileNet "no top", the config's alpha).
        out: folder for the best weights, the history (one row an epoch) and the best epoch's figures.
        verbose: Keras's progress bar (1), one line an epoch (2), nothing (0).

    Returns:
        The best weights' file.

    Raises:
        CrosscamError: data or weights that cannot be read.
    """
    import keras

    from model import network
    from model.dataset.batches import TrainingBatches
    from model.losses import WeightedBinaryCrossentropy

    keras.utils.set_random_seed(config.seed)
    model = build_network(config)
    network.load_backbone(model, weights)
    training = load_frames(read_sources(data_root, config.training, config.minimum_area))
    validation = load_frames(read_sources(data_root, config.validation, config.minimum_area))
    out.mkdir(parents=True, exist_ok=True)
    batches = TrainingBatches(training, config.batch_size, config.augmentation, config.seed, config.size)
    keep_best = best_epoch_callback(validation, config, out)
    loss = WeightedBinaryCrossentropy(config.positive_weights, config.smoothing)

    backbone = network.backbone_layers(model)
    for layer in backbone:
        layer.trainable = False
    model.compile(keras.optimizers.Adam(config.head_rate), loss)
    model.fit(batches, epochs=config.head_epochs, callbacks=[keep_best], verbose=verbose)

    if not config.epochs:
        return out / BEST
    for layer in backbone:
        frozen = config.freeze_statistics and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = not frozen
    steps = config.epochs * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(
        config.rate / 20, steps, warmup_target=config.rate, warmup_steps=len(batches)
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay)
    model.compile(optimizer, loss)
    model.fit(batches, epochs=config.epochs, callbacks=[keep_best], verbose=verbose)
    return out / BEST


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one config; exit status 2 on bad input."""
    parser = argparse.ArgumentParser(prog="python -m model.training", description=main.__doc__)
    parser.add_argument("config", type=Path, help="a file of model/configs")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds the config's sources")
    parser.add_argument(
        "--weights",
        type=Path,
        default=os.environ.get("CROSSCAM_WEIGHTS"),
        help="Keras MobileNet 'no_top' ImageNet weights, .h5 (or the variable CROSSCAM_WEIGHTS)",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves it to TensorFlow")
    parser.add_argument("--verbose", type=int, choices=(0, 1, 2), default=1, help="Keras's progress output")
    options = parser.parse_args(arguments)
    try:
        if options.weights is None:
            raise CrosscamError("training: no backbone weights; give --weights FILE or set CROSSCAM_WEIGHTS")
        config = load_config(options.config)
        if options.threads:
            import tensorflow as tf

            tf.config.threading.set_intra_op_parallelism_threads(options.threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        best = train(config, options.data_root, Path(options.weights), options.out, options.verbose)
        shutil.copy(options.config, options.out / options.config.name)
        print(f"best weights: {best}")
    except CrosscamError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
