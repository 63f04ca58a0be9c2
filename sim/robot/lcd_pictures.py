"""Pictures of the display held against others, for the keywords of ``lcd.py``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn

from sim.console import Prediction
from sim.frames.folder import FrameFolder
from sim.lcd import COMPLETE, NOW, Lcd, Picture, ScriptedDevices, load, save, shown
from sim.vision_display import VisionDisplay

WHICH = {"complete": COMPLETE, "now": NOW}
"""The last whole picture, or what is seen now."""

_display = cache(VisionDisplay)
_folder = cache(FrameFolder.open)


def seen(board: ScriptedDevices, display: str, which: str) -> Picture:
    """What ``display`` shows; AssertionError for a ``which`` that does not exist."""
    if which not in WHICH:
        raise AssertionError(f"which={which}: expected one of {', '.join(WHICH)}")
    return Lcd(board, display).picture(WHICH[which])


def drawn(prediction: Prediction, photograph: int, frames: Path, elf: Path) -> Picture:
    """The picture of photograph number ``photograph`` of the folder ``frames`` that belongs to ``prediction``."""
    return shown(_display(elf).expected(_folder(frames).pixels(photograph), prediction))


def compare(picture: Picture, expected: Picture, tolerance: int, mask: Path | None, allowed: int, name: str) -> None:
    """AssertionError unless at most ``allowed`` pixels of ``picture`` differ by more than ``tolerance`` in a channel.

    ``mask``: a picture, black where anything may be seen. On failure ``lcd-NAME-differs.png`` is kept in the output
    folder: seen, expected, difference.
    """
    if picture.shape != expected.shape:
        raise AssertionError(f"the display is {_size(picture)} pixels large, the expected picture {_size(expected)}")
    differs = np.abs(picture.astype(int) - expected).max(axis=-1) > tolerance
    if mask is not None:
        looked_for: NDArray[np.bool_] = np.asarray(load(mask).any(axis=-1))
        if looked_for.shape != differs.shape:
            raise AssertionError(f"the mask is {_size(looked_for)} pixels large, the picture {_size(expected)}")
        differs &= looked_for
    count = int(differs.sum())
    if count <= allowed:
        return
    kept = _keep(picture, expected, differs, name)
    y, x = (int(place[0]) for place in np.nonzero(differs))
    raise AssertionError(
        f"{count} of {differs.size} pixels differ by more than {tolerance}, the first at ({x}, {y}): "
        f"{tuple(picture[y, x].tolist())} instead of {tuple(expected[y, x].tolist())}; see {kept}"
    )


def _size(array: NDArray[Any]) -> str:
    return f"{array.shape[1]} x {array.shape[0]}"


def _keep(picture: Picture, expected: Picture, differs: NDArray[np.bool_], name: str) -> Path:
    """What was seen, what was expected and where they differ, side by side in the output folder and the log."""
    marked = np.where(differs[:, :, None], np.array([255, 0, 255]), expected // 4).astype(np.uint8)
    folder = Path(str(BuiltIn().get_variable_value("${OUTPUT DIR}", ".")))
    path = folder / f"lcd-{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}-differs.png"
    save(np.hstack([picture, expected, marked]), path)
    logger.info(f'seen, expected, difference:<br><img src="{path.name}">', html=True)
    return path
