"""The entries of COCO's instance annotations, each held against what it has to be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from model.errors import CrosscamError
from model.reading import UnreadableError, quoted, read_json, reason_of

LARGEST_SIDE = 1 << 20
"""Pixels."""
LONGEST_TEXT = 2000

Check = tuple[str, Callable[[Any], bool]]


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _name(value: Any) -> bool:
    return _text(value) and value != ""


def _side(value: Any) -> bool:
    return (_integer(value) or isinstance(value, float)) and 0 < value <= LARGEST_SIDE


def _area(value: Any) -> bool:
    return (_integer(value) or isinstance(value, float)) and 0 <= value < math.inf


_PIXELS = f"a number of pixels up to {LARGEST_SIDE}"
_NEEDED: Mapping[str, Mapping[str, Check]] = {
    "images": {
        "id": ("an integer", _integer),
        "file_name": ("a name", _name),
        "width": (_PIXELS, _side),
        "height": (_PIXELS, _side),
    },
    "annotations": {
        "id": ("an integer", _integer),
        "image_id": ("an integer", _integer),
        "category_id": ("the id of a category", _integer),
        "area": ("an area in pixels", _area),
    },
    "categories": {"id": ("an integer", _integer), "name": ("a name", _name)},
    "licenses": {"id": ("an integer", _integer), "name": ("a name", _text)},
}
"""What each list's entries have, and what it has to be."""
_OPTIONAL: Mapping[str, Mapping[str, Check]] = {
    "images": {
        "license": ("the id of a licence", lambda value: value is None or _integer(value)),
        "coco_url": ("an address", _text),
    },
    "annotations": {"iscrowd": ("0 or 1", lambda value: isinstance(value, int) and value in (0, 1))},
}
"""What they may have besides."""


def read_annotations(path: Path) -> dict[str, Any]:
    """COCO's instance annotations, with ``licenses`` even where the file has none.

    Raises:
        CrosscamError: they are not there or no JSON, or an entry lacks something or holds another kind of value.
    """
    try:
        data = read_json(path)
    except FileNotFoundError as error:
        raise CrosscamError(
            f"{path}: no such annotations; expected COCO's layout, FOLDER/annotations/instances_SPLIT.json"
        ) from error
    except (OSError, UnreadableError) as error:
        raise CrosscamError(f"{path}: the annotations are not JSON ({reason_of(error)})") from error
    for key in ("images", "annotations", "categories"):
        if not isinstance(data, dict) or not isinstance(data.get(key), list):
            raise CrosscamError(f"{path}: key {key!r} is missing; expected COCO instance annotations")
    if not isinstance(data.setdefault("licenses", []), list):
        raise CrosscamError(f"{path}: key 'licenses' is {quoted(data['licenses'])}; expected a list")
    for key in _NEEDED:
        for place, entry in enumerate(data[key]):
            _check(f"{path}: {key}[{place}]", entry, _NEEDED[key], _OPTIONAL.get(key, {}))
    known = {category["id"] for category in data["categories"]}
    for place, entry in enumerate(data["annotations"]):
        if entry["category_id"] not in known:
            raise CrosscamError(
                f"{path}: annotations[{place}] names category {quoted(entry['category_id'])}, "
                "which the file does not have"
            )
    return data


def _check(where: str, entry: Any, needed: Mapping[str, Check], optional: Mapping[str, Check]) -> None:
    if not isinstance(entry, dict):
        raise CrosscamError(f"{where} is {quoted(entry)}; expected COCO instance annotations")
    for name, (expected, holds) in needed.items():
        if name not in entry:
            raise CrosscamError(f"{where} lacks {name!r}; expected COCO instance annotations")
        if not holds(entry[name]):
            raise CrosscamError(f"{where}: {name} is {quoted(entry[name])}; expected {expected}")
    for name, (expected, holds) in optional.items():
        if name in entry and not holds(entry[name]):
            raise CrosscamError(f"{where}: {name} is {quoted(entry[name])}; expected {expected}")
