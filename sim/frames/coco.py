"""Photographs of a COCO tree with the labels their annotations give.

A tree has COCO's layout: ``TREE/val2017/*.jpg`` beside ``TREE/annotations/instances_val2017.json``; which labels a
photograph has is said in ``annotations.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import CrosscamError
from sim.frames.annotations import LAYOUT, Photo, read_photos
from sim.frames.convert import open_photo, to_frame
from sim.frames.folder import FrameFolder, Playback, Shot, write_folder
from sim.frames.order import shuffled


@dataclass(frozen=True)
class CocoTree:
    """One split of a COCO tree: its folder of pictures and its labelled photographs by image id."""

    pictures: Path
    photos: tuple[Photo, ...]

    @classmethod
    def open(cls, tree: Path, split: str | None = None) -> CocoTree:
        """Read the annotations of ``split`` (default: val2017 when it is there, else the first there is).

        Raises:
            CrosscamError: no such tree, annotations that are missing or damaged.
        """
        annotations = _annotations_of(tree, split)
        split = annotations.stem.removeprefix("instances_")
        return cls(tree / split, tuple(read_photos(annotations)))

    def on_disk(self) -> list[Photo]:
        """The photographs whose picture files are there.

        Raises:
            CrosscamError: not one is.
        """
        found = [photo for photo in self.photos if (self.pictures / photo.file).is_file()]
        if not found:
            raise CrosscamError(
                f"{self.pictures}: none of the {len(self.photos)} labelled pictures is there; "
                "fetch some with `crosscam frames coco --download N`"
            )
        return found


def choose(photos: Sequence[Photo], count: int, seed: int = 0) -> list[Photo]:
    """``count`` photographs, cars, persons alone and negatives in turn as long as each lasts.

    The choice depends on the photographs and ``seed`` alone, and the first k of it are the choice of k.
    """
    sides: dict[str, list[Photo]] = {"car": [], "person": [], "negative": []}
    for photo in sorted(photos, key=lambda photo: photo.file):
        side = "car" if "car" in photo.labels else "person" if photo.labels else "negative"
        sides[side].append(photo)
    mixed = [[side[index] for index in shuffled(len(side), seed)] for side in sides.values()]
    in_turn = (photo for turn in itertools.zip_longest(*mixed) for photo in turn if photo is not None)
    return list(itertools.islice(in_turn, count))


def coco_folder(
    tree: Path,
    out: Path,
    count: int | None = None,
    split: str | None = None,
    seed: int = 0,
    playback: Playback | None = None,
    on_frame: Callable[[Shot], None] = lambda shot: None,
) -> FrameFolder:
    """Make a frame folder of the pictures a COCO tree holds: ``count`` balanced ones, or all by image id.

    Raises:
        CrosscamError: no tree, damaged annotations, no pictures, a picture that cannot be read, no room at ``out``.
    """
    coco = CocoTree.open(tree, split)
    photos = coco.on_disk() if count is None else choose(coco.on_disk(), count, seed)
    shots = (
        Shot(to_frame(open_photo(coco.pictures / photo.file)), photo.file, photo.labels, photo.license)
        for photo in photos
    )
    return write_folder(out, "coco", shots, playback, on_frame)


def _annotations_of(tree: Path, split: str | None) -> Path:
    if not tree.is_dir():
        raise CrosscamError(f"{tree}: no such COCO tree; {LAYOUT}")
    if split is not None:
        return tree / "annotations" / f"instances_{split}.json"
    found = sorted(
        (tree / "annotations").glob("instances_*.json"), key=lambda path: (path.stem[-7:] != "val2017", path)
    )
    if not found:
        raise CrosscamError(f"{tree}: no annotations/instances_*.json in it; {LAYOUT}")
    return found[0]
