"""What a coverage is collected from: frames of the vision board, a span of any board, or whatever else runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.boot import Board
from sim.bringup.board import DEFAULT_BOARD, FirstBoot
from sim.bringup.image import read_image
from sim.coverage import lcov
from sim.coverage.collector import Collector
from sim.coverage.reports import below, write_reports
from sim.coverage.result import Coverage
from sim.engine.machine.new_machines import watching
from sim.errors import CrosscamError
from sim.stopping import run_for

SECONDS_PER_FRAME = 5.0


@contextmanager
def collected(
    folder: Path, root: Path, earlier: list[Path], tell: Callable[[str], None], show: Callable[[Coverage], None]
) -> Iterator[None]:
    """Collect the coverage of every machine that runs in the context, add ``earlier`` results (.info files), write the
    reports into ``folder`` and ``show`` what was covered.

    Raises:
        CrosscamError: an earlier result cannot be read, no program had debug information, nothing can be written.
    """
    before = [lcov.read(path) for path in earlier]
    collector = Collector(tell)
    with watching(collector.watch):
        yield
    found = below(collector.coverage(), root)
    for each in before:
        found.add(each)
    for note in write_reports(found, folder, root):
        tell(note)
    show(found)


def run_frames(elf: Path, frames: Path, count: int, timing: str) -> None:
    """Boot the vision board and let it see ``count`` frames; CrosscamError when they do not come."""
    board = Board(elf, frames, timing)
    if not board.run_until(lambda: len(board.predictions) >= count, SECONDS_PER_FRAME * (count + 1)):
        raise CrosscamError(f"{elf}: {len(board.predictions)} of {count} frames came (another firmware? give --board)")


def run_span(firmware: Path, board: Path | None, seconds: float, timing: str) -> None:
    """Boot any firmware on any board and let it run for ``seconds`` of its time."""
    made = FirstBoot(firmware, read_image(firmware), board or DEFAULT_BOARD, timing)
    try:
        run_for(made.machine, seconds)
    finally:
        made.close()
