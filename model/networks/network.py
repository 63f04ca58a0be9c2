"""The network: MobileNetV1 with a small fully convolutional head (Keras 3, TensorFlow backend).

Depthwise and pointwise layers carry the names of ``keras.applications``' MobileNet, so its published ImageNet weights
load by name. Strided convolutions use SAME padding: for an even input and a 3 x 3 kernel that pads one row below and
one column to the right, which is exactly that model's explicit padding, without a PAD operation in the int8 graph.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
from keras import layers

from model.errors import CrosscamError

OUTPUTS = ("car", "negative", "person")
"""Order of the outputs: sorted names. Multi-label, so several may hold at once."""

BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *(((512, 1),) * 5), (1024, 2), (1024, 1))
"""Filters at alpha 1 and stride of each depthwise-separable block (MobileNets, arXiv:1704.04861, table 1)."""


def mobilenet_v1(inputs: keras.KerasTensor, alpha: float) -> keras.KerasTensor:
    """The backbone's features: ``[n, h, w, 3]`` in, ``[n, h/32, w/32, 1024 * alpha]`` out."""
    x = layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(inputs)
    x = layers.BatchNormalization(name="conv1_bn")(x)
    x = layers.ReLU(6.0, name="conv1_relu")(x)
    for number, (filters, stride) in enumerate(BLOCKS, start=1):
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False, name=f"conv_dw_{number}")(x)
        x = layers.BatchNormalization(name=f"conv_dw_{number}_bn")(x)
        x = layers.ReLU(6.0, name=f"conv_dw_{number}_relu")(x)
        x = layers.Conv2D(int(filters * alpha), 1, padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
        x = layers.BatchNormalization(name=f"conv_pw_{number}_bn")(x)
        x = layers.ReLU(6.0, name=f"conv_pw_{number}_relu")(x)
    return x


def mobilenet_v2(inputs: keras.KerasTensor, alpha: float) -> keras.KerasTensor:
    """The backbone's features of MobileNetV2 as Keras builds it, without weights; below alpha 1 1280 channels."""
    model = keras.applications.MobileNetV2(
        input_tensor=inputs, input_shape=tuple(inputs.shape[1:]), alpha=alpha, include_top=False, weights=None
    )
    return model.output


def build(
    *,
    size: int = 160,
    alpha: float = 0.25,
    units: int = 64,
    dropout: float = 0.2,
    outputs: int = len(OUTPUTS),
    batch_size: int | None = None,
    version: str = "v1",
    momentum: float | None = None,
) -> keras.Model:
    """The whole classifier: ``[n, size, size, 3]`` (see ``preprocessing.to_float``) in, ``[n, outputs]`` in 0..1 out.

    Args:
        size: height and width of the input; a multiple of 32.
        alpha: width multiplier of the backbone.
        units: channels of the head's hidden 1x1 convolution.
        dropout: rate between the head's two convolutions, while training.
        outputs: number of sigmoid outputs.
        batch_size: a fixed batch (1 for export, so that the int8 graph needs no shape arithmetic), or any.
        version: the backbone, MobileNet ``v1`` or ``v2``.
        momentum: of the batch normalisation's moving statistics; None leaves each backbone's own.
    """
    if size <= 0 or size % 32:
        raise CrosscamError(f"network: input size must be a positive multiple of 32, got {size}")
    inputs = keras.Input((size, size, 3), batch_size=batch_size, name="image")
    x = mobilenet_v2(inputs, alpha) if version == "v2" else mobilenet_v1(inputs, alpha)
    x = layers.AveragePooling2D(size // 32, name="head_pool")(x)
    x = layers.Conv2D(units, 1, activation="relu", name="head_hidden")(x)
    x = layers.Dropout(dropout, name="head_dropout")(x)
    x = layers.Conv2D(outputs, 1, activation="sigmoid", name="head_scores")(x)
    x = layers.Reshape((outputs,), name="scores")(x)
    model = keras.Model(inputs, x, name=f"mobilenet_{version}_{alpha}_{size}")
    if momentum is not None:
        for layer in model.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.momentum = momentum
    return model


def backbone_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that transfer learning freezes: all but the input and the head."""
    return [layer for layer in model.layers[1:] if not layer.name.startswith(("head_", "scores"))]


def load_backbone(model: keras.Model, path: Path | str) -> None:
    """Fill the backbone from a Keras MobileNet "no top" weights file (HDF5, layer groups by name).

    Raises:
        CrosscamError: missing or unreadable file, a layer the file lacks, or weights of another width.
    """
    path = Path(path)
    if not path.is_file():
        raise CrosscamError(f"{path}: no such weights file; expected a Keras MobileNet 'no_top' .h5")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise CrosscamError(f"{path}: not an HDF5 weights file ({error})") from error
    with file:
        for layer in backbone_layers(model):
            if not layer.weights:
                continue
            if layer.name not in file:
                raise CrosscamError(f"{path}: holds no layer {layer.name!r}; expected a Keras MobileNet 'no_top' .h5")
            group = file[layer.name]
            names = [n.decode() if isinstance(n, bytes) else n for n in group.attrs["weight_names"]]
            arrays = [group[name][()] for name in names]
            try:
                layer.set_weights(arrays)
            except ValueError as error:
                shapes = [a.shape for a in arrays]
                expected = [tuple(w.shape) for w in layer.weights]
                raise CrosscamError(
                    f"{path}: layer {layer.name!r} has weights {shapes}, the network expects {expected}; "
                    "use the weights of the same alpha"
                ) from error


def multiply_accumulates(model: keras.Model) -> int:
    """Multiply-accumulate operations of one inference: convolutions only."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
            _, height, width, channels = layer.output.shape
            kernel = layer.kernel.shape
            taps = kernel[0] * kernel[1] * (1 if isinstance(layer, layers.DepthwiseConv2D) else kernel[2])
            total += height * width * channels * taps
    return total
