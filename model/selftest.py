"""The built-in picture of the board's self-test: a pattern that needs no storage and stirs every input channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PATTERN = "xor-v1"
"""Name of the pattern in a model card's ``[self_test]``; a changed formula gets a new name."""


def xor_frame(height: int = 240, width: int = 320) -> NDArray[np.uint16]:
    """The xor-v1 pattern as an RGB565 frame: ``pixel(x, y) = ((x * 2053 + y * 4099) ^ (x * y)) & 0xFFFF``."""
    y, x = np.mgrid[0:height, 0:width].astype(np.uint32)
    pixels: NDArray[np.uint16] = (((x * 2053 + y * 4099) ^ (x * y)) & 0xFFFF).astype(np.uint16)
    return pixels
