"""What board truth costs: processor seconds of a frame of the vision firmware, with it and without.

    python -m scripts.bench_truth --elf build/gcc/crosscam.elf --frames build/frames/demo [--timing cortex-m7]

Two boards in one process take turns, a frame each. What is learned of a page is learned once, so the first frames and
those after them are shown apart. Figures of a busy machine vary; the ratio is of neighbouring frames.
"""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from scripts.bench_frames import frame_seconds
from scripts.console import one_line_errors, terminal
from sim.boot import Board
from sim.engine.truth.board_truth import SWITCHED_OFF

FIRST_FRAMES = 4


def _board(elf: Path, frames: Path, timing: str, truth: bool) -> Board:
    """The vision board with or without truth."""
    os.environ[SWITCHED_OFF] = "" if truth else "1"
    return Board(elf, frames, timing)


def bench_truth(
    elf: Annotated[Path, typer.Option(help="Vision firmware to boot.")],
    frames: Annotated[Path, typer.Option(help="Frame folder.")],
    timing: Annotated[str, typer.Option(help="Clock: instructions or cortex-m7.")] = "instructions",
    count: Annotated[int, typer.Option(help="Frames.", min=FIRST_FRAMES + 2)] = 24,
) -> None:
    """Measure a frame with and without board truth.

    Example: [bold]python -m scripts.bench_truth --elf build/gcc/crosscam.elf --frames build/frames/demo[/bold]
    """
    from rich.table import Table

    console = terminal()
    boards = {truth: _board(elf, frames, timing, truth) for truth in (False, True)}
    for board in boards.values():
        frame_seconds(board)  # start-up
    times: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(count):
        for truth in (False, True) if turn % 2 else (True, False):
            times[truth].append(frame_seconds(boards[truth]))
    table = Table("frames", "without, ms", "with, ms", "ratio", title=f"Board truth, {timing}")
    for name, span in (("first", slice(0, FIRST_FRAMES)), ("later", slice(FIRST_FRAMES, None))):
        without, with_it = (median(times[truth][span]) for truth in (False, True))
        ratio = median(b / a for a, b in zip(times[False][span], times[True][span], strict=True))
        table.add_row(name, f"{1000 * without:.1f}", f"{1000 * with_it:.1f}", f"{ratio:.3f}")
    console.print(table)


if __name__ == "__main__":
    with one_line_errors():
        typer.run(bench_truth)
