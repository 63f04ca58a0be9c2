"""COCO-format annotations on disk to labelled samples.

A source is a folder in COCO's layout: ``FOLDER/SPLIT/*.jpg`` with ``FOLDER/annotations/instances_SPLIT.json``. What
``iscrowd`` marks is a region of many, drawn as one: no object, and no sign of a negative either, as smaller ones.
"""

from __future__ import annotations

import contextlib
import difflib
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.dataset.entries import read_annotations
from model.dataset.rule import MINIMUM_AREA, label_of, outputs_for
from model.errors import CrosscamError, shown
from model.extras import missing
from model.inside import path_below
from model.reading import UnreadableError, quoted

Labelling = Callable[[Sequence[tuple[str, float]], float], "tuple[int, ...] | None"]
"""Names and areas of a picture's objects (0 for what ``iscrowd`` marks) and the picture's area, in the same pixels, to
its label; None leaves it out."""


UNKNOWN = -1
"""In a label: nobody says whether the class is there."""


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
        raise missing("pycocotools") from error
    data = read_annotations(path)
    coco = COCO()
    coco.dataset = data
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools reports its progress on stdout
        coco.createIndex()
    return coco


def load_annotations(root: Path | str, source: Source) -> Any:
    """The annotations of a source as a ``pycocotools.coco.COCO``.

    Raises:
        CrosscamError: missing or unreadable annotations, a missing key.
    """
    return _load(Path(root) / source.folder / "annotations" / f"instances_{source.split}.json")


def _area(annotation: Mapping[str, Any]) -> float:
    return 0.0 if annotation.get("iscrowd", 0) else float(annotation["area"])


def picture_path(root: Path | str, source: Source, image: Mapping[str, Any]) -> Path:
    """Where a picture lies: in a merged set (see ``recipe``) in another set's folder, but below the data root.

    Raises:
        CrosscamError: the picture's name leads elsewhere, or is no name a file can have.
    """
    pictures = Path(root) / source.folder / source.split
    above = len(Path(source.folder, source.split).parts)
    try:
        return path_below(pictures, image["file_name"], above)
    except UnreadableError as error:
        raise CrosscamError(f"{pictures}: file_name {quoted(image['file_name'])}: {error}") from error


def read_source(
    root: Path | str,
    source: Source,
    minimum_area: Mapping[str, float] = MINIMUM_AREA,
    with_pictures: bool = True,
    unlabelled: bool = False,
) -> list[Sample]:
    """The labelled samples of one source, in the order of their image ids.

    Images that belong to neither side are left out (see ``rule``).

    Args:
        root: folder that holds the sources' folders.
        source: the source.
        minimum_area: class name to the share of the image that one object has to exceed.
        with_pictures: expect the folder of pictures; False when they are still to be fetched, or only counted.
        unlabelled: take those of neither side, too, with a label of ``UNKNOWN`` throughout.

    Raises:
        CrosscamError: as ``read_labelled``.
    """
    unknown = (UNKNOWN,) * len(outputs_for(minimum_area)) if unlabelled else None

    def label(objects: Sequence[tuple[str, float]], image_area: float) -> tuple[int, ...] | None:
        found = label_of(objects, image_area, minimum_area)
        return unknown if found is None else found

    return read_labelled(root, source, tuple(minimum_area), label, with_pictures)


def read_labelled(
    root: Path | str, source: Source, classes: Sequence[str], label: Labelling, with_pictures: bool = True
) -> list[Sample]:
    """The samples of one source that ``label`` has a label for, in the order of their image ids.

    Args:
        root: folder that holds the sources' folders.
        source: the source.
        classes: names that the data set has to have.
        label: a picture's label, by what is in it.
        with_pictures: expect the folder of pictures; False when they are still to be fetched, or only counted.

    Raises:
        CrosscamError: missing or unreadable annotations, a missing picture folder, a class the data set lacks, a
            picture's name that leads out of the data root.
    """
    folder = Path(root) / source.folder
    annotations = folder / "annotations" / f"instances_{source.split}.json"
    coco = _load(annotations)
    pictures = folder / source.split
    if with_pictures and not pictures.is_dir():
        raise CrosscamError(f"{pictures}: no such picture folder; {annotations.name} belongs beside it")
    names = {category_id: category["name"] for category_id, category in coco.cats.items()}
    for name in classes:
        if name not in names.values():
            known = sorted(names.values())
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            nearest = f"the nearest is {near[0]!r}; " if near else ""
            raise CrosscamError(f"{annotations}: no category {name!r}; {nearest}it has {shown(', '.join(known), 200)}")
    licenses = {entry["id"]: entry["name"] for entry in coco.dataset["licenses"]}
    samples = []
    for image_id in sorted(coco.imgs):
        image = coco.imgs[image_id]
        objects = [(names[a["category_id"]], _area(a)) for a in coco.imgToAnns[image_id]]
        found = label(objects, float(image["width"] * image["height"]))
        if found is not None:
            license_name = licenses.get(image.get("license"), "unknown")
            categories = tuple(sorted({name for name, _ in objects}))
            path, url = picture_path(root, source, image), image.get("coco_url", "")
            samples.append(Sample(path, found, source, license_name, categories, url))
    return samples


def count_labels(samples: Sequence[Sample], minimum_area: Mapping[str, float] = MINIMUM_AREA) -> dict[str, int]:
    """Images a class, and in total under ``images``."""
    outputs = outputs_for(minimum_area)
    counts = Counter(name for sample in samples for name, hit in zip(outputs, sample.label, strict=True) if hit > 0)
    return {"images": len(samples), **{name: counts[name] for name in outputs}}


def read_sources(
    root: Path, sources: Sequence[Source], minimum_area: Mapping[str, float], unlabelled: bool = False
) -> list[Sample]:
    """Samples of several sources, with one line of counts a source on stdout."""
    samples: list[Sample] = []
    for source in sources:
        found = read_source(root, source, minimum_area, unlabelled=unlabelled)
        counts = count_labels(found, minimum_area)
        print(f"{source.name}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        samples += found
    return samples
