"""Inputs that show a network the ranges it will see: photographs by the camera path, or an array of one's own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.dataset.frames import fit_frame
from model.dataset.representative import spanning_picture
from model.errors import CrosscamError
from model.preprocessing import camera_path, pack_rgb565, to_float
from model.reading import MEGABYTE, UnreadableError, plain_bytes, reason_of

MOST_PICTURES = 300
SAMPLES_AT_MOST = 512 * MEGABYTE
SCALINGS = ("symmetric", "unit", "bytes")
"""Of the network's input, as ``[use]`` of a card names them: -1..1, 0..1, 0..255."""
_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".gif", ".tif", ".tiff"})


def find_pictures(folder: Path) -> list[Path]:
    """Up to ``MOST_PICTURES`` pictures in the folder and below it, evenly taken from all by path.

    Raises:
        CrosscamError: there is no folder, or no picture in it.
    """
    if not folder.is_dir():
        raise CrosscamError(f"--pictures {folder}: no such folder; name one of photographs like those the camera sees")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    if not found:
        raise CrosscamError(f"--pictures {folder}: no picture in it; expected {' '.join(sorted(_ENDINGS))}")
    count = min(len(found), MOST_PICTURES)
    return [found[number * len(found) // count] for number in range(count)]


def of_pictures(paths: list[Path], shape: tuple[int, ...], scaling: str) -> list[NDArray[np.float32]]:
    """What the network reads of each photograph, ``float32[1, h, w, c]``; first a picture that spans the whole range.

    Raises:
        CrosscamError: ``shape`` is no picture's, or none of the photographs can be read.
    """
    if len(shape) != 4 or shape[3] not in (1, 3):
        raise CrosscamError(
            f"its input is {list(shape)}, pictures give [1, height, width, 1 or 3]; give --samples FILE.npy instead"
        )
    frames, problem = [], None
    for path in paths:
        try:
            frames.append(pack_rgb565(fit_frame(path)))
        except CrosscamError as error:  # one of many that is no picture does not matter
            problem = error
    if not frames and problem is not None:
        raise problem
    pictures = [spanning_picture(shape[1:]), *(camera_path(frame, *shape[1:]) for frame in frames)]
    return [_scaled(picture, scaling)[None] for picture in pictures]


def _scaled(picture: NDArray[np.int8], scaling: str) -> NDArray[np.float32]:
    if scaling == "symmetric":
        return to_float(picture)
    channels = picture.astype(np.float32) + np.float32(128)
    return channels / np.float32(255) if scaling == "unit" else channels


def of_array(path: Path, shape: tuple[int, ...]) -> list[NDArray[np.float32]]:
    """The samples in a .npy file, ``float[n, ...]`` of the network's input shape without the batch.

    Raises:
        CrosscamError: it is no such array of numbers, or of another shape.
    """
    try:
        content = plain_bytes(path, SAMPLES_AT_MOST)
    except (OSError, UnreadableError) as error:
        raise CrosscamError(f"--samples {path}: cannot be read ({reason_of(error)})") from error
    array = _array(path, content)
    if array.ndim != len(shape) or array.shape[1:] != shape[1:] or not len(array):
        wanted = ["n", *shape[1:]]
        raise CrosscamError(f"--samples {path}: shape {list(array.shape)}, expected [{', '.join(map(str, wanted))}]")
    if not np.all(np.isfinite(array)):
        raise CrosscamError(f"--samples {path}: holds numbers that are not finite")
    return [sample[None] for sample in array[:MOST_PICTURES].astype(np.float32)]


def _array(path: Path, content: bytes) -> NDArray[Any]:
    """Numbers of a .npy; no objects, which would be pickled code, and no more than the file holds."""
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # a damaged head raises what Python's parser raises
        raise CrosscamError(f"--samples {path}: no .npy of numbers ({error})") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        raise CrosscamError(f"--samples {path}: no array of numbers; save float32 by numpy.save")
    return array
