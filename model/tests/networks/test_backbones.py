"""Backbones: widening keeps what the network computes, MLPerf Tiny's weights keep what theirs computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import h5py
import keras
from keras import layers

from model.errors import CrosscamError
from model.networks import backbones, network


def features(model: keras.Model) -> keras.Model:
    return keras.Model(model.inputs, model.get_layer("conv_pw_13_relu").output)


def randomise(model: keras.Model, rng: np.random.Generator) -> None:
    for layer in network.backbone_layers(model):
        if isinstance(layer, layers.BatchNormalization):
            size = layer.gamma.shape
            layer.set_weights([rng.uniform(0.8, 1.2, size), rng.normal(0, 0.3, size), *[rng.uniform(0.1, 1, size)] * 2])


def test_a_widened_backbone_computes_the_same() -> None:
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    narrow, wide = network.build(size=32, alpha=0.25), network.build(size=32, alpha=0.35)
    randomise(narrow, rng)
    backbones.widen(narrow, wide, rng)
    picture = rng.uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
    expected, found = features(narrow)(picture).numpy(), features(wide)(picture).numpy()
    assert expected.std() > 0.01
    assert found.shape[-1] == 358
    np.testing.assert_allclose(found[..., :256], expected, atol=0.1)


def vww_file(path: Path, rng: np.random.Generator) -> keras.Model:
    """A file with the layout of MLPerf Tiny's network and random values; returns the same network, which reads 0..1."""
    inputs = keras.Input((32, 32, 3))
    x, pairs = inputs, []
    kinds = [("conv2d", layers.Conv2D(8, 3, 2, "same"))]
    for block, (filters, stride) in enumerate(network.BLOCKS):
        suffix = f"_{block}" if block else ""
        kinds.append((f"depthwise_conv2d{suffix}", layers.DepthwiseConv2D(3, stride, "same")))
        kinds.append((f"conv2d_{block + 1}", layers.Conv2D(filters // 4, 1)))
    for number, (name, layer) in enumerate(kinds):
        batch_norm = layers.BatchNormalization()
        x = layers.ReLU()(batch_norm(layer(x)))
        pairs += [(name, layer), (f"batch_normalization_{number}" if number else "batch_normalization", batch_norm)]
    with h5py.File(path, "w") as file:
        for name, layer in pairs:
            for variable in layer.weights:
                values = rng.normal(0, 0.3, variable.shape)
                values = np.abs(values) + 0.5 if variable.name in ("gamma", "moving_variance") else values
                variable.assign(values)
                depthwise = name.startswith("depthwise") and variable.name == "kernel"
                called = "depthwise_kernel" if depthwise else variable.name
                file[f"model_weights/{name}/{name}/{called}:0"] = variable.numpy()
    return keras.Model(inputs, x)


def test_mlperf_tiny_weights_compute_what_they_did(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    theirs = vww_file(tmp_path / "vww.h5", rng)
    ours = network.build(size=32)
    backbones.load(ours, "vww", tmp_path / "vww.h5", 0.25, 1)
    picture = rng.uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32)
    # Theirs has no upper bound on its activations, and padding with zeros is black there and mid-grey here:
    # compare the first layer, away from the edge.
    first = keras.Model(theirs.inputs, theirs.layers[2].output)((picture + 1) / 2).numpy()
    found = keras.Model(ours.inputs, ours.get_layer("conv1_bn").output)(picture).numpy()
    np.testing.assert_allclose(found[:, :-1, :-1], first[:, :-1, :-1], atol=1e-4)
    deep = theirs.layers[-2]
    last = ours.get_layer("conv_pw_13_bn")
    np.testing.assert_array_equal(last.get_weights()[0], deep.get_weights()[0])


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    model = network.build(size=32)
    with pytest.raises(CrosscamError, match=r"none\.h5: no such weights file"):
        backbones.load_vww(model, tmp_path / "none.h5")
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file.create_group("model_weights")
    with pytest.raises(CrosscamError, match="holds no layer 'conv2d'"):
        backbones.load_vww(model, tmp_path / "empty.h5")
    vww_file(tmp_path / "vww.h5", np.random.default_rng(5))
    with pytest.raises(CrosscamError, match=r"does not fit; its weights are for alpha 0\.25"):
        backbones.load_vww(network.build(size=32, alpha=0.5), tmp_path / "vww.h5")
    with pytest.raises(CrosscamError, match="no backbone weights"):
        backbones.load(model, "imagenet", None, 0.25, 1)


def test_version_two_has_the_same_head() -> None:
    model = network.build(size=64, alpha=0.35, version="v2")
    assert model.output_shape == (None, 3)
    assert model.get_layer("head_hidden").input.shape == (None, 1, 1, 1280)
    assert not any(layer.name.startswith("head_") for layer in network.backbone_layers(model))
