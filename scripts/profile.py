"""``crosscam profile``: where the cycles of a run went, by function, line, layer and call stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.console import NoPython, finite, tell
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.files import write_json, write_text


def profile(
    elf: Annotated[
        Path | None, typer.Argument(metavar="[ELF]", help="Firmware to boot; default: the vision application.")
    ] = None,
    frames: Annotated[Path, typer.Option(help="Frame folder of the vision board.")] = FRAMES,
    count: Annotated[int, typer.Option(min=1, help="Frames to measure, after the first.")] = 1,
    board: Annotated[
        Path | None, typer.Option(help="Another board (.resc, .repl): profile --seconds of it, after --skip.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1e-6, callback=finite, help="With --board: virtual time to profile.")
    ] = 0.1,
    skip: Annotated[
        float, typer.Option(min=0, callback=finite, help="With --board: virtual time to let pass before.")
    ] = 0.0,
    timing: Annotated[
        str, typer.Option(help="Clock: cortex-m7, cortex-m7:CHIP, or instructions (one cycle each).")
    ] = "cortex-m7",
    apart: Annotated[
        bool, typer.Option("--interrupts-apart", help="Exceptions as stacks of their own, not on what they interrupt.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="Functions and lines to list.")] = 20,
    flame: Annotated[Path | None, typer.Option("--flame", help="Write a flame graph as an SVG file.")] = None,
    speedscope_file: Annotated[
        Path | None, typer.Option("--speedscope", help="Write the stacks for speedscope.app as JSON.")
    ] = None,
    timeline_file: Annotated[
        Path | None, typer.Option("--timeline", help="Write what happened when, for ui.perfetto.dev.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON.")] = None,
    no_python: NoPython = False,
) -> None:
    """Run unchanged firmware, then tell where its cycles went; functions add up to the cycle counter's own figure.

    Call stacks are followed by call and return, through exceptions and threads. The vision board is profiled by
    frames, any other by time.

    Example: [bold]crosscam profile --flame flame.svg[/bold]
    """
    from scripts.console import terminal
    from scripts.profile_tables import print_profile
    from scripts.profile_timeline import Recording
    from sim.profile.document import document
    from sim.profile.flame_graph import flame_graph
    from sim.profile.measure import profile_frames, profile_span
    from sim.profile.speedscope import speedscope
    from sim.watch.warnings import WarningLog

    recording = Recording(timeline_file)
    with WarningLog(tell):
        if board is None:
            firmware = elf or firmware_or_built(ELF, shipped(MODEL))
            found, what = profile_frames(
                firmware, frames_or_demo(frames), count, timing, tell, apart=apart, observe=recording
            )
        else:
            firmware = elf or ELF
            found, what = profile_span(firmware, board, skip, seconds, timing, tell, apart=apart, observe=recording)
    print_profile(terminal(), found, what, top)
    recording.write()
    title = f"{firmware.name}: {what}"
    if flame is not None:
        write_text(flame, flame_graph(found.stacks, title))
    if speedscope_file is not None:
        write_json(speedscope_file, speedscope(found.stacks, title))
    if json_file is not None:
        write_json(json_file, document(found, what))
