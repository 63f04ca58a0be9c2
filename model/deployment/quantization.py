"""Float Keras network to int8 ``.tflite``: per-channel weights, int8 in and out, ranges from camera-path pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.card import model_bytes
from model.compiler.compile import build as build_program
from model.conversion.converter import to_tflite
from model.dataset.representative import spanning_picture
from model.errors import CrosscamError
from model.evaluation.reference import Reference
from model.preprocessing import INPUT_SCALE, INPUT_ZERO_POINT, to_float

OUTPUT_SCALE, OUTPUT_ZERO_POINT = 1.0 / 256.0, -128
"""TFLite fixes these for LOGISTIC in int8."""


def _representative(images: Iterable[NDArray[np.int8]], shape: tuple[int, ...]) -> Iterator[list[NDArray[np.float32]]]:
    yield [to_float(spanning_picture(shape))[None]]
    for image in images:
        yield [to_float(image)[None]]


def quantize(model: keras.Model, images: Iterable[NDArray[np.int8]]) -> bytes:
    """The int8 ``.tflite`` of a float network.

    Args:
        model: a network of ``model.networks.network.build``, any batch size.
        images: camera-path pictures ``int8[h, w, 3]`` that show what the board will see; a few hundred.

    Raises:
        CrosscamError: no picture was given.
    """
    images = list(images)
    if not images:
        raise CrosscamError("quantization: no representative pictures; give at least one camera-path picture")
    shape = tuple(int(n) for n in model.input_shape[1:])
    return convert(model, lambda: _representative(images, shape))


def convert(model: keras.Model, representative: Callable[[], Iterator[list[NDArray[np.float32]]]]) -> bytes:
    """The int8 ``.tflite``, int8 in and out, of a network with one input; ``representative`` yields inputs of batch 1
    that show the ranges of all values."""
    shape = tuple(int(n) for n in model.input_shape[1:])
    return to_tflite(lambda image: model(image, training=False), [(1, *shape)], "int8", representative)


def footprint(path: Path | str) -> tuple[int, int]:
    """Bytes of the ``.tflite`` and of the tensor arena that ``model.compiler`` plans for it.

    Raises:
        CrosscamError: a missing file, or one the compiler cannot read.
    """
    path = Path(path)
    blob = model_bytes(path)
    return len(blob), build_program(path, blob).plan.arena_bytes


def check_contract(path: Path | str, outputs: int = 1) -> Reference:
    """Load a quantised model and make sure that it reads the camera path, writes the scores the card promises, and
    holds only what ``model.compiler`` can turn into firmware.

    Raises:
        CrosscamError: an operation the compiler lacks, an input that is not ``channel - 128``, an output that is not
            the int8 sigmoid (or softmax).
    """
    reference = Reference(path, outputs)
    footprint(path)
    scale, zero_point = reference.input_quantization
    if abs(scale - INPUT_SCALE) > 1e-9 or zero_point != INPUT_ZERO_POINT:
        raise CrosscamError(
            f"{path}: input scale {scale} and zero point {zero_point}, "
            f"but the camera path (channel - 128) needs {INPUT_SCALE} and {INPUT_ZERO_POINT}"
        )
    if reference.output_quantization != (OUTPUT_SCALE, OUTPUT_ZERO_POINT):
        raise CrosscamError(
            f"{path}: output scale and zero point {reference.output_quantization}, "
            f"expected those of an int8 sigmoid, {(OUTPUT_SCALE, OUTPUT_ZERO_POINT)}"
        )
    return reference
