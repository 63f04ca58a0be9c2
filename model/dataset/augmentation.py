"""Training pictures as a cheap camera might see them, through the camera path. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.preprocessing import INPUT_SCALE


@dataclass(frozen=True)
class Augmentation:
    """How far a training picture may stray from its photograph: bounds of uniform draws; 0 (zoom: 1) switches off."""

    flip: bool = True
    zoom: float = 0.75
    """Smallest side of the crop as a share of the frame's side, 0..1; each side is drawn apart from the other."""
    exposure: float = 0.5
    """Gain of all channels, in stops either way."""
    cast: float = 0.2
    """Gain of each channel on its own, in stops either way: the colour cast of a wrong white balance."""
    gamma: float = 0.3
    """Exponent of the tone curve, in powers of two either way."""
    lift: float = 12.0
    """Black level added, in channel steps (0..255) either way."""
    grey: float = 0.05
    """Chance of a picture without colour."""
    blur: float = 0.0
    """Largest share (0 to 1/3) of a pixel that comes from each of its two neighbours along an axis: a soft lens."""
    noise: float = 4.0
    """Largest standard deviation of the sensor noise, in channel steps."""


def tone_tables(rng: np.random.Generator, augmentation: Augmentation) -> NDArray[np.float32]:
    """Random tone curves: ``float32[3, 256]`` from an 8-bit channel to a channel value, not yet clipped to 0..255."""
    stops = rng.uniform(-1, 1) * augmentation.exposure + rng.uniform(-1, 1, (3, 1)) * augmentation.cast
    exponent = 2.0 ** (rng.uniform(-1, 1) * augmentation.gamma)
    lift = rng.uniform(-1, 1) * augmentation.lift
    ramp = np.linspace(0.0, 1.0, 256, dtype=np.float64)[None, :]
    tables: NDArray[np.float32] = (ramp**exponent * 2.0**stops * 255.0 + lift).astype(np.float32)
    return tables


def _rgb565_table() -> NDArray[np.float32]:
    """``float32[3, 256]``: a channel value to what the network is fed once it went through RGB565 and back."""
    values = np.arange(256)
    five, six = (values >> 3) * 255 // 31, (values >> 2) * 255 // 63
    table: NDArray[np.float32] = ((np.stack([five, six, five]) - 128) * INPUT_SCALE).astype(np.float32)
    return table


RGB565_TABLE = _rgb565_table()


def soften(picture: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """Blur along both axes: each neighbour gives ``share`` (0 to 1/3) of a pixel; beyond the edge it repeats."""
    values = picture.astype(np.float32)
    for axis in (0, 1):
        wide = np.concatenate([values.take([0], axis), values, values.take([-1], axis)], axis)
        count = values.shape[axis]
        before, after = wide.take(range(count), axis), wide.take(range(2, count + 2), axis)
        values = (1.0 - 2.0 * share) * values + share * (before + after)
    return np.rint(values).astype(np.uint8)


def augment(
    image: NDArray[np.uint8], rng: np.random.Generator, augmentation: Augmentation, size: int = 160
) -> NDArray[np.float32]:
    """One training picture: ``uint8[240, 320, 3]`` frame in, ``float32[size, size, 3]`` in -1..127/128 out.

    Crop, flip and nearest sampling choose the pixels; tone, noise and RGB565 rounding change their values, in the order
    of a real camera: optics, sensor, output format.
    """
    height, width = image.shape[:2]
    rows, columns = (
        _crop_indices(length, size, rng.uniform(augmentation.zoom, 1.0), rng.random()) for length in (height, width)
    )
    if augmentation.flip and rng.random() < 0.5:
        columns = columns[::-1]
    picture = image[rows[:, None], columns[None, :]]
    if rng.random() < augmentation.grey:
        picture = np.repeat(picture.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    if augmentation.blur > 0:
        picture = soften(picture, rng.uniform(0.0, augmentation.blur))
    tables = tone_tables(rng, augmentation)
    noise = rng.uniform(0.0, augmentation.noise)
    out = np.empty((size, size, 3), np.float32)
    for channel in range(3):
        values = tables[channel][picture[..., channel]]
        if noise > 0:
            values = values + noise * rng.standard_normal((size, size), dtype=np.float32)
        out[..., channel] = RGB565_TABLE[channel][np.clip(values, 0, 255).astype(np.uint8)]
    return out


def _crop_indices(length: int, size: int, share: float, offset: float) -> NDArray[np.intp]:
    """Nearest source indices of a crop of ``share`` of one axis that starts at ``offset`` (0..1) of the room left."""
    start = (1.0 - share) * length * offset
    indices: NDArray[np.intp] = np.floor(start + np.arange(size) * (share * length / size)).astype(np.intp)
    return indices
