"""Crops pasted into training pictures: objects of a class that the photographs hold too rarely.

Crops without the object are pasted as well (``label=None``), or the network would learn that a pasted edge is a car.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.dataset.rule import NEGATIVE
from model.errors import CrosscamError


@dataclass(frozen=True)
class Paste:
    """One folder of crops and how often one of them is pasted."""

    folder: str
    """Below the data root; holds PNG or JPEG crops."""
    label: str | None
    """The class that a crop shows; None for crops that show none."""
    chance: float
    """Share of the training pictures that get a crop, 0..1."""
    smallest: int = 40
    """Side of the pasted crop, in pixels of the 320 x 240 frame; drawn up to ``largest``."""
    largest: int = 120


@dataclass(frozen=True)
class Crops:
    """The crops of one ``Paste`` in memory."""

    paste: Paste
    pictures: tuple[Image.Image, ...]


def load_crops(root: Path | str, paste: Paste) -> Crops:
    """Read every crop of a folder, in the order of the names.

    Raises:
        CrosscamError: no such folder, no picture in it, or sizes that cannot be pasted into a frame.
    """
    folder = Path(root) / paste.folder
    if not 1 <= paste.smallest <= paste.largest <= 240:
        raise CrosscamError(
            f"{folder}: crops of {paste.smallest} to {paste.largest} pixels; expected 1 to 240, in order"
        )
    names = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".png", ".jpg", ".jpeg"))
    if not names:
        raise CrosscamError(f"{folder}: no crops; expected a folder of PNG or JPEG pictures to paste")
    pictures = []
    for name in names:
        with Image.open(name) as image:
            pictures.append(image.convert("RGB"))
    return Crops(paste, tuple(pictures))


def paste_into(
    image: NDArray[np.uint8],
    label: NDArray[np.float32],
    crops: Crops,
    outputs: tuple[str, ...],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Perhaps paste one crop at a random place and size, with a soft edge.

    Args:
        image: ``uint8[240, 320, 3]``; not changed.
        label: ``float32[outputs]``; not changed.
        crops: what to paste and how often.
        outputs: names of the outputs.
        rng: draws chance, crop, size, flip and place.

    Returns:
        The picture and its label: a pasted class is present, and the picture then no negative.
    """
    if rng.random() >= crops.paste.chance:
        return image, label
    side = int(rng.integers(crops.paste.smallest, crops.paste.largest + 1))
    width = round(side * rng.uniform(1.0, 1.4))
    crop = crops.pictures[int(rng.integers(len(crops.pictures)))].resize((width, side), Image.Resampling.BILINEAR)
    pixels = np.asarray(crop, np.float32)
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    height, full = image.shape[:2]
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(full - min(width, full) + 1))
    rows, columns = (np.minimum(np.arange(n) + 1, np.arange(n, 0, -1)) / (0.1 * n) for n in (side, width))
    alpha = np.minimum(np.minimum(rows[:, None], columns[None, :]), 1.0)[..., None]
    out = image.copy()
    window = out[top : top + side, left : left + width]
    window[...] = (alpha * pixels + (1.0 - alpha) * window).astype(np.uint8)
    if crops.paste.label is not None:
        label = label.copy()
        label[outputs.index(crops.paste.label)] = 1.0
        label[outputs.index(NEGATIVE)] = 0.0
    return out, label
