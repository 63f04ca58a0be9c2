"""A recorded run once more: from the recording's own frames, typing and firmware, on this checkout's board."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sim.boot import BOARD_SCRIPT, Board
from sim.engine.elf import ElfImage
from sim.errors import CrosscamError
from sim.files_read import FilesRead
from sim.frames.folder import write_folder
from sim.lcd_kept import KeptPicture
from sim.recording.displayed import different
from sim.recording.inputs import board_files, differences, host, image_digest
from sim.recording.recorder import Recorder, ScriptedPort
from sim.recording.recording import Firmware, Recording
from sim.text import number_of, printable
from sim.verdict import FrameSequence
from sim.vision_run import VisionRun

_SPARE_SECONDS = 1.0
_SHOWN = 100


@dataclass(frozen=True)
class Replayed:
    """``again``: what the run gave now; ``inputs``: what differs of what it depends on; ``difference``: where its
    bytes first differ from the recording's, in words, empty when they are the same."""

    again: Recording
    inputs: list[str]
    difference: str


def replay(recording: Recording, folder: Path, elf: Path | None, script: Path | None) -> Replayed:
    """Run it again.

    Args:
        recording: what was recorded.
        folder: an empty folder for frames and firmware.
        elf: firmware to run instead of the recording's own.
        script: the board's script; default: the one of crosscam.

    Raises:
        CrosscamError: no firmware, or the board cannot be made.
    """
    script = script or BOARD_SCRIPT
    elf = elf or unpacked(recording.firmware, folder)
    frames = write_folder(folder / "frames", recording.set_name, recording.shots(), recording.playback)
    image = image_digest(ElfImage.read(elf))
    inputs = [] if image == recording.firmware.image else [f"the firmware {elf.name} is another one"]
    with FilesRead() as read:
        board = Board(elf, frames.path, recording.timing, script)
        with contextlib.closing(board):
            again = _run(board, replace(recording, firmware=replace(recording.firmware, image=image)))
    again = replace(again, board=board_files(read, script, elf, frames.path))
    inputs += [f"the board: {each}" for each in differences(recording.board, again.board)]
    difference = first_difference(recording, again)
    if difference and not inputs:
        inputs = [f"crosscam itself: {each}" for each in differences(recording.host, host())]
    return Replayed(replace(again, host=dict(host())), inputs, difference)


def unpacked(firmware: Firmware, folder: Path) -> Path:
    """The firmware as a file in ``folder``; CrosscamError when the recording is without it."""
    if firmware.content is None:
        raise CrosscamError(
            f"the recording is without its firmware {firmware.name}: give it with --elf (the build that was recorded)"
        )
    path = folder / "firmware.elf"
    path.write_bytes(firmware.content)
    return path


def _run(board: Board, recording: Recording) -> Recording:
    recorder = Recorder(board)
    board.attach(ScriptedPort(board, recording.typed))
    sequence = FrameSequence(board.photograph)
    watched = VisionRun(board, sequence, recording.wanted)
    clock = board.machine.clock

    def reached() -> bool:
        watched.is_over()  # looks for a firmware that is stuck, which moves the moments of typing, as it did then
        return clock.now >= recording.end_cycle

    board.run_until(reached, recording.milliseconds / 1000 + _SPARE_SECONDS)
    return recorder.finished(recording, sequence.seen[: len(recording.shown)])


def first_difference(recorded: Recording, again: Recording) -> str:
    """Where two runs first differ: their UART's bytes, the lines' cycles, resets, photographs, the display."""
    if recorded.uart != again.uart:
        return _where_bytes_differ(recorded, again)
    for number, (one, other) in enumerate(zip(recorded.lines, again.lines, strict=True), 1):
        if one.cycle != other.cycle:
            line = printable(one.text, _SHOWN)
            return f'line {number} "{line}" came at cycle {other.cycle:,}, recorded {one.cycle:,}'
    pairs: tuple[tuple[str, object, object], ...] = (
        ("resets", recorded.resets, again.resets),
        ("photographs shown", recorded.shown, again.shown),
        ("the end", recorded.end_cycle, again.end_cycle),
    )
    return next((f"{what}: {now}, recorded {then}" for what, then, now in pairs if then != now), "") or (
        _where_pictures_differ(recorded.lcd, again.lcd)
    )


def _where_pictures_differ(recorded: Sequence[KeptPicture], again: Sequence[KeptPicture]) -> str:
    for each in different(recorded, again):
        return f"picture {each.number} of the display: {each.b}, recorded {each.a}"
    if len(recorded) != len(again):
        return f"the display showed {number_of(len(again), 'whole picture')}, recorded {len(recorded)}"
    return ""


def _where_bytes_differ(recorded: Recording, again: Recording) -> str:
    for number, (one, other) in enumerate(zip(recorded.lines, again.lines, strict=False), 1):
        if one.text != other.text:
            return f'line {number} is "{printable(other.text, _SHOWN)}", recorded "{printable(one.text, _SHOWN)}"'
    counts = f"{len(again.uart):,} bytes came on the UART, recorded {len(recorded.uart):,}"
    same = min(len(recorded.lines), len(again.lines))
    return f"{counts}; the first {same} lines are equal"
