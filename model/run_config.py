"""What a training run is: one config file in ``model/configs`` holds one ``CONFIG``."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from model.dataset.augmentation import Augmentation
from model.dataset.coco import Source
from model.dataset.pasting import Paste
from model.dataset.rule import MINIMUM_AREA, outputs_for
from model.errors import CrosscamError

CHOICES = {
    "network": ("v1", "v2"),
    "backbone": ("imagenet", "vww", "widened", "tflite", "none"),
    "loss": ("bce", "soft_f1"),
    "optimizer": ("rmsprop", "adamw"),
    "keep": ("best", "last"),
}
"""Fields that hold a name, and the names they may hold."""

RANGES: Mapping[str, tuple[float, float]] = {
    "size": (32, 4096),
    "alpha": (0.05, 4.0),
    "units": (1, 4096),
    "dropout": (0.0, 0.99),
    "batch_size": (1, 4096),
    "head_epochs": (0, 100_000),
    "head_rate": (0.0, 10.0),
    "epochs": (0, 100_000),
    "fine_tune_from": (0, 100_000),
    "rate": (0.0, 10.0),
    "weight_decay": (0.0, 10.0),
    "average": (0.0, 0.999999),
    "patience": (0, 100_000),
    "statistics_momentum": (0.0, 1.0),
    "smoothing": (0.0, 1.0),
    "seed": (0, 2**32 - 1),
}
"""Fields that hold a number, and the least and most it may be; those whose bounds are integers take integers."""


@dataclass(frozen=True)
class Distillation:
    """What a run learns from other runs' scores (see ``model.training.distillation``)."""

    teachers: tuple[str, ...]
    """Names of configs beside the student's; their runs are trained first. Their scores are averaged. None: a Keras
    network that the command line names."""
    temperature: float = 2.0
    """Divides the logits of teacher and student before they are compared: above 1, small scores count for more."""
    weight: float = 0.5
    """Share of the loss that compares with the teacher, 0..1; the rest compares with the labels."""
    flips: bool = False
    """Average the teacher's scores of each picture and its mirror image."""
    unlabelled: bool = False
    """Show the photographs that the rule leaves out, too, whose objects are all too small: the teacher knows them."""
    views: int = 0
    """Show so many augmented views of each photograph, over and over, whose teacher's scores are computed once and
    kept: an epoch then costs the student alone. 0: every view is new, and the teacher scores it."""


@dataclass(frozen=True)
class TrainingConfig:
    """One run. Paths of this machine are no part of it: they come from the command line."""

    id: str
    title: str
    training: tuple[Source, ...]
    validation: tuple[Source, ...]
    minimum_area: Mapping[str, float] = field(default_factory=lambda: dict(MINIMUM_AREA))
    network: str = "v1"
    """MobileNet ``v1`` or ``v2``."""
    size: int = 160
    alpha: float = 0.25
    units: int = 64
    dropout: float = 0.2
    backbone: str = "imagenet"
    """Where the backbone starts: ``imagenet`` (Keras MobileNet file), ``vww`` (MLPerf Tiny's person / no person file),
    ``widened`` (the ImageNet file of alpha 0.25 widened to ``alpha`` without changing what it computes), ``tflite`` (a
    trained int8 model of the same network, head included, as those of the zoo), ``none``."""
    loss: str = "bce"
    """``bce`` (weighted binary cross-entropy) or ``soft_f1`` (macro double soft F1)."""
    batch_size: int = 32
    head_epochs: int = 5
    head_rate: float = 1e-4
    """Adam's learning rate while the backbone is frozen."""
    epochs: int = 30
    """Fine tuning; 0 leaves the backbone as it came."""
    fine_tune_from: int = 57
    """Layers before this index keep their weights while fine tuning; 0 tunes all."""
    optimizer: str = "rmsprop"
    """Of the fine tuning: ``rmsprop`` at a constant rate, or ``adamw`` whose rate falls to zero along a half cosine."""
    rate: float = 1e-5
    """Learning rate of the fine tuning; for ``adamw`` the one at the start."""
    weight_decay: float = 1e-4
    """Of ``adamw``."""
    average: float = 0.0
    """Momentum of the moving average of the weights while fine tuning; figures and kept weights are then the
    average's. 0 switches it off."""
    keep: str = "best"
    """Which epoch's weights are the run's: ``best``, that of the highest macro F1 on the validation sets, or ``last``,
    whose figures owe nothing to them."""
    patience: int = 0
    """Stop a phase after so many epochs without a better macro F1; 0 never stops early."""
    freeze_statistics: bool = False
    """Keep the batch normalisation's statistics while fine tuning."""
    statistics_momentum: float | None = None
    """Momentum of the batch normalisation's moving statistics; None leaves Keras's, 0.99 (v1) and 0.999 (v2), which
    need thousands of steps to settle."""
    smoothing: float = 0.05
    """Label smoothing, for labels that boxes of fair quality give."""
    positive_weights: tuple[float, ...] = (1.0, 1.0, 1.0)
    """Weight of the positive term of each output (car, negative, person) in the cross-entropy."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    pastes: tuple[Paste, ...] = ()
    """Crops to paste into training pictures."""
    distillation: Distillation | None = None
    """Teachers to learn from besides the labels."""
    quantization_aware: bool = False
    """Train with the rounding of int8, the batch normalisation folded (see ``model.training.quantization_aware``)."""
    members: tuple[str, ...] = ()
    """Names of configs beside this one: the run is the mean of their best weights (see ``model.training.soup``)."""
    seed: int = 1
    license: str = ""
    """Licence of the trained weights, for the card."""
    notes: str = ""
    """What a reader of the card should know about how this run was chosen."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs in their order."""
        return outputs_for(self.minimum_area)


SETTINGS = (
    *("network", "alpha", "size", "units", "dropout", "backbone", "loss", "batch_size", "head_epochs", "head_rate"),
    *("epochs", "fine_tune_from", "optimizer", "rate", "weight_decay", "average", "patience", "freeze_statistics"),
    *("keep", "smoothing", "positive_weights", "quantization_aware"),
)
"""Fields that a card repeats."""


def settings_of(config: TrainingConfig) -> dict[str, Any]:
    """What a card says of how a run was trained."""
    pastes = [f"{p.folder} as {p.label or 'nothing'}, chance {p.chance}" for p in config.pastes]
    settings: dict[str, Any] = {name: getattr(config, name) for name in SETTINGS}
    if config.statistics_momentum is not None:
        settings["statistics_momentum"] = config.statistics_momentum
    if pastes:
        settings["pastes"] = pastes
    if config.distillation:
        settings["distillation"] = asdict(config.distillation)
    return settings | {"augmentation": asdict(config.augmentation)}


def load_config(path: Path | str) -> TrainingConfig:
    """The ``CONFIG`` of a config file.

    Raises:
        CrosscamError: missing file, a file that does not run, or none that sets ``CONFIG``.
    """
    path = Path(path)
    if not path.is_file():
        raise CrosscamError(f"{path}: no such config file; see model/configs")
    try:
        config = runpy.run_path(str(path)).get("CONFIG")
    except Exception as error:  # a config is code: whatever it raises is the user's bad input
        raise CrosscamError(f"{path}: the config does not run ({type(error).__name__}: {error})") from error
    if not isinstance(config, TrainingConfig):
        raise CrosscamError(f"{path}: expected a name CONFIG of type model.run_config.TrainingConfig")
    if len(config.positive_weights) != len(config.outputs):
        raise CrosscamError(f"{path}: positive_weights needs one weight for each of {', '.join(config.outputs)}")
    for key, known in CHOICES.items():
        value = getattr(config, key)
        if value not in known:
            raise CrosscamError(f"{path}: {key} is {value!r}; expected one of {', '.join(known)}")
    _check_numbers(path, config)
    return config


def _check_numbers(path: Path, config: TrainingConfig) -> None:
    """Raise CrosscamError for a number out of its range."""
    given = {key: getattr(config, key) for key in RANGES}
    if config.statistics_momentum is None:
        del given["statistics_momentum"]
    checks = [(key, value, RANGES[key]) for key, value in given.items()]
    checks += [(f"minimum_area of {name}", share, (0.0, 1.0)) for name, share in config.minimum_area.items()]
    checks += [(f"positive_weights[{i}]", weight, (0.0, 1e6)) for i, weight in enumerate(config.positive_weights)]
    checks += [(f"weight of {s.name}", s.weight, (1e-6, 1e6)) for s in (*config.training, *config.validation)]
    if config.distillation and config.distillation.unlabelled and config.loss != "bce":
        raise CrosscamError(f"{path}: distillation with unlabelled photographs needs loss 'bce', got {config.loss!r}")
    if config.distillation:
        checks += [("distillation weight", config.distillation.weight, (0.0, 1.0))]
        checks += [("distillation temperature", config.distillation.temperature, (0.01, 100.0))]
        checks += [("distillation views", config.distillation.views, (0, 1000))]
    for name, value, (low, high) in checks:
        kinds = int if isinstance(low, int) else (int, float)
        if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
            what = "an integer" if kinds is int else "a number"
            raise CrosscamError(f"{path}: {name} is {value!r}; expected {what} from {low} to {high}")
    for key in ("training", "validation"):
        if not getattr(config, key):
            raise CrosscamError(f"{path}: {key} names no source; expected at least one Source(folder, split)")
