"""The window of a frame: from one read of CYCCNT to another, to the cycle, as the firmware measured it itself."""

from __future__ import annotations

from collections import deque

from sim.boot import Board
from sim.console import Line, Prediction
from sim.engine.observe.record.recorder import BlockRecorder, Counts

MOST_READS = 64
"""Reads of the counter that are kept."""


class CounterReads:
    """What ``recorder`` has counted at each of the last reads of CYCCNT by the core."""

    def __init__(self, recorder: BlockRecorder) -> None:
        self._recorder = recorder
        self.reads: deque[Counts] = deque(maxlen=MOST_READS)
        recorder.machine.engine.recorders.on_counter_read(self._read)

    def _read(self, cycle: int, ahead: int, pc: int) -> None:
        self.reads.append(self._recorder.counts(cycle))

    def apart(self, cycles: int) -> tuple[Counts, Counts] | None:
        """The last two reads that lie ``cycles`` apart."""
        for last in reversed(self.reads):
            for first in self.reads:
                if last.cycle - first.cycle == cycles:
                    return first, last
        return None


class FrameWindows:
    """For each prediction line of ``board``: the moments between which its cycles were measured; from line to line
    where a firmware measures otherwise (``exact`` is False then)."""

    def __init__(self, board: Board, recorder: BlockRecorder) -> None:
        self.windows: list[tuple[Counts, Counts]] = []
        self.exact = True
        self._recorder = recorder
        self._reads = CounterReads(recorder)
        self._before = recorder.counts()
        self._now = board.machine.clock
        board.on_line.append(self._take)

    def _take(self, line: Line) -> None:
        prediction = Prediction.parse(line.text)
        if prediction is None:
            return
        here = self._recorder.counts(self._now.now)
        found = self._reads.apart(prediction.cycles)
        if found is None:
            self.exact = False
            found = self._before, here
        self.windows.append(found)
        self._before = here
