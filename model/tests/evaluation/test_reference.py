"""The host reference: what it refuses, and that the shipped model says what its card says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.card import read_card, verify_model_file
from model.compiler.tests.tflite_builder import TfliteBuilder
from model.errors import CrosscamError
from model.evaluation.reference import Reference
from model.preprocessing import INPUT_SCALE, INPUT_ZERO_POINT, camera_path
from model.selftest import PATTERN, xor_frame

ZOO = Path(__file__).parents[2] / "zoo"
SHIPPED = sorted(card.parent for card in ZOO.glob("*/card.toml"))


def test_the_zoo_is_not_empty() -> None:
    assert "person_car_160" in {folder.name for folder in SHIPPED}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_card_and_model_agree(folder: Path) -> None:
    card = read_card(folder)
    assert card.id == folder.name
    reference = Reference(verify_model_file(card), card.outputs)
    assert reference.input_shape == card.input_shape
    assert reference.input_quantization == (card.input_scale, card.input_zero_point) == (INPUT_SCALE, INPUT_ZERO_POINT)
    assert reference.output_quantization == (card.output_scale, card.output_zero_point) == (1 / 256, -128)
    assert card.self_test_pattern == PATTERN
    height, width, _ = card.input_shape
    scores = reference.scores(camera_path(xor_frame(), height, width))
    assert scores.tolist() == list(card.self_test_expected)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_scores_depend_on_the_picture_alone(folder: Path) -> None:
    card = read_card(folder)
    reference = Reference(card.model_path, card.outputs)
    pictures = np.random.default_rng(4).integers(-128, 128, (3, *card.input_shape)).astype(np.int8)
    first = [reference.scores(picture).tolist() for picture in pictures]
    again = [reference.scores(picture).tolist() for picture in reversed(pictures)]
    assert first == again[::-1]
    flat = reference.scores(np.zeros(card.input_shape, np.int8)).tolist()
    assert flat != reference.scores(camera_path(xor_frame(), *card.input_shape[:2])).tolist()


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"nothing\.tflite: no such model file"):
        Reference(tmp_path / "nothing.tflite")


@pytest.mark.parametrize("keep", [0, 7, 1000])
def test_a_truncated_model_is_named(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "short.tflite"
    path.write_bytes((ZOO / "person_car_160" / "model.tflite").read_bytes()[:keep])
    with pytest.raises(CrosscamError, match=r"short\.tflite: LiteRT cannot load it") as caught:
        Reference(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("scale", "beta"), [(1e-9, 1.0), (0.05, 1e-9)])
def test_a_softmax_that_would_end_the_program_is_refused(tmp_path: Path, scale: float, beta: float) -> None:
    """As a network has it that nobody trained: all its sums are next to 0."""
    builder = TfliteBuilder()
    source = builder.tensor("x", (1, 1, 1, 4), scale=scale)
    builder.op(
        "SOFTMAX", [source], [output := builder.tensor("y", (1, 1, 1, 4), scale=1 / 256, zero_point=-128)], beta=beta
    )
    (tmp_path / "m.tflite").write_bytes(builder.finish([source], [output]))
    with pytest.raises(CrosscamError, match="is the network trained"):
        Reference(tmp_path / "m.tflite")


def test_a_picture_of_another_kind_is_refused() -> None:
    reference = Reference(ZOO / "person_car_160" / "model.tflite")
    with pytest.raises(CrosscamError, match=r"expected a picture int8\[160, 160, 3\], got int8\[96, 96, 3\]"):
        reference.scores(np.zeros((96, 96, 3), np.int8))
    with pytest.raises(CrosscamError, match=r"got uint8\[160, 160, 3\]"):
        reference.scores(np.zeros((160, 160, 3), np.uint8))  # type: ignore[arg-type]
