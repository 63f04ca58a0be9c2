"""What happens at the end of every epoch of training: figures, the best weights, the state to resume from."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model.dataset.frames import FrameSet
from model.evaluation.evaluate import evaluate
from model.files import whole, write_text
from model.preprocessing import to_float
from model.run_config import TrainingConfig
from model.training.run_folder import BEST, FIGURES, HISTORY
from model.training.run_state import Arrays, Progress


class EpochKeeper(keras.callbacks.Callback):
    """Keeps the weights with the best macro F1 (at 0.5) on all validation sets together, or the last, and the history.

    With a config's ``average`` the figures and the kept weights are those of the moving average; training itself goes
    on with the weights as they are.

    Args:
        validation: pictures for the figures; they go through the camera path.
        config: the run.
        out: folder for best weights, history and figures.
        progress: where the run stands; brought up to date after every epoch.
        save: called after every epoch, once everything else is written.
    """

    def __init__(
        self,
        validation: FrameSet,
        config: TrainingConfig,
        out: Path,
        progress: Progress,
        save: Callable[[], None],
    ) -> None:
        super().__init__()
        self._pictures = to_float(validation.camera_pictures(config.size))
        self._labels, self._config, self._out, self._save = validation.labels, config, out, save
        self.progress = progress
        self.average: Arrays = []
        self.averaging = False

    def start_phase(self, averaging: bool, average: Arrays) -> None:
        """Average the weights from now on, starting from ``average`` or, when that is empty, from the present ones."""
        self.averaging = averaging
        self.average = average or ([w.copy() for w in self.model.get_weights()] if averaging else [])

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move the average."""
        if self.averaging:
            share = np.float32(1.0 - self._config.average)
            for mean, weights in zip(self.average, self.model.get_weights(), strict=True):
                mean += share * (weights - mean)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Take the figures, keep what is to be kept, and say one line."""
        config, progress = self._config, self.progress
        own = self.model.get_weights() if self.averaging else []
        if self.averaging:
            self.model.set_weights(self.average)
        scores = self.model.predict(self._pictures, batch_size=64, verbose=0)
        figures = evaluate(scores, self._labels, (0.5,) * len(config.outputs), config.outputs)
        row = {"epoch": len(progress.rows) + 1, "loss": round((logs or {}).get("loss", 0.0), 5)}
        row["macro_f1"] = figures["macro_f1"]
        row.update({f"{name}_{key}": figures[name][key] for name in config.outputs for key in ("f1", "auc")})
        better = figures["macro_f1"] > progress.best
        if better or config.keep == "last":
            self._keep(row["epoch"], figures, scores)
        if own:
            self.model.set_weights(own)
        progress.rows.append(row)
        progress.epoch += 1
        progress.since_best = 0 if better else progress.since_best + 1
        progress.best = max(progress.best, figures["macro_f1"])
        self._write_history()
        self._save()
        if logs is not None:
            logs["macro_f1"] = figures["macro_f1"]
        print(" - ".join(f"{key} {value}" for key, value in row.items()) + (" *" if better else ""), flush=True)

    def _keep(self, epoch: float, figures: dict[str, Any], scores: NDArray[np.float32]) -> None:
        with whole(self._out / BEST) as part:
            self.model.save_weights(part)
        write_text(self._out / FIGURES, json.dumps({"epoch": epoch, **figures}, indent=1))

    def _write_history(self) -> None:
        rows = self.progress.rows
        with whole(self._out / HISTORY) as part, part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[-1].keys())
            writer.writeheader()
            writer.writerows(rows)
