"""A folder of photographs of one's own.

Labels come from the names of sub-folders: ``car``, ``person``, ``car+person`` and ``negative``. Pictures elsewhere are
taken too; what they show is unknown, and nothing is expected of the predictions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.errors import CrosscamError
from sim.frames.convert import open_photo, to_frame
from sim.frames.folder import CLASSES, FrameFolder, Playback, Shot, write_folder

EXTENSIONS = frozenset([".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"])
UNKNOWN_LICENSE = "unknown"


def photo_folder(
    folder: Path,
    out: Path,
    playback: Playback | None = None,
    on_frame: Callable[[Shot], None] = lambda shot: None,
) -> FrameFolder:
    """Make a frame folder of every picture in ``folder`` and below, by path.

    Raises:
        CrosscamError: no folder, no picture in it, one that cannot be read, no room at ``out``.
    """
    if not folder.is_dir():
        raise CrosscamError(f"{folder}: no such folder; name a folder of photographs, `coco` or `demo`")
    pictures = find_pictures(folder)
    if not pictures:
        raise CrosscamError(f"{folder}: no pictures in it or below it; expected {' '.join(sorted(EXTENSIONS))}")
    shots = (
        Shot(
            to_frame(open_photo(path)),
            path.relative_to(folder).as_posix(),
            label_by_folder(path, folder),
            UNKNOWN_LICENSE,
        )
        for path in pictures
    )
    return write_folder(out, folder.resolve().name, shots, playback, on_frame)


def find_pictures(folder: Path) -> list[Path]:
    """Files below ``folder`` with a picture's extension, sorted; hidden files and folders left out."""
    visible = (path for path in folder.rglob("*") if not any(p.startswith(".") for p in path.relative_to(folder).parts))
    return sorted(path for path in visible if path.suffix.lower() in EXTENSIONS and path.is_file())


def label_by_folder(path: Path, root: Path) -> tuple[str, ...] | None:
    """Labels that the nearest telling folder between ``root`` and ``path`` gives; None when there is none."""
    for parent in reversed(path.relative_to(root).parts[:-1]):
        names = tuple(sorted(parent.lower().split("+")))
        if names == ("negative",):
            return ()
        if all(name in CLASSES for name in names):
            return names
    return None
