"""The demo set: freely licensed photographs that installed packages carry, labelled by hand.

``demo.toml`` says which, with their licence and where they come from. No package carries a photograph of a car, so the
set has persons and negatives only; for cars take COCO.
"""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ImageOps

from sim.errors import CrosscamError
from sim.frames.convert import open_photo, to_frame
from sim.frames.folder import FrameFolder, Playback, Shot, write_folder

TABLE = Path(__file__).with_name("demo.toml")


@dataclass(frozen=True)
class DemoPhoto:
    """A photograph of the demo set: where it is, what part of it is shown, what it shows."""

    name: str
    package: str
    file: str
    labels: tuple[str, ...]
    license: str
    origin: str
    crop: tuple[int, int, int, int] | None = None
    """Left, top, right, bottom in pixels of the original; the whole picture when None."""
    mirror: bool = False

    def shot(self) -> Shot:
        """The frame.

        Raises:
            CrosscamError: the package is not installed, or no longer carries the picture.
        """
        photo = open_photo(package_folder(self.package) / self.file)
        if self.crop is not None:
            photo = photo.crop(self.crop)
        if self.mirror:
            photo = ImageOps.mirror(photo)
        return Shot(to_frame(photo), self.name, self.labels, f"{self.license}; {self.origin}")


def package_folder(name: str) -> Path:
    """Where an installed package's files lie, without importing it.

    Raises:
        CrosscamError: it is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        distribution = {"skimage": "scikit-image"}.get(name, name)
        raise CrosscamError(
            f"the demo set needs the package {distribution}, which is not installed; "
            f"run `pip install {distribution}`, or use photographs of your own: `crosscam frames DIR`"
        )
    return Path(spec.submodule_search_locations[0])


def demo_photos(table: Path = TABLE) -> list[DemoPhoto]:
    """The demo set in the order of the table.

    Raises:
        CrosscamError: the table is missing or damaged.
    """
    try:
        content = tomllib.loads(table.read_text(encoding="utf-8"))
        originals: dict[str, Any] = content["original"]
        return [_photo(entry, originals[entry["of"]]) for entry in content["photo"]]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise CrosscamError(f"{table}: not a table of demo photographs ({error!r}); install crosscam again") from error


def demo_folder(
    out: Path, playback: Playback | None = None, on_frame: Callable[[Shot], None] = lambda shot: None
) -> FrameFolder:
    """Make the frame folder of the demo set.

    Raises:
        CrosscamError: a package or picture is missing, or no room at ``out``.
    """
    return write_folder(out, "demo", (photo.shot() for photo in demo_photos()), playback, on_frame)


def _photo(entry: dict[str, Any], original: dict[str, Any]) -> DemoPhoto:
    crop = entry.get("crop")
    left, top, right, bottom = crop or (0, 0, 0, 0)
    return DemoPhoto(
        name=str(entry["name"]),
        package=str(original["package"]),
        file=str(original["file"]),
        labels=tuple(original["labels"]),
        license=str(original["license"]),
        origin=str(original["origin"]),
        crop=(left, top, right, bottom) if crop else None,
        mirror=bool(entry.get("mirror", False)),
    )
