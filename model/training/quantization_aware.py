"""Quantization-aware fine tuning: train with the rounding that int8 will do.

The network's convolutions and normalisations are folded (``model.networks.folding``). Kernels are rounded as the
converter does, symmetric and per channel; what passes between layers is rounded to 256 steps of a range that starts as
what representative pictures span and follows the batches; gradients pass straight through. Afterwards the kernels and
biases go back into the plain network, which is quantised as any other: no FakeQuant operation reaches the ``.tflite``.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from model.dataset.representative import spanning_picture
from model.networks.folding import convolutions, folded, unfold
from model.preprocessing import to_float

BATCH = 50
"""Representative pictures a step of the calibration."""

MOMENTUM = 0.99
"""Of the ranges, while training."""

SCORE_HIGH = 255.0 / 256.0
"""Highest int8 score: TFLite fixes the sigmoid's scale to 1/256."""


class _Ranged(layers.Layer):
    """A layer whose output is rounded to 256 steps from ``low`` to ``high``: calibrated, then a moving average."""

    def build(self, input_shape: Any) -> None:
        """Make the range."""
        super().build(input_shape)
        low, high = keras.initializers.Constant(-6.0), keras.initializers.Constant(6.0)
        self.low = self.add_weight(shape=(), initializer=low, trainable=False, name="low")
        self.high = self.add_weight(shape=(), initializer=high, trainable=False, name="high")

    def save_own_variables(self, store: Any) -> None:
        """All of them: Keras's convolutions would leave the range out."""
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        """As they were saved."""
        layers.Layer.load_own_variables(self, store)

    def rounded(self, values: Any, training: bool | None) -> Any:
        """The values as int8 would keep them; in training the range follows theirs."""
        if training:
            share = 1.0 - MOMENTUM
            for end, found in ((self.low, tf.reduce_min(values)), (self.high, tf.reduce_max(values))):
                end.assign(end + share * (found - end))
            self.low.assign(tf.minimum(self.low, 0.0))  # zero has to be one of the steps
        return tf.quantization.fake_quant_with_min_max_vars(values, self.low.value, self.high.value)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The layer's own output, rounded."""
        return self.rounded(super().call(inputs), training)


class Passed(layers.Layer):
    """Stands where a normalisation was, and takes the arguments of its call."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The inputs."""
        return inputs


class Rounded(_Ranged, Passed):
    """The same without a ReLU behind it."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The inputs, rounded."""
        return self.rounded(inputs, training)


class RoundedReLU(_Ranged, layers.ReLU):
    """A ReLU or ReLU6."""


class RoundedAdd(_Ranged, layers.Add):
    """The sum of a residual block."""


class RoundedPooling(_Ranged, layers.AveragePooling2D):
    """The head's pooling, whose output has the range of its input."""


class _Folded(_Ranged):
    """A convolution with a bias and a rounded kernel; the output is rounded where no normalisation follows."""

    def __init__(self, *args: Any, ends: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ends = ends

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Convolve, add the bias, activate; rounded before and after a sigmoid, as LOGISTIC is an operation apart."""
        out = keras.ops.add(self.convolved(inputs), self.bias)
        if not self.ends:
            return out
        if self.activation is keras.activations.sigmoid:
            scores = self.activation(self.rounded(out, training))
            return tf.quantization.fake_quant_with_min_max_args(scores, 0.0, SCORE_HIGH)
        return self.rounded(self.activation(out), training)


def _rounded_kernel(kernel: Any) -> Any:
    """``[..., channels]`` rounded to -127..127 steps of each channel's largest magnitude."""
    most = tf.maximum(tf.stop_gradient(tf.reduce_max(tf.abs(kernel), axis=list(range(kernel.shape.rank - 1)))), 1e-6)
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(kernel, -most, most, narrow_range=True)


class FoldedConv2D(_Folded, layers.Conv2D):
    """A folded convolution."""

    def convolved(self, inputs: Any) -> Any:
        """The convolution alone."""
        kernel = _rounded_kernel(tf.convert_to_tensor(self.kernel))
        return keras.ops.conv(inputs, kernel, self.strides, self.padding)


class FoldedDepthwiseConv2D(_Folded, layers.DepthwiseConv2D):
    """A folded depthwise convolution, of one output a channel."""

    def convolved(self, inputs: Any) -> Any:
        """The convolution alone."""
        kernel = _rounded_kernel(tf.convert_to_tensor(self.kernel)[..., 0])[..., None]
        return keras.ops.depthwise_conv(inputs, kernel, self.strides, self.padding)


def prepare(model: keras.Model, pictures: NDArray[np.int8] | None = None) -> keras.Model:
    """A network that computes what ``model`` will in int8, layer by layer under the same names, and can be trained.

    Args:
        model: a network of ``model.networks.network.build``; not changed.
        pictures: camera-path pictures ``int8[n, size, size, 3]`` that the ranges come from; None leaves them unset, for
            weights that bring their own.
    """
    pairs = convolutions(model)
    endings = {conv.name for conv, norm in pairs if norm is None}
    inputs_of_relu = {
        layer.input._keras_history.operation.name for layer in model.layers if isinstance(layer, layers.ReLU)
    }
    kinds: dict[type, type] = {
        layers.ReLU: RoundedReLU,
        layers.Add: RoundedAdd,
        layers.AveragePooling2D: RoundedPooling,
    }

    def replace(layer: layers.Layer) -> layers.Layer:
        settings = layer.get_config()
        if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
            kind = FoldedConv2D if isinstance(layer, layers.Conv2D) else FoldedDepthwiseConv2D
            return kind.from_config(settings | {"use_bias": True, "ends": layer.name in endings})
        if isinstance(layer, layers.BatchNormalization):
            plain = layer.name in inputs_of_relu
            return (Passed if plain else Rounded)(name=layer.name)
        return kinds.get(type(layer), type(layer)).from_config(settings)

    aware = keras.models.clone_model(model, clone_function=replace)
    for conv, norm in pairs:
        target = aware.get_layer(conv.name)
        for variable, array in zip((target.kernel, target.bias), folded(conv, norm), strict=True):
            variable.assign(array)
    if pictures is not None:
        _calibrate(model, aware, pictures)
    return aware


def _calibrate(model: keras.Model, aware: keras.Model, pictures: NDArray[np.int8]) -> None:
    """Set every range to what the plain network's values span."""
    ranged = [layer for layer in aware.layers if isinstance(layer, _Ranged) and getattr(layer, "ends", True)]
    # As TensorFlow's converter (2.21) does: a pooling keeps its input's scale, and the convolution whose output goes
    # straight into a sum gets the sum's.
    sums = {
        layer.input[-1]._keras_history.operation.name: layer.output
        for layer in model.layers
        if isinstance(layer, layers.Add)
    }
    tensors = []
    for layer in ranged:
        plain = model.get_layer(layer.name)
        own = plain.input if isinstance(plain, layers.AveragePooling2D) else plain.output
        tensors.append(sums.get(layer.name, own))
    watch = keras.Model(model.inputs, tensors)
    low, high = np.zeros(len(ranged)), np.zeros(len(ranged))
    pictures = np.concatenate([spanning_picture(pictures.shape[1:])[None], pictures])  # as the converter sees them
    for start in range(0, len(pictures), BATCH):
        found = watch(to_float(pictures[start : start + BATCH]), training=False)
        for index, (layer, tensor) in enumerate(zip(ranged, found, strict=True)):
            ends = [float(tf.reduce_min(tensor)), float(tf.reduce_max(tensor))]
            if getattr(layer, "activation", None) is keras.activations.sigmoid:
                ends = [float(np.log(p / (1.0 - p))) for p in np.clip(ends, 1e-6, 1.0 - 1e-6)]
            low[index], high[index] = min(low[index], ends[0]), max(high[index], ends[1])
    for layer, lowest, highest in zip(ranged, low, high, strict=True):
        layer.low.assign(lowest)
        layer.high.assign(max(highest, 1e-3))  # a layer that is silent on these pictures still needs a range


def restore(aware: keras.Model, model: keras.Model) -> None:
    """Put the kernels and biases of a network of ``prepare`` back into the plain one it was made from."""
    for conv, norm in convolutions(model):
        source = aware.get_layer(conv.name)
        unfold(conv, norm, np.asarray(source.kernel), np.asarray(source.bias))
