"""Embeddings of photographs, computed once: heads are trained on them in seconds, where the backbone takes minutes.

An embedding is the global average of the backbone's features. Of every training photograph there are several: one of
the picture as the camera shows it, the others of augmented ones. They are kept in files outside of the repository; a
file belongs to one source, backbone and way to augment, and is made anew when any of these, or a photograph, changes.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from model.dataset.augmentation import Augmentation, augment
from model.dataset.coco import Sample, Source
from model.dataset.frames import FrameSet, load_frames
from model.dataset.grades import Grade, read_graded
from model.errors import CrosscamError
from model.files import whole
from model.networks.efficientnet_lite import STAGES, features, load_weights, read_weights
from model.preprocessing import to_float

CHUNK = 128
"""Photographs in memory at a time."""
EMBEDDING = "embedding"
"""Name of the layer."""
CHANNELS_DROPPED = 0.4
"""Share of the features' channels that are dropped while training, whole: spatial dropout (arXiv:1411.4280)."""

Progress = Callable[[int], None]
"""Is told how many photographs more are done."""


@dataclass(frozen=True)
class Backbone:
    """EfficientNet-Lite0 up to a stage, for pictures of ``size`` x ``size``; ``weights``: their file."""

    size: int
    stages: int
    weights: Path

    def network(self) -> keras.Model:
        """``[n, size, size, 3]`` (see ``preprocessing.to_float``) in, ``[n, embedding]`` out.

        Raises:
            CrosscamError: weights that are missing or of another network, a size that is no multiple of 16.
        """
        inputs = self._inputs()
        model = keras.Model(inputs, averaged(features(inputs, self.stages)), name=f"lite0_{self.stages}_{self.size}")
        load_weights(model, read_weights(self.weights), self.weights)
        return model

    def first(self, stages: int) -> keras.Model:
        """The same pictures in, the features of the first ``stages`` out."""
        inputs = self._inputs()
        model = keras.Model(inputs, features(inputs, stages))
        load_weights(model, read_weights(self.weights), self.weights)
        return model

    def _inputs(self) -> keras.KerasTensor:
        if self.size <= 0 or self.size % 16 or not 1 <= self.stages <= len(STAGES):
            raise CrosscamError(
                f"embeddings: size {self.size}, {self.stages} stages; expected a multiple of 16, and 1 to {len(STAGES)}"
            )
        return keras.Input((self.size, self.size, 3), name="image")


def averaged(x: keras.KerasTensor) -> keras.KerasTensor:
    """Features to the embedding."""
    x = layers.SpatialDropout2D(CHANNELS_DROPPED, name="embedding_dropout")(x)
    return layers.Flatten(name=EMBEDDING)(layers.AveragePooling2D(x.shape[1:3], name="embedding_pool")(x))


@dataclass(frozen=True)
class Graded:
    """Photographs with their grades and embeddings."""

    samples: tuple[Sample, ...]
    grades: NDArray[np.intp]
    """``intp[n]``: places in the recipe's grades."""
    embeddings: NDArray[Any]
    """``float32[n, views, width]``; view 0 is of the picture as it is. Or ``float16[n, views, h, w, channels]``,
    features to make them of."""

    @property
    def weights(self) -> NDArray[np.float64]:
        """Of the photographs' sources, ``float64[n]``."""
        return np.array([sample.source.weight for sample in self.samples])

    def from_source(self, name: str) -> NDArray[np.intp]:
        """Indices of the photographs of one source."""
        return np.flatnonzero([sample.source.name == name for sample in self.samples])


def graded(
    root: Path,
    sources: Sequence[Source],
    grades: Sequence[Grade],
    backbone: Backbone,
    cache: Path,
    views: int = 1,
    progress: Progress = lambda done: None,
    after: int | None = None,
) -> Graded:
    """All photographs of ``sources``; embeddings are taken from the folder ``cache`` where it has them.

    ``after``: instead of embeddings keep the features of so many stages.

    Raises:
        CrosscamError: unreadable annotations or weights, or no photograph.
    """
    network: list[keras.Model] = []  # built when first wanted
    found: list[tuple[list[Sample], NDArray[Any]]] = []
    for source in sources:
        samples = read_graded(root, source, grades)
        if not samples:
            raise CrosscamError(f"{root}: {source.name} has no photographs")
        path = cache / f"{source.name.replace('/', '-')}-{_key(samples, backbone, views, after)}.npz"
        kept = _read(path, len(samples), views)
        if kept is None:
            if not network:
                network.append(backbone.network() if after is None else backbone.first(after))
            kept = _compute(network[0], samples, backbone.size, views, progress)
            with whole(path) as part:
                np.savez(part, embeddings=kept[0], kept=kept[1])
        else:
            progress(len(samples))
        embeddings, places = kept
        found.append(([samples[place] for place in places], embeddings))
    samples = [sample for each, _ in found for sample in each]
    labels = np.array([sample.label for sample in samples])
    return Graded(tuple(samples), labels.argmax(axis=1), np.concatenate([embeddings for _, embeddings in found]))


def _key(samples: Sequence[Sample], backbone: Backbone, views: int, after: int | None) -> str:
    """Of everything that decides what the embeddings of ``samples`` are."""
    if not backbone.weights.is_file():
        raise CrosscamError(f"{backbone.weights}: no such weights file; see docs/grades.md for where to get it")
    digest = hashlib.sha256(backbone.weights.read_bytes())
    digest.update(
        json.dumps([backbone.size, after or backbone.stages, after is None, views, asdict(Augmentation())]).encode()
    )
    for sample in samples:
        status = sample.path.stat() if sample.path.is_file() else None
        digest.update(f"{sample.path.name} {status and (status.st_size, status.st_mtime_ns)}\n".encode())
    return digest.hexdigest()[:16]


def _read(path: Path, count: int, views: int) -> tuple[NDArray[Any], NDArray[np.intp]] | None:
    """What an earlier run has kept; None where there is nothing, or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            embeddings, kept = file["embeddings"], file["kept"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    fits = embeddings.dtype in (np.float16, np.float32) and embeddings.shape[:2] == (len(kept), views)
    return (embeddings, kept) if fits and kept.ndim == 1 and np.all(kept < count) else None


def _compute(
    network: keras.Model, samples: Sequence[Sample], size: int, views: int, progress: Progress
) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Embeddings of the photographs that can be read, and their places in ``samples``."""
    parts: list[NDArray[Any]] = []
    kept: list[int] = []
    for start in range(0, len(samples), CHUNK):
        chunk = samples[start : start + CHUNK]
        frames = load_frames(chunk)
        place_of = {id(sample): start + place for place, sample in enumerate(chunk)}
        kept += [place_of[id(sample)] for sample in frames.samples]
        pictures = pictures_of(frames, size, views, np.random.default_rng(start))
        flat = pictures.reshape(-1, size, size, 3)
        # Not all views at once: the first layers' features of 384 pictures of 320x320 take more than 10 GB.
        parts_of = [network.predict_on_batch(flat[at : at + CHUNK]) for at in range(0, len(flat), CHUNK)]
        values = np.concatenate(parts_of)
        kind = np.float32 if values.ndim == 2 else np.float16
        parts.append(values.reshape(len(frames), views, *values.shape[1:]).astype(kind))
        progress(len(chunk))
    return np.concatenate(parts), np.array(kept, np.intp)


def pictures_of(frames: FrameSet, size: int, views: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """``float32[n, views, size, size, 3]``: every picture through the camera path, and ``views - 1`` augmented ones."""
    out = np.empty((len(frames), views, size, size, 3), np.float32)
    out[:, 0] = to_float(frames.camera_pictures(size))
    for place, image in enumerate(frames.images):
        for view in range(1, views):
            out[place, view] = augment(image, rng, Augmentation(), size)
    return out
