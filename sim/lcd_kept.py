"""What a board's display showed while it ran, kept: for recordings, and for pages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sim.errors import CrosscamError
from sim.lcd import Lcd, Picture, PictureWatch, ScriptedDevices, png_of


@dataclass(frozen=True)
class KeptPicture:
    """The ``number``-th whole picture, from 1. ``pixels``: SHA-256 of size and values, however the PNG is packed."""

    number: int
    pixels: str
    png: bytes


def pixels_digest(picture: Picture) -> str:
    """SHA-256 of a picture: height and width, four bytes each, little-endian, then red, green and blue by rows."""
    height, width, _ = picture.shape
    return hashlib.sha256(height.to_bytes(4, "little") + width.to_bytes(4, "little") + picture.tobytes()).hexdigest()


class KeptPictures:
    """Keeps the first ``most`` whole pictures of ``board``'s display; ``look`` often enough. None where it has none."""

    def __init__(self, board: ScriptedDevices, most: int) -> None:
        self._most = most
        self.pictures: list[KeptPicture] = []
        try:
            self._watch: PictureWatch | None = PictureWatch(Lcd(board), self._keep)
        except CrosscamError:
            self._watch = None

    def look(self) -> int:
        """Keep the last whole picture if it is new; how many there were so far."""
        return self._watch.look() if self._watch is not None else 0

    def _keep(self, number: int, picture: Picture) -> None:
        if len(self.pictures) < self._most:
            self.pictures.append(KeptPicture(number, pixels_digest(picture), png_of(picture)))
