"""``crosscam cycles``: where the cycles of a firmware went, by function and cause, or instruction by instruction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import NoPython, finite, tell
from sim.errors import CrosscamError
from sim.files import write_json, write_text
from sim.text import printable

if TYPE_CHECKING:
    from sim.cycles import FunctionCost
    from sim.engine.machine import Machine

SECONDS_PER_FRAME = 5.0
ROOM_OF_FIGURES = 24
"""Columns that the figures of the narrowest table take."""
ROOM_OF_CAUSES = 100
"""Columns of a terminal from which on the causes are shown."""
ROOM_OF_LINES = 72
"""Columns of a terminal from which on an instruction's stalls are shown."""
LEAST_SHARE = 0.0005
"""Of all cycles: causes below it share a column."""


def cycles(
    elf: Annotated[Path, typer.Argument(metavar="ELF", help="Firmware to boot (with --board also a raw image).")],
    function: Annotated[
        str | None, typer.Option(help="Annotated disassembly of this function instead of the table.")
    ] = None,
    frames: Annotated[Path, typer.Option(help="Frame folder of the vision board.")] = Path("build/frames/demo"),
    count: Annotated[int, typer.Option(min=1, help="Frames to measure, after the first.")] = 1,
    board: Annotated[
        Path | None, typer.Option(help="Another board's script (sim/board/*.resc): measure --seconds from its start.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1e-6, callback=finite, help="With --board: virtual time to measure.")
    ] = 0.1,
    skip: Annotated[
        float, typer.Option(min=0, callback=finite, help="With --board: virtual time to let pass before.")
    ] = 0.0,
    timing: Annotated[str, typer.Option(help="cortex-m7, or cortex-m7:CHIP.")] = "cortex-m7",
    top: Annotated[int, typer.Option(min=1, help="Functions to list.")] = 20,
    svg_file: Annotated[Path | None, typer.Option("--svg", help="Draw the table as an SVG file.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all functions as JSON.")] = None,
    no_python: NoPython = False,
) -> None:
    """Run, then tell which function spent how many cycles, and on what.

    Causes, as shares of a function's cycles: issue (instructions at work), interlock, fetch, stores (the buffer is
    full), misses of the two caches with the flash or bus behind them, mispredicted branches, device accesses.

    Example: [bold]crosscam cycles build/gcc/crosscam.elf --function nn_depthwise_s8[/bold]
    """
    from scripts.console import terminal
    from sim.cycles import find, svg
    from sim.watch.warnings import WarningLog

    console = terminal()
    with WarningLog(tell) as warnings:
        measured = (
            _vision(elf, frames, count, timing) if board is None else _any_board(elf, board, skip, seconds, timing)
        )
    for line in warnings.summary(measured.machine):
        tell(line)
    functions, parts = measured.functions, count if board is None else 1
    if not functions:
        raise CrosscamError(f"{elf}: nothing ran in the measured time")
    title = f"Cycles {measured.what}, {measured.clocks}"
    if function is not None:
        _print_function(console, measured.machine, find(functions, function), parts)
    else:
        console.print(_table(functions, title, top, parts, console.width))
    if svg_file is not None:
        write_text(svg_file, svg(functions, f"{elf.name}: {title}", top, parts))
    if json_file is not None:
        rows = [
            {"name": f.name, "address": f.address if f.address >= 0 else None, "runs": f.runs, "cycles": f.cycles}
            for f in functions
        ]
        write_json(json_file, {"chip": measured.clocks, "measured": measured.what, "functions": rows})


@dataclass(frozen=True)
class _Measured:
    """``what``: of what the cycles are; ``clocks``: at which clocks of which chip."""

    machine: Machine
    functions: list[FunctionCost]
    what: str
    clocks: str


def _vision(elf: Path, frames: Path, count: int, timing: str) -> _Measured:
    """Boot the vision board, let the first frame pass, measure ``count``: what the firmware itself measures."""
    from sim.boot import Board
    from sim.cycles import ClockRecord, PredictionWindows, collect

    vision = Board(elf, frames, timing)
    measured = PredictionWindows(vision)
    clocks: list[ClockRecord] = []

    def reached() -> bool:
        if measured.windows and not clocks:
            clocks.append(ClockRecord(vision.machine))
        return len(measured.windows) > count

    if not vision.run_until(reached, SECONDS_PER_FRAME * (count + 1)):
        said = printable(vision.lines[-1].text, 100) if vision.lines else "nothing at all"
        wanted = len(measured.windows) + 1
        raise CrosscamError(f"{elf}: frame {wanted} did not come (another firmware? give --board); it said: {said}")
    windows = measured.windows[1 : 1 + count]
    cycles = sum(window.cycles for window in windows) / count
    frame = "frame 2" if count == 1 else f"frames 2 to {count + 1}, the mean"
    how = "as its line on the UART says" if measured.exact else "from UART line to UART line"
    what = f"of {frame}: {cycles:,.0f}, {how}"
    return _Measured(vision.machine, collect(vision.machine, windows), what, str(clocks[0]))


def _any_board(elf: Path, board: Path, skip: float, seconds: float, timing: str) -> _Measured:
    from sim.cycles import ClockRecord, collect, timing_of
    from sim.engine.monitor import Monitor
    from sim.stopping import run_for

    if not elf.is_file():
        raise CrosscamError(f"no firmware at {elf}: expected an ELF file, or a raw image where the board takes one")
    monitor = Monitor(timing=timing)
    monitor.variables["bin"] = str(elf.resolve())
    monitor.include(board)
    machine = monitor.machine
    clock = timing_of(machine)
    if skip:
        run_for(machine, skip)
        clock.reset_costs()
    clocks = ClockRecord(machine)
    run_for(machine, seconds)
    return _Measured(machine, collect(machine), f"of {seconds:g} s", str(clocks))


def _table(functions: list[FunctionCost], title: str, top: int, parts: int, width: int) -> object:
    """Causes only where the terminal has room for them."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from sim.cycles import CAUSES

    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("function", no_wrap=True, max_width=min(36, max(8, width - ROOM_OF_FIGURES)))
    everything = max(1, sum(function.total for function in functions))
    sums = {cause: sum(function.cycles[cause] for function in functions) for cause in CAUSES}
    used = [cause for cause in CAUSES if sums[cause] >= LEAST_SHARE * everything]
    rest = [cause for cause in CAUSES if sums[cause] and cause not in used]
    columns = [[cause] for cause in used] + ([rest] if rest else [])
    headings = ["cycles", "%", "IPC", *(CAUSES[cause] for cause in used), *(["other"] if rest else [])]
    shown = len(headings) if width >= ROOM_OF_CAUSES else 2
    for heading in headings[:shown]:
        table.add_column(heading, justify="right", no_wrap=True)
    for function in functions[:top]:
        cells = (
            f"{function.total // parts:,}",
            f"{100 * function.total / everything:.1f}",
            f"{function.instructions / max(1, function.total):.2f}",
            *(_percent(sum(function.cycles[cause] for cause in causes), function.total) for causes in columns),
        )
        table.add_row(Text(printable(function.name)), *cells[:shown])
    instructions = sum(function.instructions for function in functions)
    table.add_section()
    cells = (
        f"{everything // parts:,}", "100.0", f"{instructions / everything:.2f}",
        *(_percent(sum(sums[cause] for cause in causes), everything) for causes in columns),
    )  # fmt: skip
    table.add_row(f"all {len(functions)}", *cells[:shown])
    return table


def _percent(part: int, whole: int) -> str:
    """Share of a function's own cycles; blank where there is none."""
    return f"{100 * part / whole:.1f} %" if part and whole else ""


def _print_function(console: object, machine: Machine, function: FunctionCost, parts: int) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from sim.cycles import annotate

    assert isinstance(console, Console)
    figures = f"{function.total // parts:,} cycles, {function.instructions // parts:,} instructions"
    title = f"{printable(function.name)}: {figures}"
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    narrow = console.width < ROOM_OF_LINES
    headings = ["address", "instruction", "cycles", "runs", "a run", "of that stalled"][: 3 if narrow else 6]
    room = max(8, console.width - (ROOM_OF_FIGURES if narrow else ROOM_OF_LINES - 16))
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in ("runs", "cycles", "a run") else "left",
            no_wrap=heading != headings[-1] or narrow,
            max_width=room if heading == "instruction" else None,
        )
    before = 0
    for line in annotate(machine, function):
        if before and line.runs != before:
            table.add_section()
        before = line.runs
        cells = (
            f"{line.address:08X}", line.text, f"{line.cycles / parts:,.0f}", f"{line.runs // parts:,}",
            f"{line.each:.2f}", line.stall,
        )  # fmt: skip
        table.add_row(*cells[: len(headings)])
    console.print(table)
