"""COCO's instance annotations: which photographs show what.

A class is present when one object of it covers more than 5 % (person) or 1 % (car) of the image. An image that holds
neither class is a negative; one whose persons and cars are all smaller belongs to neither side and is left out. What
``iscrowd`` marks is a region of many, drawn as one: no object, and no sign of a negative either, as smaller ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import CrosscamError
from sim.inside import path_below
from sim.reading import UnreadableError, quoted, read_json

MINIMUM_SHARE = {"car": 0.01, "person": 0.05}
"""Share of the image's area that one object must exceed for its class to count."""
LAYOUT = "expected COCO's layout: TREE/val2017/*.jpg beside TREE/annotations/instances_val2017.json"
_LARGEST_SIDE = 1 << 20
"""Pixels."""
_LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Photo:
    """One labelled photograph: ``labels`` sorted, empty for a negative."""

    file: str
    labels: tuple[str, ...]
    license: str
    url: str = ""


def read_photos(annotations: Path) -> Iterator[Photo]:
    """The labelled photographs of an ``instances_*.json``, by image id. Their names stay below the tree's folder.

    Raises:
        CrosscamError: the file is missing, not JSON, or lacks what COCO annotations have.
    """
    try:
        content = read_json(annotations)
    except FileNotFoundError:
        raise CrosscamError(f"{annotations}: no such annotations; {LAYOUT}") from None
    except (OSError, UnreadableError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"{annotations}: cannot be read as JSON ({reason})") from error
    try:
        yield from _labelled(content)
    except UnreadableError as error:
        raise CrosscamError(f"{annotations}: not COCO instance annotations: {error}") from error


def labels_of(objects: Iterable[tuple[str, float]], image_area: float) -> tuple[str, ...] | None:
    """Labels of an image with ``objects`` (class name, area in pixels); None when it belongs to neither side."""
    wanted = [(name, area) for name, area in objects if name in MINIMUM_SHARE]
    present = {name for name, area in wanted if area > MINIMUM_SHARE[name] * image_area}
    return tuple(sorted(present)) if present or not wanted else None


def _labelled(content: Any) -> Iterator[Photo]:
    names = {entry.number("id"): entry.text("name") for entry in _entries(content, "categories")}
    licenses = {entry.number("id"): entry.text("name") for entry in _entries(content, "licenses", needed=False)}
    objects: dict[int, list[tuple[str, float]]] = {}
    for entry in _entries(content, "annotations"):
        category = entry.number("category_id")
        if category not in names:
            raise entry.wrong("category_id", "the id of one of its categories")
        area = 0.0 if entry.flag("iscrowd") else entry.area()
        objects.setdefault(entry.number("image_id"), []).append((names[category], area))
    images = {entry.number("id"): entry for entry in _entries(content, "images")}
    for number, image in sorted(images.items()):
        labels = labels_of(objects.get(number, []), float(image.side("width") * image.side("height")))
        file = image.file_name()
        if labels is not None:
            terms = licenses.get(image.number("license"), "unknown") if image.has_number("license") else "unknown"
            yield Photo(file, labels, terms, image.text("coco_url", needed=False))


def _entries(content: Any, key: str, needed: bool = True) -> list[_Entry]:
    found = content.get(key, None if needed else []) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise UnreadableError(f"{key}: expected a list of objects, it is {'missing' if found is None else 'none'}")
    return [_Entry(f"{key}[{place}]", fields) for place, fields in enumerate(found)]


class _Entry:
    """One object of a list; what it lacks is an UnreadableError that names its place."""

    __slots__ = ("_where", "fields")

    def __init__(self, where: str, fields: Any) -> None:
        if not isinstance(fields, dict):
            raise UnreadableError(f"{where} is {quoted(fields)}, expected an object")
        self._where = where
        self.fields: dict[str, Any] = fields

    def wrong(self, key: str, expected: str) -> UnreadableError:
        """The error for a value of ``key`` that is not ``expected``."""
        value = quoted(self.fields[key]) if key in self.fields else "missing"
        return UnreadableError(f"{self._where}: {key} is {value}, expected {expected}")

    def has_number(self, key: str) -> bool:
        """There is an integer under ``key``."""
        value = self.fields.get(key)
        return isinstance(value, int) and not isinstance(value, bool)

    def number(self, key: str) -> int:
        """An integer."""
        if not self.has_number(key):
            raise self.wrong(key, "an integer")
        return int(self.fields[key])

    def text(self, key: str, needed: bool = True) -> str:
        """A text."""
        value = self.fields.get(key, None if needed else "")
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise self.wrong(key, f"a text of at most {_LONGEST_TEXT} characters")
        return value

    def flag(self, key: str) -> bool:
        """0 or 1, false or true; missing is 0."""
        value = self.fields.get(key, 0)
        if not isinstance(value, int) or value not in (0, 1):
            raise self.wrong(key, "0 or 1")
        return bool(value)

    def area(self) -> float:
        """Pixels of an object."""
        value = self.fields.get("area")
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
            raise self.wrong("area", "an area in pixels")
        return float(value)

    def side(self, key: str) -> int:
        """Pixels of an image's side."""
        value = self.number(key)
        if not 0 < value <= _LARGEST_SIDE:
            raise self.wrong(key, f"1 to {_LARGEST_SIDE} pixels")
        return value

    def file_name(self) -> str:
        """A picture's file, below the tree's folder of pictures."""
        try:
            path_below(Path(), self.fields.get("file_name"))
        except UnreadableError as error:
            value = quoted(self.fields.get("file_name"))
            raise UnreadableError(f"{self._where}: file_name {value}: {error}") from None
        return str(self.fields["file_name"])
