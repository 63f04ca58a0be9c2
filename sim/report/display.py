"""What a board's display shows while it runs, for the page."""

from __future__ import annotations

import io

from PIL import Image

from sim.boot import Board
from sim.errors import CrosscamError
from sim.lcd import COMPLETE, Lcd
from sim.report.page import MOST_PICTURES, png_uri


class DisplayPictures:
    """Keeps each whole picture of ``board``'s display; ``look`` often enough. Nothing where it has none.

    Attributes:
        pictures: data URIs by number, the first is 1.
    """

    def __init__(self, board: Board) -> None:
        self.pictures: dict[int, str] = {}
        try:
            self._lcd: Lcd | None = Lcd(board)
        except CrosscamError:
            self._lcd = None

    def look(self) -> int:
        """Keep the last whole picture if it is new; how many there were so far."""
        count = self._lcd.pictures if self._lcd is not None else 0
        if self._lcd is not None and count and count not in self.pictures and len(self.pictures) < MOST_PICTURES:
            file = io.BytesIO()
            Image.fromarray(self._lcd.picture(COMPLETE)).save(file, format="PNG")
            self.pictures[count] = png_uri(file.getvalue())
        return count
