"""``crosscam cycles``: where the cycles of a firmware went, by function and cause, or instruction by instruction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.errors import CrosscamError
from sim.files import write_json, write_text

if TYPE_CHECKING:
    from sim.cycles import FunctionCost
    from sim.engine.machine import Machine

SECONDS_PER_FRAME = 5.0
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
    seconds: Annotated[float, typer.Option(min=1e-6, help="With --board: virtual time to measure.")] = 0.1,
    skip: Annotated[float, typer.Option(min=0, help="With --board: virtual time to let pass before.")] = 0.0,
    timing: Annotated[str, typer.Option(help="cortex-m7, or cortex-m7:CHIP.")] = "cortex-m7",
    top: Annotated[int, typer.Option(min=1, help="Functions to list.")] = 20,
    svg_file: Annotated[Path | None, typer.Option("--svg", help="Draw the table as an SVG file.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all functions as JSON.")] = None,
) -> None:
    """Run, then tell which function spent how many cycles, and on what.

    Causes, as shares of a function's cycles: issue (instructions at work), interlock, fetch, stores (the buffer is
    full), misses of the two caches with the flash or bus behind them, mispredicted branches, device accesses.

    Example: [bold]crosscam cycles build/gcc/crosscam.elf --function nn_depthwise_s8[/bold]
    """
    from scripts.console import terminal
    from sim.cycles import find, svg, timing_of

    console = terminal()
    if board is None:
        machine, functions, what = _vision(elf, frames, count, timing)
    else:
        machine, functions, what = _any_board(elf, board, skip, seconds, timing)
    parts = count if board is None else 1
    if not functions:
        raise CrosscamError(f"{elf}: nothing ran in the measured time")
    chip = timing_of(machine).chip.title
    if function is not None:
        _print_function(console, machine, find(functions, function), parts)
    else:
        console.print(_table(functions, f"Cycles {what}, {chip}", top, parts))
    if svg_file is not None:
        write_text(svg_file, svg(functions, f"{elf.name}: cycles {what}, {chip}", top, parts))
    if json_file is not None:
        rows = [
            {"name": f.name, "address": f.address if f.address >= 0 else None, "runs": f.runs, "cycles": f.cycles}
            for f in functions
        ]
        write_json(json_file, {"chip": chip, "measured": what, "functions": rows})


def _vision(elf: Path, frames: Path, count: int, timing: str) -> tuple[Machine, list[FunctionCost], str]:
    """Boot the vision board, let the first frame pass, measure ``count``: what the firmware itself measures."""
    from sim.boot import Board
    from sim.cycles import PredictionWindows, collect

    vision = Board(elf, frames, timing)
    measured = PredictionWindows(vision)

    def reached() -> bool:
        return len(measured.windows) > count

    if not vision.run_until(reached, SECONDS_PER_FRAME * (count + 1)):
        said = vision.lines[-1].text if vision.lines else "nothing at all"
        wanted = len(measured.windows) + 1
        raise CrosscamError(f"{elf}: frame {wanted} did not come (another firmware? give --board); it said: {said}")
    windows = measured.windows[1 : 1 + count]
    cycles = sum(window.cycles for window in windows) / count
    frame = "frame 2" if count == 1 else f"frames 2 to {count + 1}, the mean"
    how = "as its line on the UART says" if measured.exact else "from UART line to UART line"
    return vision.machine, collect(vision.machine, windows), f"of {frame}: {cycles:,.0f}, {how}"


def _any_board(
    elf: Path, board: Path, skip: float, seconds: float, timing: str
) -> tuple[Machine, list[FunctionCost], str]:
    from sim.cycles import collect, timing_of
    from sim.engine.monitor import Monitor

    if not elf.is_file():
        raise CrosscamError(f"no firmware at {elf}: expected an ELF file, or a raw image where the board takes one")
    monitor = Monitor(timing=timing)
    monitor.variables["bin"] = str(elf.resolve())
    monitor.include(board)
    machine = monitor.machine
    clock = timing_of(machine)
    if skip:
        machine.run_for(skip)
        clock.reset_costs()
    machine.run_for(seconds)
    return machine, collect(machine), f"of {seconds:g} s"


def _table(functions: list[FunctionCost], title: str, top: int, parts: int) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from sim.cycles import CAUSES

    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("function", no_wrap=True, max_width=36)
    everything = max(1, sum(function.total for function in functions))
    sums = {cause: sum(function.cycles[cause] for function in functions) for cause in CAUSES}
    used = [cause for cause in CAUSES if sums[cause] >= LEAST_SHARE * everything]
    rest = [cause for cause in CAUSES if sums[cause] and cause not in used]
    columns = [[cause] for cause in used] + ([rest] if rest else [])
    for heading in ("cycles", "%", "IPC", *(CAUSES[cause] for cause in used), *(["other"] if rest else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    for function in functions[:top]:
        table.add_row(
            function.name,
            f"{function.total // parts:,}",
            f"{100 * function.total / everything:.1f}",
            f"{function.instructions / max(1, function.total):.2f}",
            *(_percent(sum(function.cycles[cause] for cause in causes), function.total) for causes in columns),
        )
    instructions = sum(function.instructions for function in functions)
    table.add_section()
    table.add_row(
        f"all {len(functions)}", f"{everything // parts:,}", "100.0", f"{instructions / everything:.2f}",
        *(_percent(sum(sums[cause] for cause in causes), everything) for causes in columns),
    )  # fmt: skip
    return table


def _percent(part: int, whole: int) -> str:
    """Share of a function's own cycles; blank where there is none."""
    return f"{100 * part / whole:.1f} %" if part and whole else ""


def _print_function(console: object, machine: Machine, function: FunctionCost, parts: int) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from sim.cycles import annotate

    assert isinstance(console, Console)
    title = f"{function.name}: {function.total // parts:,} cycles, {function.instructions // parts:,} instructions"
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    for heading, justify in (("address", "left"), ("instruction", "left"), ("runs", "right"), ("cycles", "right")):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("a run", justify="right", no_wrap=True)
    table.add_column("of that stalled", no_wrap=True)
    before = 0
    for line in annotate(machine, function):
        if before and line.runs != before:
            table.add_section()
        before = line.runs
        table.add_row(
            f"{line.address:08X}", escape(line.text), f"{line.runs // parts:,}", f"{line.cycles / parts:,.0f}",
            f"{line.each:.2f}", line.stall,
        )  # fmt: skip
    console.print(table)
