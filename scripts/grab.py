"""``crosscam grab`` and ``crosscam feed``: pictures from the board, and photographs to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import NoPython, tell
from scripts.monitor import Baud, Place, SimFirmware, SimFrames, link_to
from scripts.run import rows_of
from scripts.run_verdict import Verdict
from scripts.shipped import ELF, FRAMES, MODEL, frames_or_demo, shipped
from sim.text import number_of, printable

if TYPE_CHECKING:
    from sim.link.dialogue import Dialogue

START_SECONDS = 10.0
"""In which a board that was just started has said all of its start."""
Speed = Annotated[
    int | None, typer.Option("--rows-baud", min=1200, max=6_000_000, help="Bits a second for the pixels alone.")
]


@contextlib.contextmanager
def _dialogue(place: str, baud: int, elf: Path, frames: Path) -> Iterator[Dialogue]:
    from sim.link.dialogue import Dialogue
    from sim.link.links import SIMULATION

    link = link_to(place, baud, elf, frames)
    try:
        board = Dialogue(link, baud, lambda text: tell(f"board: {text}") if text.strip() else None)
        if place == SIMULATION:  # it starts only now
            board.wait_for(START_SECONDS, lambda text: "Frame: 1" in text)
        yield board
    finally:
        link.close()


def grab(
    place: Place,
    output: Annotated[Path, typer.Option("-o", "--output", help="Frame folder to write.")],
    count: Annotated[int, typer.Option(min=1, max=1000, help="Pictures to take.")] = 1,
    baud: Baud = 115200,
    rows_baud: Speed = None,
    elf: SimFirmware = ELF,
    frames: SimFrames = FRAMES,
    no_python: NoPython = False,
) -> None:
    """Have the board take pictures (its command `d`) and make a frame folder of them.

    Rows that are lost or damaged on their way are asked for again. Exit status 0 when all pictures came whole; 2 when
    not: the rows that are missing are named, and nothing is written.

    Example: [bold]crosscam grab /dev/ttyACM0 -o build/frames/desk --count 5 --rows-baud 921600[/bold]
    """
    from sim.frames.folder import Shot, write_folder
    from sim.link.grab import grab as take
    from sim.recording.recording import pixels_of

    shots = []
    with _dialogue(place, baud, elf, frames) as board:
        for _ in range(count):
            got = take(board, rows_baud)
            said = "" if got.prediction is None else f": {_scores(got.prediction.labels, got.prediction.scores)}"
            again = f", {number_of(got.again, 'row')} sent again" if got.again else ""
            typer.echo(f"frame {got.frame}{printable(said)}{again}")
            shots.append(Shot(pixels_of(got.pixels), f"board-{got.frame:04}", None, "taken with the board"))
    folder = write_folder(output, "board", shots)
    typer.echo(f"{printable(str(output))}: {number_of(len(folder.entries), 'frame')}")


def feed(
    place: Place,
    photographs: Annotated[Path, typer.Argument(metavar="FRAMES", help="Frame folder (see `crosscam frames`).")],
    count: Annotated[int | None, typer.Option(min=1, help="Frames to send; default: each of the folder.")] = None,
    model: Annotated[Path, typer.Option(help="Model folder the firmware was compiled from.")] = MODEL,
    baud: Baud = 115200,
    rows_baud: Speed = None,
    elf: SimFirmware = ELF,
    frames: SimFrames = FRAMES,
    no_python: NoPython = False,
) -> None:
    """Send photographs to the board (its command `u`), past its lens, and hold its scores against the host's.

    So board and simulation are compared on the same pixels. Exit status 0 when all scores are equal, 1 when not, 2
    when a photograph does not get through.

    Example: [bold]crosscam feed /dev/ttyACM0 build/frames/demo --count 3 --rows-baud 921600[/bold]
    """
    from scripts.console import terminal
    from scripts.references import HostReference
    from scripts.verdict_table import print_verdict
    from sim.frames.folder import FrameFolder
    from sim.link.feed import feed as send
    from sim.verdict import Seen

    folder = FrameFolder.open(frames_or_demo(photographs))
    reference = HostReference(shipped(model), folder)
    wanted = min(count or len(folder.entries), len(folder.entries))
    seen = []
    with _dialogue(place, baud, elf, frames) as board:
        for index in range(wanted):
            fed = send(board, folder.pixels(index).astype("<u2").tobytes(), rows_baud)
            seen.append(Seen(fed.prediction, index))
            if fed.again:
                tell(f"{folder.entries[index].source}: {number_of(fed.again, 'row')} sent again")
    verdict = Verdict(reference.card.labels, rows_of(seen, reference), wanted, [])
    print_verdict(terminal(), verdict, 0.0)
    if not verdict.passed:
        raise typer.Exit(1)


def _scores(labels: tuple[str, ...], scores: tuple[int, ...]) -> str:
    return ", ".join(f"{label} {score:+d}" for label, score in zip(labels, scores, strict=True))
