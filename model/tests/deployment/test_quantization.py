"""What ``check_contract`` refuses, on models made to break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras
from keras import layers

from model.deployment import quantization
from model.deployment.quantization import check_contract, footprint, quantize
from model.errors import CrosscamError

PICTURES = np.random.default_rng(1).integers(-128, 128, (4, 8, 8, 3)).astype(np.int8)


def tiny(activation: str = "relu", last: str = "sigmoid") -> keras.Model:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation=activation)(inputs)
    x = layers.Conv2D(3, 6, activation=last)(x)
    return keras.Model(inputs, layers.Reshape((3,))(x))


def written(path: Path, model: keras.Model) -> Path:
    path.write_bytes(quantize(model, PICTURES))
    return path


def test_a_model_that_keeps_it(tmp_path: Path) -> None:
    path = written(tmp_path / "good.tflite", tiny())
    assert check_contract(path).input_quantization == (1 / 128, 0)
    size, arena = footprint(path)
    assert size == path.stat().st_size
    assert arena >= 8 * 8 * 3


def test_an_operation_without_a_kernel(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="is not supported; `crosscam compile --operators`"):
        check_contract(written(tmp_path / "sparse.tflite", tiny(activation="sparsemax")))


def test_an_output_that_is_no_sigmoid(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="expected those of an int8 sigmoid"):
        check_contract(written(tmp_path / "linear.tflite", tiny(last="linear")))


def test_an_input_off_the_camera_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def narrow(images: Any, shape: tuple[int, ...]) -> Iterator[list[np.ndarray[Any, Any]]]:
        for image in images:
            yield [image.astype(np.float32)[None] / 500]

    monkeypatch.setattr(quantization, "_representative", narrow)
    with pytest.raises(CrosscamError, match=r"camera path \(channel - 128\) needs 0\.0078125 and 0"):
        check_contract(written(tmp_path / "narrow.tflite", tiny()))


def test_a_missing_file() -> None:
    with pytest.raises(CrosscamError, match=r"none\.tflite: no such model file"):
        footprint("none.tflite")
