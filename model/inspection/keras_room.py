"""Bounds the room that Keras makes for the weights a file describes, before it looks for them in the file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model.errors import CrosscamError

_SPARE = 1 << 20
"""Values that may be described beyond those that are stored: what layers keep and files do not."""


@contextmanager
def room_for(path: Path, stored: int) -> Iterator[None]:
    """While Keras builds the model of ``path``: no more weights than the file can hold, ``stored`` values.

    Each size may be small where their product is not. Keras' layers are changed for the time: one load at a time.

    Raises:
        CrosscamError: the layers describe more; nothing was made for what is too much.
    """
    import keras

    plain = keras.layers.Layer.add_weight
    described = 0
    most = 2 * stored + _SPARE

    def counted(layer: Any, shape: Any = None, *arguments: Any, **named: Any) -> Any:
        nonlocal described
        described += math.prod(max(int(size), 0) for size in shape or ())
        if described > most:
            raise ValueError("more weights than the file holds")
        return plain(layer, shape, *arguments, **named)

    keras.layers.Layer.add_weight = counted
    try:
        yield
    except Exception as error:
        if described <= most:
            raise
        raise CrosscamError(
            f"{path}: its layers describe {described:,} weights and more, but it holds {stored:,}; save the model again"
        ) from error
    finally:
        keras.layers.Layer.add_weight = plain
