"""A recorded run: what went in, what came out, and the document that says so.

Whatever a run depends on is named by a hash (``inputs.py``) or lies in the recording itself (frames, what was typed);
whatever it gave is kept byte by byte. Nothing in it depends on the folder, the host's clock or the user.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.console import Line
from sim.errors import CrosscamError
from sim.frames.convert import HEIGHT, WIDTH
from sim.frames.folder import CLASSES, MOST_FRAMES, Playback, Shot
from sim.lcd_kept import KeptPicture
from sim.reading import quoted
from sim.recording.reader import Reader

FORMAT = "crosscam-recording"
VERSION = 2
MOST_LINES = 1_000_000
MOST_FILES = 10_000
MOST_PICTURES = 1000
"""Of the display; those that came later are not kept."""
_COUNT = 1 << 63
_MILLISECONDS = 100_000_000  # a day and more


@dataclass(frozen=True)
class Typed:
    """Bytes typed on the console at core cycle ``cycle``."""

    cycle: int
    data: bytes


@dataclass(frozen=True)
class Reset:
    """The machine was reset at core cycle ``cycle``."""

    cycle: int
    reason: str


@dataclass(frozen=True)
class RecordedFrame:
    """A photograph the camera could show: RGB565 little-endian, row by row. ``labels``: None where nobody knows."""

    pixels: bytes
    source: str
    labels: tuple[str, ...] | None
    license: str


@dataclass(frozen=True)
class Firmware:
    """``image``: SHA-256 of what is loaded (addresses, bytes, entry), which no build folder changes; ``content``: the
    file itself, None where it was left out."""

    name: str
    image: str
    content: bytes | None = None


@dataclass(frozen=True)
class Recording:
    """One run of the vision board.

    Attributes:
        timing: the clock's name, as ``--timing`` takes it.
        wanted: frames asked for.
        end_cycle: core cycle at which the run ended.
        milliseconds: board time at which it ended, rounded up.
        firmware: what ran.
        board: SHA-256 of each file that describes the board, by name (``inputs.board_files``).
        host: versions, and a hash of crosscam's own sources; they count only where the rest is equal.
        set_name: of the frames.
        playback: how the camera went through them.
        frames: the photographs, in the order of the frame folder.
        typed: what was typed, in order.
        uart: every byte the board sent.
        lines: its lines with their cycles.
        shown: index in ``frames`` of the n-th photograph the board captured, None: unknown.
        resets: resets after power-on.
        lcd: the first whole pictures of the display.
    """

    timing: str
    wanted: int
    end_cycle: int
    milliseconds: int
    firmware: Firmware
    board: dict[str, str]
    host: dict[str, str]
    set_name: str
    playback: Playback
    frames: tuple[RecordedFrame, ...]
    typed: tuple[Typed, ...] = ()
    uart: bytes = b""
    lines: tuple[Line, ...] = ()
    shown: tuple[int | None, ...] = ()
    resets: tuple[Reset, ...] = ()
    lcd: tuple[KeptPicture, ...] = ()

    def shots(self) -> Iterator[Shot]:
        """The photographs as a frame folder takes them."""
        for frame in self.frames:
            yield Shot(pixels_of(frame.pixels), frame.source, frame.labels, frame.license)

    def manifest(self) -> dict[str, Any]:
        """All but the bytes of UART, frames, firmware and display, which it names by their hashes."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "run": {
                "timing": self.timing,
                "wanted": self.wanted,
                "end_cycle": self.end_cycle,
                "milliseconds": self.milliseconds,
            },
            "firmware": {"name": self.firmware.name, "image": self.firmware.image},
            "board": self.board,
            "host": self.host,
            "frames": {
                "set": self.set_name,
                **asdict(self.playback),
                "frames": [
                    {
                        "source": frame.source,
                        "labels": None if frame.labels is None else list(frame.labels),
                        "license": frame.license,
                        "sha256": digest(frame.pixels),
                    }
                    for frame in self.frames
                ],
            },
            "typed": [{"cycle": each.cycle, "hex": each.data.hex()} for each in self.typed],
            "uart": {"bytes": len(self.uart), "sha256": digest(self.uart)},
            "lines": [{"cycle": line.cycle, "text": line.text} for line in self.lines],
            "shown": list(self.shown),
            "resets": [asdict(each) for each in self.resets],
            "lcd": [{"number": each.number, "pixels": each.pixels} for each in self.lcd],
        }


def digest(content: bytes) -> str:
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def pixels_of(content: bytes) -> NDArray[np.uint16]:
    """``uint16[240, 320]`` of a frame's 153,600 bytes."""
    return np.frombuffer(content, "<u2").astype(np.uint16).reshape(HEIGHT, WIDTH)


def read_manifest(document: object, where: str) -> tuple[Recording, tuple[str, ...], str]:
    """The recording without its bytes, the hash of each frame, and that of the UART's bytes.

    Raises:
        CrosscamError: it is none, is of another version, or says something impossible.
    """
    top = Reader(document, where)
    if top.get("format") != FORMAT:
        raise CrosscamError(f"{where}: format is {quoted(top.get('format'))}, expected {FORMAT}: no recording")
    if top.get("version") != VERSION:
        raise CrosscamError(
            f"{where}: version {quoted(top.get('version'))} of recordings, this one reads {VERSION}; record it again"
        )
    run, frames, uart = top.table("run"), top.table("frames"), top.table("uart")
    firmware = top.table("firmware")
    entries = [_frame(each) for each in frames.tables("frames", MOST_FRAMES)]
    count = len(entries)
    recording = Recording(
        timing=run.text("timing"),
        wanted=run.count("wanted", _COUNT),
        end_cycle=run.count("end_cycle", _COUNT),
        milliseconds=run.count("milliseconds", _MILLISECONDS),
        firmware=Firmware(firmware.text("name"), firmware.text("image")),
        board=top.texts("board", MOST_FILES),
        host=top.texts("host", MOST_FILES),
        set_name=frames.text("set"),
        playback=Playback(
            frames.one_of("order", ("sequence", "shuffle")),  # type: ignore[arg-type]
            frames.integer("seed"),
            frames.flag("loop"),
            frames.one_of("advance", ("capture", "vsync")),  # type: ignore[arg-type]
        ),
        frames=tuple(frame for frame, _ in entries),
        typed=tuple(Typed(each.count("cycle", _COUNT), each.bytes("hex")) for each in top.tables("typed", MOST_LINES)),
        lines=tuple(Line(each.text("text"), each.count("cycle", _COUNT)) for each in top.tables("lines", MOST_LINES)),
        shown=tuple(top.indices("shown", count, MOST_LINES)),
        resets=tuple(
            Reset(each.count("cycle", _COUNT), each.text("reason")) for each in top.tables("resets", MOST_LINES)
        ),
        lcd=tuple(
            KeptPicture(each.count("number", MOST_LINES), each.text("pixels"), b"")
            for each in top.tables("lcd", MOST_PICTURES)
        ),
    )
    return recording, tuple(named for _, named in entries), uart.text("sha256")


def _frame(entry: Reader) -> tuple[RecordedFrame, str]:
    labels = entry.get("labels")
    if labels is not None and not (isinstance(labels, list) and all(label in CLASSES for label in labels)):
        raise entry.wrong("labels", f"a list of {' and '.join(CLASSES)}, or null")
    kept = None if labels is None else tuple(labels)
    return RecordedFrame(b"", entry.text("source"), kept, entry.text("license")), entry.text("sha256")
