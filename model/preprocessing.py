"""The camera path: an RGB565 camera frame becomes the int8 picture the network reads.

The firmware computes the same, in the same integers, so scores on the board can equal scores on the host bit for bit.
No resized RGB888 copy of the frame exists on either side: every model pixel is read straight from its source pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import CrosscamError

INPUT_SCALE = 1.0 / 128.0
"""Real value of one int8 step at the network's input: real = q / 128, with zero point 0, so q = channel - 128."""

INPUT_ZERO_POINT = 0


def nearest_indices(source: int, target: int) -> NDArray[np.intp]:
    """Source index of every target pixel along one axis: ``floor(target_index * source / target)`` in integers.

    This is TFLite's RESIZE_NEAREST_NEIGHBOR with ``align_corners`` and ``half_pixel_centers`` both false.
    """
    return np.arange(target, dtype=np.intp) * source // target


def expand_rgb565(pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """RGB565 values, any shape, to 8-bit channels in a new last axis (r, g, b): ``(c * 255) // max`` in integers."""
    wide = pixels.astype(np.uint32)
    red = (wide >> 11) * 255 // 31
    green = ((wide >> 5) & 63) * 255 // 63
    blue = (wide & 31) * 255 // 31
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def pack_rgb565(image: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """8-bit channels ``[..., 3]`` to RGB565 values: the low bits are dropped, as the sensor's own output stage does."""
    wide = image.astype(np.uint16)
    return (((wide[..., 0] >> 3) << 11) | ((wide[..., 1] >> 2) << 5) | (wide[..., 2] >> 3)).astype(np.uint16)


def to_int8(channels: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Channel values 0..255 to -128..127 by subtracting 128 (a flip of the top bit)."""
    return (channels ^ np.uint8(0x80)).view(np.int8)


def luma(channels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Red, green, blue in the last axis to luma, one value in it: BT.601's weights in 256ths, in integers."""
    weights = np.array([77, 150, 29], np.uint32)
    grey: NDArray[np.uint8] = ((channels * weights).sum(axis=-1, keepdims=True) >> 8).astype(np.uint8)
    return grey


def camera_path(frame: NDArray[np.uint16], height: int = 160, width: int = 160, channels: int = 3) -> NDArray[np.int8]:
    """The network's input for one camera frame.

    Args:
        frame: RGB565 values, ``uint16[H, W]``; the camera gives 240 x 320.
        height: rows of the network's input.
        width: columns of the network's input.
        channels: 3 for colour, 1 for luma.

    Returns:
        ``int8[height, width, channels]``, each value a channel (or the luma) of 0..255 minus 128.

    Raises:
        CrosscamError: the frame is not a two-dimensional uint16 array.
    """
    if frame.ndim != 2 or frame.dtype != np.uint16:
        raise CrosscamError(
            f"camera frame: expected RGB565 values as uint16[height, width], got {frame.dtype}{list(frame.shape)}"
        )
    rows = nearest_indices(frame.shape[0], height)
    columns = nearest_indices(frame.shape[1], width)
    picture = expand_rgb565(frame[rows[:, None], columns[None, :]])
    return to_int8(luma(picture) if channels == 1 else picture)


def to_float(image: NDArray[np.int8]) -> NDArray[np.float32]:
    """What the float network is fed for a camera-path picture: the dequantised int8 values, -1 to 127/128."""
    floats: NDArray[Any] = (image.astype(np.float32) - INPUT_ZERO_POINT) * np.float32(INPUT_SCALE)
    return floats
