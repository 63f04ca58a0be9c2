"""How long frames of the vision firmware take, for benches whose boards take turns."""

from __future__ import annotations

import time

from sim.boot import Board
from sim.errors import CrosscamError

LONGEST = 5.0  # seconds of board time a frame may take


def frame_seconds(board: Board) -> float:
    """Run until the next prediction; processor seconds.

    Raises:
        CrosscamError: none comes.
    """
    wanted, start = len(board.predictions) + 1, time.process_time()
    if not board.run_until(lambda: len(board.predictions) >= wanted, LONGEST):
        raise CrosscamError(f"no prediction within {LONGEST:g} s of the board's time; give the vision firmware")
    return time.process_time() - start
