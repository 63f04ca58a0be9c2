"""Networks of the kinds that published figures for small cores are of, to measure kernels on: shapes, not weights.

Four are MLPerf Tiny's (Banbury et al., "MLPerf Tiny Benchmark", arXiv:2106.07597), two are mobile backbones with
inverted residuals (arXiv:1801.04381, arXiv:1905.11946 without squeeze and excitation, as "Lite" has it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
from keras import layers

from model.networks.network import mobilenet_v1, mobilenet_v2

Values = keras.KerasTensor

EFFICIENTNET_STAGES = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3))
"""Expansion, kernel, stride of the first block, channels and blocks of the first five stages of EfficientNet-B0."""


def mobilenet_v1_vww() -> keras.Model:
    """Visual wake words: MobileNetV1 0.25 on 96x96 pictures, two classes."""
    inputs = keras.Input((96, 96, 3))
    return keras.Model(inputs, classes(mobilenet_v1(inputs, 0.25), 2), name="mobilenet_v1_025_96")


def resnet_8() -> keras.Model:
    """Image classification: three stacks of one residual block each on 32x32 pictures, ten classes."""
    inputs = keras.Input((32, 32, 3))
    x = convolved(inputs, 16, 3)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = convolved(x, channels, 3, stride)
        y = convolved(y, channels, 3, activated=False)
        if stride != 1:
            x = layers.Conv2D(channels, 1, strides=stride, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(inputs, classes(x, 10), name="resnet_8_32")


def ds_cnn() -> keras.Model:
    """Keyword spotting: depthwise-separable convolutions on 49 frames of 10 coefficients, twelve classes."""
    inputs = keras.Input((49, 10, 1))
    x = convolved(inputs, 64, (10, 4), 2)
    for _ in range(4):
        x = depthwise(x, 3, 1, None)
        x = convolved(x, 64, 1)
    return keras.Model(inputs, classes(x, 12), name="ds_cnn_49x10")


def autoencoder() -> keras.Model:
    """Anomaly detection: fully connected, 640 values to 8 and back."""
    inputs = keras.Input((640,))
    x = inputs
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(x)))
    return keras.Model(inputs, layers.Dense(640)(x), name="autoencoder_640")


def mobilenet_v2_classifier() -> keras.Model:
    """MobileNetV2 0.35 on 160x160 pictures, two classes."""
    inputs = keras.Input((160, 160, 3))
    return keras.Model(inputs, classes(mobilenet_v2(inputs, 0.35), 2), name="mobilenet_v2_035_160")


def efficientnet_lite0() -> keras.Model:
    """EfficientNet-Lite0 up to its fifth stage on 112x112 pictures, ten classes."""
    inputs = keras.Input((112, 112, 3))
    x = efficientnet_stages(convolved(inputs, 32, 3, 2, ceiling=6.0))
    return keras.Model(inputs, classes(x, 10), name="efficientnet_lite0_112")


def efficientnet_stages(x: Values, stages: Sequence[tuple[int, int, int, int, int]] = EFFICIENTNET_STAGES) -> Values:
    """Stages as ``EFFICIENTNET_STAGES`` has them, of inverted residuals."""
    for expansion, kernel, first_stride, channels, blocks in stages:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            y = convolved(x, expansion * int(x.shape[-1]), 1, ceiling=6.0) if expansion > 1 else x
            y = depthwise(y, kernel, stride, 6.0)
            y = convolved(y, channels, 1, activated=False)
            x = layers.Add()([x, y]) if block else y
    return x


KINDS: dict[str, Callable[[], keras.Model]] = {
    "mobilenet_v1_025_96": mobilenet_v1_vww,
    "resnet_8_32": resnet_8,
    "ds_cnn_49x10": ds_cnn,
    "autoencoder_640": autoencoder,
    "mobilenet_v2_035_160": mobilenet_v2_classifier,
    "efficientnet_lite0_112": efficientnet_lite0,
}
"""Every kind by its model's name."""


def convolved(
    x: Values,
    channels: int,
    kernel: int | tuple[int, int],
    stride: int = 1,
    *,
    activated: bool = True,
    ceiling: float | None = None,
) -> Values:
    """A convolution without bias, normalized, and cut at 0 and, where it is given, at ``ceiling``."""
    x = layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU(ceiling)(x) if activated else x


def depthwise(x: Values, kernel: int, stride: int, ceiling: float | None, *, activated: bool = True) -> Values:
    """The same of a depthwise convolution."""
    x = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU(ceiling)(x) if activated else x


def classes(x: Values, count: int) -> Values:
    """The average over the picture, and softmax scores of ``count`` classes."""
    pooled = layers.Flatten()(layers.AveragePooling2D(tuple(x.shape[1:3]))(x))
    return layers.Dense(count, activation="softmax")(pooled)
