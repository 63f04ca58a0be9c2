"""``crosscam run``: boot the vision firmware, show its UART, hold every prediction against the host reference."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import LcdOption, NoPython, tell
from scripts.run_snapshot import SnapshotOption
from scripts.run_verdict import Row, Verdict
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.files import write_json
from sim.text import number_of, printable

if TYPE_CHECKING:
    from scripts.references import HostReference
    from sim.boot import ConsoleLog
    from sim.verdict import Seen

SECONDS_PER_FRAME = 5.0
"""Virtual time a frame may take before the run is given up; a frame of the plain kernels takes well under one."""

SECONDS_TO_DRAW = 0.1
"""Virtual time the display has for the last picture, after its prediction."""


def run(
    elf: Annotated[Path, typer.Option(help="Firmware to boot.")] = ELF,
    frames: Annotated[Path, typer.Option(help="Frame folder (see `crosscam frames`).")] = FRAMES,
    model: Annotated[Path, typer.Option(help="Model folder the firmware was compiled from.")] = MODEL,
    board_script: Annotated[
        Path | None, typer.Option("--board", help="Board script (.resc); default: sim/board/crosscam.resc.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Frames to run; default: each frame of the folder once.")
    ] = None,
    timing: Annotated[
        str | None,
        typer.Option(
            help="Clock: cortex-m7 (what a board would take; default), cortex-m7:CHIP, or instructions (one cycle each,"
            " as Renode counts)."
        ),
    ] = None,
    engine: Annotated[str, typer.Option(help="crosscam (the embedded engine) or renode (an installed Renode).")] = (
        "crosscam"
    ),
    uart: Annotated[
        list[str] | None,
        typer.Option(help="Also connect the UART to pty, tcp:PORT[,wait[=SECONDS]] or a file; may be repeated."),
    ] = None,
    lcd: LcdOption = None,
    snapshot_at: Annotated[
        str | None,
        typer.Option(metavar="CYCLE|frame:N", help="Write a snapshot of that moment, for `crosscam debug --snapshot`."),
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The snapshot's file.")] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="KIND[,NAME=VALUE]...[@MOMENT] goes wrong (see `crosscam faults`); may be repeated."),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the verdict as JSON.")] = None,
    no_python: NoPython = False,
) -> None:
    """Boot the vision board, show its UART lines, then a table of predictions and a verdict.

    Exit status 0 when every frame came once, in order, and equals the host reference; 1 when not, also when the
    firmware gets stuck or the board is reset; 2 on bad input. Other firmware and boards: [bold]crosscam boot[/bold].

    Example: [bold]crosscam run --frames build/frames/demo --count 5 --uart pty[/bold]
    """
    from scripts.console import terminal
    from scripts.references import HostReference
    from scripts.verdict_table import print_verdict
    from sim.boot import BOARD_SCRIPT
    from sim.engines import DEFAULT_TIMING, open_board
    from sim.frames.folder import FrameFolder
    from sim.lcd import Lcd, LcdFolder
    from sim.uart_ports import open_port
    from sim.verdict import FrameSequence
    from sim.vision_run import VisionRun
    from sim.watch.warnings import WarningLog, findings

    snapshot = SnapshotOption(snapshot_at, output, engine)
    console = terminal()
    model = shipped(model)
    elf = firmware_or_built(elf, model)
    folder = FrameFolder.open(frames_or_demo(frames))
    reference = HostReference(model, folder)
    wanted = count or len(folder.entries)
    with contextlib.ExitStack() as cleanup:
        ports = [open_port(spelling) for spelling in uart or []]
        for port in ports:
            cleanup.callback(port.close)
        warnings = cleanup.enter_context(WarningLog(tell))
        clock = timing or DEFAULT_TIMING.get(engine, "")
        cleanup.enter_context(snapshot.reading)
        board = open_board(engine, elf, frames, clock, board_script)
        cleanup.callback(board.close)
        board.check_camera()
        pictures = None if lcd is None else LcdFolder(Lcd(board), lcd)
        for port in ports:
            board.attach(port)
            console.print(f"UART at {printable(port.description)}")
        for port in ports:
            port.wait()
        console.print(
            f"{number_of(wanted, 'frame')} of the {printable(folder.set_name)} set in {printable(str(frames))}",
            style="dim",
        )
        board.on_line.append(lambda line: console.print(f"  {printable(line.text)}", soft_wrap=True))
        sequence = FrameSequence(board.photograph)
        _inject(board, fault or [])
        watched = VisionRun(board, sequence, wanted, tell, disturbed=bool(fault))
        snapshot.follow(board, elf, board_script or BOARD_SCRIPT, frames, clock)
        if pictures is not None:
            board.on_look.append(pictures.look)
        board.run_until(watched.is_over, 2.0 + wanted * SECONDS_PER_FRAME)
        if pictures is not None:
            board.run_until(lambda: pictures.written >= wanted, SECONDS_TO_DRAW)
            tell(f"{number_of(pictures.written, 'picture')} of the display in {lcd}")
        watched.explain(elf)
        snapshot.write()
        rows = rows_of(sequence.seen[:wanted], reference)
        verdict = Verdict(reference.card.labels, rows, wanted, sequence.problems, sequence.left_out)
    machine = board.machine
    for line in warnings.summary(machine) if machine is not None else []:
        tell(line)
    print_verdict(console, verdict, watched.wall_seconds_per_frame)
    if json_file is not None:
        found = findings(machine) if machine is not None else []
        write_json(json_file, _document(verdict) | {"findings": found})
    if not verdict.passed:
        raise typer.Exit(1)


def _inject(board: ConsoleLog, faults: list[str]) -> None:
    """Have what was asked for go wrong; CrosscamError when a fault is unknown, or the board is none of this process."""
    from sim.errors import CrosscamError
    from sim.faults.board import FaultBoard
    from sim.faults.injector import inject
    from sim.faults.order import Order

    orders = [Order.parse(spelling) for spelling in faults]
    if orders and board.machine is None:
        raise CrosscamError("--fault: only the embedded engine has faults by name; docs/faults.md: what Renode can do")
    for order in orders:
        assert board.machine is not None
        inject(FaultBoard(board.machine), order)


def rows_of(seen: list[Seen], reference: HostReference) -> list[Row]:
    """What the board said of each frame, beside what the reference says."""
    rows = []
    for each in seen:
        prediction = each.prediction
        labels, scores, verdict = reference.card.labels, (), ("", "")
        expected = reference[each.photograph] if each.photograph is not None else None
        if each.photograph is not None and expected is not None:
            scores, verdict = expected.scores, reference.verdict(each.photograph)
            if 0 < len(prediction.labels) < len(labels):  # more than a line holds: the highest, in their order
                labels, scores = reference.highest(each.photograph, len(prediction.labels))
        known = each.photograph is not None and prediction.labels == labels
        rows.append(
            Row(
                prediction.frame,
                expected.source if expected is not None else "?",
                list(expected.labels) if expected is not None else [],
                list(reference.decide(prediction.labels, prediction.scores)) if known else [],
                list(prediction.scores),
                list(scores) if known else [],
                prediction.cycles,
                prediction.duration_ms,
                (prediction.grade, prediction.zone),
                verdict,
            )
        )
    return rows


def _document(verdict: Verdict) -> dict[str, object]:
    return {
        "wanted": verdict.wanted,
        "came": len(verdict.rows),
        "equal": verdict.equal,
        "passed": verdict.passed,
        "problems": [printable(problem) for problem in verdict.problems],
        "left_out": verdict.left_out,
        "rows": [asdict(row) | {"equal": row.equal} for row in verdict.rows],
    }
