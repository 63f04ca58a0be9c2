"""Transfer learning: the head on the frozen backbone's features first, then fine tuning."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from model.dataset.coco import read_sources
from model.dataset.frames import load_frames
from model.errors import CrosscamError
from model.files import make_folder, write_text
from model.run_config import TrainingConfig, load_config
from model.training.distillation import keep_scores, teacher_configs, teacher_of
from model.training.run_folder import BEST, SETTINGS_FILE
from model.training.run_state import Arrays, Progress, RunState, assign, load_state, save_state
from model.training.soup import average_runs, member_configs
from model.training.trained import build_network

PHASES = ("head", "fine tuning")


def fine_tuning_optimizer(config: TrainingConfig, steps_per_epoch: int) -> Any:
    """The Keras optimizer of a config's second phase."""
    import keras

    if config.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(config.rate)
    rate = keras.optimizers.schedules.CosineDecay(
        config.rate / 20,
        max(config.epochs, 1) * steps_per_epoch,
        warmup_target=config.rate,
        warmup_steps=steps_per_epoch,
    )
    return keras.optimizers.AdamW(rate, weight_decay=config.weight_decay)


def lasting(model: Any) -> list[Any]:
    """The variables that outlive an epoch: the weights and the state of dropout's random numbers."""
    return [*model.weights, *(v for v in model.variables if v.name.startswith("seed_generator"))]


def _set_up_phase(model: Any, config: TrainingConfig, phase: int, steps_per_epoch: int) -> None:
    """Choose what trains in a phase (0 the head, 1 fine tuning) and compile; the optimizer starts afresh."""
    import keras

    from model.networks import network
    from model.training.losses import loss_of

    backbone = set(network.backbone_layers(model))
    for index, layer in enumerate(model.layers):
        if layer in backbone:
            frozen = config.freeze_statistics and isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = phase == 1 and index >= config.fine_tune_from and not frozen
    optimizer = fine_tuning_optimizer(config, steps_per_epoch) if phase else keras.optimizers.Adam(config.head_rate)
    model.compile(optimizer, loss_of(config))
    optimizer.build(model.trainable_variables)


def train(
    config: TrainingConfig,
    data_root: Path,
    weights: Path | None,
    out: Path,
    verbose: int | str = "auto",
    restart: bool = False,
    tensorboard: bool = False,
    teachers: Sequence[tuple[TrainingConfig, Path]] = (),
    teacher: Path | None = None,
) -> Path:
    """Run one config; a run that was interrupted goes on after its last whole epoch, to the same figures.

    Args:
        config: the run.
        data_root: folder that holds the sources' folders.
        weights: what the config's ``backbone`` starts from; None where that is ``none``.
        out: folder for the best weights, the history (one row an epoch), the best epoch's figures and the state.
        verbose: Keras's progress bar (1), one line an epoch (2), nothing (0).
        restart: begin anew although the folder holds the state of an earlier run.
        tensorboard: also write TensorBoard's event files into ``out/tensorboard``.
        teachers: config and trained run's folder of each teacher that the config names.
        teacher: a Keras network that a config with ``distillation`` learns from, too.

    Returns:
        The best weights' file.

    Raises:
        CrosscamError: data or weights that cannot be read, a folder that holds another config's run.
    """
    if tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise CrosscamError("training: TensorBoard is not installed; run `pip install tensorboard` or leave it out")
    state = None if restart else load_state(out, config)
    if state and state.progress.phase == len(PHASES):
        print(f"{out}: this run is complete; give --restart to begin anew")
        return out / BEST
    if config.backbone != "none" and weights is None:  # before TensorFlow takes its seconds and says its lines
        raise CrosscamError("training: no backbone weights; give --weights FILE or set CROSSCAM_WEIGHTS")

    import keras

    from model.dataset.batches import TrainingBatches
    from model.dataset.pasting import load_crops
    from model.networks import backbones
    from model.training.epochs import EpochKeeper

    keras.utils.set_random_seed(config.seed)
    model = build_network(config)
    backbones.load(model, config.backbone, weights, config.alpha, config.seed)
    unlabelled = config.distillation is not None and config.distillation.unlabelled
    training = load_frames(read_sources(data_root, config.training, config.minimum_area, unlabelled))
    validation = load_frames(read_sources(data_root, config.validation, config.minimum_area))
    crops = [load_crops(data_root, paste) for paste in config.pastes]
    taught_by = teacher_of(config, teachers, teacher)
    options = (config.augmentation, config.seed, config.size, crops, config.outputs, taught_by)
    batches = TrainingBatches(training, config.batch_size, *options)
    if config.quantization_aware:
        from model.dataset.representative import REPRESENTATIVE
        from model.training.quantization_aware import prepare

        model = prepare(model, training.some(REPRESENTATIVE, config.seed).camera_pictures(config.size))
    make_folder(out)
    if taught_by:
        keep_scores(batches, taught_by, config, training, out)
    progress = state.progress if state else Progress()
    if state:
        print(f"{out}: going on after epoch {len(progress.rows)}")

    def save() -> None:
        arrays = [[np.asarray(v) for v in variables] for variables in (lasting(model), model.optimizer.variables)]
        save_state(out, config, RunState(progress, *arrays, keeper.average))

    keeper = EpochKeeper(validation, config, out, progress, save)
    keeper.set_model(model)
    callbacks = [keeper, keras.callbacks.TensorBoard(str(out / "tensorboard"))] if tensorboard else [keeper]
    for phase in range(progress.phase, len(PHASES)):
        _set_up_phase(model, config, phase, len(batches))
        average: Arrays = []
        if state:
            assign(lasting(model), state.model, "network")
            assign(model.optimizer.variables, state.optimizer, "optimizer")
            average, state = state.average, None
        keeper.start_phase(phase == 1 and config.average > 0, average)
        for epoch in range(progress.epoch, (config.head_epochs, config.epochs)[phase]):
            if config.patience and progress.since_best >= config.patience:
                break
            # One epoch a call: Keras reads ahead, and calls on_epoch_end of a data set at moments of its own, so a
            # resumed run would see other pictures than one that was not interrupted.
            batches.go_to(len(progress.rows))
            model.fit(
                batches, initial_epoch=epoch, epochs=epoch + 1, callbacks=callbacks, verbose=verbose, shuffle=False
            )
        progress.phase, progress.epoch, progress.since_best = phase + 1, 0, 0
    save()
    return out / BEST


def train_file(
    config: Path,
    data_root: Path,
    weights: Path | None,
    out: Path,
    threads: int = 0,
    verbose: int = 1,
    restart: bool = False,
    tensorboard: bool = False,
    teacher: Path | None = None,
) -> Path:
    """Train a config file as the command lines do: with a bound on the threads, and every setting kept with the run.

    The members and teachers of a config are trained first, each in a folder of its name beside ``out``; those that are
    complete are taken as they are.

    Raises:
        CrosscamError: as ``train`` and ``load_config``; a config that is its own teacher, or one that learns from none
            and is given one.
    """
    read = load_config(config)  # a bad config is told before TensorFlow takes its seconds
    if teacher is not None and read.distillation is None:
        raise CrosscamError(f"{config}: has no `distillation`, so it learns from no teacher; leave --teacher out")
    if threads:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    best = _train_with_needed(
        config, data_root, Path(weights) if weights else None, out, (verbose, restart, tensorboard), teacher
    )
    print(f"best weights: {best}")
    return best


def _train_with_needed(
    path: Path,
    data_root: Path,
    start: Path | None,
    out: Path,
    options: Any,
    teacher: Path | None,
    above: tuple[str, ...] = (),
) -> Path:
    """Train a config after the runs it needs. ``above`` names those that need it."""
    above = (*above, path.stem)
    config = load_config(path)
    members, teachers = member_configs(path, config), teacher_configs(path, config)
    for name in (*members, *teachers):
        if name in above:
            raise CrosscamError(f"{path}: needs the run {name}, which needs this one; name another")
        _train_with_needed(path.parent / f"{name}.py", data_root, start, out.parent / name, options, teacher, above)
    if members:
        best = average_runs(config, members, {name: out.parent / name for name in members}, data_root, out)
    else:
        runs = [(teacher, out.parent / name) for name, teacher in teachers.items()]
        best = train(config, data_root, start, out, *options, runs, teacher)
    write_text(out / SETTINGS_FILE, json.dumps(asdict(config), indent=1))
    return best
