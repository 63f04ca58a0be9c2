"""Recordings on disk: the same run gives the same bytes; what is no whole recording gets one line."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.console import Line
from sim.errors import CrosscamError
from sim.frames.folder import Playback
from sim.lcd import png_of
from sim.lcd_kept import KeptPicture, pixels_digest
from sim.recording.archive import (
    FRAME_BYTES,
    MANIFEST,
    UART,
    frame_name,
    is_recording,
    picture_name,
    read_recording,
    write_recording,
)
from sim.recording.inputs import differences
from sim.recording.recording import Firmware, RecordedFrame, Recording, Reset, Typed

Members = dict[str, bytes]


def displayed(number: int, grey: int) -> KeptPicture:
    picture = np.full((4, 6, 3), grey, np.uint8)
    return KeptPicture(number, pixels_digest(picture), png_of(picture))


def recording(uart: bytes = b"hello\r\n\xff") -> Recording:
    frames = tuple(RecordedFrame(bytes([n + 1]) * FRAME_BYTES, f"photo {n}", ("car",), "none") for n in range(2))
    return Recording(
        timing="cortex-m7",
        wanted=2,
        end_cycle=1 << 40,
        milliseconds=1234,
        firmware=Firmware("a.elf", "00" * 32, b"\x7fELF"),
        board={"sim/board/x.repl": "11" * 32},
        host={"python": "3"},
        set_name="made up",
        playback=Playback("shuffle", 7, False, "vsync"),
        frames=(*frames, RecordedFrame(bytes(FRAME_BYTES), "unlabelled", None, "")),
        typed=(Typed(5, b"p\r\xff"),),
        uart=uart,
        lines=(Line("hello", 99),),
        shown=(1, None),
        resets=(Reset(12, "watchdog"),),
        lcd=(displayed(1, 10), displayed(3, 20)),
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = recording()
    write_recording(tmp_path / "a.crosscam", made)
    assert read_recording(tmp_path / "a.crosscam") == made
    assert is_recording(tmp_path / "a.crosscam")
    write_recording(tmp_path / "b.crosscam", made)
    assert (tmp_path / "a.crosscam").read_bytes() == (tmp_path / "b.crosscam").read_bytes()


def changed(members: Members, **values: object) -> Members:
    """The members, with other ``values`` in the manifest."""
    document = json.loads(members[MANIFEST])
    return members | {MANIFEST: json.dumps(document | values).encode()}


def _frames(members: Members, **values: object) -> Members:
    frames = json.loads(members[MANIFEST])["frames"]
    return changed(members, frames=frames | values)


DAMAGE: list[tuple[Callable[[Members], Members], str]] = [
    (lambda m: {name: data for name, data in m.items() if name != MANIFEST}, "no manifest.json"),
    (lambda m: {name: data for name, data in m.items() if name != UART}, "no uart.bin"),
    (lambda m: {name: data for name, data in m.items() if name != frame_name(1)}, r"no frames/0001\.rgb565"),
    (lambda m: m | {"../../evil": b"x"}, "no part of a recording"),
    (lambda m: m | {"/etc/evil": b"x"}, "no part of a recording"),
    (lambda m: m | {MANIFEST: b"{"}, r"manifest\.json: "),
    (lambda m: m | {MANIFEST: b"[" * 100_000}, "nested too deep"),
    (lambda m: m | {MANIFEST: b"[]"}, "expected an object"),
    (lambda m: changed(m, format="zip"), "no recording"),
    (lambda m: changed(m, version=1), "version 1 .*reads 2"),
    (lambda m: changed(m, lines=[{"text": 5, "cycle": 1}]), r"lines\[0\]: text is 5"),
    (lambda m: changed(m, lines=[{"text": "x", "cycle": -1}]), "cycle is -1"),
    (lambda m: changed(m, typed=[{"cycle": 1, "hex": "zz"}]), "hexadecimal"),
    (lambda m: changed(m, shown=[3]), "numbers from 0 to 2"),
    (lambda m: changed(m, board=["x"]), "board: .*expected an object"),
    (lambda m: _frames(m, order="random"), "order is 'random', expected sequence or shuffle"),
    (lambda m: m | {UART: b"other"}, r"uart\.bin is not what the recording says"),
    (lambda m: m | {frame_name(0): bytes(FRAME_BYTES)}, r"frames/0000\.rgb565 is not what"),
    (lambda m: m | {frame_name(0): bytes(FRAME_BYTES - 2)}, "has 153598 bytes, expected 153600"),
    (lambda m: m | {frame_name(0): bytes(1 << 24)}, "16,777,216 bytes, expected at most 153,600"),
    (lambda m: m | {picture_name(2): m[picture_name(1)]}, r"holds 'lcd/0002\.png', which is no part"),
    (lambda m: m | {picture_name(3): m[picture_name(1)]}, r"lcd/0003\.png is not what the recording says"),
    (lambda m: m | {picture_name(1): b"GIF89a"}, r"lcd/0001\.png: no readable picture"),
    (lambda m: changed(m, lcd=[{"number": "../../evil", "pixels": ""}]), r"number is .*whole number"),
]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    path = tmp_path_factory.mktemp("whole") / "a.crosscam"
    write_recording(path, recording())
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Members) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(("damage", "complaint"), DAMAGE)
def test_a_damaged_recording_gets_one_line(
    members: Members, tmp_path: Path, damage: Callable[[Members], Members], complaint: str
) -> None:
    path = tmp_path / "bad.crosscam"
    path.write_bytes(packed(damage(members)))
    with pytest.raises(CrosscamError, match=complaint) as caught:
        read_recording(path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_one_cut_off_anywhere_gets_one_line(members: Members, tmp_path: Path) -> None:
    whole = packed(members)
    path = tmp_path / "cut.crosscam"
    for length in (0, 3, 30, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CrosscamError, match="no whole recording"):
            read_recording(path)


def test_a_bomb_whose_directory_lies_is_not_unpacked(members: Members, tmp_path: Path) -> None:
    """A frame of 70 MB that says it has 153,600 bytes."""
    bomb = packed(members | {frame_name(0): bytes(70_000_001)})
    size = (70_000_001).to_bytes(4, "little")
    assert bomb.count(size) == 2
    path = tmp_path / "bomb.crosscam"
    path.write_bytes(bomb.replace(size, FRAME_BYTES.to_bytes(4, "little")))
    with pytest.raises(CrosscamError, match=r"frames/0000\.rgb565"):
        read_recording(path)


@pytest.mark.parametrize("what", ["none", "folder"])
def test_no_recording_at_all(tmp_path: Path, what: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(CrosscamError, match="no recording at"):
        read_recording(tmp_path / what)
    assert not is_recording(tmp_path / what)


def test_what_differs_is_named() -> None:
    assert differences({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5"}) == [
        "a is not there",
        "c differs",
        "d is new",
    ]
