"""Distillation: a network learns from the scores of larger ones as well as from the labels (arXiv:1503.02531).

The teachers are runs of configs that lie beside the student's. They see every training picture as the student does,
the same crop, colours and pasted objects, at the size they were trained for; with several, their scores are averaged.
A teacher that costs far more than the student scores a fixed number of views once (``Distillation.views``): what a
student profits from is long training on views that both see alike (arXiv:2106.05237).
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.errors import CrosscamError
from model.files import whole
from model.run_config import TrainingConfig, load_config
from model.training.run_folder import TEACHER_SCORES

if TYPE_CHECKING:  # Keras, and with it TensorFlow, is imported where a teacher is made
    from model.dataset.batches import TrainingBatches
    from model.dataset.frames import FrameSet


def teacher_configs(path: Path, config: TrainingConfig) -> dict[str, TrainingConfig]:
    """The configs of a config's teachers, which lie beside it.

    Raises:
        CrosscamError: a teacher that is missing or decides on other classes.
    """
    found = {}
    for name in config.distillation.teachers if config.distillation else ():
        teacher = load_config(path.parent / f"{name}.py")
        if teacher.outputs != config.outputs:
            raise CrosscamError(
                f"{path}: teacher {name} tells {', '.join(teacher.outputs)}; expected {', '.join(config.outputs)}"
            )
        found[name] = teacher
    return found


class Teacher:
    """Trained networks that score training pictures.

    Args:
        networks: Keras networks with the same outputs, each for square pictures of its own size.
        flips: average the scores of each picture and its mirror image.
    """

    def __init__(self, networks: Sequence[Any], flips: bool = False) -> None:
        import tensorflow as tf

        self._flips = flips
        self._networks = tuple(networks)
        self._calls = []
        for network in networks:
            size = int(network.input_shape[1])
            signature = [tf.TensorSpec((None, size, size, 3), tf.float32)]
            call = tf.function(lambda x, network=network: network(x, training=False), input_signature=signature)
            self._calls.append((size, call))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Height and width of the pictures that the teachers read, each size once."""
        return tuple(dict.fromkeys(size for size, _ in self._calls))

    def digest(self) -> str:
        """Tells teachers apart: by their weights, the sizes of their pictures and whether these are flipped."""
        digest = hashlib.sha256(repr((self._flips, [size for size, _ in self._calls])).encode())
        for network in self._networks:
            for array in network.get_weights():
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def scores(self, pictures: Mapping[int, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Mean scores ``float32[n, outputs]``, 0..1.

        Args:
            pictures: size to the batch at that size, ``float32[n, size, size, 3]``, -1..127/128.
        """
        found = []
        for size, call in self._calls:
            found.append(call(pictures[size]).numpy())
            if self._flips:
                found.append(call(np.ascontiguousarray(pictures[size][:, :, ::-1])).numpy())
        mean: NDArray[np.float32] = np.mean(found, axis=0, dtype=np.float32)
        return mean


def keep_scores(
    batches: TrainingBatches, teacher: Teacher, config: TrainingConfig, frames: FrameSet, out: Path
) -> None:
    """Give ``batches`` what the teacher says of the views that a config keeps; nothing where it keeps none.

    The scores lie in the run's folder ``out`` and are taken from there where photographs, views and teacher are those
    they are of.
    """
    views = config.distillation.views if config.distillation else 0
    if not views:
        return
    path, key = out / TEACHER_SCORES, _key(teacher, config, frames, views)
    kept = _read(path, key)
    if kept is None:
        print(f"the teacher scores {views} views of each of {len(frames)} photographs", flush=True)
        kept = batches.view_scores(views)
        with whole(path) as part, part.open("wb") as file:
            np.savez(file, key=np.array(key), scores=kept)
    batches.kept = kept


def _key(teacher: Teacher, config: TrainingConfig, frames: FrameSet, views: int) -> str:
    """Of everything that decides what a teacher says of the views."""
    said = (teacher.digest(), config.augmentation, config.pastes, config.seed, config.size, views)
    digest = hashlib.sha256(repr(said).encode())
    for sample in frames.samples:
        status = sample.path.stat()
        digest.update(f"{sample.path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _read(path: Path, key: str) -> NDArray[np.float32] | None:
    """The scores that an earlier run has kept; None where there are none, or others."""
    try:
        with np.load(path, allow_pickle=False) as file:
            scores: NDArray[np.float32] = file["scores"]
            return scores if str(file["key"]) == key else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def teacher_of(
    config: TrainingConfig, runs: Sequence[tuple[TrainingConfig, Path]], file: Path | None = None
) -> Teacher | None:
    """The teacher of a config; None where it has none.

    Args:
        config: the student's config.
        runs: config and folder of each teacher's run, trained.
        file: another teacher, a Keras network of the same classes (see ``model.grading.classes``).

    Raises:
        CrosscamError: fewer runs than the config names teachers, no teacher at all, a run without weights, a file that
            is no such network.
    """
    if config.distillation is None:
        return None
    if file is None and not config.distillation.teachers:
        raise CrosscamError(f"{config.id}: names no teacher; give one by --teacher FILE.keras")
    if len(runs) != len(config.distillation.teachers):
        raise CrosscamError(f"{config.id}: needs the runs of its teachers, {', '.join(config.distillation.teachers)}")
    from model.training.trained import load_run

    networks = [load_run(teacher, run) for teacher, run in runs]
    if file is not None:
        networks.append(_network(file, len(config.outputs)))
    return Teacher(networks, config.distillation.flips)


def _network(file: Path, outputs: int) -> Any:
    from model.inspection.keras_file import load_keras

    network = load_keras(file)
    ends = [tuple(tensor.shape) for tensor in (*network.inputs, *network.outputs)]
    if len(ends) != 2 or len(ends[0]) != 4 or ends[0][1] is None or ends[0][1] != ends[0][2] or ends[0][3] != 3:
        raise CrosscamError(f"{file}: expected a network of one square colour picture and one output as the teacher")
    if ends[1] != (None, outputs):
        raise CrosscamError(f"{file}: its output is {list(ends[1])}, expected {outputs} scores as the student has")
    return network
