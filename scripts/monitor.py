"""``crosscam monitor`` and ``crosscam flash``: the board on the desk."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import NoPython, finite, tell
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped

if TYPE_CHECKING:
    from sim.link.links import Link

Place = Annotated[
    str, typer.Argument(metavar="PORT", help="Serial port such as /dev/ttyACM0, socket://HOST:PORT, or `sim`.")
]
Baud = Annotated[int, typer.Option(min=300, max=12_000_000, help="Bits a second of a serial port.")]
SimFirmware = Annotated[Path, typer.Option(help="Firmware of `sim`.")]
SimFrames = Annotated[Path, typer.Option(help="What the camera of `sim` sees.")]


def link_to(place: str, baud: int, elf: Path, frames: Path) -> Link:
    """The link a command line names; with ``sim`` the firmware is made where it is missing."""
    from sim.link.links import SIMULATION, open_link

    if place == SIMULATION:
        return open_link(place, baud, firmware_or_built(elf, shipped(MODEL)), frames_or_demo(frames))
    return open_link(place, baud)


def monitor(
    place: Place,
    baud: Baud = 115200,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Keep the lines with their times.")] = None,
    raw: Annotated[Path | None, typer.Option(help="Keep the bytes as they come.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.001, callback=finite, help="Stop after so long.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many predictions.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Stop at a line with this text; status 1 when it does not come.")
    ] = None,
    typed: Annotated[
        list[str] | None, typer.Option("--type", help="Type this and Enter first; may be repeated.")
    ] = None,
    elf: SimFirmware = ELF,
    frames: SimFrames = FRAMES,
    no_python: NoPython = False,
) -> None:
    """Show a board's console with time stamps, and record it; what you type goes to the board, line by line.

    The recorded lines are a log that [bold]crosscam compare[/bold] takes. Ends with Ctrl-C, or as the options say.

    Example: [bold]crosscam monitor /dev/ttyACM0 -o board.log --count 20[/bold]
    """
    from sim.files import whole
    from sim.link.links import LinkLostError
    from sim.link.monitor import Limits, Monitor
    from sim.stopping import Interrupted

    with contextlib.ExitStack() as cleanup:
        link = link_to(place, baud, elf, frames)
        cleanup.callback(link.close)
        keep: Callable[[bytes], object] = lambda data: None  # noqa: E731
        note: Callable[[str], object] = lambda text: None  # noqa: E731
        if raw is not None:
            keep = cleanup.enter_context(cleanup.enter_context(whole(raw, "the recording")).open("wb")).write
        if output is not None:
            lines = cleanup.enter_context(whole(output, "the log"))
            note = cleanup.enter_context(lines.open("w", encoding="utf-8")).write

        def show(text: str) -> None:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
            note(f"{text}\n")

        followed = Monitor(link, show, lambda data: (keep(data), None)[1])
        first = b"".join(text.encode("utf-8") + b"\r" for text in typed or [])
        has_gone = False
        try:
            followed.run(Limits(seconds, count, until), first, _keyboard())
        except LinkLostError as error:
            tell(str(error))
            has_gone = True
        except (KeyboardInterrupt, Interrupted):  # what has come is kept
            tell("stopped")
    if has_gone or (until is not None and not followed.found) or (count is not None and followed.frames < count):
        raise typer.Exit(1)


def _keyboard() -> Callable[[], bytes]:
    """What is typed at a terminal, a line at a time; nothing where standard input is none."""
    if not sys.stdin.isatty():
        return lambda: b""
    handle = sys.stdin.fileno()

    def typed() -> bytes:
        if not select.select([handle], [], [], 0)[0]:
            return b""
        return os.read(handle, 1024).replace(b"\n", b"\r")

    return typed


def flash(
    elf: Annotated[Path, typer.Argument(help="Firmware to put onto the board.")] = ELF,
    chip: Annotated[str, typer.Option(help="The board's chip.")] = "stm32h743zi",
    tool: Annotated[str | None, typer.Option(help="pyocd or openocd; default: the one that is installed.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Only show the command.")] = False,
) -> None:
    """Write a firmware into the board's flash with pyOCD or OpenOCD; without either, show the command to type.

    Exit status 0 when it was written (or shown on request), 2 when not.

    Example: [bold]crosscam flash build/crosscam.elf[/bold]
    """
    from sim.errors import CrosscamError
    from sim.link.flash import flash as write_flash
    from sim.link.flash import flasher

    chosen = flasher(firmware_or_built(elf, shipped(MODEL)), chip, tool)
    if show:
        typer.echo(str(chosen))
        return
    if not chosen.installed:
        typer.echo(str(chosen))
        raise CrosscamError("neither pyOCD nor OpenOCD is installed here; the command above writes it where one is")
    tell(str(chosen))
    write_flash(chosen)
