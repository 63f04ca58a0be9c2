"""Merging data sets by a recipe file: the same recipe gives the same merged annotations, byte for byte.

    [classes]                       # class = minimum share of the image
    person = 0.05
    car = 0.01

    [[source]]
    folder = "coco"
    split = "train2017"

    [[source]]                      # every category of this set is a car
    folder = "stanford_cars"
    split = "train"
    all_as = "car"
    most = 2000

Keys of a source: ``folder``, ``split``, ``all_as`` (one name for all categories), ``rename`` (a table old = "new"),
``most`` (images at most, drawn by the recipe's ``seed``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from model.dataset.coco import Source, load_annotations, picture_path
from model.errors import CrosscamError, shown
from model.files import make_folder, write_text
from model.inside import path_below
from model.reading import UnreadableError, quoted, toml_of

_SOURCE_KEYS = {"folder": str, "split": str, "all_as": str, "rename": dict, "most": int}


@dataclass(frozen=True)
class RecipeSource:
    """One set of a recipe."""

    folder: str
    split: str
    all_as: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    most: int | None = None


@dataclass(frozen=True)
class Recipe:
    """A recipe file."""

    path: Path
    sources: tuple[RecipeSource, ...]
    classes: Mapping[str, float]
    seed: int = 0


def read_recipe(path: Path | str) -> Recipe:
    """Read a recipe file.

    Raises:
        CrosscamError: missing file, bad TOML, an unknown or ill-typed key.
    """
    path = Path(path)
    data = toml_of(path, "recipe", "recipe file; see model/configs/*.toml")
    entries, classes = data.get("source"), data.get("classes")
    if not isinstance(entries, list) or not entries:
        raise CrosscamError(f"{path}: expected at least one [[source]] with folder and split")
    if not isinstance(classes, dict) or not all(
        isinstance(share, (int, float)) and not isinstance(share, bool) and 0 <= share < 1 for share in classes.values()
    ):
        raise CrosscamError(f"{path}: expected [classes] with the minimum share (0 to 1) of each class")
    sources = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise CrosscamError(
                f"{path}: source {number} is {quoted(entry)}; expected [[source]] with folder and split"
            )
        for key, value in entry.items():
            if not _fits(key, value):
                known = ", ".join(f"{k} ({kind.__name__})" for k, kind in _SOURCE_KEYS.items())
                raise CrosscamError(f"{path}: source {number}: {shown(key)} = {quoted(value)}; expected {known}")
        if "folder" not in entry or "split" not in entry:
            raise CrosscamError(f"{path}: source {number} needs folder and split")
        for key in ("folder", "split"):
            try:
                path_below(Path(), entry[key])
            except UnreadableError as error:
                raise CrosscamError(f"{path}: source {number}: {key} {quoted(entry[key])}: {error}") from error
        sources.append(RecipeSource(**entry))
    seed = data.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise CrosscamError(f"{path}: seed = {quoted(seed)}; expected an integer from 0")
    return Recipe(path, tuple(sources), classes, seed)


def _fits(key: str, value: Any) -> bool:
    if not isinstance(value, _SOURCE_KEYS.get(key, ())) or isinstance(value, bool):
        return False
    if isinstance(value, dict):
        return all(isinstance(name, str) and name for name in value.values())
    return value >= 1 if isinstance(value, int) else bool(value)


def merge(recipe: Recipe, root: Path, out: Path, split: str) -> Path:
    """Write ``out/annotations/instances_SPLIT.json``, which names the pictures where they lie.

    Images, annotations, categories and licences are numbered anew in the order of the recipe; objects of other
    categories stay, as they say what a negative shows.

    Returns:
        The annotations; ``model.dataset.coco.read_source`` reads them as ``Source(out.name, split)``.

    Raises:
        CrosscamError: unreadable annotations, a renamed category that a set lacks, a class that no set has, an
            ``out`` beside which the sets do not lie: a set names no pictures outside of the folder it is read from.
    """
    if not root.resolve().is_relative_to(out.parent.resolve()):
        raise CrosscamError(f"{out}: the sets do not lie beside it; name a folder in {root}, such as {root / 'merged'}")
    merged: dict[str, list[dict[str, Any]]] = {"images": [], "annotations": [], "categories": [], "licenses": []}
    categories: dict[str, int] = {}
    licenses: dict[str, int] = {}
    pictures = out / split
    rng = np.random.default_rng(recipe.seed)
    for source in recipe.sources:
        name = Source(source.folder, source.split)
        coco = load_annotations(root, name)
        names = {key: str(category["name"]) for key, category in coco.cats.items()}
        for old in source.rename:
            if old not in names.values():
                known = shown(", ".join(sorted(names.values())), 150)
                raise CrosscamError(f"{recipe.path}: {name.name} has no category {old!r} to rename; it has {known}")
        rights = {entry["id"]: str(entry["name"]) for entry in coco.dataset.get("licenses", [])}
        image_ids = sorted(coco.imgs)
        if source.most is not None and source.most < len(image_ids):
            drawn = rng.permutation(len(image_ids))[: source.most]
            image_ids = [image_ids[i] for i in sorted(drawn)]
        for image_id in image_ids:
            image = dict(coco.imgs[image_id])
            lies = picture_path(root, name, image)
            image["file_name"] = Path(os.path.relpath(lies, pictures)).as_posix()
            right = rights.get(image.get("license"), "unknown")
            image["license"] = licenses.setdefault(right, len(licenses) + 1)
            image["id"] = len(merged["images"]) + 1
            merged["images"].append(image)
            for found in coco.imgToAnns[image_id]:
                old = names[found["category_id"]]
                new = source.all_as or source.rename.get(old, old)
                number = categories.setdefault(new, len(categories) + 1)
                entry = {key: found[key] for key in ("area", "bbox", "iscrowd") if key in found}
                ids = {"id": len(merged["annotations"]) + 1, "image_id": image["id"], "category_id": number}
                merged["annotations"].append({**ids, **entry})
    for wanted in recipe.classes:
        if wanted not in categories:
            known = shown(", ".join(sorted(categories)), 150)
            raise CrosscamError(f"{recipe.path}: no set has an object of class {wanted!r}; they have {known}")
    merged["categories"] = [{"id": number, "name": name} for name, number in categories.items()]
    merged["licenses"] = [{"id": number, "name": name} for name, number in licenses.items()]
    path = out / "annotations" / f"instances_{split}.json"
    make_folder(pictures)
    write_text(path, json.dumps(merged, sort_keys=True))
    return path
