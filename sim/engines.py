"""The two engines by name: the embedded one, and an installed Renode."""

from __future__ import annotations

from pathlib import Path

from sim.boot import BOARD_SCRIPT, Board, ConsoleLog
from sim.errors import CrosscamError
from sim.python_permission import permit_python

DEFAULT_TIMING = {"crosscam": "cortex-m7", "renode": "instructions"}
"""What each engine counts cycles with unless told otherwise: the best it has."""
ENGINES = tuple(DEFAULT_TIMING)


def open_board(engine: str, elf: Path, frames: Path | None, timing: str, script: Path | None = None) -> ConsoleLog:
    """Boot the board on ``engine``; the caller closes it. ``script``: another board's .resc than crosscam's.

    Raises:
        CrosscamError: an engine that does not exist or is not installed; else as ``Board``.
    """
    if engine == "crosscam":
        return Board(elf, frames, timing, script)
    if engine == "renode":
        from sim.renode import RenodeBoard

        permit_python(str(script or BOARD_SCRIPT), "Renode")
        return RenodeBoard(elf, frames, timing, script=script)
    raise CrosscamError(f"unknown engine {engine!r}: expected one of {', '.join(ENGINES)}")
