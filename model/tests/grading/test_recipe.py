"""Recipes of grades: the one that ships, and bad ones, each with one line that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import CrosscamError
from model.grading.recipe import read_grades

SHIPPED = Path(__file__).parents[2] / "configs" / "grades.toml"


def test_the_recipe_that_ships() -> None:
    recipe = read_grades(SHIPPED)
    assert recipe.names == ("S", "Q", "R", "X")
    assert recipe.grades[3].above == {"person": 0.25, "car": 0.15}
    assert recipe.costs[0, 3] > recipe.costs[0, 1] > 0
    assert recipe.costs.diagonal().tolist() == [0, 0, 0, 0]
    assert list(recipe.zones.values()) == [0.004, 0.015, 0.1]
    assert [source.name for source in recipe.validation] == ["coco/val2017", "highway/val"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "Q"', 'name = "S"', "grade 2: 'S' is the name of an earlier one"),
        ('name = "Q"', "name = 7", "grade 2: name = 7"),
        ("person = 0.25", "person = 1.25", "grade 4: above"),
        (
            'name = "S" # safe',
            'name = "S"\nabove = { car = 0.1 }',
            "grade 1: expected `above` for all grades but the first",
        ),
        ("S = [0.0, 0.5, 1.5, 3.0]", "S = [0.0, 0.5, 1.5]", "[costs] S"),
        ("S = [0.0, 0.5, 1.5, 3.0]", "S = [1.0, 0.5, 1.5, 3.0]", "S taken for S costs 1.0, expected 0"),
        ("X = [4.0", "Y = [4.0", "expected [costs] with one row for each of S, Q, R, X"),
        ("trusted = 0.004", "trusted = 0.5", "rising rates"),
        ("trusted = 0.004", "trusted = nan", "not finite"),
        ('folder = "coco"', 'folder = "../coco"', "training 1: folder"),
        ("weight = 0.5", "weight = 0.0", "training 4: weight"),
        ("seed = 1", "seed = 1\nsed = 2", "unknown key sed"),
        ("seed = 1", "seed = ", "not a readable TOML recipe"),
    ],
)
def test_a_bad_recipe_gets_one_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = SHIPPED.read_text()
    assert old in text
    path = tmp_path / "grades.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CrosscamError) as caught:
        read_grades(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_recipe_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="no such recipe"):
        read_grades(tmp_path / "none.toml")
