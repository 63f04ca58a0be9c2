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


class TrainingBatches(keras.utils.PyDataset):
    """One epoch's batches, as Keras reads them. Epoch (see ``go_to``) and seed alone decide what it holds.

    With a teacher its scores stand beside the labels: ``float32[n, 2 * outputs]``.
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
        pictures, labels = [], []
        sizes = self._teacher.sizes if self._teacher else ()
        shown: dict[int, list[NDArray[np.float32]]] = {size: [] for size in sizes}
        for i in chosen:
            image, label = self._frames.images[i], self._frames.labels[i]
            for crops in self._crops:
                image, label = paste_into(image, label, crops, self._outputs, rng)
            before = copy.deepcopy(rng) if shown else rng
            pictures.append(augment(image, rng, self._augmentation, self._size))
            labels.append(label)
            for size, views in shown.items():
                # The same draws: the same crop and colours; only the noise of the single pixels differs.
                same = size == self._size
                views.append(pictures[-1] if same else augment(image, copy.deepcopy(before), self._augmentation, size))
        if self._teacher is None:
            return np.stack(pictures), np.stack(labels)
        told = self._teacher.scores({size: np.stack(views) for size, views in shown.items()})
        return np.stack(pictures), np.concatenate([np.stack(labels), told], axis=1)

    def go_to(self, epoch: int) -> None:
        """Draw the images of an epoch, counted from 0."""
        self.epoch = epoch
        self._draw()
