"""``crosscam coverage``: which source lines and branches of a firmware ran, in a run or in Robot suites."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import NoPython, finite, tell
from scripts.robot import robot
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.errors import CrosscamError

RUN = "run"


def coverage(
    what: Annotated[
        list[str],
        typer.Argument(metavar="run | SUITE...", help="`run`: boot a firmware; else Robot suites, or folders."),
    ],
    elf: Annotated[Path | None, typer.Option(help="Firmware; default: the vision application.")] = None,
    board: Annotated[Path | None, typer.Option(help="run: another board (.resc, .repl), for --seconds.")] = None,
    seconds: Annotated[float, typer.Option(min=1e-6, callback=finite, help="run: virtual time with --board.")] = 1.0,
    frames: Annotated[Path, typer.Option(help="Frame folder of the vision board.")] = FRAMES,
    count: Annotated[int, typer.Option(min=1, help="run: frames to see on the vision board.")] = 3,
    variable: Annotated[
        list[str] | None, typer.Option("--variable", "-v", help="NAME:value for the suites; may be repeated.")
    ] = None,
    timing: Annotated[str, typer.Option(help="Clock: instructions, cortex-m7 or cortex-m7:CHIP.")] = "instructions",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the reports.")] = Path("build/coverage"),
    root: Annotated[Path, typer.Option(help="Where sources lie; pages show only files below it.")] = Path(),
    add: Annotated[
        list[Path] | None, typer.Option(help="Result of another run or build (.info) to add; may be repeated.")
    ] = None,
    no_python: NoPython = False,
) -> None:
    """Collect the coverage of unchanged firmware by its debug information, and write lcov, Cobertura and HTML.

    Results of all suites, machines and builds add up. Writes coverage.info, coverage.xml and html/index.html. Exit
    status 1 when a suite failed.

    Example: [bold]crosscam coverage robot_tests -o build/coverage[/bold]
    """
    from scripts.coverage_table import show_coverage
    from sim.coverage.runs import collected, run_frames, run_span

    if RUN in what and len(what) > 1:
        raise CrosscamError("coverage run: expected `run` alone, or suites; the firmware is named by --elf")
    with collected(output, root, add or [], tell, partial(show_coverage, output)):
        if what != [RUN]:
            robot([Path(suite) for suite in what], elf=elf, frames=frames, variable=variable, timing=timing)
        elif board is not None:
            run_span(elf or ELF, board, seconds, timing)
        else:
            run_frames(elf or firmware_or_built(ELF, shipped(MODEL)), frames_or_demo(frames), count, timing)
