"""Training batches: augmented camera-path pictures, drawn by source weight, the same for the same seed."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from model.dataset.augmentation import Augmentation, augment
from model.dataset.frames import FrameSet
from model.dataset.pasting import Crops, paste_into


class Scoring(Protocol):
    """A teacher, as batches ask it."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Height and width of the pictures that it reads, each size once."""

    def scores(self, pictures: Mapping[int, NDArray[np.float32]]) -> NDArray[np.float32]:
        """``float32[n, outputs]``, 0..1, of a batch, given at each of ``sizes``."""


Shown = tuple[NDArray[np.float32], NDArray[np.float32], dict[int, NDArray[np.float32]]]
"""A picture as the student sees it, its labels, and the picture at each of the teacher's sizes."""


class TrainingBatches(keras.utils.PyDataset):
    """One epoch's batches, as Keras reads them. Epoch (see ``go_to``) and seed alone decide what it holds.

    With a teacher its scores stand beside the labels: ``float32[n, 2 * outputs]``. It is asked for each picture anew,
    or, where ``kept`` holds what it says of some views of every picture (see ``view_scores``), not at all: then the
    student is shown those views, drawn anew and mirrored by chance each time.
    """

    def __init__(
        self,
        frames: FrameSet,
        batch_size: int,
        augmentation: Augmentation,
        seed: int,
        size: int = 160,
        crops: Sequence[Crops] = (),
        outputs: tuple[str, ...] = (),
        teacher: Scoring | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._crops, self._outputs, self._teacher = tuple(crops), outputs, teacher
        self.kept: NDArray[np.float32] | None = None
        self._frames, self._batch_size, self._augmentation = frames, batch_size, augmentation
        self._seed, self._size, self.epoch = seed, size, 0
        weights = np.array([sample.source.weight for sample in frames.samples], np.float64)
        self._probabilities = weights / weights.sum()
        self._draw()

    def _draw(self) -> None:
        # Systematic sampling: each image comes floor or ceil of its expected number of times, so that at equal
        # weights an epoch is a plain permutation.
        rng = np.random.default_rng([self._seed, self.epoch, 0])
        count = len(self._frames)
        edges = np.cumsum(self._probabilities)
        marks = (np.arange(count) + rng.random()) / count
        self._order = rng.permutation(np.minimum(np.searchsorted(edges, marks), count - 1))

    def __len__(self) -> int:
        return math.ceil(len(self._order) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        rng = np.random.default_rng([self._seed, self.epoch, 1, index])
        if self.kept is not None:
            return self._kept_views(chosen, self.kept, rng)
        shown = [self._shown(i, rng, self._teacher.sizes if self._teacher else ()) for i in chosen]
        pictures, labels = np.stack([each[0] for each in shown]), np.stack([each[1] for each in shown])
        return pictures, labels if self._teacher is None else np.concatenate([labels, self._told(shown)], axis=1)

    def _shown(self, i: int, rng: np.random.Generator, sizes: Sequence[int]) -> Shown:
        image, label = self._frames.images[i], self._frames.labels[i]
        for crops in self._crops:
            image, label = paste_into(image, label, crops, self._outputs, rng)
        before = copy.deepcopy(rng) if sizes else rng
        picture = augment(image, rng, self._augmentation, self._size)
        # The same draws: the same crop and colours; only the noise of the single pixels differs.
        views = {
            size: picture if size == self._size else augment(image, copy.deepcopy(before), self._augmentation, size)
            for size in sizes
        }
        return picture, label, views

    def _told(self, shown: Sequence[Shown]) -> NDArray[np.float32]:
        assert self._teacher is not None
        return self._teacher.scores({size: np.stack([s[2][size] for s in shown]) for size in self._teacher.sizes})

    def _kept_views(
        self, chosen: NDArray[np.intp], kept: NDArray[np.float32], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        pictures, targets = [], []
        for i in chosen:
            view = int(rng.integers(kept.shape[1]))
            picture, label, _ = self._shown(i, self._rng_of(i, view), ())
            mirrored = self._augmentation.flip and rng.random() < 0.5
            pictures.append(picture[:, ::-1] if mirrored else picture)
            targets.append(np.concatenate([label, kept[i, view]]))
        return np.stack(pictures), np.stack(targets)

    def _rng_of(self, i: int, view: int) -> np.random.Generator:
        """What draws a kept view: neither epoch nor batch has a part in it."""
        return np.random.default_rng([self._seed, 0, 2, i, view])

    def view_scores(self, views: int) -> NDArray[np.float32]:
        """What the teacher says of that many views of every picture, ``float32[n, views, outputs]``, for ``kept``."""
        assert self._teacher is not None
        found = np.empty((len(self._frames), views, len(self._frames.labels[0])), np.float32)
        places = [(i, view) for i in range(len(self._frames)) for view in range(views)]
        for start in range(0, len(places), self._batch_size):
            some = places[start : start + self._batch_size]
            shown = [self._shown(i, self._rng_of(i, view), self._teacher.sizes) for i, view in some]
            found[tuple(np.transpose(some))] = self._told(shown)
        return found

    def go_to(self, epoch: int) -> None:
        """Draw the images of an epoch, counted from 0."""
        self.epoch = epoch
        self._draw()
