"""Record the cycles of the first frames by both clocks and a picture's cost: what robot_tests/figures.robot holds.

python -m scripts.figures [ELF] [FRAMES]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sim.boot import Board
from sim.errors import CrosscamError
from sim.files import write_json
from sim.robot.figures import RECORD, compiler_of, display_cycles

CLOCKS = ("instructions", "cortex-m7")
"""Those that count the board's core."""
FRAMES = 3
SECONDS_PER_FRAME = 5.0


def measured(elf: Path, frames: Path, timing: str) -> tuple[list[int], int]:
    """What the UART says of the first frames, and then of the display; CrosscamError when it does not."""
    board = Board(elf, frames, timing)
    if not board.run_until(lambda: len(board.predictions) >= FRAMES, SECONDS_PER_FRAME * FRAMES):
        raise CrosscamError(f"{elf}: {len(board.predictions)} of {FRAMES} frames came; expected the vision firmware")
    cycles = [prediction.cycles for prediction in board.predictions[:FRAMES]]
    board.type_text("i\r")
    board.run_until(lambda: any(display_cycles(line.text) is not None for line in board.lines), SECONDS_PER_FRAME)
    display = next((found for line in board.lines if (found := display_cycles(line.text)) is not None), None)
    if display is None:
        raise CrosscamError(f"{elf}: nothing was said of a display; expected the vision firmware, built with LCD=on")
    return cycles, display


def main() -> int:
    """Write ``robot_tests/figures.json``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("elf", nargs="?", type=Path, default=Path("build/zig/crosscam.elf"), help="built by zig")
    parser.add_argument("frames", nargs="?", type=Path, default=Path("build/frames/demo"))
    arguments = parser.parse_args()
    try:
        figures = {timing: measured(arguments.elf, arguments.frames, timing) for timing in CLOCKS}
    except CrosscamError as error:
        print(f"crosscam: {error}")
        return 2
    cycles = {timing: frames for timing, (frames, _) in figures.items()}
    display = {timing: cost for timing, (_, cost) in figures.items()}
    write_json(RECORD, {"compiler": compiler_of(arguments.elf), "cycles": cycles, "display": display})
    for timing, values in cycles.items():
        print(f"{timing}: {', '.join(f'{value:,}' for value in values)}; display {display[timing]:,}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
