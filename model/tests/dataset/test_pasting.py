"""Pasted crops: where they land, what they do to the label, what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.dataset.pasting import Crops, Paste, load_crops, paste_into
from model.errors import CrosscamError

OUTPUTS = ("car", "negative", "person")
SCENE = np.zeros((240, 320, 3), np.uint8)
NEGATIVE = np.array([0, 1, 0], np.float32)


def crops(label: str | None, chance: float) -> Crops:
    return Crops(Paste("x", label, chance, 20, 40), (Image.new("RGB", (64, 64), (200, 100, 50)),))


def test_a_pasted_car_is_seen_and_labelled() -> None:
    picture, label = paste_into(SCENE, NEGATIVE, crops("car", 1.0), OUTPUTS, np.random.default_rng(1))
    assert label.tolist() == [1, 0, 0]
    assert NEGATIVE.tolist() == [0, 1, 0] and not SCENE.any()
    rows, columns = np.nonzero(picture[..., 0])
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert 20 <= height <= 40 and height <= width <= 56
    assert picture.max(axis=(0, 1)).tolist() == [200, 100, 50]
    assert 0 < picture[rows.min(), columns.min() + width // 2, 0] < 100, "the edge is soft"


def test_a_pasted_person_beside_a_car_leaves_the_car() -> None:
    _, label = paste_into(
        SCENE, np.array([1, 0, 0], np.float32), crops("person", 1.0), OUTPUTS, np.random.default_rng(1)
    )
    assert label.tolist() == [1, 0, 1]


def test_a_crop_without_a_class_leaves_the_label() -> None:
    picture, label = paste_into(SCENE, NEGATIVE, crops(None, 1.0), OUTPUTS, np.random.default_rng(1))
    assert picture.any() and label.tolist() == [0, 1, 0]


def test_the_chance_holds() -> None:
    rng = np.random.default_rng(2)
    pasted = sum(bool(paste_into(SCENE, NEGATIVE, crops("car", 0.25), OUTPUTS, rng)[1][0]) for _ in range(400))
    assert pasted == pytest.approx(100, abs=26)  # three standard deviations


def test_folders_that_hold_nothing_to_paste(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="no crops"):
        load_crops(tmp_path, Paste("none", "car", 0.1))
    with pytest.raises(CrosscamError, match="expected 1 to 240"):
        load_crops(tmp_path, Paste("none", "car", 0.1, 50, 40))
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert len(load_crops(tmp_path, Paste(".", "car", 0.1)).pictures) == 1
