"""Frame folders: written whole or not at all, read with every fault named."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import CrosscamError
from sim.frames.folder import Entry, FrameFolder, Playback, Shot, write_folder
from sim.frames.order import shuffled
from sim.tests.camera_bench import test_card as card


def shot(seed: int = 0, labels: tuple[str, ...] | None = ("person",)) -> Shot:
    return Shot(card(seed), f"{seed}.jpg", labels, "CC0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_folder(tmp_path / "set", "trial", [shot(0), shot(1, ()), shot(2, ("person", "car")), shot(3, None)])
    return tmp_path / "set"


def edit(folder: Path, **changes: Any) -> None:
    listing = json.loads((folder / "frames.json").read_text())
    (folder / "frames.json").write_text(json.dumps(listing | changes))


def test_what_was_written_is_read(folder: Path) -> None:
    read = FrameFolder.open(folder)
    assert read.set_name == "trial"
    assert read.playback == Playback()
    assert read.entries == (
        Entry("0000.rgb565", "0.jpg", ("person",), "CC0"),
        Entry("0001.rgb565", "1.jpg", (), "CC0"),
        Entry("0002.rgb565", "2.jpg", ("car", "person"), "CC0"),
        Entry("0003.rgb565", "3.jpg", (), "CC0", labelled=False),
    )
    for index in range(4):
        assert (read.pixels(index) == card(index)).all()


def test_pixels_are_little_endian_rows(folder: Path) -> None:
    data = (folder / "0001.rgb565").read_bytes()
    assert len(data) == 153600
    x, y = 7, 5
    assert int.from_bytes(data[2 * (y * 320 + x) :][:2], "little") == card(1)[y, x]


def test_the_listing_is_ascii_for_python_2(tmp_path: Path) -> None:
    write_folder(tmp_path / "set", "Häuser", [Shot(card(), "Äpfel.jpg", (), "©")])
    assert (tmp_path / "set" / "frames.json").read_bytes().isascii()
    assert FrameFolder.open(tmp_path / "set").entries[0].source == "Äpfel.jpg"


def test_playback_is_kept(tmp_path: Path) -> None:
    playback = Playback("shuffle", 7, False, "vsync")
    read = write_folder(tmp_path / "set", "s", [shot(0), shot(1), shot(2)], playback)
    assert read.playback == playback
    assert read.play_order() == shuffled(3, 7)


def test_shuffling_is_a_permutation_that_the_seed_decides() -> None:
    assert shuffled(10, 0) == [0, 5, 7, 1, 3, 8, 4, 6, 9, 2]  # written down: recorded runs depend on it
    assert sorted(shuffled(200, 1)) == list(range(200))
    assert shuffled(200, 1) != shuffled(200, 2)
    assert shuffled(200, 1) == shuffled(200, 1 + 2**32)
    assert shuffled(0, 0) == [] and shuffled(1, 5) == [0]


def test_a_new_set_replaces_the_old_one(folder: Path) -> None:
    write_folder(folder, "new", [shot(9)])
    assert [entry.source for entry in FrameFolder.open(folder).entries] == ["9.jpg"]
    assert sorted(path.name for path in folder.iterdir()) == ["0000.rgb565", "frames.json"]
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_a_failure_half_way_leaves_the_old_set(folder: Path) -> None:
    def shots() -> Iterator[Shot]:
        yield shot(5)
        raise CrosscamError("bad.jpg: not a picture")

    with pytest.raises(CrosscamError, match=r"bad\.jpg"):
        write_folder(folder, "new", shots())
    assert FrameFolder.open(folder).set_name == "trial"
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_no_shots_make_no_folder(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="no photograph"):
        write_folder(tmp_path / "set", "s", [])
    assert list(tmp_path.iterdir()) == []


def test_other_peoples_folders_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("keep")
    with pytest.raises(CrosscamError, match="not a frame folder"):
        write_folder(tmp_path / "letters", "s", [shot()])
    assert (tmp_path / "letters" / "mine.txt").read_text() == "keep"
    (tmp_path / "file").write_text("x")
    with pytest.raises(CrosscamError, match="not a folder"):
        write_folder(tmp_path / "file", "s", [shot()])
    (tmp_path / "empty").mkdir()
    assert write_folder(tmp_path / "empty", "s", [shot()]).entries


def test_a_frame_of_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"\(10, 10\), expected \(240, 320\)"):
        write_folder(tmp_path / "set", "s", [Shot(np.zeros((10, 10), np.uint16), "a", (), "")])


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"nowhere: no such frame folder; make one with `crosscam frames`"):
        FrameFolder.open(tmp_path / "nowhere")
    with pytest.raises(CrosscamError, match=r"no frames\.json in this folder \(it is empty\)"):
        FrameFolder.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read as JSON"),
        ("[]", "holds list, expected an object"),
        ("{}", "format is null, expected 'rgb565le'"),
        (b"\xff\xfe", "cannot be read as JSON"),
    ],
)
def test_a_damaged_listing_is_named(folder: Path, text: str | bytes, says: str) -> None:
    (folder / "frames.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CrosscamError, match=says):
        FrameFolder.open(folder)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"width": 640}, "width is 640, expected 320"),
        ({"frames": []}, "lists no frames"),
        ({"frames": [{"source": "a"}]}, "frame 0 has no file name"),
        ({"frames": [{"file": "0000.rgb565", "labels": ["dog", "a\nb"]}]}, r"frame 0 has labels \['dog', 'a"),
        ({"frames": [{"file": "0000.rgb565", "labels": [""]}]}, r"frame 0 has labels \[''\], expected a list of names"),
        ({"frames": [{"file": "0000.rgb565", "labels": "car"}]}, "frame 0 has labels 'car'"),
        ({"frames": [{"file": "9.rgb565"}]}, r"frame 0 names the file '9\.rgb565', but: No such file"),
        ({"frames": [{"file": "../x.rgb565"}]}, "lies outside the folder"),
        ({"frames": [{"file": "/etc/hostname"}]}, "lies outside the folder"),
        ({"frames": [{"file": "."}]}, "is no file, expected a file in it"),
        ({"order": "random"}, "order is 'random', expected sequence or shuffle"),
        ({"advance": "never"}, "advance is 'never', expected capture or vsync"),
        ({"seed": "x"}, "seed is 'x', expected an integer"),
        ({"loop": 1}, "loop is 1, expected true or false"),
    ],
)
def test_each_wrong_value_is_named(folder: Path, changes: dict[str, Any], says: str) -> None:
    edit(folder, **changes)
    with pytest.raises(CrosscamError, match=says):
        FrameFolder.open(folder)


def test_a_frame_of_the_wrong_size_names_file_and_bytes(folder: Path) -> None:
    (folder / "0002.rgb565").write_bytes(bytes(1000))
    with pytest.raises(CrosscamError, match=r"0002\.rgb565: 1000 bytes, expected 153600 \(320 x 240 RGB565\)"):
        FrameFolder.open(folder)


def test_a_link_that_leaves_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(bytes(153600))
    (folder / "0000.rgb565").unlink()
    (folder / "0000.rgb565").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CrosscamError, match="lies outside the folder"):
        FrameFolder.open(folder)


def test_a_place_one_may_not_write_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CrosscamError, match=r"cannot write .*file/set"):
        write_folder(tmp_path / "file" / "set", "s", [shot()])


def test_a_pipe_in_place_of_the_listing_or_a_frame_is_no_wait(folder: Path) -> None:
    (folder / "0001.rgb565").unlink()
    os.mkfifo(folder / "0001.rgb565")
    with pytest.raises(CrosscamError, match=r"0001\.rgb565: 0 bytes, expected 153600"):
        FrameFolder.open(folder)
    (folder / "frames.json").unlink()
    os.mkfifo(folder / "frames.json")
    with pytest.raises(CrosscamError, match="it is a pipe or a device, not a plain file"):
        FrameFolder.open(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"set": "x" * 10_000},
        {"set": {"a": [1]}},
        {"format": "a" * 5000},
        {"order": "\x1b[2J\n" * 1000},
        {"seed": 10**60},
        {"frames": [{"file": "\n"}]},
        {"frames": [{"file": "0000.rgb565\0"}]},
        {"frames": [{"file": "\ud800"}]},
        {"frames": [{"file": "a" * 5000}]},
        {"frames": [{"file": "0000.rgb565", "labels": ["a" * 5000]}]},
        {"frames": [{"file": "0000.rgb565", "source": 5}]},
        {"frames": [{"file": "0000.rgb565", "license": "x" * 10_000}]},
        {"frames": [{"file": "0000.rgb565"}] * 100_001},
    ],
)
def test_any_value_is_one_short_line(folder: Path, changes: dict[str, Any]) -> None:
    edit(folder, **changes)
    if "seed" in changes:  # any integer of at most 64 digits
        assert len(FrameFolder.open(folder).play_order()) == 4
        return
    with pytest.raises(CrosscamError) as caught:
        FrameFolder.open(folder)
    assert str(caught.value).isprintable() and len(str(caught.value)) <= 320
