"""Folding batch normalisation into convolutions, taking it apart again, and reading a whole network from a .tflite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras
from keras import layers

from model.deployment.quantization import quantize
from model.errors import CrosscamError
from model.evaluation.reference import Reference
from model.networks import network
from model.networks.folding import convolutions, folded, load_tflite, unfold
from model.preprocessing import to_float

PICTURES = np.random.default_rng(1).integers(-128, 128, (12, 32, 32, 3)).astype(np.int8)


def settled(model: keras.Model, seed: int = 2) -> keras.Model:
    """The network with batch normalisation as training leaves it: no layer's is the identity."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            size = layer.gamma.shape
            shift = [rng.normal(0, 0.2, size), rng.normal(0, 0.2, size)]
            layer.set_weights([rng.uniform(0.8, 1.2, size), *shift, rng.uniform(0.05, 0.2, size)])
    return model


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_folded_and_put_back_a_network_computes_the_same(version: str) -> None:
    keras.utils.set_random_seed(1)
    model = settled(network.build(size=32, alpha=0.35, version=version))
    before = model(to_float(PICTURES)).numpy()
    assert before.std() > 0.001
    normalised = [norm for _, norm in convolutions(model) if norm is not None]
    assert len(normalised) == sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers)
    for conv, norm in convolutions(model):
        unfold(conv, norm, *folded(conv, norm))
    np.testing.assert_allclose(model(to_float(PICTURES)).numpy(), before, atol=2e-4)
    assert all(np.abs(norm.get_weights()[0] - 1).max() == 0 for norm in normalised)


@pytest.fixture(scope="module")
def int8_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("int8") / "model.tflite"
    path.write_bytes(quantize(settled(network.build(size=32, units=8)), PICTURES))
    return path


def test_a_network_from_a_tflite_scores_as_it_does(int8_model: Path) -> None:
    reference = Reference(int8_model)
    expected = np.stack([(reference.scores(picture) + 128.0) / 256.0 for picture in PICTURES])
    model = network.build(size=32, units=8)
    load_tflite(model, int8_model)
    np.testing.assert_allclose(model(to_float(PICTURES)).numpy(), expected, atol=0.03)
    assert expected.std() > 0.03, "or anything would be close"
    load_tflite(network.build(size=64, units=8), int8_model)  # fully convolutional: another size fits as well


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"units": 16}, r"'head_hidden' has weights \(1, 1, 256, 8\), the config's network has \(1, 1, 256, 16\)"),
        ({"version": "v2"}, "has 29 convolutions, the config's network has 54"),
    ],
)
def test_another_network_is_named(int8_model: Path, settings: dict[str, object], message: str) -> None:
    with pytest.raises(CrosscamError, match=message):
        load_tflite(network.build(size=32, **settings), int8_model)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"none\.tflite: no such model file"):
        load_tflite(network.build(size=32), tmp_path / "none.tflite")
    (tmp_path / "text.tflite").write_text("a text, not a model", encoding="utf-8")
    with pytest.raises(CrosscamError, match=r"not a \.tflite file"):
        load_tflite(network.build(size=32), tmp_path / "text.tflite")
