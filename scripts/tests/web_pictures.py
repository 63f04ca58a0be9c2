"""Pictures to show a page, and what the host says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from typer.testing import CliRunner

from scripts.main import app
from sim.frames.convert import open_photo
from sim.frames.demo import demo_photos, package_folder
from sim.frames.photos import photo_folder

Expected = dict[str, tuple[tuple[int, ...], str]]
"""Scores and verdict of each picture, by its name."""
SIZES = [(320, 240), (640, 480), (321, 240), (320, 241), (200, 150), (1000, 333), (333, 1000), (64, 48), (7, 5), (1, 1)]


def photographs(folder: Path) -> list[Path]:
    """Twenty: ten sizes as PNG, and JPEG of each kind of colour, of each turning, of grey, GIF, WebP, with see-through
    parts, of 16 colours."""
    folder.mkdir()
    generator = np.random.default_rng(9)
    made = []

    def keep(image: Image.Image, name: str, **options: Any) -> None:
        image.save(folder / name, **options)
        made.append(folder / name)

    def photo(width: int, height: int) -> Image.Image:
        coarse = Image.fromarray(generator.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
        return Image.fromarray((smooth + generator.integers(-20, 21, smooth.shape)).clip(0, 255).astype(np.uint8))

    for width, height in SIZES:
        keep(photo(width, height), f"p{width}x{height}.png")
    for number, subsampling in enumerate((0, 1, 2)):
        keep(photo(511, 377), f"j{number}.jpg", quality=85, subsampling=subsampling)
    for turning in (3, 6):
        exif = Image.Exif()
        exif[0x112] = turning
        keep(photo(400, 300), f"turned{turning}.jpg", exif=exif, quality=90)
    keep(photo(300, 300).convert("L"), "grey.jpg")
    keep(photo(300, 200).convert("P"), "palette.png")
    keep(photo(260, 220), "lossless.webp", lossless=True)
    see_through = photo(280, 280)
    see_through.putalpha(Image.fromarray(generator.choice(np.array([0, 255], np.uint8), (280, 280))))
    keep(see_through, "see-through.png")
    keep(photo(800, 600), "progressive.jpg", progressive=True)
    assert len(made) == 20
    return made


def demo_pictures(folder: Path) -> list[Path]:
    """The twenty of the demo set: real photographs, cut and mirrored as the camera is shown them."""
    folder.mkdir()
    made = []
    for photo in demo_photos():
        image = open_photo(package_folder(photo.package) / photo.file).crop(photo.crop)
        made.append(folder / f"{photo.name}.png")
        (ImageOps.mirror(image) if photo.mirror else image).save(made[-1])
    assert len(made) == 20
    return made


def reference(model: Path, photos: Path, scratch: Path) -> Expected:
    """What ``crosscam reference`` says of the pictures in ``photos``, as the page words it."""
    frames, file = scratch / "frames", scratch / "reference.json"
    photo_folder(photos, frames)
    done = CliRunner().invoke(app, ["reference", str(frames), "--model", str(model), "-o", str(file)])
    assert done.exit_code == 0, done.output
    rows = json.loads(file.read_text())["frames"]
    return {
        row["source"]: (
            tuple(row["scores"]),
            " and ".join(row["decision"]) + (f", {row['zone']}" if "zone" in row else ""),
        )
        for row in rows
    }
