"""``crosscam soak``: thousands of frames, and whether anything creeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import NoPython, finite, tell
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.files import write_json
from sim.stopping import Interrupted
from sim.text import number_of, printable

if TYPE_CHECKING:
    from rich.table import Table

    from sim.soak import Window

_MEGABYTE = 1e6


def soak(
    elf: Annotated[Path, typer.Option(help="Firmware to boot: the vision application around any model.")] = ELF,
    frames: Annotated[int, typer.Option(min=2, help="Frames to run.")] = 10_000,
    folder: Annotated[Path, typer.Option(help="Frame folder; the camera shows it round and round.")] = FRAMES,
    timing: Annotated[str, typer.Option(help="Clock: cortex-m7, cortex-m7:CHIP, or instructions.")] = "cortex-m7",
    cycles: Annotated[
        float, typer.Option(min=0, callback=finite, help="Percent the mean cycles of a frame may move.")
    ] = 0.5,
    memory: Annotated[
        float, typer.Option(min=0, callback=finite, help="Percent the memory of this process may grow.")
    ] = 5.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write what was measured as JSON.")] = None,
    no_python: NoPython = False,
) -> None:
    """Run the vision board for very long: scores, cycles, the firmware's stack and the host's memory must not creep.

    Every photograph has to get the scores it got first. Exit status 1 when something moved, a frame was lost or the
    board was reset or stuck.

    Example: [bold]crosscam soak --frames 10000 --json soak.json[/bold]
    """
    from rich.progress import Progress

    from scripts.console import terminal
    from sim.boot import Board
    from sim.frames.folder import FrameFolder
    from sim.soak import Limits, Soak
    from sim.watch.warnings import WarningLog

    console = terminal()

    def tell_window(window: Window) -> None:
        if not console.is_terminal:  # who has no progress bar wants to know that it goes on
            tell(f"{window.last_frame} of {frames} frames, {window.host_bytes / _MEGABYTE:.0f} MB")

    elf = firmware_or_built(elf, shipped(MODEL))
    photographs = FrameFolder.open(frames_or_demo(folder))
    with WarningLog(tell) as warnings, Progress(console=console, transient=True) as progress:
        board = Board(elf, photographs.path, timing)
        board.check_camera()
        run = Soak(board, len(photographs.entries), frames, Limits(cycles, memory))
        task = progress.add_task("frames", total=frames)
        try:
            run.run(elf, lambda came: progress.update(task, completed=came), tell_window)
        except Interrupted:  # hours of it are worth seeing
            console.print(_table(run.windows))
            raise
    console.print(_table(run.windows))
    for line in warnings.summary(board.machine):
        tell(line)
    for problem in run.problems:
        console.print(f"problem: {printable(problem)}", style="red", soft_wrap=True)
    word = "PASS" if not run.problems else "FAIL"
    console.print(
        f"{word}: {number_of(run.frames, 'frame')} of {number_of(len(photographs.entries), 'photograph')}",
        soft_wrap=True,
    )
    if json_file is not None:
        write_json(json_file, run.document())
    if run.problems:
        raise typer.Exit(1)


def _table(windows: list[Window]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    headings = ("up to frame", "cycles a frame", "slowest", "stack", "lost", "host MB", "s a frame")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right")
    before = 0
    for each in windows:
        pace = each.wall_seconds / (each.last_frame - before)
        before = each.last_frame
        table.add_row(
            str(each.last_frame),
            f"{each.cycles:,.0f}",
            f"{each.slowest:,}",
            str(each.stack),
            str(each.lost),
            f"{each.host_bytes / _MEGABYTE:.1f}",
            f"{pace:.2f}",
        )
    return table
