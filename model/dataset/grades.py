"""The grading rule: object areas to one of several grades in order of severity. Every picture has one.

A grade holds when an object covers more of the picture than the grade's share for that class; of those that hold the
severest counts, and the first grade is that of pictures of which none holds. A share of 0 asks only that something of
the class is there, however small. What ``iscrowd`` marks has no area that counts, but it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.dataset.coco import Sample, Source, read_labelled


@dataclass(frozen=True)
class Grade:
    """A grade and, for each class, the share of the picture (0..1) that one object has to exceed for it."""

    name: str
    above: Mapping[str, float]


def grade_of(objects: Iterable[tuple[str, float]], image_area: float, grades: Sequence[Grade]) -> int:
    """The place in ``grades`` of one picture's grade.

    Args:
        objects: class name and area in pixels of every annotated object; classes that no grade names are ignored.
        image_area: width * height in pixels, the same pixels as the objects' areas.
        grades: in order of severity.
    """
    largest: dict[str, float] = {}
    for name, area in objects:
        largest[name] = max(area, largest.get(name, 0.0))
    for place in range(len(grades) - 1, 0, -1):
        for name, share in grades[place].above.items():
            if name in largest and (share == 0 or largest[name] > share * image_area):
                return place
    return 0


def read_graded(root: Path | str, source: Source, grades: Sequence[Grade], with_pictures: bool = True) -> list[Sample]:
    """All pictures of a source, each with its grade as a label of one 1, in the order of their image ids.

    Raises:
        CrosscamError: as ``coco.read_labelled``.
    """

    def label(objects: Sequence[tuple[str, float]], image_area: float) -> tuple[int, ...]:
        place = grade_of(objects, image_area, grades)
        return tuple(int(place == each) for each in range(len(grades)))

    classes = sorted({name for grade in grades for name in grade.above})
    return read_labelled(root, source, classes, label, with_pictures)
