"""``crosscam robot``: run Robot suites in Renode's keywords."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import NoPython, tell
from sim.errors import CrosscamError


def robot(
    suites: Annotated[
        list[Path] | None,
        typer.Argument(help="Suites (.robot) or folders of them; default: those of crosscam's own board."),
    ] = None,
    elf: Annotated[Path | None, typer.Option(help="Firmware, for suites that use ${ELF}.")] = None,
    frames: Annotated[Path | None, typer.Option(help="Frame folder, for suites that use ${FRAMES}.")] = None,
    variable: Annotated[
        list[str] | None, typer.Option("--variable", "-v", help="NAME:value for the suites; may be repeated.")
    ] = None,
    test: Annotated[list[str] | None, typer.Option("--test", "-t", help="Only tests of this name.")] = None,
    include: Annotated[list[str] | None, typer.Option("--include", "-i", help="Only tests with this tag.")] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", "-e", help="No tests with this tag.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for log.html, output.xml, xunit.xml.")] = Path("build/robot"),
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Warn of device types and commands the engine lacks instead of failing.")
    ] = False,
    timing: Annotated[
        str, typer.Option(help="Clock of the embedded engine: instructions (as Renode counts) or cortex-m7.")
    ] = "instructions",
    engine: Annotated[str, typer.Option(help="crosscam (the embedded engine) or renode (`renode-test`).")] = "crosscam",
    processes: Annotated[
        int, typer.Option("--processes", "-p", min=1, help="Run suites side by side in so many processes (pabot).")
    ] = 1,
    repeat: Annotated[
        int,
        typer.Option(
            min=1,
            help="Run all so many times, each into a numbered folder of OUTPUT, which itself gets the reports of the "
            "worst; verdicts must not differ.",
        ),
    ] = 1,
    coverage: Annotated[
        Path | None,
        typer.Option(help="Folder for the coverage of all firmware the suites boot; sources below this folder."),
    ] = None,
    no_python: NoPython = False,
) -> None:
    """Run Robot suites written for Renode; a suite that says [bold]Resource ${RENODEKEYWORDS}[/bold] runs unchanged.

    Exit status 0 when all tests passed, 1 when some failed, 2 on bad input. JUnit results: xunit.xml in the output
    folder. With [bold]--repeat[/bold] it is 1, too, when a test's verdict was not the same in every run.

    Example: [bold]crosscam robot --elf build/gcc/crosscam.elf --frames build/frames/demo robot_tests[/bold]
    """
    from scripts.reference import reference
    from scripts.shipped import ELF, FRAMES, MODEL, SUITES, firmware_or_built, frames_or_demo, shipped
    from sim.robot.repeat import run_again
    from sim.robot.runner import NO_VERDICTS, run_suites

    if not suites:
        suites = [SUITES]
        elf = elf or firmware_or_built(ELF, shipped(MODEL))
        if frames is None:
            frames = frames_or_demo(FRAMES)
            if not (frames / "reference.json").exists():
                reference(frames)
    if processes > 1 and coverage is not None:
        raise CrosscamError(f"--processes {processes}: coverage is collected in one process; leave one of them out")
    variables = {}
    for path, name in ((elf, "ELF"), (frames, "FRAMES")):
        if path is not None:
            if not path.exists():
                raise CrosscamError(f"{path} does not exist: expected what --{name.lower()} is to name")
            variables[name] = str(path.resolve())
    if frames is not None:
        variables["COCO_FRAMES"] = variables["FRAMES"]
    for text in variable or []:
        name, colon, value = text.partition(":")
        if not (name and colon):
            raise CrosscamError(f"--variable {text}: expected NAME:value")
        variables[name] = value
    run = partial(
        run_suites,
        [shipped(suite) for suite in suites],
        engine=engine,
        variables=variables,
        tests=test or (),
        include=include or (),
        exclude=exclude or (),
        lenient=lenient,
        timing=timing,
        processes=processes,
    )
    with _collecting(coverage, engine):
        if repeat > 1:
            failed = run_again(lambda folder: run(output=folder), repeat, output, tell)
        else:
            failed = run(output=output)
    if failed:
        raise typer.Exit(1 if failed < NO_VERDICTS else 2)


def _collecting(folder: Path | None, engine: str) -> AbstractContextManager[None]:
    """Collects coverage into ``folder``, where one was named."""
    if folder is None:
        return nullcontext()
    if engine != "crosscam":
        raise CrosscamError(f"--coverage: only the embedded engine tells what ran, not --engine {engine}")
    from scripts.coverage_table import show_coverage
    from sim.coverage.runs import collected

    return collected(folder, Path(), [], tell, partial(show_coverage, folder))
