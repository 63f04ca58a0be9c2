"""``crosscam debug``: firmware of any board under GDB, backwards too."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Annotated

import typer

from scripts.boot import open_ports, write
from scripts.console import NoPython, Uarts, finite, tell
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.errors import CrosscamError


def debug(
    firmware: Annotated[
        Path | None,
        typer.Argument(metavar="[ELF]", help="ELF, or Intel HEX; default: the vision firmware, on its board."),
    ] = None,
    board: Annotated[
        Path | None,
        typer.Option(help="Script (.resc) or platform description (.repl); default for ELF: the bare STM32H743."),
    ] = None,
    port: Annotated[str, typer.Option(help="TCP port of this computer for GDB; :0 picks a free one.")] = ":3333",
    frames: Annotated[Path | None, typer.Option(help="Frame folder for the board's camera.")] = None,
    files: Annotated[
        Path | None, typer.Option(help="Folder whose files the firmware may use by semihosting; default: none.")
    ] = None,
    snapshot: Annotated[
        Path | None, typer.Option(help="Begin where this snapshot of `crosscam run --snapshot-at` was taken.")
    ] = None,
    uart: Uarts = None,
    timing: Annotated[
        str | None,
        typer.Option(help="Clock: instructions (one cycle each), cortex-m7 or cortex-m7:CHIP; default: cortex-m7."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when the first session ends.")] = False,
    wall_limit: Annotated[
        float | None, typer.Option(min=0.1, callback=finite, help="Seconds of wall time to end after.")
    ] = None,
    no_python: NoPython = False,
) -> None:
    """Boot a board halted and serve it to GDB: break, watch, step, go back, load.

    UARTs are shown on stdout. [bold]monitor help[/bold] in GDB lists the board's commands; [bold]monitor who-wrote
    ADDRESS[/bold], [bold]goto-cycle[/bold] and [bold]goto-frame[/bold] go back in time.

    Example: [bold]crosscam debug build/crosscam.elf --board sim/board/crosscam.resc[/bold], or
    [bold]crosscam run --snapshot-at frame:3 -o third.json[/bold] and [bold]crosscam debug --snapshot third.json[/bold]
    """
    from sim.engine.observe.gdb.server import GdbServer, parse_address

    number = parse_address(port)
    until = None if wall_limit is None else time.monotonic() + wall_limit
    from sim.bringup.snapshot import MachineSnapshot

    taken = None if snapshot is None else MachineSnapshot.read(snapshot, firmware=firmware, board=board, frames=frames)
    if taken is not None:
        origin = taken.origin
        if timing not in (None, origin.timing):
            raise CrosscamError(
                f"{snapshot}: made with --timing {origin.timing}: expected the same clock, not {timing}"
            )
        firmware, board, frames, timing = origin.firmware, origin.board, origin.frames, origin.timing
    elif firmware is None:
        from sim.boot import BOARD_SCRIPT

        firmware = firmware_or_built(ELF, shipped(MODEL))
        frames = frames_or_demo(frames or FRAMES)
        board = board or BOARD_SCRIPT
    from sim.bringup.debugging import DebuggedBoard
    from sim.watch.warnings import WarningLog

    with contextlib.ExitStack() as cleanup:
        ports = open_ports(uart or [], cleanup)
        warnings = cleanup.enter_context(WarningLog(tell))
        made = DebuggedBoard(firmware, board, timing or "cortex-m7", frames, files, ports, write, warnings)
        cleanup.callback(made.close)
        if taken is not None:
            tell(f"runs to cycle {taken.cycle:,} of {snapshot}")
            made.restore(taken)
        server = GdbServer(number, made.timeline)
        cleanup.callback(server.close)
        for note in made.notes:
            tell(note)
        tell(f"halted at {made.where}; on this computer, in GDB (gdb-multiarch {firmware}):")
        tell(f"  target remote :{server.port}")
        while server.serve(until) and not once:
            tell(f"the session has ended; port {server.port} waits for the next (Ctrl-C ends)")
