"""``crosscam profile --timeline``: begins with the measured time and ends with it."""

from __future__ import annotations

from pathlib import Path

from scripts.console import tell
from sim.files import write_bytes
from sim.profile.measure import Observer
from sim.profile.profiler import Profiler
from sim.timeline.timeline import Timeline


class Recording(Observer):
    """What ``sim.profile.measure`` asks of who observes along; does nothing without a file."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._timeline: Timeline | None = None
        self._content = b""

    def begins(self, profiler: Profiler) -> None:
        """The measured time begins."""
        if self._file is not None:
            self._timeline = Timeline(profiler)
            self._timeline.mark("measured time begins")

    def ends(self, profiler: Profiler) -> None:
        """It has ended."""
        if self._timeline is not None:
            self._timeline.mark("measured time ends")
            self._content = self._timeline.content()

    def write(self) -> None:
        """Write the file, and say where it can be seen."""
        if self._file is None or self._timeline is None:
            return
        write_bytes(self._file, self._content)
        if not self._timeline.is_complete:
            tell(f"{self._file}: too much happened: the timeline ends before the run; measure less of it")
        tell(f"{self._file}: open it at ui.perfetto.dev")
