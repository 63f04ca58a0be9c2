"""Profiles of whole runs: frames of the vision board, or a span of any board."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.boot import Board
from sim.bringup.board import DEFAULT_BOARD, FirstBoot
from sim.bringup.image import ELF_MAGIC, read_image
from sim.dwarf.line_table import LineTable
from sim.errors import CrosscamError
from sim.profile.profiler import Profile, Profiler
from sim.profile.windows import FrameWindows
from sim.stopping import run_for
from sim.text import printable

SECONDS_PER_FRAME = 5.0
"""Virtual time a frame may take before the run is given up."""


class Observer:
    """Who observes the measured time along."""

    def begins(self, profiler: Profiler) -> None:
        """It begins now."""

    def ends(self, profiler: Profiler) -> None:
        """It has ended."""


NOBODY = Observer()


def _lines(elf: Path, tell: Callable[[str], None]) -> LineTable | None:
    """Source lines, where the file has them; who runs the command hears why not."""
    try:
        with elf.open("rb") as file:
            is_elf = file.read(4) == ELF_MAGIC
    except OSError:
        return None  # whoever boots it says so
    if not is_elf:
        return None
    try:
        return LineTable.read(elf)
    except CrosscamError as error:
        tell(str(error))
        return None


def profile_frames(
    elf: Path,
    frames: Path,
    count: int,
    timing: str,
    tell: Callable[[str], None],
    *,
    apart: bool = False,
    observe: Observer = NOBODY,
) -> tuple[Profile, str]:
    """Boot the vision board, let the first frame pass, profile ``count`` as the firmware itself measures them.

    Returns:
        The profile, and in words what it is of.

    Raises:
        CrosscamError: it does not boot, or the frames do not come.
    """
    lines = _lines(elf, tell)
    board = Board(elf, frames, timing)
    profiler = Profiler(board.machine, lines)
    measured = FrameWindows(board, profiler.recorder)

    def reached(wanted: int) -> None:
        if not board.run_until(lambda: len(measured.windows) >= wanted, SECONDS_PER_FRAME * (wanted + 1)):
            said = printable(board.lines[-1].text, 100) if board.lines else "nothing at all"
            came = len(measured.windows) + 1
            raise CrosscamError(f"{elf}: frame {came} did not come (another firmware? give --board); it said: {said}")

    reached(1)
    profiler.begin()
    observe.begins(profiler)
    reached(1 + count)
    observe.ends(profiler)
    profile = profiler.profile(measured.windows[1 : 1 + count], apart=apart)
    profiler.close()
    which = "frame 2" if count == 1 else f"frames 2 to {count + 1}"
    how = "as its UART lines say" if measured.exact else "from UART line to UART line"
    return profile, f"{which}, {profile.cycles:,} cycles {how}"


def profile_span(
    firmware: Path,
    board: Path | None,
    skip: float,
    seconds: float,
    timing: str,
    tell: Callable[[str], None],
    *,
    apart: bool = False,
    observe: Observer = NOBODY,
) -> tuple[Profile, str]:
    """Boot any firmware on any board and profile ``seconds`` of its time, after ``skip``; as ``profile_frames``."""
    lines = _lines(firmware, tell)
    made = FirstBoot(firmware, read_image(firmware), board or DEFAULT_BOARD, timing)
    try:
        for note in made.notes:
            tell(note)
        profiler = Profiler(made.machine, lines)
        if skip:
            run_for(made.machine, skip)
        profiler.begin()
        observe.begins(profiler)
        run_for(made.machine, seconds)
        observe.ends(profiler)
        profile = profiler.profile(apart=apart)
        profiler.close()
    finally:
        made.close()
    return profile, f"{seconds:g} s from {skip:g} s on, {profile.cycles:,} cycles"
