"""``crosscam compare``: two runs held against each other, be it a board's log, a recording or a simulation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from scripts.console import NoPython, finite
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.errors import CrosscamError
from sim.files import write_json
from sim.text import number_of, printable

if TYPE_CHECKING:
    from rich.console import Console

    from sim.recording.compare import Comparison, Frame

_ROWS_SHOWN = 40
_SHOWN = 12
_LONGEST = 160


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A board's log, a recording, a firmware (ELF) or `sim`.")],
    b: Annotated[str, typer.Argument(metavar="B", help="What is held against it.")],
    tolerance: Annotated[
        float, typer.Option(min=0, callback=finite, help="Per cent that cycles and milliseconds may be apart.")
    ] = 0.5,
    strict: Annotated[bool, typer.Option("--strict", help="A line only one side has is a difference, too.")] = False,
    ignore: Annotated[
        list[str] | None, typer.Option(help="Pattern of lines that are not looked at; may be repeated.")
    ] = None,
    elf: Annotated[Path, typer.Option(help="Firmware of `sim`.")] = ELF,
    frames: Annotated[Path, typer.Option(help="Frame folder of a simulation.")] = FRAMES,
    timing: Annotated[str, typer.Option(help="Clock of a simulation.")] = "cortex-m7",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON.")] = None,
    no_python: NoPython = False,
) -> None:
    """Hold two runs against each other: predictions frame by frame, cycles with a tolerance, other lines one by one,
    and where both sides know what the display showed, its pictures.

    Logs may have time stamps, noise, garbage and resets in them. Exit status 0 when nothing differs, 1 when something
    does, 2 on bad input.

    Example: [bold]crosscam compare run.crosscam board.log --json difference.json[/bold]
    """
    from scripts.console import terminal
    from sim.recording.compare import Rules
    from sim.recording.compare import compare as hold
    from sim.recording.compare import compare_pictures as hold_pictures
    from sim.recording.sides import Simulation, frames_in, open_side

    patterns = [_pattern(each) for each in ignore or []]
    sides = [
        open_side(each, lambda: firmware_or_built(elf, shipped(MODEL)), frames_or_demo(frames), timing)
        for each in (a, b)
    ]
    count = max((frames_in(each) for each in sides if not isinstance(each, Simulation)), default=10)
    one, other = (each.run(count) if isinstance(each, Simulation) else each for each in sides)
    rules = Rules(tolerance / 100, strict, lambda text: any(pattern.search(text) for pattern in patterns))
    found = hold(one.boots, other.boots, rules)
    hold_pictures(found, one.pictures, other.pictures, rules)
    _print(terminal(), found)
    if json_file is not None:
        write_json(json_file, {"a": a, "b": b, "tolerance": tolerance / 100} | found.document())
    if not found.passed:
        raise typer.Exit(1)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise CrosscamError(f"--ignore {text}: no pattern ({error}); a backslash takes a sign as it is") from None


def _print(console: Console, found: Comparison) -> None:
    rows = found.frames if len(found.frames) <= _ROWS_SHOWN else [frame for frame in found.frames if not frame.equal]
    if rows:
        console.print(_table(rows[:_ROWS_SHOWN]))
    if len(rows) < len(found.frames):
        console.print(f"equal and not shown: {number_of(len(found.frames) - len(rows), 'frame')}", style="dim")
    for note in found.notes[:_SHOWN]:
        console.print(f"note: {printable(note, _LONGEST)}", style="dim", soft_wrap=True)
    if len(found.notes) > _SHOWN:
        console.print(f"and {len(found.notes) - _SHOWN} notes more", style="dim")
    for difference in found.differences[:_SHOWN]:
        console.print(f"difference: {printable(str(difference), 2 * _LONGEST)}", style="yellow", soft_wrap=True)
    if len(found.differences) > _SHOWN:
        console.print(f"and {number_of(len(found.differences) - _SHOWN, 'difference')} more", style="yellow")
    equal = sum(frame.a == frame.b and frame.labels != () for frame in found.frames)
    frames = number_of(len(found.frames), "frame")
    figures = f"{equal} of {frames} with the same scores, cycles of B {found.shift:+.3%} on average"
    if found.passed:
        console.print(f"PASS: {figures}", style="green")
        return
    first = f"; first difference: {printable(str(found.differences[0]), _LONGEST)}" if found.differences else ""
    console.print(f"FAIL: {figures}{first}", style="red", soft_wrap=True)


def _table(frames: list[Frame]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading, right in (("frame", 1), ("scores A", 0), ("scores B", 0), ("cycles A", 1), ("cycles B", 1), ("", 1)):
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for frame in frames:
        number = str(frame.frame) if frame.boot == 1 else f"{frame.boot}: {frame.frame}"
        same = frame.a == frame.b
        table.add_row(
            number,
            " ".join(f"{score:+4d}" for score in frame.a),
            Text("equal") if same else Text(" ".join(f"{score:+4d}" for score in frame.b), style="red"),
            f"{frame.cycles_a:,}",
            f"{frame.cycles_b:,}",
            Text(f"{frame.shift:+.3%}", style="" if frame.equal or not same else "red"),
        )
    return table
