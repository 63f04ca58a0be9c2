"""Recordings on disk: a zip whose members have fixed names, read with a limit on everything.

    manifest.json      what ``recording.py`` says of it
    uart.bin           every byte the board sent
    frames/0000.rgb565 153,600 bytes a frame, numbered as the manifest lists them
    lcd/0001.png       what the display showed, numbered from 1
    firmware.elf       the firmware, unless it was left out

The same run gives the same bytes: members are in this order and carry no date. No name in it becomes a path.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sim.engine.elf_parts import LARGEST_FILE
from sim.errors import CrosscamError, shown
from sim.files import whole
from sim.frames.convert import HEIGHT, WIDTH
from sim.lcd import picture_of_png
from sim.lcd_kept import KeptPicture, pixels_digest
from sim.reading import MEGABYTE, UnreadableError, parse_json, quoted
from sim.recording.recording import Firmware, RecordedFrame, Recording, digest, read_manifest

MANIFEST, UART, ELF = "manifest.json", "uart.bin", "firmware.elf"
MANIFEST_AT_MOST = 256 * MEGABYTE
UART_AT_MOST = 256 * MEGABYTE
FRAME_BYTES = WIDTH * HEIGHT * 2
PICTURE_AT_MOST = 16 * MEGABYTE
ARCHIVE_AT_MOST = 4096 * MEGABYTE
MOST_MEMBERS = 101_100
MAGIC = b"PK\x03\x04"
_DATE = (1980, 1, 1, 0, 0, 0)
_AGAIN = "record it again with `crosscam record`"


def frame_name(number: int) -> str:
    """Member of the ``number``-th frame."""
    return f"frames/{number:04}.rgb565"


def picture_name(number: int) -> str:
    """Member of the display's ``number``-th picture."""
    return f"lcd/{number:04}.png"


def write_recording(path: Path, recording: Recording) -> None:
    """Write ``recording`` to ``path``, whole or not at all; CrosscamError as ``sim.files.whole`` raises."""
    with whole(path, "the recording") as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members(recording):
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def _members(recording: Recording) -> Iterator[tuple[str, bytes]]:
    yield MANIFEST, (json.dumps(recording.manifest(), indent=1) + "\n").encode("ascii")
    yield UART, recording.uart
    for number, frame in enumerate(recording.frames):
        yield frame_name(number), frame.pixels
    for picture in recording.lcd:
        yield picture_name(picture.number), picture.png
    if recording.firmware.content is not None:
        yield ELF, recording.firmware.content


def is_recording(path: Path) -> bool:
    """Whether ``path`` starts as a recording does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def read_recording(path: Path) -> Recording:
    """The recording in ``path``.

    Raises:
        CrosscamError: it cannot be read, is damaged or cut off, holds what no recording holds, or more than it may.
    """
    try:
        if not path.is_file():
            raise CrosscamError(f"no recording at {path}: expected a file that `crosscam record` wrote")
        if path.stat().st_size > ARCHIVE_AT_MOST:
            raise CrosscamError(f"{path}: {path.stat().st_size:,} bytes: a recording has less than {ARCHIVE_AT_MOST:,}")
        with zipfile.ZipFile(path) as archive:
            return _read(_Archive(path, archive))
    except zipfile.BadZipFile as error:
        raise CrosscamError(f"{path}: no whole recording ({shown(error)}); {_AGAIN}") from None
    except (OSError, ValueError, NotImplementedError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise CrosscamError(f"{path}: cannot be read ({shown(reason)}); {_AGAIN}") from None


class _Archive:
    """The members of an open zip, by name, each read once and never beyond its limit."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise CrosscamError(f"{path}: {len(members)} members, a recording has at most {MOST_MEMBERS}")
        self._members = {member.filename: member for member in members}
        if len(self._members) != len(members):
            raise CrosscamError(f"{path}: a member comes twice; {_AGAIN}")

    @property
    def names(self) -> set[str]:
        return set(self._members)

    def read(self, name: str, at_most: int) -> bytes:
        """The bytes of a member, unpacked no further than ``at_most``."""
        member = self._members.get(name)
        if member is None:
            raise CrosscamError(f"{self.path}: no {name} in it; {_AGAIN}")
        if member.file_size > at_most:
            raise CrosscamError(f"{self.path}: {name} has {member.file_size:,} bytes, expected at most {at_most:,}")
        try:
            with self._archive.open(member) as stream:
                content = stream.read(at_most + 1)  # what the directory says of its size may be a lie
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            raise CrosscamError(f"{self.path}: {name} is damaged ({shown(error)}); {_AGAIN}") from None
        if len(content) > at_most:
            raise CrosscamError(f"{self.path}: {name} has more than {at_most:,} bytes")
        return content


def _read(archive: _Archive) -> Recording:
    where = f"{archive.path}: {MANIFEST}"
    try:
        document = parse_json(archive.read(MANIFEST, MANIFEST_AT_MOST))
    except UnreadableError as error:
        raise CrosscamError(f"{where}: {error}; {_AGAIN}") from None
    recording, hashes, uart_hash = read_manifest(document, where)
    expected = {MANIFEST, UART, *(frame_name(number) for number in range(len(hashes)))}
    expected |= {picture_name(picture.number) for picture in recording.lcd}
    strange = sorted(archive.names - expected - {ELF})
    if strange:
        raise CrosscamError(f"{archive.path}: holds {quoted(strange[0])}, which is no part of a recording; {_AGAIN}")
    uart = archive.read(UART, UART_AT_MOST)
    _check(archive.path, UART, uart, uart_hash)
    frames = []
    for number, (frame, named) in enumerate(zip(recording.frames, hashes, strict=True)):
        pixels = archive.read(frame_name(number), FRAME_BYTES)
        if len(pixels) != FRAME_BYTES:
            raise CrosscamError(f"{archive.path}: {frame_name(number)} has {len(pixels)} bytes, expected {FRAME_BYTES}")
        _check(archive.path, frame_name(number), pixels, named)
        frames.append(RecordedFrame(pixels, frame.source, frame.labels, frame.license))
    pictures = tuple(_picture(archive, picture) for picture in recording.lcd)
    content = archive.read(ELF, LARGEST_FILE) if ELF in archive.names else None
    firmware = Firmware(recording.firmware.name, recording.firmware.image, content)
    return replace(recording, uart=uart, frames=tuple(frames), firmware=firmware, lcd=pictures)


def _picture(archive: _Archive, named: KeptPicture) -> KeptPicture:
    name = picture_name(named.number)
    content = archive.read(name, PICTURE_AT_MOST)
    _hold(archive.path, name, pixels_digest(picture_of_png(content, f"{archive.path}: {name}")), named.pixels)
    return replace(named, png=content)


def _check(path: Path, name: str, content: bytes, expected: str) -> None:
    _hold(path, name, digest(content), expected)


def _hold(path: Path, name: str, found: str, expected: str) -> None:
    if found != expected:
        raise CrosscamError(f"{path}: {name} is not what the recording says it is (SHA-256 differs); {_AGAIN}")
