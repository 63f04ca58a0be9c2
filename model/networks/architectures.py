"""Networks that a table of models compares: mobile backbones of several widths and sizes, squeezed and shuffled ones.

Shapes, not weights. Besides those of ``kinds``: MobileNetV1 (arXiv:1704.04861), MobileNetV2 (arXiv:1801.04381), all of
EfficientNet-Lite0 (EfficientNet-B0 of arXiv:1905.11946 without squeeze and excitation), SqueezeNet 1.1
(arXiv:1602.07360), ShuffleNetV2 0.5 (arXiv:1807.11164).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
from keras import layers

from model.networks.kinds import KINDS, classes, convolved, depthwise, efficientnet_stages
from model.networks.network import mobilenet_v1, mobilenet_v2

Values = keras.KerasTensor

CLASSES = 3
LAST_STAGES = ((6, 5, 2, 192, 4), (6, 3, 1, 320, 1))
"""The sixth and seventh of EfficientNet-B0, as ``kinds.EFFICIENTNET_STAGES`` has the first five."""
SHUFFLE_STAGES = ((48, 4), (96, 8), (192, 4))
"""Channels and units of ShuffleNetV2 0.5."""


def _mobilenet(backbone: Callable[[Values, float], Values], alpha: float, size: int, name: str) -> keras.Model:
    inputs = keras.Input((size, size, 3))
    return keras.Model(inputs, classes(backbone(inputs, alpha), CLASSES), name=name)


def efficientnet_lite0_full() -> keras.Model:
    """All seven stages and the last 1280 channels, 224x224."""
    inputs = keras.Input((224, 224, 3))
    x = efficientnet_stages(convolved(inputs, 32, 3, 2, ceiling=6.0))
    x = convolved(efficientnet_stages(x, LAST_STAGES), 1280, 1, ceiling=6.0)
    return keras.Model(inputs, classes(x, CLASSES), name="efficientnet_lite0_224")


def squeezenet() -> keras.Model:
    """SqueezeNet 1.1 on 96x96 pictures: each module squeezes channels by 1x1, then widens them by 1x1 and 3x3."""
    inputs = keras.Input((96, 96, 3))
    x = convolved(inputs, 64, 3, 2)
    for squeezed, widened, pooled in (
        *((16, 64, True), (16, 64, False), (32, 128, True), (32, 128, False)),
        *((48, 192, True), (48, 192, False), (64, 256, False), (64, 256, False)),
    ):
        x = layers.MaxPooling2D(3, 2, padding="same")(x) if pooled else x
        narrow = convolved(x, squeezed, 1)
        x = layers.Concatenate()([convolved(narrow, widened, 1), convolved(narrow, widened, 3)])
    return keras.Model(inputs, classes(x, CLASSES), name="squeezenet_96")


def shufflenet() -> keras.Model:
    """ShuffleNetV2 0.5 on 96x96 pictures: half the channels pass by, then both halves are mixed."""
    inputs = keras.Input((96, 96, 3))
    x = layers.MaxPooling2D(3, 2, padding="same")(convolved(inputs, 24, 3, 2))
    for channels, units in SHUFFLE_STAGES:
        x = _halved(x, channels)
        for _ in range(units - 1):
            half = channels // 2
            x = _shuffled(layers.Concatenate()([x[..., :half], _branch(x[..., half:], half, 1)]))
    return keras.Model(inputs, classes(convolved(x, 1024, 1), CLASSES), name="shufflenet_v2_050_96")


def _halved(x: Values, channels: int) -> Values:
    """Half the size: both branches see all channels."""
    left = convolved(depthwise(x, 3, 2, None, activated=False), channels // 2, 1)
    return _shuffled(layers.Concatenate()([left, _branch(x, channels // 2, 2)]))


def _branch(x: Values, channels: int, stride: int) -> Values:
    y = depthwise(convolved(x, channels, 1), 3, stride, None, activated=False)
    return convolved(y, channels, 1)


def _shuffled(x: Values) -> Values:
    """Channels of two groups by turns."""
    height, width, channels = (int(size) for size in x.shape[1:])
    x = layers.Permute((1, 3, 2))(layers.Reshape((height * width, 2, channels // 2))(x))
    return layers.Reshape((height, width, channels))(x)


ARCHITECTURES: dict[str, Callable[[], keras.Model]] = {
    **{name: KINDS[name] for name in ("mobilenet_v1_025_96", "resnet_8_32", "ds_cnn_49x10")},
    "mobilenet_v1_025_224": partial(_mobilenet, mobilenet_v1, 0.25, 224, "mobilenet_v1_025_224"),
    "mobilenet_v1_050_128": partial(_mobilenet, mobilenet_v1, 0.5, 128, "mobilenet_v1_050_128"),
    "mobilenet_v2_035_96": partial(_mobilenet, mobilenet_v2, 0.35, 96, "mobilenet_v2_035_96"),
    "mobilenet_v2_035_160": KINDS["mobilenet_v2_035_160"],
    "efficientnet_lite0_112": KINDS["efficientnet_lite0_112"],
    "efficientnet_lite0_224": efficientnet_lite0_full,
    "squeezenet_96": squeezenet,
    "shufflenet_v2_050_96": shufflenet,
}
"""Every network of the table by its name."""
