"""The labelling rule at its edges."""

from __future__ import annotations

import pytest

from model.dataset.rule import label_of, outputs_for

AREA = 100 * 100.0
CAR, NEGATIVE, PERSON = (1, 0, 0), (0, 1, 0), (0, 0, 1)


@pytest.mark.parametrize(
    ("objects", "label"),
    [
        ([], NEGATIVE),
        ([("dog", 9000)], NEGATIVE),
        ([("person", 501)], PERSON),
        ([("person", 500)], None),
        ([("car", 101)], CAR),
        ([("car", 100)], None),
        ([("car", 101), ("person", 501)], (1, 0, 1)),
        ([("car", 101), ("person", 10)], CAR),
        ([("car", 10), ("person", 10)], None),
        ([("person", 10), ("person", 501)], PERSON),
        ([("person", 300), ("person", 300)], None),
    ],
)
def test_label(objects: list[tuple[str, float]], label: tuple[int, ...] | None) -> None:
    assert label_of(objects, AREA) == label


def test_outputs_are_sorted_names() -> None:
    assert outputs_for({"person": 0.05, "car": 0.01}) == ("car", "negative", "person")
    assert outputs_for({"zebra": 0.1, "apple": 0.1}) == ("apple", "negative", "zebra")
