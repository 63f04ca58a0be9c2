"""Pixel formats of DMA2D and LTDC: bytes to ARGB and back (RM0433 sections 18.3.4 and 33.4.2).

Pictures are uint8 arrays of shape (..., 4) in the order red, green, blue, alpha. Short channels widen by repeating
their upper bits, and narrow by dropping lower bits; a format without alpha is opaque.
"""

from __future__ import annotations

import enum

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


class PixelFormat(enum.IntEnum):
    """Number of a format in DMA2D's CM and LTDC's PF; LTDC ends with AL88."""

    ARGB8888 = 0
    RGB888 = 1
    RGB565 = 2
    ARGB1555 = 3
    ARGB4444 = 4
    L8 = 5
    AL44 = 6
    AL88 = 7
    L4 = 8
    A8 = 9
    A4 = 10


_BITS = {
    PixelFormat.ARGB8888: 32,
    PixelFormat.RGB888: 24,
    PixelFormat.L4: 4,
    PixelFormat.A4: 4,
    **dict.fromkeys((PixelFormat.RGB565, PixelFormat.ARGB1555, PixelFormat.ARGB4444, PixelFormat.AL88), 16),
    **dict.fromkeys((PixelFormat.L8, PixelFormat.AL44, PixelFormat.A8), 8),
}
OUTPUT_FORMATS = tuple(PixelFormat)[:5]
"""What DMA2D can write."""
_LAYOUTS = {  # lowest bit and width of red, green, blue, alpha
    PixelFormat.RGB565: ((11, 5), (5, 6), (0, 5), (0, 0)),
    PixelFormat.ARGB1555: ((10, 5), (5, 5), (0, 5), (15, 1)),
    PixelFormat.ARGB4444: ((8, 4), (4, 4), (0, 4), (12, 4)),
}


def bits_per_pixel(pixel_format: PixelFormat) -> int:
    """4, 8, 16, 24 or 32."""
    return _BITS[pixel_format]


def byte_count(pixel_format: PixelFormat, pixels: int) -> int:
    """Bytes that ``pixels`` pixels take."""
    return _BITS[pixel_format] * pixels // 8


def _widened(value: NDArray[np.uint16], width: int) -> Pixels:
    if width == 0:
        return np.full(value.shape, 255, np.uint8)
    if width == 1:
        return (value * 255).astype(np.uint8)
    if width == 4:
        return (value * 17).astype(np.uint8)
    return (value << 8 - width | value >> 2 * width - 8).astype(np.uint8)


def decode(
    data: bytes, pixel_format: PixelFormat, table: Pixels | None = None, colour: tuple[int, int, int] = (0, 0, 0)
) -> Pixels:
    """``data`` as pixels of shape (n, 4).

    Args:
        table: colours of indexed formats, shape (256, 4); None: the index is the grey level.
        colour: red, green, blue of A8 and A4.
    """
    if pixel_format is PixelFormat.ARGB8888:
        return np.frombuffer(data, np.uint8).reshape(-1, 4)[:, [2, 1, 0, 3]]
    if pixel_format is PixelFormat.RGB888:
        found = np.full((len(data) // 3, 4), 255, np.uint8)
        found[:, :3] = np.frombuffer(data, np.uint8).reshape(-1, 3)[:, ::-1]
        return found
    if pixel_format in _LAYOUTS:
        words = np.frombuffer(data, "<u2")
        channels = [
            _widened((words >> lsb & ((1 << width) - 1)).astype(np.uint16), width)
            for lsb, width in _LAYOUTS[pixel_format]
        ]
        return np.stack(channels, axis=-1)
    units = np.frombuffer(data, np.uint8)
    alpha = np.full(units.shape, 255, np.uint8)
    if pixel_format in (PixelFormat.L4, PixelFormat.A4):
        units = np.stack((units & 0xF, units >> 4), axis=-1).reshape(-1)
        alpha = np.full(units.shape, 255, np.uint8)
    elif pixel_format is PixelFormat.AL44:
        alpha = ((units >> 4) * 17).astype(np.uint8)
        units = (units & 0xF).astype(np.uint8)
    elif pixel_format is PixelFormat.AL88:
        units, alpha = units[0::2], units[1::2]
    if pixel_format in (PixelFormat.A8, PixelFormat.A4):
        found = np.empty((len(units), 4), np.uint8)
        found[:, :3] = colour
        found[:, 3] = units if pixel_format is PixelFormat.A8 else units * 17
        return found
    found = table[units].copy() if table is not None else _grey(units, pixel_format)
    if pixel_format in (PixelFormat.AL44, PixelFormat.AL88):
        found[:, 3] = alpha
    return found


def _grey(units: Pixels, pixel_format: PixelFormat) -> Pixels:
    level = units * 17 if pixel_format in (PixelFormat.L4, PixelFormat.AL44) else units
    found = np.repeat(level[:, np.newaxis], 4, axis=1).astype(np.uint8)
    found[:, 3] = 255
    return found


def encode(pixels: Pixels, pixel_format: PixelFormat) -> bytes:
    """Pixels of shape (n, 4) as bytes of one of ``OUTPUT_FORMATS``."""
    if pixel_format is PixelFormat.ARGB8888:
        return np.ascontiguousarray(pixels[:, [2, 1, 0, 3]]).tobytes()
    if pixel_format is PixelFormat.RGB888:
        return np.ascontiguousarray(pixels[:, 2::-1]).tobytes()
    words = np.zeros(len(pixels), "<u2")
    for channel, (lsb, width) in enumerate(_LAYOUTS[pixel_format]):
        if width:
            words |= (pixels[:, channel].astype(np.uint16) >> 8 - width) << lsb
    return words.tobytes()


def blend(foreground: Pixels, background: Pixels) -> Pixels:
    """DMA2D's blending (18.3.6): foreground over background, both with alpha; quotients round down."""
    fore, back = foreground.astype(np.int32), background.astype(np.int32)
    fore_alpha, back_alpha = fore[:, 3:], back[:, 3:]
    product = fore_alpha * back_alpha // 255
    alpha = fore_alpha + back_alpha - product
    colour = (fore[:, :3] * fore_alpha + back[:, :3] * back_alpha - back[:, :3] * product) // np.maximum(alpha, 1)
    return np.concatenate((np.clip(colour, 0, 255), alpha), axis=1).astype(np.uint8)
