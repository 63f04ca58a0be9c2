"""What board truth costs: processor seconds of a frame of the vision firmware, with it and without.

    python -m scripts.bench_truth --elf build/gcc/crosscam.elf --frames build/frames/demo [--timing cortex-m7]

Two boards in one process take turns, a frame each. What is learned of a page is learned once, so the first frames and
those after them are shown apart. Figures of a busy machine vary; the ratio is of neighbouring frames.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from scripts.console import one_line_errors, terminal
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.truth.board_truth import SWITCHED_OFF
from sim.errors import CrosscamError

BOARD_SCRIPT = Path(__file__).parents[1] / "sim" / "board" / "crosscam.resc"
FIRST_FRAMES = 4
LONGEST = 5.0  # seconds of board time a frame may take


class Board:
    """The vision board with or without truth."""

    def __init__(self, elf: Path, frames: Path, timing: str, truth: bool) -> None:
        os.environ[SWITCHED_OFF] = "" if truth else "1"
        monitor = Monitor(timing=timing)
        monitor.variables.update(bin=str(elf), frames=str(frames))
        monitor.include(BOARD_SCRIPT)
        self.machine: Machine = monitor.machine
        self._shown = bytearray()
        uart = self.machine["sysbus.usart3"]
        uart.on_char.append(self._shown.append)  # type: ignore[attr-defined]

    def frame(self) -> float:
        """Run until the next prediction; processor seconds."""
        before, start = self._shown.count(b"Frame:"), time.process_time()
        if not self.machine.run_until(lambda: self._shown.count(b"Frame:") > before, LONGEST):
            raise CrosscamError(f"no prediction within {LONGEST:g} s of the board's time; give the vision firmware")
        return time.process_time() - start


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
    boards = {truth: Board(elf.resolve(), frames.resolve(), timing, truth) for truth in (False, True)}
    for board in boards.values():
        board.frame()  # start-up
    times: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(count):
        for truth in (False, True) if turn % 2 else (True, False):
            times[truth].append(boards[truth].frame())
    table = Table("frames", "without, ms", "with, ms", "ratio", title=f"Board truth, {timing}")
    for name, span in (("first", slice(0, FIRST_FRAMES)), ("later", slice(FIRST_FRAMES, None))):
        without, with_it = (median(times[truth][span]) for truth in (False, True))
        ratio = median(b / a for a, b in zip(times[False][span], times[True][span], strict=True))
        table.add_row(name, f"{1000 * without:.1f}", f"{1000 * with_it:.1f}", f"{ratio:.3f}")
    console.print(table)


if __name__ == "__main__":
    with one_line_errors():
        typer.run(bench_truth)
