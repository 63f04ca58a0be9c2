"""Conversions end to end on small networks; what cannot be done says so and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="the extra [train] is not installed")

import keras

from model.conversion.convert import Wish, convert
from model.errors import LONGEST_MESSAGE, CrosscamError
from model.inspection.inspect import inspect

ZOO = Path(__file__).parents[2] / "zoo" / "person_car_160"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network as .keras and SavedModel, and four photographs, one of them damaged."""
    folder = tmp_path_factory.mktemp("made")
    layers = keras.layers
    source = keras.Input((24, 24, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(source)
    model = keras.Model(source, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    model.save(folder / "m.keras")
    model.export(folder / "saved", verbose=False)
    two = [keras.Input((4,)), keras.Input((4,))]
    keras.Model(two, layers.Dense(2)(layers.Add()(two))).save(folder / "two.keras")
    keras.Model(free := keras.Input((None, 8, 3)), layers.Conv2D(2, 1)(free)).save(folder / "free.keras")
    (folder / "photos").mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / "photos" / f"{number}.png")
    (folder / "photos" / "bad.png").write_text("no picture")
    np.save(folder / "samples.npy", np.random.default_rng(5).uniform(-1, 1, (6, 24, 24, 3)).astype(np.float32))
    return folder


@pytest.mark.parametrize(
    ("source", "scaling", "expected"),
    [("m.keras", "symmetric", (1 / 128, 0)), ("m.keras", "unit", (1 / 255, -128)), ("saved", "bytes", (1.0, -128))],
)
def test_int8_from_photographs(
    source: str, scaling: str, expected: tuple[float, int], made: Path, tmp_path: Path
) -> None:
    result = convert(made / source, tmp_path / "m.tflite", Wish(pictures=made / "photos", scaling=scaling))
    facts = inspect(result.paths[0])
    assert facts.board.firmware and facts.inputs[0].shape == (1, 24, 24, 3)
    assert facts.inputs[0].scale == pytest.approx(expected[0]) and facts.inputs[0].zero_point == expected[1]
    assert result.difference is not None and 0 <= result.difference[0] <= result.difference[1] < 0.2
    assert facts.macs == inspect(made / "m.keras").macs


def test_a_network_in_a_row_of_free_size(made: Path, tmp_path: Path) -> None:
    """A Sequential, loaded from a file, tells its inputs but has no ``input``."""
    source = tmp_path / "row.keras"
    keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3), keras.layers.ReLU()]).save(source)
    wish = Wish(pictures=made / "photos")
    with pytest.raises(CrosscamError, match="--size HEIGHTxWIDTH"):
        convert(source, tmp_path / "m.tflite", wish)
    assert not (tmp_path / "m.tflite").exists()
    result = convert(source, tmp_path / "m.tflite", replace(wish, size=(10, 12)))
    assert inspect(result.paths[0]).inputs[0].shape == (1, 10, 12, 3)


def test_other_forms(made: Path, tmp_path: Path) -> None:
    sizes = {}
    for form in ("float32", "float16", "dynamic"):
        path = tmp_path / f"{form}.tflite"
        assert convert(made / "m.keras", path, Wish(form)).difference is None
        facts = inspect(path)
        assert facts.inputs[0].type == "float32" and not facts.board.chip
        sizes[form] = facts
    assert "DEQUANTIZE" in sizes["float16"].operators and "DEQUANTIZE" not in sizes["float32"].operators
    samples = convert(made / "m.keras", tmp_path / "s.tflite", Wish(samples=made / "samples.npy"))
    assert inspect(samples.paths[0]).board.chip


def test_a_tflite_to_c(tmp_path: Path) -> None:
    assert "model.c" in {path.name for path in convert(ZOO, tmp_path / "c", Wish()).paths}


@pytest.mark.slow
def test_a_tflite_to_webassembly(tmp_path: Path) -> None:
    """What is in it: scripts/tests/test_wasm.py."""
    pytest.importorskip("ziglang", reason="the extra [zig] is not installed")
    (module,) = convert(ZOO, tmp_path / "m.wasm", Wish()).paths
    assert module.read_bytes()[:4] == b"\0asm"


def test_what_cannot_be_done(made: Path, tmp_path: Path) -> None:
    np.save(made / "small.npy", np.zeros((4, 8, 8, 3), np.float32))
    np.save(made / "objects.npy", np.array([{"a": 1}], object), allow_pickle=True)
    (made / "empty").mkdir(exist_ok=True)

    def refused(source: Path, target: str, **wish: Any) -> str:
        with pytest.raises(CrosscamError) as caught:
            convert(source, tmp_path / target, Wish(**wish))
        assert len(str(caught.value)) <= LONGEST_MESSAGE and "\n" not in str(caught.value)
        assert not list(tmp_path.iterdir())
        return str(caught.value)

    model = made / "m.keras"
    assert "already" in refused(ZOO, "m.tflite")
    assert "first" in refused(model, "m.wasm") and "first" in refused(model, "c")
    assert "NAME.tflite" in refused(ZOO, "m.onnx")
    assert "--pictures" in refused(model, "m.tflite")
    assert "no picture" in refused(model, "m.tflite", pictures=made / "empty")
    assert "no such folder" in refused(model, "m.tflite", pictures=made / "none")
    assert "[n, 24, 24, 3]" in refused(model, "m.tflite", samples=made / "small.npy")
    assert ".npy" in refused(model, "m.tflite", samples=made / "objects.npy")
    assert "2 inputs" in refused(made / "two.keras", "m.tflite", pictures=made / "photos")
    assert "free sizes" in refused(made / "free.keras", "m.tflite", pictures=made / "photos")
