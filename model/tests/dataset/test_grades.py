"""Grades of pictures by what is in them, and the recipe that says how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.dataset.coco import Source
from model.dataset.grades import Grade, grade_of, read_graded
from model.tests.conftest import make_coco_tree

GRADES = (
    Grade("S", {}),
    Grade("Q", {"person": 0.0, "car": 0.0}),
    Grade("R", {"person": 0.05, "car": 0.01}),
    Grade("X", {"person": 0.25, "car": 0.15}),
)


@pytest.mark.parametrize(
    ("objects", "grade"),
    [
        ([], "S"),
        ([("dog", 900.0)], "S"),
        ([("person", 0.0)], "Q"),
        ([("person", 50.0), ("car", 10.0)], "Q"),
        ([("person", 50.1)], "R"),
        ([("car", 10.1)], "R"),
        ([("person", 250.0)], "R"),
        ([("person", 250.1)], "X"),
        ([("car", 150.1), ("person", 1.0)], "X"),
        ([("person", 30.0), ("person", 30.0)], "Q"),  # one object has to exceed it
    ],
)
def test_the_severest_grade_that_holds_counts(objects: list[tuple[str, float]], grade: str) -> None:
    assert GRADES[grade_of(objects, 1000.0, GRADES)].name == grade


def test_every_picture_has_one_grade_and_a_crowd_has_no_area(tmp_path: Path) -> None:
    pytest.importorskip("pycocotools")
    objects = {1: [], 2: [(1, 1.0)], 3: [(3, 301.0)], 4: [(1, 7501.0)], 5: [(1, 20000.0)], 6: [(18, 20000.0)]}
    annotations = make_coco_tree(tmp_path, "toy", "train", objects)
    document = json.loads(annotations.read_text())
    next(each for each in document["annotations"] if each["image_id"] == 5)["iscrowd"] = 1
    annotations.write_text(json.dumps(document))
    samples = read_graded(tmp_path, Source("toy", "train"), GRADES)
    assert ["SQRX"[sample.label.index(1)] for sample in samples] == list("SQRXQS")
    assert all(sum(sample.label) == 1 for sample in samples)
