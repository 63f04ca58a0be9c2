"""``crosscam run``: boot the firmware, show its UART, hold every prediction against the host reference."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.files import write_json

if TYPE_CHECKING:
    from rich.console import Console

    from scripts.references import HostReference
    from sim.boot import ConsoleLog

SECONDS_PER_FRAME = 5.0
"""Virtual time a frame may take before the run is given up; a frame of the plain kernels takes well under one."""


@dataclass(frozen=True)
class Row:
    """One frame of the verdict: what was expected, what the board said."""

    frame: int
    source: str
    labels: list[str]
    predicted: list[str]
    scores: list[int]
    reference: list[int]
    cycles: int
    duration_ms: int

    @property
    def equal(self) -> bool:
        """The board's scores are those of the reference, bit for bit."""
        return self.scores == self.reference


def run(
    elf: Annotated[Path, typer.Option(help="Firmware to boot.")] = Path("build/crosscam.elf"),
    frames: Annotated[Path, typer.Option(help="Frame folder (see `crosscam frames`).")] = Path("build/frames/demo"),
    model: Annotated[Path, typer.Option(help="Model folder the firmware was compiled from.")] = Path(
        "model/zoo/person_car_160"
    ),
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
        list[str] | None, typer.Option(help="Also connect the UART to pty, tcp:PORT or a file; may be repeated.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the verdict as JSON.")] = None,
) -> None:
    """Boot the board, show its UART lines, then a table of predictions and a verdict.

    Exit status 0 when every prediction equals the host reference, 1 when not, 2 on bad input.

    Example: [bold]crosscam run --frames build/frames/demo --count 5 --uart pty[/bold]
    """
    from scripts.console import terminal
    from scripts.references import HostReference
    from sim.engines import DEFAULT_TIMING, open_board
    from sim.frames.folder import FrameFolder
    from sim.uart_ports import open_port

    console = terminal()
    folder = FrameFolder.open(frames)
    wanted = count or len(folder.entries)
    ports = [open_port(spelling) for spelling in uart or []]
    with contextlib.ExitStack() as cleanup:
        for port in ports:
            cleanup.callback(port.close)
        board = open_board(engine, elf, frames, timing or DEFAULT_TIMING.get(engine, ""), board_script)
        cleanup.callback(board.close)
        for port in ports:
            board.attach(port)
            console.print(f"UART at {port.description}")
        console.print(f"[dim]{wanted} frames of the {folder.set_name} set in {frames}[/dim]")
        board.on_line.append(lambda line: console.print(f"  {line.text}", markup=False, soft_wrap=True))
        started = time.monotonic()
        finished = board.run_until(lambda: len(board.predictions) >= wanted, 2.0 + wanted * SECONDS_PER_FRAME)
        wall = time.monotonic() - started
        if not finished:
            said = board.lines[-1].text if board.lines else "nothing at all"
            console.print(f"[red]gave up after {board.seconds:.1f} s of board time; last line: {said}[/red]")
        rows = _rows(board, HostReference(model, folder), wanted)
    _print_verdict(console, rows, wanted, wall)
    if json_file is not None:
        _write_json(json_file, rows, wanted)
    if len(rows) < wanted or not all(row.equal for row in rows):
        raise typer.Exit(1)


def _rows(board: ConsoleLog, reference: HostReference, wanted: int) -> list[Row]:
    order = board.captured_frames
    rows = []
    for prediction in board.predictions[:wanted]:
        index = order[prediction.frame - 1]
        expected = reference[index]
        predicted = reference.decide(prediction.scores)
        rows.append(
            Row(
                prediction.frame,
                expected.source,
                list(expected.labels),
                list(predicted),
                list(prediction.scores),
                list(expected.scores),
                prediction.cycles,
                prediction.duration_ms,
            )
        )
    return rows


def _print_verdict(console: Console, rows: list[Row], wanted: int, wall: float) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title="Predictions of the board", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("frame", "photograph", "expected", "predicted", "car  neg  person", "cycles", "host"):
        table.add_column(heading, justify="right" if heading in ("frame", "cycles") else "left", no_wrap=True)
    hits = 0
    for row in rows:
        hit = row.labels == row.predicted
        hits += hit
        table.add_row(
            str(row.frame),
            row.source,
            " ".join(row.labels),
            f"[{'green' if hit else 'yellow'}]{' '.join(row.predicted)}[/]",
            " ".join(f"{score:+4d}" for score in row.scores),
            f"{row.cycles:,}",
            "equal" if row.equal else f"[red]differs: {row.reference}[/red]",
        )
    console.print(table)
    equal = sum(row.equal for row in rows)
    passed = equal == wanted
    labelled = [row for row in rows if row.labels]
    agree = f"; {hits} of {len(labelled)} agree with the photograph's labels" if labelled else ""
    console.print(
        f"[{'green' if passed else 'red'}]{'PASS' if passed else 'FAIL'}[/]: {equal} of {wanted} predictions equal the"
        f" host reference bit for bit{agree}; {wall / max(len(rows), 1):.2f} s of wall time a frame",
        soft_wrap=True,
    )


def _write_json(path: Path, rows: list[Row], wanted: int) -> None:
    document = {
        "wanted": wanted,
        "equal": sum(row.equal for row in rows),
        "rows": [asdict(row) | {"equal": row.equal} for row in rows],
    }
    write_json(path, document)
