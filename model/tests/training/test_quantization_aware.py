"""Quantization-aware training against what LiteRT computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras
import tensorflow as tf

from model.compiler.reader import read_graph
from model.deployment.quantization import check_contract, quantize
from model.networks import network
from model.preprocessing import to_float
from model.tests.networks.test_folding import PICTURES, settled
from model.training.quantization_aware import (
    FoldedConv2D,
    Rounded,
    RoundedAdd,
    RoundedReLU,
    _rounded_kernel,
    prepare,
    restore,
)


def int8_of(model: keras.Model, path: Path) -> np.ndarray:
    path.write_bytes(quantize(model, PICTURES))
    reference = check_contract(path)
    return np.stack([(reference.scores(picture) + 128.0) / 256.0 for picture in PICTURES])


def plain(version: str, size: int = 32) -> keras.Model:
    keras.utils.set_random_seed(1)
    return settled(network.build(size=size, alpha=0.35 if version == "v2" else 0.25, units=8, version=version))


def test_it_computes_what_int8_will(tmp_path: Path) -> None:
    model = plain("v1")
    expected = int8_of(model, tmp_path / "model.tflite")
    floats = model(to_float(PICTURES)).numpy()
    aware = prepare(model, PICTURES)(to_float(PICTURES)).numpy()
    assert expected.std() > 0.01
    assert np.abs(aware - expected).mean() < 0.7 * np.abs(floats - expected).mean()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_its_steps_are_the_converters(version: str, tmp_path: Path) -> None:
    """Every convolution's and sum's output is rounded in steps of the size that the converter chooses."""
    model = plain(version, 64)  # at 32 the last sums are of single pixels, which the converter treats otherwise
    path = tmp_path / "model.tflite"
    pictures = PICTURES.repeat(2, axis=1).repeat(2, axis=2)
    path.write_bytes(quantize(model, pictures))
    ops = [op for op in read_graph(path, path.read_bytes()).ops if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD")]
    aware = prepare(model, pictures)
    outputs = [layer for layer in aware.layers if isinstance(layer, (RoundedReLU, Rounded, RoundedAdd))]
    outputs += [aware.get_layer("head_hidden"), aware.get_layer("head_scores")]
    steps = np.array([(float(layer.high) - float(layer.low)) / 255 for layer in outputs])
    np.testing.assert_allclose(steps, [op.output.scale for op in ops], rtol=0.01)


def test_kernels_are_rounded_by_channel_as_the_converter_does() -> None:
    kernel = np.array([[1.27, 254.0], [0.004, 1.1], [-1.268, -3.0]], np.float32)
    expected = np.array([[1.27, 254.0], [0.0, 2.0], [-1.27, -2.0]])  # steps of 0.01 and 2
    np.testing.assert_allclose(_rounded_kernel(tf.constant(kernel)).numpy(), expected, atol=1e-6)


def test_it_learns_and_goes_back_into_the_plain_network(tmp_path: Path) -> None:
    model = plain("v1")
    aware = prepare(model, PICTURES)
    hidden = aware.get_layer("head_hidden")
    calibrated = float(hidden.high)
    first = aware.get_layer("conv1").kernel.numpy().copy()
    labels = np.random.default_rng(3).integers(0, 2, (len(PICTURES), 3)).astype(np.float32)
    aware.compile(keras.optimizers.Adam(1e-4), "binary_crossentropy", run_eagerly=True)  # tracing takes longer
    losses = [aware.train_on_batch(to_float(PICTURES), labels) for _ in range(4)]
    assert losses[-1] < losses[0]
    assert np.abs(aware.get_layer("conv1").kernel.numpy() - first).max() > 1e-5, "gradients pass the rounding"
    assert float(hidden.high) != calibrated, "the range follows what it rounds"
    scored = float(hidden.high)
    restore(aware, model)
    trained = aware(to_float(PICTURES)).numpy()
    assert float(hidden.high) == scored, "but not while scoring"
    assert np.abs(int8_of(model, tmp_path / "model.tflite") - trained).mean() < 0.02
    assert isinstance(aware.get_layer("head_scores"), FoldedConv2D)
