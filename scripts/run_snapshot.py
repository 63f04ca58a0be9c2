"""``crosscam run --snapshot-at``: the option, its board, its file."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import tell
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.boot import ConsoleLog
    from sim.bringup.snapshot_taker import Moment, SnapshotTaker
    from sim.files_read import FilesRead


class SnapshotOption:
    """What ``--snapshot-at`` and ``-o`` ask for; without them nothing is done.

    Raises:
        CrosscamError: one without the other, no moment, an engine that cannot.
    """

    def __init__(self, at: str | None, output: Path | None, engine: str) -> None:
        if (at is None) != (output is None):
            missing = "-o FILE, where the snapshot goes" if output is None else "--snapshot-at CYCLE or frame:N with -o"
            raise CrosscamError(f"expected {missing}")
        self._output = output
        self._moment: Moment | None = None
        self._read: FilesRead | None = None
        self._taker: SnapshotTaker | None = None
        if at is None:
            return
        if engine != "crosscam":
            raise CrosscamError(f"--snapshot-at: expected the engine crosscam, not {engine}, which is another process")
        from sim.bringup.snapshot_taker import Moment
        from sim.files_read import FilesRead

        self._moment, self._read = Moment.parse(at), FilesRead()

    @property
    def reading(self) -> contextlib.AbstractContextManager[object]:
        """Enter it before the board is made."""
        return contextlib.nullcontext() if self._read is None else self._read

    def follow(self, board: ConsoleLog, elf: Path, script: Path, frames: Path, timing: str) -> None:
        """``board`` was made of these, and is run now."""
        if self._moment is None or self._read is None or board.machine is None:
            return
        from sim.boot import CONSOLE_UART
        from sim.bringup.snapshot import Origin
        from sim.bringup.snapshot_taker import SnapshotTaker

        origin = Origin(elf, script, frames, timing)
        taker = SnapshotTaker(board.machine, self._moment, origin, lambda: len(board.captured_frames), self._read)
        board.on_typed.append(lambda data: taker.typed(CONSOLE_UART.removeprefix("sysbus."), data))
        board.on_look.append(taker.look)
        self._taker = taker

    def write(self) -> None:
        """The run is over; CrosscamError when the moment did not come."""
        if self._taker is None or self._output is None:
            return
        self._taker.result(self._output).write(self._output)
        tell(f"snapshot: {self._output}; crosscam debug --snapshot {self._output}")
