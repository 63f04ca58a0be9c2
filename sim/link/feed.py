"""A photograph to the board: command ``u``, row by row, and through its network."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.console import Prediction
from sim.errors import CrosscamError
from sim.frames.convert import HEIGHT
from sim.link.dialogue import Dialogue
from sim.link.rows import ROW_BYTES, ROWS, TO_BOARD, row_line

ANSWER_SECONDS = 3.0
PAUSE_SECONDS = 0.2
ROW_SECONDS = 2.5
"""Of the wall, in which a simulated board on a busy computer answers a row; the board gives up after 3."""
RESULT_SECONDS = 10.0
ATTEMPTS = 6
_ANSWER = re.compile(r"u (?:(\d{1,3}) ok|bad)$", re.ASCII)
_FED = re.compile(r"fed (\d{1,10}) \| (.*)", re.ASCII)
_GAVE_UP = "feed: gave up"


@dataclass(frozen=True)
class Fed:
    """What the board says of a photograph; ``again``: rows that were sent again."""

    prediction: Prediction
    again: int


def parse_fed(line: str) -> Prediction | None:
    """The prediction in a line ``fed 1 | car: ... | Duration: ... | Cycles: ...``; its frame is the number fed."""
    found = _FED.search(line)
    return Prediction.parse(f"{found[2]} | Frame: {found[1]}") if found is not None else None


def feed(board: Dialogue, pixels: bytes, baud: int | None = None, attempts: int = ATTEMPTS) -> Fed:
    """Send ``pixels`` (153,600 bytes RGB565), and get what the network makes of them.

    Args:
        board: to whom.
        pixels: rows from the top.
        baud: of the rows; None: the console's.
        attempts: how often the board is asked, and a row is sent that does not come whole.

    Raises:
        CrosscamError: the board does not answer, or a row does not get through.
    """
    assert len(pixels) == HEIGHT * ROW_BYTES
    board.send("")  # ends whatever somebody has begun to type
    if not any(_is_ready(board, baud) for _ in range(attempts)):
        raise CrosscamError("the board takes no picture: no `feed: send ...` came after `u`; does it run crosscam?")
    board.speed(baud)
    board.line(PAUSE_SECONDS)  # while the board changes its speed, too
    try:
        again = sum(_send(board, row, pixels[row * ROW_BYTES :][:ROW_BYTES], attempts) for row in range(ROWS))
    finally:
        board.speed(None)
    line = board.wait_for(RESULT_SECONDS, lambda text: parse_fed(text) is not None)
    prediction = parse_fed(line) if line is not None else None
    if prediction is None:
        raise CrosscamError("the board has all rows, and says nothing of the picture: no `fed ...` came")
    return Fed(prediction, again)


def _is_ready(board: Dialogue, baud: int | None) -> bool:
    """Ask it to take a picture; a board that has only begun to start does not hear it."""
    board.send("u" if baud is None else f"u {baud}")
    return board.wait_for(ANSWER_SECONDS, lambda text: text.startswith("feed: send")) is not None


def _send(board: Dialogue, row: int, pixels: bytes, attempts: int) -> int:
    """One row until it is taken; how often it was sent again."""
    line = row_line(TO_BOARD, row, pixels)
    for attempt in range(attempts):
        board.send(line, "\n")
        answer = board.wait_for(ROW_SECONDS, lambda text: _is_answer(text, row))
        if answer is not None and (answer.startswith(_GAVE_UP)):
            break
        if answer is not None and not answer.endswith("bad"):
            return attempt
        if answer is None:
            board.send("", "\n")  # whatever was left of the line
    raise CrosscamError(f"row {row} did not get through in {attempts} attempts; try a lower --baud, or another cable")


def _is_answer(text: str, row: int) -> bool:
    """To ``row``, not a late one to a row before."""
    found = _ANSWER.search(text)
    if found is None:
        return text.startswith(_GAVE_UP)
    return found[1] is None or int(found[1]) == row
