"""``crosscam baseline``: cycles by function, stack, RAM and flash held against recorded figures, for CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import NoPython, finite, tell
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.errors import CrosscamError
from sim.files import write_json

if TYPE_CHECKING:
    from sim.profile.baseline import Conditions, Row

ROOM_OF_FIGURES = 72
"""Columns that all but the names take."""
app = typer.Typer(no_args_is_help=True, help="Hold cycles by function, stack, RAM and flash against recorded figures.")

BaselineFile = Annotated[Path, typer.Argument(metavar="FILE", help="The recorded figures, JSON.")]
Firmware = Annotated[
    Path | None, typer.Argument(metavar="[ELF]", help="Firmware to boot; default: the vision application.")
]


@app.command("update")
def update(
    file: BaselineFile,
    elf: Firmware = None,
    frames: Annotated[Path, typer.Option(help="Frame folder of the vision board.")] = FRAMES,
    count: Annotated[int, typer.Option(min=1, help="Frames to measure, after the first.")] = 1,
    board: Annotated[
        Path | None, typer.Option(help="Another board (.resc, .repl): measure --seconds of it, after --skip.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1e-6, callback=finite, help="With --board: virtual time.")] = 0.1,
    skip: Annotated[float, typer.Option(min=0, callback=finite, help="With --board: time to pass before.")] = 0.0,
    timing: Annotated[str, typer.Option(help="Clock: cortex-m7, cortex-m7:CHIP, or instructions.")] = "cortex-m7",
    cycles: Annotated[float, typer.Option(min=0, callback=finite, help="Percent all cycles may grow.")] = 1.0,
    functions: Annotated[float, typer.Option(min=0, callback=finite, help="Percent a function may grow.")] = 2.0,
    stacks: Annotated[float, typer.Option(min=0, callback=finite, help="Percent a stack may grow.")] = 0.0,
    memories: Annotated[float, typer.Option(min=0, callback=finite, help="Percent a memory's use may grow.")] = 0.0,
    flash: Annotated[float, typer.Option(min=0, callback=finite, help="Percent the image may grow.")] = 0.0,
    no_python: NoPython = False,
) -> None:
    """Measure, and record the figures with the conditions they were had under and how far they may be exceeded.

    Example: [bold]crosscam baseline update baseline.json build/gcc/crosscam.elf --functions 3[/bold]
    """
    from sim.profile.baseline import Baseline, Conditions, Tolerances

    where = (str(board), None) if board is not None else (None, str(frames))
    conditions = Conditions(*where, count=count, seconds=seconds, skip=skip, timing=timing)
    figures = _measure(elf, conditions)
    tolerances = Tolerances(cycles, functions, stacks, memories, flash)
    write_json(file, Baseline(conditions, tolerances, figures).document())
    tell(f"{file}: {sum(map(len, figures.values()))} figures recorded")


@app.command("check")
def check(
    file: BaselineFile,
    elf: Firmware = None,
    top: Annotated[int, typer.Option(min=1, help="Figures to show that hold.")] = 12,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the comparison as JSON.")] = None,
    no_python: NoPython = False,
) -> None:
    """Measure under the recorded conditions and compare.

    Exit status 1 when a figure is above the recorded one by more than its tolerance; below is no failure.

    Example: [bold]crosscam baseline check baseline.json build/gcc/crosscam.elf[/bold]
    """
    from sim.profile.baseline import Baseline, compare

    baseline = Baseline.read(file)
    rows = compare(baseline, _measure(elf, baseline.conditions))
    failed = [row for row in rows if not row.passed]
    print_rows(rows[: len(failed) + top], len(rows), len(failed))
    if json_file is not None:
        document = [
            {"kind": row.kind, "name": row.name, "recorded": row.recorded, "now": row.now, "allowed": row.allowed,
             "passed": row.passed}
            for row in rows
        ]  # fmt: skip
        write_json(json_file, {"passed": not failed, "figures": document})
    if failed:
        raise typer.Exit(1)


def _measure(elf: Path | None, conditions: Conditions) -> dict[str, dict[str, int]]:
    from sim.profile.baseline import figures_of
    from sim.profile.measure import profile_frames, profile_span
    from sim.watch.warnings import WarningLog

    with WarningLog(tell):
        if conditions.board is not None:
            if elf is None:
                raise CrosscamError(f"which firmware? --board {conditions.board} needs an ELF")
            span = conditions.skip, conditions.seconds
            profile, _ = profile_span(elf, Path(conditions.board), *span, conditions.timing, tell)
        else:
            frames = frames_or_demo(FRAMES if conditions.frames is None else Path(conditions.frames))
            firmware = elf or firmware_or_built(ELF, shipped(MODEL))
            profile, _ = profile_frames(firmware, frames, conditions.count, conditions.timing, tell)
    return figures_of(profile)


def print_rows(rows: list[Row], count: int, failed: int) -> None:
    """A table of ``rows``, those that matter of ``count``; ``failed`` of all are above what they may be."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from scripts.console import terminal
    from sim.text import printable

    console = terminal()
    room = min(48, max(12, console.width - ROOM_OF_FIGURES))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "kind", "name", "recorded", "now", "change", "allowed"):
        table.add_column(heading, justify="left" if heading in ("", "kind", "name") else "right", no_wrap=True)
    for row in rows:
        figures = ("" if value is None else f"{value:,}" for value in (row.recorded, row.now))
        change = "gone" if row.now is None else "new" if row.recorded is None else ""
        change = f"{row.change:+.2f} %" if row.change is not None else change
        mark = Text("ok", "green") if row.passed else Text("FAIL", "bold red")
        table.add_row(mark, row.kind, Text(printable(row.name, room)), *figures, change, f"{row.allowed:,}")
    console.print(table)
    console.print(f"{count} figures, {failed} above what they may be" if failed else f"{count} figures hold")
