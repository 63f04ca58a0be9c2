"""What an interrupted run needs to go on as if nothing had happened: written after every epoch, read at the start."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import CrosscamError
from model.files import whole
from model.run_config import TrainingConfig

FILE_NAME = "state.npz"
Arrays = list[NDArray[Any]]


@dataclass
class Progress:
    """Where a run stands."""

    phase: int = 0
    """0 the head alone, 1 fine tuning, 2 done."""
    epoch: int = 0
    """Finished epochs of the phase."""
    since_best: int = 0
    """Epochs of the phase since the last better one."""
    best: float = -1.0
    """Highest macro F1 so far, of both phases."""
    rows: list[dict[str, float]] = field(default_factory=list)
    """One row an epoch, as in the history."""


@dataclass
class RunState:
    """Progress with the variables of model and optimizer and the averaged weights, in Keras's order."""

    progress: Progress
    model: Arrays
    optimizer: Arrays
    average: Arrays


def config_digest(config: TrainingConfig) -> str:
    """Tells runs apart: everything a config says beyond the defaults, in 16 hex digits."""
    plain = TrainingConfig(id="", title="", training=(), validation=())
    said = {f.name: getattr(config, f.name) for f in fields(config)}
    told = sorted((name, repr(value)) for name, value in said.items() if value != getattr(plain, name))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def save_state(out: Path, config: TrainingConfig, state: RunState) -> None:
    """Write the state into the run's folder, beside first and then renamed."""
    groups = {"model": state.model, "optimizer": state.optimizer, "average": state.average}
    arrays = {f"{name}_{i}": array for name, group in groups.items() for i, array in enumerate(group)}
    about = {
        "config": config_digest(config),
        "progress": asdict(state.progress),
        "counts": {name: len(group) for name, group in groups.items()},
    }
    with whole(out / FILE_NAME) as part, part.open("wb") as file:
        np.savez(file, about=np.array(json.dumps(about)), **arrays)


def load_state(out: Path, config: TrainingConfig) -> RunState | None:
    """The state of an earlier run in this folder, None when there is none.

    Raises:
        CrosscamError: a damaged state, or one of another config.
    """
    path = out / FILE_NAME
    if not path.is_file():
        return None
    try:
        with np.load(path) as file:
            about = json.loads(str(file["about"]))
            groups: dict[str, Arrays] = {
                name: [file[f"{name}_{i}"] for i in range(count)] for name, count in about["counts"].items()
            }
            digest, progress = about["config"], Progress(**about["progress"])
            state = RunState(progress, groups["model"], groups["optimizer"], groups["average"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise CrosscamError(f"{path}: not the state of a run ({error}); give --restart to begin anew") from error
    if digest != config_digest(config):
        raise CrosscamError(
            f"{path}: belongs to a run with another config than {config.id} has now; "
            "give another folder with -o, or --restart to begin anew"
        )
    return state


def assign(variables: Sequence[Any], arrays: Arrays, what: str) -> None:
    """Set Keras variables one by one.

    Raises:
        CrosscamError: another number of variables, or other shapes: the program has changed since the state was kept.
    """
    if [tuple(v.shape) for v in variables] != [array.shape for array in arrays]:
        raise CrosscamError(f"the run's state does not fit the {what}; give --restart to begin anew")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
