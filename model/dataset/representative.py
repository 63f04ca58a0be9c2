"""The pictures that int8 ranges come from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

REPRESENTATIVE = 300
"""Camera-path pictures, drawn from the training sources, that the int8 ranges come from."""


def spanning_picture(shape: tuple[int, ...]) -> NDArray[np.int8]:
    """A picture that spans the whole int8 range: it pins the input's scale to exactly 1/128 and its zero point to 0,
    whatever the photographs hold. Grey but for two pixels, so that it hardly widens the ranges of the layers behind.
    """
    span = np.zeros(shape, np.int8)
    span[0, 0, :] = -128
    span[-1, -1, :] = 127
    return span
