"""A run of the vision board that is being recorded: what is typed, when the board was reset, what the camera showed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sim.boot import Board
from sim.frames.folder import FrameFolder
from sim.lcd_kept import KeptPictures
from sim.recording.recording import MOST_PICTURES, Firmware, RecordedFrame, Recording, Reset, Typed
from sim.verdict import Seen

AHEAD = 8
"""Photographs the camera may have looked at beyond those captured."""


class ScriptedPort:
    """Types what is to be typed, each once its cycle has come; shows nothing."""

    description = "a script"

    def __init__(self, board: Board, typed: Iterable[Typed]) -> None:
        self._clock = board.machine.clock
        self._left = sorted(typed, key=lambda each: each.cycle)

    def wait(self) -> None:
        """It is there."""

    def send(self, byte: int) -> None:
        """Nobody looks."""

    def receive(self) -> bytes:
        """What is due."""
        due = bytearray()
        while self._left and self._left[0].cycle <= self._clock.now:
            due += self._left.pop(0).data
        return bytes(due)

    def close(self) -> None:
        """Nothing is open."""


class Recorder:
    """Follows ``board`` from power-on: what is typed at its ports, its resets, with their cycles; what it displays."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.typed: list[Typed] = []
        self.resets: list[Reset] = []
        self._display = KeptPictures(board, MOST_PICTURES)
        board.on_look.append(self._display.look)
        board.on_typed.append(lambda data: self.typed.append(Typed(self.now, data)))
        board.on_reset.append(lambda reason: self.resets.append(Reset(self.now, reason)))

    @property
    def now(self) -> int:
        """The present core cycle."""
        return self._board.machine.clock.now

    def finished(self, before: Recording, seen: Sequence[Seen]) -> Recording:
        """``before`` with what the run gave; ``seen``: its predictions."""
        return replace(
            before,
            end_cycle=self.now,
            milliseconds=math.ceil(self._board.machine.clock.exact_seconds * 1000),
            typed=tuple(self.typed),
            uart=bytes(self._board.uart_log),
            lines=tuple(self._board.lines),
            shown=tuple(each.photograph for each in seen),
            resets=tuple(self.resets),
            lcd=tuple(self._display.pictures),
        )


def frames_for(folder: FrameFolder, wanted: int) -> tuple[FrameFolder, list[int]]:
    """Which frames of ``folder`` a run of ``wanted`` frames can show: their indices, in the order to keep.

    All of a folder that is shown whole, or that goes on with every frame of the camera; else the first in the order in
    which the camera shows them, which is then the order of the recording.
    """
    order = folder.play_order()
    most = wanted + AHEAD
    if folder.playback.advance == "vsync" or len(order) <= most:
        return folder, list(range(len(order)))
    return replace(folder, playback=replace(folder.playback, order="sequence")), order[:most]


def started(
    folder: FrameFolder, indices: Sequence[int], timing: str, wanted: int, firmware: Firmware, host: dict[str, str]
) -> Recording:
    """A recording of which only what goes in is known; the board's files come when it is made."""
    frames = []
    for index in indices:
        entry = folder.entries[index]
        labels = entry.labels if entry.labelled else None
        frames.append(RecordedFrame(folder.pixels(index).astype("<u2").tobytes(), entry.source, labels, entry.license))
    return Recording(timing, wanted, 0, 0, firmware, {}, host, folder.set_name, folder.playback, tuple(frames))
