"""``make bench-renode``: the engine against an installed Renode, the same ELF, side by side in one run.

    python -m scripts.bench_renode --elf build/gcc/crosscam.elf --frames build/frames/demo

Both run with one cycle an instruction. The first figure is the network alone (the firmware's self-test: no camera, no
interrupts), the second a whole camera frame. The engines take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from scripts.console import one_line_errors, terminal
from sim.boot import ConsoleLog
from sim.engines import ENGINES, open_board
from sim.errors import CrosscamError
from sim.renode import RenodeBoard

ROUNDS = 5
WANTED_INSTRUCTIONS_RATIO = 1.5
WANTED_FRAME_RATIO = 5.0
SELF_TEST_SPAN = Fraction(2, 10)
"""Virtual seconds in which a self-test fits: 89 million cycles are 0.185 s; the core sleeps in the rest."""
FRAMES_A_ROUND = 3
_CYCLES = re.compile(r"self-test: ok .* (\d+) cycles")


def self_test_rate(board: ConsoleLog) -> float:
    """Million instructions a second of wall time in a self-test; the board is stopped (``x``)."""
    seen = len(board.lines)
    board.type_text("s\r")
    started = time.perf_counter()
    board.run_for(SELF_TEST_SPAN)
    wall = time.perf_counter() - started
    found = [match for line in board.lines[seen:] if (match := _CYCLES.match(line.text))]
    if not found:
        raise CrosscamError(
            "the self-test to be timed did not end: expected `self-test: ok` within 0.2 s of board time"
        )
    return int(found[0][1]) / wall / 1e6


def frame_seconds(board: ConsoleLog) -> float:
    """Wall time of one camera frame while the board runs (``r``); it is stopped before and after."""
    board.type_text("r\r")
    wanted = len(board.predictions) + 1  # the first shares its time with the start of the run
    if not board.run_until(lambda: len(board.predictions) >= wanted, 2.0):
        raise CrosscamError("no prediction within 2 s of board time; run `crosscam run` to see why")
    started, first = time.perf_counter(), len(board.predictions)
    board.run_until(lambda: len(board.predictions) >= first + FRAMES_A_ROUND, 5.0)
    wall = time.perf_counter() - started
    stop(board)
    return wall / FRAMES_A_ROUND


def stop(board: ConsoleLog) -> None:
    """End the run of frames."""
    seen = len(board.lines)
    board.type_text("x\r")
    if not board.run_until(lambda: any(line.text == "stopped" for line in board.lines[seen:]), 2.0):
        raise CrosscamError("the console did not answer `x` within 2 s of board time")


@contextlib.contextmanager
def alone(board: ConsoleLog, boards: Iterable[ConsoleLog]) -> Iterator[None]:
    """Suspend every Renode but ``board``'s: one that waits for a command keeps a core of the host busy."""
    others = [other for other in boards if isinstance(other, RenodeBoard) and other is not board]
    for other in others:
        other.process.suspend()
    try:
        yield
    finally:
        for other in others:
            other.process.resume()


def bench_renode(
    elf: Annotated[Path, typer.Option(help="Firmware to boot.")],
    frames: Annotated[Path, typer.Option(help="Frame folder.")],
) -> None:
    """Measure both engines.

    Example: [bold]make bench-renode[/bold]
    """
    from rich.table import Table

    boards: dict[str, ConsoleLog] = {}
    rates: dict[str, list[float]] = {name: [] for name in ENGINES}
    walls: dict[str, list[float]] = {name: [] for name in ENGINES}
    try:
        for name in ENGINES:
            boards[name] = open_board(name, elf, frames, "instructions")
            boards[name].run_until(lambda board=boards[name]: len(board.predictions) >= 1, 5.0)  # type: ignore[misc]
            stop(boards[name])
            self_test_rate(boards[name])  # both translate code on its first run
        for _ in range(ROUNDS):
            for name, board in boards.items():
                with alone(board, boards.values()):
                    rates[name].append(self_test_rate(board))
                    walls[name].append(frame_seconds(board))
    finally:
        for board in boards.values():
            board.close()
    ours, theirs = (median(rates[name]) for name in ENGINES)
    our_frame, their_frame = (median(walls[name]) for name in ENGINES)
    table = Table("figure", *ENGINES, "ratio", "wanted", title=f"Median of {ROUNDS} rounds")
    table.add_row(
        "network, million instructions/s",
        f"{ours:.0f}",
        f"{theirs:.0f}",
        f"{ours / theirs:.2f}",
        f">= {WANTED_INSTRUCTIONS_RATIO}",
    )
    table.add_row(
        "one camera frame, s",
        f"{our_frame:.3f}",
        f"{their_frame:.3f}",
        f"{their_frame / our_frame:.1f}",
        f">= {WANTED_FRAME_RATIO}",
    )
    terminal().print(table)


if __name__ == "__main__":
    with one_line_errors():
        typer.run(bench_renode)
