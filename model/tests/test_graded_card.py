"""Cards of graded models: several outputs, grades and zones go to a file and back; what does not fit gets one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.card import Card, read_card, write_card
from model.errors import CrosscamError
from model.judgement import Judgement

CARD = Card(
    id="graded",
    title="Graded",
    file="model.tflite",
    sha256="0" * 64,
    labels=("score", "S", "X"),
    macs=1,
    parameters=1,
    input_shape=(8, 8, 3),
    input_scale=1 / 128,
    input_zero_point=0,
    output_scale=1 / 256,
    output_zero_point=-128,
    thresholds=(20, 0, 0),
    self_test_pattern="none",
    self_test_expected=(0, 0, 0),
    output_sizes=(1, 2),
    judgement=Judgement(("S", "X"), "score", {"trusted": 100, "neutral": 20}),
)


def test_a_graded_card_goes_to_the_file_and_back(tmp_path: Path) -> None:
    write_card(CARD, tmp_path)
    read = read_card(tmp_path)
    assert (read.output_sizes, read.judgement, read.thresholds) == ((1, 2), CARD.judgement, (20, 0, 0))
    assert list(read.judgement.zones) == ["trusted", "neutral"]


def test_a_grade_needs_no_threshold(tmp_path: Path) -> None:
    path = write_card(CARD, tmp_path)
    path.write_text(path.read_text().replace("S = 0\nX = 0\n", ""))
    assert read_card(tmp_path).thresholds == (20, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sizes = [1, 2]", "sizes = [1, 3]", "[output] sizes: expected values of each output, 3 in all"),
        ("sizes = [1, 2]", "sizes = [3, 0]", "[output] sizes"),
        ("sizes = [1, 2]", 'sizes = "two"', "[output] sizes"),
        ('[grades]\nlabels = ["S", "X"]', '[grades]\nlabels = ["X", "S"]', "[grades] labels"),
        ('[grades]\nlabels = ["S", "X"]', '[grades]\nlabels = ["S"]', "[grades] labels"),
        ('[grades]\nlabels = ["S", "X"]', '[grades]\nlabels = ["S", "Y"]', "[grades] labels"),
        ('[grades]\nlabels = ["S", "X"]', "grades = 7", "section [grades] is missing"),
        ('label = "score"', 'label = "S"', "[zones] label: expected one of the model's labels that is no grade"),
        ('label = "score"', 'label = "scare"', "[zones] label"),
        ("trusted = 100", "trusted = 10", "falling scores"),
        ("trusted = 100", "trusted = 200", "[zones.least] trusted: expected an integer from -128 to 127"),
        ("trusted = 100", "none = 100", "none of them 'none'"),
        ("trusted = 100", '"| Frame: 1" = 100', "[zones] least"),
        ("score = 20\n", "", "[thresholds] score"),
    ],
)
def test_a_bad_card_gets_one_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = write_card(CARD, tmp_path)
    text = path.read_text()
    assert old in text
    first = "[model]" if "grades = 7" in new else ""  # a key of no table has to stand before all tables
    path.write_text(f"{new}\n{text.replace(old, '', 1)}" if first else text.replace(old, new, 1))
    with pytest.raises(CrosscamError) as caught:
        read_card(tmp_path)
    assert told in str(caught.value)
