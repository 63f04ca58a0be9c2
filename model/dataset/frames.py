"""Photographs to camera frames, all of a data set in one array, as two cores cannot decode JPEGs every epoch."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from model.dataset.coco import Sample
from model.errors import CrosscamError
from model.preprocessing import camera_path, pack_rgb565

LOG = logging.getLogger(__name__)

FRAME_HEIGHT, FRAME_WIDTH = 240, 320


def fit_frame(path: Path | str, content: bytes | None = None) -> NDArray[np.uint8]:
    """A photograph as the camera would show it: upright, scaled to fill 320 x 240, centre cropped.

    Args:
        path: the file, and its name in messages.
        content: what is in it, where it has been read.

    Returns:
        ``uint8[240, 320, 3]``, before the sensor rounds to RGB565.

    Raises:
        CrosscamError: missing file, or not a picture Pillow can decode.
    """
    try:
        with Image.open(path if content is None else io.BytesIO(content)) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
            fitted = ImageOps.fit(upright, (FRAME_WIDTH, FRAME_HEIGHT), Image.Resampling.BILINEAR)
    except FileNotFoundError as error:
        raise CrosscamError(f"{path}: the annotations name this picture, but it is not there") from error
    except UnidentifiedImageError as error:  # its text may name an object in memory
        raise CrosscamError(f"{path}: not a picture that can be decoded (of no kind that is known)") from error
    except Exception as error:  # a damaged file can make Pillow raise anything, a decompression bomb for one
        raise CrosscamError(f"{path}: not a picture that can be decoded ({error})") from error
    return np.asarray(fitted)


@dataclass(frozen=True)
class FrameSet:
    """Pictures and labels of one or more sources, in memory."""

    images: NDArray[np.uint8]
    """``uint8[n, 240, 320, 3]``: frames before RGB565 rounding."""
    labels: NDArray[np.float32]
    """``float32[n, outputs]``, 0 or 1."""
    samples: tuple[Sample, ...]
    skipped: tuple[str, ...] = ()
    """Pictures left out because they could not be read."""

    def __len__(self) -> int:
        return len(self.samples)

    def camera_pictures(self, size: int = 160) -> NDArray[np.int8]:
        """Every frame through the camera path: ``int8[n, size, size, 3]``."""
        out = np.empty((len(self), size, size, 3), np.int8)
        for index, image in enumerate(self.images):
            out[index] = camera_path(pack_rgb565(image), size, size)
        return out

    def some(self, count: int, seed: int) -> FrameSet:
        """Up to ``count`` pictures drawn at random."""
        chosen = np.random.default_rng(seed).choice(len(self), min(count, len(self)), replace=False)
        return FrameSet(self.images[chosen], self.labels[chosen], tuple(self.samples[i] for i in chosen))

    def from_source(self, name: str) -> NDArray[np.intp]:
        """Indices of the samples of one source, by its name (``coco/val2017``)."""
        return np.flatnonzero([sample.source.name == name for sample in self.samples])


def load_frames(samples: Sequence[Sample]) -> FrameSet:
    """Decode every sample's picture; unreadable ones are skipped, counted and named in the log.

    Raises:
        CrosscamError: no picture could be read.
    """
    images = np.empty((len(samples), FRAME_HEIGHT, FRAME_WIDTH, 3), np.uint8)
    kept: list[Sample] = []
    skipped: list[str] = []
    for sample in samples:
        try:
            images[len(kept)] = fit_frame(sample.path)
        except CrosscamError as error:
            skipped.append(str(error))
            continue
        kept.append(sample)
    if not kept:
        raise CrosscamError("data set: no picture could be read" + (f"; first: {skipped[0]}" if skipped else ""))
    for reason in skipped:
        LOG.warning("skipped %s", reason)
    if skipped:
        LOG.warning("skipped %d of %d pictures", len(skipped), len(samples))
    labels = np.array([sample.label for sample in kept], np.float32)
    return FrameSet(images[: len(kept)], labels, tuple(kept), tuple(skipped))
