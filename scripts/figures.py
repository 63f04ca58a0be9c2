"""Record the cycles of the first frames by both clocks, which robot_tests/figures.robot then holds.

python -m scripts.figures [ELF] [FRAMES]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sim.boot import Board
from sim.engine.timing import TIMINGS
from sim.errors import CrosscamError
from sim.files import write_json
from sim.robot.figures import RECORD, compiler_of

FRAMES = 3
SECONDS_PER_FRAME = 5.0


def cycles(elf: Path, frames: Path, timing: str) -> list[int]:
    """What the UART says of the first frames; CrosscamError when they do not come."""
    board = Board(elf, frames, timing)
    if not board.run_until(lambda: len(board.predictions) >= FRAMES, SECONDS_PER_FRAME * FRAMES):
        raise CrosscamError(f"{elf}: {len(board.predictions)} of {FRAMES} frames came; expected the vision firmware")
    return [prediction.cycles for prediction in board.predictions[:FRAMES]]


def main() -> int:
    """Write ``robot_tests/figures.json``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("elf", nargs="?", type=Path, default=Path("build/zig/crosscam.elf"), help="built by zig")
    parser.add_argument("frames", nargs="?", type=Path, default=Path("build/frames/demo"))
    arguments = parser.parse_args()
    try:
        figures = {timing: cycles(arguments.elf, arguments.frames, timing) for timing in TIMINGS}
    except CrosscamError as error:
        print(f"crosscam: {error}")
        return 2
    write_json(RECORD, {"compiler": compiler_of(arguments.elf), "cycles": figures})
    for timing, values in figures.items():
        print(f"{timing}: {', '.join(f'{value:,}' for value in values)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
