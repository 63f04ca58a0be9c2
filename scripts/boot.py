"""``crosscam boot``: any firmware on any board, every UART shown, and told what is wrong."""

from __future__ import annotations

import contextlib
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import LcdOption, NoPython, Uarts, finite, tell
from sim.errors import CrosscamError
from sim.files import write_json
from sim.text import number_of

if TYPE_CHECKING:
    from sim.uart_ports import UartPort

_NAMED = re.compile(r"(?P<name>[A-Za-z_][\w.]*)=(?P<form>.+)", re.ASCII)


def boot(
    firmware: Annotated[Path, typer.Argument(metavar="FIRMWARE", help="ELF, Intel HEX, or a raw image.")],
    board: Annotated[
        Path | None,
        typer.Option(help="Script (.resc) or platform description (.repl); default: the bare STM32H743."),
    ] = None,
    address: Annotated[str | None, typer.Option(help="Where a raw image goes, such as 0x08000000.")] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=1e-6, callback=finite, help="Board time to run; default: 10; no end with a pty or TCP port."),
    ] = None,
    until: Annotated[list[str] | None, typer.Option(help="Stop when a UART has sent this text.")] = None,
    expect: Annotated[list[str] | None, typer.Option(help="A UART must send this text; may be repeated.")] = None,
    fail: Annotated[list[str] | None, typer.Option(help="No UART may send this text; may be repeated.")] = None,
    typed: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="AFTER=>TEXT", help="Type TEXT and Enter once AFTER has come; may be repeated."),
    ] = None,
    uart: Uarts = None,
    lcd: LcdOption = None,
    lcd_device: Annotated[
        str, typer.Option(metavar="PATH", help="The display of --lcd: a device that runs ili9341.py.")
    ] = "sysbus.ili9341",
    leds: Annotated[bool, typer.Option("--leds", help="Show LEDs as they change.")] = False,
    timing: Annotated[
        str, typer.Option(help="Clock: instructions (one cycle each), cortex-m7 or cortex-m7:CHIP.")
    ] = "instructions",
    stuck_after: Annotated[
        float, typer.Option(min=0, callback=finite, help="Board time after which a wait is given up; 0: never.")
    ] = 2.0,
    wall_limit: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            callback=finite,
            help="Seconds of wall time to give up after; default: 1800, or 60 for each of --seconds.",
        ),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write what was seen as JSON.")] = None,
    no_python: NoPython = False,
) -> None:
    """Boot any firmware on any board; show its UARTs on stdout, warnings and what went wrong on stderr.

    Exit status 0 when the texts came or the time is over; 1 on a failed text, a missing one, a stuck firmware, a
    lock-up or a reset loop; 2 on bad input.

    Example: [bold]crosscam boot blinky.elf --board my_board.repl --expect "hello" --seconds 2[/bold]
    """
    from sim.bringup.image import read_image

    image = read_image(firmware, None if address is None else _address(address))  # before what takes a second to load
    from sim.bringup.board import DEFAULT_BOARD, FirstBoot
    from sim.bringup.lamps import Lamps
    from sim.bringup.report import document
    from sim.bringup.session import Faces, Goals, Reason, Session, Typing
    from sim.bringup.transcript import Transcript
    from sim.watch.warnings import WarningLog

    goals = Goals(
        until=until or (),
        expect=expect or (),
        fail=fail or (),
        typing=[Typing.parse(each) for each in typed or ()],
        seconds=None if seconds is None else Fraction(seconds).limit_denominator(10**9),
        wall=wall_limit,
        stuck_seconds=stuck_after,
    )
    with contextlib.ExitStack() as cleanup:
        warnings = cleanup.enter_context(WarningLog(tell))
        ports = open_ports(uart or [], cleanup)
        made = FirstBoot(firmware, image, board or DEFAULT_BOARD, timing)
        cleanup.callback(made.close)
        transcript = Transcript(made.uarts, write)
        cleanup.callback(transcript.close)
        lamps = Lamps(made.machine, transcript.note if leds else None)
        warnings.show = faces_tell = lambda text: (transcript.break_line(), tell(text))
        pictures = None
        if lcd is not None:
            from sim.lcd import Lcd, LcdFolder, MachineDevices

            pictures = LcdFolder(Lcd(MachineDevices(made.machine), lcd_device), lcd)
        look = None if pictures is None else pictures.look
        session = Session(made, goals, Faces(transcript.flush, faces_tell, look), ports)
        for note in made.notes:
            tell(note)
        outcome = session.run()
        if pictures is not None:
            tell(f"{number_of(pictures.finish(), 'whole picture')} of the display and the last thing seen in {lcd}")
    for line in warnings.summary(made.machine):
        tell(line)
    tell(outcome.text if outcome.reason is Reason.TIME else f"{outcome.text}; at {outcome.seconds:.6g} s of board time")
    if json_file is not None:
        used = {"firmware": str(firmware), "board": str(board or DEFAULT_BOARD), "timing": timing}
        write_json(json_file, used | document(session, outcome, warnings, lamps))
    if outcome.reason.status:
        raise typer.Exit(outcome.reason.status)


def write(text: str) -> None:
    """What a board says, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def _address(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise CrosscamError(f"--address {text}: expected a number such as 0x08000000") from None


def open_ports(spellings: list[str], cleanup: contextlib.ExitStack) -> list[tuple[str, UartPort]]:
    """Host ends of UARTs, each with the name of its UART or an empty one; ``cleanup`` closes them."""
    from sim.uart_ports import open_port

    ports: list[tuple[str, UartPort]] = []
    for spelling in spellings:
        found = _NAMED.fullmatch(spelling)
        name, form = (found["name"], found["form"]) if found is not None else ("", spelling)
        port = open_port(form)
        cleanup.callback(port.close)
        tell(f"{name or 'UART'} at {port.description}")
        ports.append((name, port))
    for _, port in ports:
        port.wait()
    return ports
