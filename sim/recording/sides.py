"""What can be held against something else: a board's log, a recording, or a simulation made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.boot import Board
from sim.bringup.image import ELF_MAGIC
from sim.errors import CrosscamError
from sim.lcd_kept import KeptPicture, KeptPictures
from sim.reading import MEGABYTE, UnreadableError, plain_bytes
from sim.recording.archive import MAGIC, read_recording
from sim.recording.board_log import Boot, boots_of, read_log
from sim.recording.recording import MOST_PICTURES
from sim.verdict import FrameSequence
from sim.vision_run import VisionRun

SIMULATION = "sim"
LOG_AT_MOST = 256 * MEGABYTE
MOST_FRAMES = 1000
SECONDS_PER_FRAME = 5.0


@dataclass(frozen=True)
class Ran:
    """A run that was: what the board said, and what is known of its display."""

    boots: Sequence[Boot]
    pictures: Sequence[KeptPicture] = ()


@dataclass(frozen=True)
class Simulation:
    """A firmware to run: on which frames, by which clock."""

    elf: Path
    frames: Path
    timing: str

    def run(self, count: int) -> Ran:
        """What it says and shows until ``count`` frames have come.

        Raises:
            CrosscamError: the board cannot be made, or the firmware is no vision application.
        """
        board = Board(self.elf, self.frames, self.timing)
        try:
            watched = VisionRun(board, FrameSequence(board.photograph), count)
            display = KeptPictures(board, MOST_PICTURES)
            board.on_look.append(display.look)
            board.run_until(watched.is_over, 2.0 + count * SECONDS_PER_FRAME)
            watched.explain(self.elf)
            return Ran(boots_of(line.text for line in board.lines), display.pictures)
        finally:
            board.close()


Side = Ran | Simulation


def open_side(name: str, firmware: Callable[[], Path], frames: Path, timing: str) -> Side:
    """The side that ``name`` names: ``sim``, an ELF file to simulate, a recording or a log, told by their content.

    Args:
        firmware: what ``sim`` stands for.
        frames: of a simulation.
        timing: of a simulation.

    Raises:
        CrosscamError: no such file, or a log without predictions.
    """
    if name == SIMULATION:
        return Simulation(firmware(), frames, timing)
    path = Path(name)
    try:
        content = plain_bytes(path, LOG_AT_MOST)
    except (OSError, UnreadableError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"{name}: {reason}: expected a board's log, a recording, a firmware or `sim`") from None
    if content.startswith(ELF_MAGIC):
        return Simulation(path, frames, timing)
    if content.startswith(MAGIC):
        recording = read_recording(path)
        return Ran(boots_of(line.text for line in recording.lines), recording.lcd)
    return Ran(read_log(content, name))


def frames_in(ran: Ran) -> int:
    """How many frames a simulation has to run to be held against ``ran``."""
    return min(MOST_FRAMES, max((boot.last_frame for boot in ran.boots), default=1))
