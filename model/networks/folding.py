"""Convolution and batch normalisation as the one convolution with a bias that int8 makes of them, and back.

A kernel and a bias put back leave the normalisation as the identity: gamma and deviation 1, mean 0, beta the bias.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from model.card import model_bytes
from model.compiler.ir import Conv2D, DepthwiseConv2D
from model.compiler.reader import read_graph
from model.errors import CrosscamError

Array = NDArray[np.float32]
Pair = tuple[layers.Layer, layers.BatchNormalization | None]


def convolutions(model: keras.Model) -> list[Pair]:
    """Every convolution of a network, in its order, with the normalisation that reads its output (None: has none)."""
    norms = {}
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            norms[layer.input._keras_history.operation.name] = layer
    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    return [(layer, norms.get(layer.name)) for layer in model.layers if isinstance(layer, kinds)]


def folded(conv: layers.Layer, norm: layers.BatchNormalization | None) -> tuple[Array, Array]:
    """Kernel (the layer's shape) and bias ``[channels]`` of the one convolution that computes both."""
    kernel, *rest = conv.get_weights()
    channels = kernel.shape[2 if isinstance(conv, layers.DepthwiseConv2D) else 3]
    bias = rest[0] if rest else np.zeros(channels, np.float32)
    if norm is None:
        return kernel, bias
    gamma, beta, mean, variance = norm.get_weights()
    factor = gamma / np.sqrt(variance + norm.epsilon)
    shape = (1, 1, channels, 1) if isinstance(conv, layers.DepthwiseConv2D) else (1, 1, 1, channels)
    return kernel * factor.reshape(shape), beta + (bias - mean) * factor


def unfold(conv: layers.Layer, norm: layers.BatchNormalization | None, kernel: Array, bias: Array) -> None:
    """Make a convolution and its normalisation compute what ``kernel`` and ``bias`` do.

    Raises:
        ValueError: weights of other shapes.
    """
    if norm is None:
        conv.set_weights([kernel, bias])
        return
    conv.set_weights([kernel, np.zeros_like(bias)] if conv.use_bias else [kernel])
    ones = np.ones_like(bias)
    norm.set_weights([ones, bias, np.zeros_like(bias), ones - np.float32(norm.epsilon)])


def load_tflite(model: keras.Model, path: Path | str) -> None:
    """Fill a whole network, head included, from the int8 ``.tflite`` of one like it; the input size may differ.

    Raises:
        CrosscamError: missing or unreadable file, or a network of other layers.
    """
    path = Path(path)
    graph = read_graph(path, model_bytes(path))
    found = [op for op in graph.ops if isinstance(op, (Conv2D, DepthwiseConv2D))]
    pairs = convolutions(model)
    if len(found) != len(pairs):
        raise CrosscamError(f"{path}: has {len(found)} convolutions, the config's network has {len(pairs)}")
    for op, (conv, norm) in zip(found, pairs, strict=True):
        # A multiplier is input scale * weight scale / output scale (TFLite's quantization specification).
        scales = np.array(op.multipliers) * op.output.scale / op.inputs[0].scale
        if isinstance(op, DepthwiseConv2D):
            kernel = (op.weights * scales)[..., None]
        else:
            kernel = np.moveaxis(op.weights * scales[:, None, None, None], 0, -1)
        bias = op.bias * scales * op.inputs[0].scale
        if kernel.shape != tuple(conv.kernel.shape):
            raise CrosscamError(
                f"{path}: layer {conv.name!r} has weights {kernel.shape}, the config's network has "
                f"{tuple(conv.kernel.shape)}; give the .tflite of the same network, alpha and units"
            )
        unfold(conv, norm, kernel.astype(np.float32), bias.astype(np.float32))
