"""COCO-format annotations on disk to labelled samples.

A source is a folder in COCO's layout: ``FOLDER/SPLIT/*.jpg`` with ``FOLDER/annotations/instances_SPLIT.json``.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.dataset.rule import MINIMUM_AREA, label_of, outputs_for
from model.errors import CrosscamError


@dataclass(frozen=True)
class Source:
    """One split of one data set, and how often its images are drawn against those of other sources."""

    folder: str
    """Below the data root, for example ``coco``."""
    split: str
    """For example ``train2017``."""
    weight: float = 1.0

    @property
    def name(self) -> str:
        """How figures and cards call it: ``coco/train2017``."""
        return f"{self.folder}/{self.split}"


@dataclass(frozen=True)
class Sample:
    """A picture and its label, in the order of ``rule.outputs_for``."""

    path: Path
    label: tuple[int, ...]
    source: Source
    license: str
    """Name of the photograph's licence as the annotations state it."""
    categories: tuple[str, ...] = ()
    """Names of everything annotated in it, sorted, once each."""
    url: str = ""
    """Where the annotations say that the picture can be fetched."""


def _load(path: Path) -> Any:
    """The annotations with pycocotools' index."""
    # Imported here, so that what only uses samples and figures works without the training extra.
    try:
        from pycocotools.coco import COCO
    except ImportError as error:
        raise CrosscamError("pycocotools is not installed; run `pip install 'crosscam[train]'`") from error
    if not path.is_file():
        raise CrosscamError(
            f"{path}: no such annotations; expected COCO's layout, FOLDER/annotations/instances_SPLIT.json"
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CrosscamError(f"{path}: the annotations are not JSON ({error})") from error
    for key in ("images", "annotations", "categories"):
        if not isinstance(data, dict) or not isinstance(data.get(key), list):
            raise CrosscamError(f"{path}: key {key!r} is missing; expected COCO instance annotations")
    _check_entries(path, data)
    coco = COCO()
    coco.dataset = data
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools reports its progress on stdout
        coco.createIndex()
    return coco


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


_ENTRIES: Mapping[str, Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "images": {
        "id": ("an integer", lambda value: isinstance(value, int)),
        "file_name": ("a name", lambda value: isinstance(value, str) and value != ""),
        "width": ("a number of pixels", lambda value: _number(value) and value > 0),
        "height": ("a number of pixels", lambda value: _number(value) and value > 0),
    },
    "annotations": {
        "id": ("an integer", lambda value: isinstance(value, int)),
        "image_id": ("an integer", lambda value: isinstance(value, int)),
        "category_id": ("the id of a category", lambda value: isinstance(value, int)),
        "area": ("an area in pixels", lambda value: _number(value) and value >= 0),
    },
    "categories": {
        "id": ("an integer", lambda value: isinstance(value, int)),
        "name": ("a name", lambda value: isinstance(value, str) and value != ""),
    },
    "licenses": {
        "id": ("an integer", lambda value: isinstance(value, int)),
        "name": ("a name", lambda value: isinstance(value, str)),
    },
}
"""What is read of each list's entries, and what it has to be."""


def _check_entries(path: Path, data: dict[str, Any]) -> None:
    """Hold every entry against ``_ENTRIES``; ``licenses`` may be missing."""
    if not isinstance(data.setdefault("licenses", []), list):
        raise CrosscamError(f"{path}: key 'licenses' is {data['licenses']!r:.40}; expected a list")
    for key, fields in _ENTRIES.items():
        for place, entry in enumerate(data[key]):
            for name, (expected, holds) in fields.items():
                if not isinstance(entry, dict) or name not in entry:
                    raise CrosscamError(f"{path}: {key}[{place}] lacks {name!r}; expected COCO instance annotations")
                if not holds(entry[name]):
                    raise CrosscamError(f"{path}: {key}[{place}]: {name} is {entry[name]!r:.40}; expected {expected}")
    known = {category["id"] for category in data["categories"]}
    for place, entry in enumerate(data["annotations"]):
        if entry["category_id"] not in known:
            raise CrosscamError(
                f"{path}: annotations[{place}] names category {entry['category_id']}, which the file does not have"
            )


def load_annotations(root: Path | str, source: Source) -> Any:
    """The annotations of a source as a ``pycocotools.coco.COCO``.

    Raises:
        CrosscamError: missing or unreadable annotations, a missing key.
    """
    return _load(Path(root) / source.folder / "annotations" / f"instances_{source.split}.json")


def read_source(
    root: Path | str,
    source: Source,
    minimum_area: Mapping[str, float] = MINIMUM_AREA,
    with_pictures: bool = True,
) -> list[Sample]:
    """The labelled samples of one source, in the order of their image ids.

    Images that belong to neither side are left out (see ``rule``).

    Args:
        root: folder that holds the sources' folders.
        source: the source.
        minimum_area: class name to the share of the image that one object has to exceed.
        with_pictures: expect the folder of pictures; False when they are still to be fetched, or only counted.

    Raises:
        CrosscamError: missing or unreadable annotations, a missing picture folder, a class the data set lacks.
    """
    folder = Path(root) / source.folder
    annotations = folder / "annotations" / f"instances_{source.split}.json"
    coco = _load(annotations)
    pictures = folder / source.split
    if with_pictures and not pictures.is_dir():
        raise CrosscamError(f"{pictures}: no such picture folder; {annotations.name} belongs beside it")
    names = {category_id: category["name"] for category_id, category in coco.cats.items()}
    for name in minimum_area:
        if name not in names.values():
            known = sorted(names.values())
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            nearest = f"the nearest is {near[0]!r}; " if near else ""
            raise CrosscamError(f"{annotations}: no category {name!r}; {nearest}it has {', '.join(known)}")
    licenses = {entry["id"]: entry["name"] for entry in coco.dataset["licenses"]}
    samples = []
    for image_id in sorted(coco.imgs):
        image = coco.imgs[image_id]
        objects = [(names[a["category_id"]], float(a["area"])) for a in coco.imgToAnns[image_id]]
        label = label_of(objects, float(image["width"] * image["height"]), minimum_area)
        if label is not None:
            license_name = licenses.get(image.get("license"), "unknown")
            categories = tuple(sorted({name for name, _ in objects}))
            path, url = pictures / image["file_name"], str(image.get("coco_url", ""))
            samples.append(Sample(path, label, source, license_name, categories, url))
    return samples


def count_labels(samples: Sequence[Sample], minimum_area: Mapping[str, float] = MINIMUM_AREA) -> dict[str, int]:
    """Images a class, and in total under ``images``."""
    outputs = outputs_for(minimum_area)
    counts = Counter(name for sample in samples for name, hit in zip(outputs, sample.label, strict=True) if hit)
    return {"images": len(samples), **{name: counts[name] for name in outputs}}
