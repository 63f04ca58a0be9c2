"""What profile, timeline and coverage cost: processor seconds of a frame of the vision firmware, with them and without.

    python -m scripts.bench_profile --elf build/gcc/crosscam.elf --frames build/frames/demo [--timing cortex-m7]

Boards in one process take turns, a frame each. Figures of a busy machine vary; the ratios are of neighbouring frames.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from scripts.bench_frames import frame_seconds
from scripts.console import one_line_errors, terminal
from sim.boot import Board
from sim.coverage.collector import Collector
from sim.engine.machine.new_machines import watching
from sim.profile.profiler import Profiler
from sim.timeline.timeline import Timeline

WAYS = ("nothing", "coverage", "profile", "profile and timeline")
FIRST_FRAMES = 3
"""Before the measured ones: loops are compiled, blocks decoded."""


class Observed:
    """The vision board with one of ``WAYS`` observing it."""

    def __init__(self, elf: Path, frames: Path, timing: str, way: str) -> None:
        collector = Collector()
        with watching(collector.watch) if way == "coverage" else contextlib.nullcontext():
            self._board = Board(elf, frames, timing)
        profiler = Profiler(self._board.machine) if way.startswith("profile") else None
        self._keep = collector, profiler, Timeline(profiler) if profiler is not None and way != "profile" else None

    def frame(self) -> float:
        """Run until the next prediction; processor seconds."""
        return frame_seconds(self._board)


def bench_profile(
    elf: Annotated[Path, typer.Option(help="Vision firmware to boot.")],
    frames: Annotated[Path, typer.Option(help="Frame folder.")],
    timing: Annotated[str, typer.Option(help="Clock: instructions or cortex-m7.")] = "cortex-m7",
    count: Annotated[int, typer.Option(help="Frames.", min=1)] = 10,
) -> None:
    """Measure a frame with and without observers.

    Example: [bold]python -m scripts.bench_profile --elf build/gcc/crosscam.elf --frames build/frames/demo[/bold]
    """
    console = terminal()
    boards = {way: Observed(elf, frames, timing, way) for way in WAYS}
    for _ in range(FIRST_FRAMES):
        for board in boards.values():
            board.frame()
    turns = [{way: board.frame() for way, board in boards.items()} for _ in range(count)]
    for way in WAYS:
        seconds = median(turn[way] for turn in turns)
        ratio = median(turn[way] / turn[WAYS[0]] for turn in turns)
        console.print(f"{way:22} {1000 * seconds:7.1f} ms a frame, {ratio:.2f} times of nothing")


if __name__ == "__main__":
    with one_line_errors():
        typer.run(bench_profile)
