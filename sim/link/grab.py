"""A picture from the board: command ``d``, row by row, and again those rows that did not come whole."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from sim.console import Prediction
from sim.errors import CrosscamError
from sim.link.dialogue import Dialogue
from sim.link.rows import FROM_BOARD, ROWS, read_row, spans, spelled

ANSWER_SECONDS = 5.0
"""A frame of a slow network, and the camera's set-up before it."""
SILENCE_SECONDS = 1.5
"""Without a byte: the board is done, or has lost the rest."""
ATTEMPTS = 6
_BEGIN = re.compile(r"dump: frame (\d{1,10}), rows (\d{1,3}) to (\d{1,3}) of (\d{1,3}), (\d{1,8}) baud", re.ASCII)
_END = re.compile(r"dump: end of frame (\d{1,10}), CRC ([0-9A-F]{8})", re.ASCII)


@dataclass(frozen=True)
class Grabbed:
    """``pixels``: 153,600 bytes RGB565; ``prediction``: what the board said of it, None when that line was lost;
    ``again``: rows that were asked for again."""

    frame: int
    pixels: bytes
    prediction: Prediction | None
    again: int


class _Picture:
    """What has come so far."""

    def __init__(self) -> None:
        self.frame: int | None = None
        self.rows: dict[int, bytes] = {}
        self.prediction: Prediction | None = None
        self.crc: int | None = None

    @property
    def missing(self) -> list[int]:
        return [row for row in range(ROWS) if row not in self.rows]

    @property
    def pixels(self) -> bytes:
        return b"".join(self.rows[row] for row in range(ROWS))


def grab(board: Dialogue, baud: int | None = None, attempts: int = ATTEMPTS) -> Grabbed:
    """Have the board take a picture, and get it.

    Args:
        board: who is asked.
        baud: of the rows; None: the console's.
        attempts: how often rows that are missing are asked for.

    Raises:
        CrosscamError: the board does not answer, or rows are still missing: it names them.
    """
    board.send("")  # ends whatever somebody has begun to type
    picture = _Picture()
    speed = "" if baud is None else f" {baud}"
    for _ in range(attempts):
        _ask(board, f"d{speed}", picture, baud, ANSWER_SECONDS)
        if picture.frame is not None:
            break
    if picture.frame is None:
        raise CrosscamError(
            "the board does not dump a picture: no `dump: frame ...` came after `d`; does it run crosscam?"
        )
    again = 0
    for _ in range(attempts):
        if not picture.missing:
            break
        for first, last in spans(picture.missing):
            again += last - first + 1
            _ask(board, f"d {first} {last}{speed}", picture, baud, SILENCE_SECONDS)
    missing = picture.missing
    if missing:
        raise CrosscamError(f"frame {picture.frame}: rows {spelled(missing)} did not come whole in {attempts} attempts")
    if picture.crc is not None and picture.crc != zlib.crc32(picture.pixels):
        raise CrosscamError(f"frame {picture.frame}: its rows are of two pictures (CRC of all differs); grab it again")
    return Grabbed(picture.frame, picture.pixels, picture.prediction, again)


def _ask(board: Dialogue, command: str, picture: _Picture, baud: int | None, seconds: float) -> None:
    """One command, and all that comes of it."""
    board.send(command)
    try:
        while (text := board.line(seconds)) is not None:
            if (begin := _BEGIN.search(text)) is not None:
                picture.frame = int(begin[1])
                board.speed(baud)
                seconds = SILENCE_SECONDS
            elif (end := _END.search(text)) is not None:
                picture.crc = int(end[2], 16)
                return
            elif (row := read_row(text, FROM_BOARD)) is not None:
                picture.rows[row[0]] = row[1]
                if row[0] == ROWS - 1 or not picture.missing:
                    board.speed(None)
            elif picture.frame is None:
                picture.prediction = Prediction.parse(text) or picture.prediction
            elif text.startswith("dump: no picture"):
                raise CrosscamError("the board has lost the picture (was it reset?); grab it again")
    finally:
        board.speed(None)
