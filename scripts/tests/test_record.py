"""``crosscam record``, ``replay`` and ``compare`` from outside, on the firmware that was built."""

from __future__ import annotations

import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.tests.conftest import Crosscam, frames_of_noise
from sim.lcd import picture_of_png, png_of
from sim.lcd_kept import KeptPicture, pixels_digest
from sim.recording.archive import read_recording, write_recording


@pytest.fixture(scope="module")
def recorded(crosscam: Crosscam, elf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two frames of noise, with a command typed after the first."""
    folder = tmp_path_factory.mktemp("recorded")
    frames = frames_of_noise(folder / "frames")
    path = folder / "run.crosscam"
    done = crosscam("record", "-o", path, "--elf", elf, "--frames", frames, "--count", "2", "--type", "0.2=h")
    assert done.returncode == 0, done.stdout + done.stderr
    return path


def _replayed(crosscam: Crosscam, path: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    return crosscam("replay", path, *options)


def test_replay_gives_the_same_bytes_in_another_folder(crosscam: Crosscam, recorded: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a folder" / "copy.crosscam"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(recorded.read_bytes())
    again = tmp_path / "again.crosscam"
    done = _replayed(crosscam, elsewhere, "-o", again)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout
    assert again.read_bytes() == recorded.read_bytes()
    found = read_recording(again)
    assert found.typed[0].data == b"h\r"
    assert b"h  this list\r\n" in found.uart
    assert found.shown == (0, 1)
    assert [picture.number for picture in found.lcd] == [1]
    assert picture_of_png(found.lcd[0].png, "the display").shape == (240, 320, 3)


def test_nothing_of_this_machine_is_in_a_recording(recorded: Path) -> None:
    with zipfile.ZipFile(recorded) as archive:
        manifest = archive.read("manifest.json").decode()
    assert str(recorded.parent) not in manifest
    assert "sim/board/crosscam.repl" in json.loads(manifest)["board"]


def test_another_firmware_and_another_board_file_are_named(crosscam: Crosscam, recorded: Path, tmp_path: Path) -> None:
    """A firmware with another banner; a board file that was another one when it was recorded."""
    recording = read_recording(recorded)
    assert recording.firmware.content is not None
    other = tmp_path / "other.elf"
    other.write_bytes(recording.firmware.content.replace(b"Person and car", b"Parson and cat"))
    changed = tmp_path / "changed.crosscam"
    write_recording(changed, replace(recording, board=recording.board | {"sim/board/crosscam.repl": "00"}))
    done = _replayed(crosscam, changed, "--elf", other)
    assert done.returncode == 1
    assert "differs: the firmware other.elf" in done.stdout
    assert "differs: the board: sim/board/crosscam.repl differs" in done.stdout
    assert 'first difference: line 1 is "crosscam' in done.stdout
    assert "Parson and cat" in done.stdout


def test_another_picture_of_the_display_is_found(crosscam: Crosscam, recorded: Path, tmp_path: Path) -> None:
    recording = read_recording(recorded)
    picture = picture_of_png(recording.lcd[0].png, "the display").copy()
    picture[9, 200] ^= 0x80
    changed = tmp_path / "changed.crosscam"
    write_recording(changed, replace(recording, lcd=(KeptPicture(1, pixels_digest(picture), png_of(picture)),)))
    replayed, compared = _replayed(crosscam, changed), crosscam("compare", recorded, changed)
    assert (replayed.returncode, compared.returncode) == (1, 1)
    assert "first difference: picture 1 of the display: (200, 9) is" in replayed.stdout
    assert "1 of 76,800 pixels differ" in replayed.stdout
    assert "display, picture 1: picture: A (200, 9) is" in compared.stdout


def test_a_recording_without_its_firmware_asks_for_it(crosscam: Crosscam, recorded: Path, tmp_path: Path) -> None:
    recording = read_recording(recorded)
    bare = tmp_path / "bare.crosscam"
    write_recording(bare, replace(recording, firmware=replace(recording.firmware, content=None)))
    done = _replayed(crosscam, bare)
    assert done.returncode == 2
    assert "--elf" in done.stderr
    assert done.stderr.count("\n") == 1


def test_compare_holds_a_recording_against_a_log(crosscam: Crosscam, recorded: Path, tmp_path: Path) -> None:
    log, document = tmp_path / "board.log", tmp_path / "difference.json"
    recording = read_recording(recorded)
    log.write_bytes(b"\xff\x00noise\n" + recording.uart)
    done = crosscam("compare", recorded, log)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: 2 of 2 frames" in done.stdout
    last = recording.lines[-1].text
    score = last.split()[1].rstrip(",")
    log.write_text("\n".join([*(line.text for line in recording.lines[:-1]), last.replace(score, f"{-int(score):+}")]))
    done = crosscam("compare", recorded, log, "--json", document)
    assert done.returncode == 1
    assert "first difference: frame 2: scores" in done.stdout
    assert json.loads(document.read_text())["first_difference"]["kind"] == "scores"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("record", "-o", "{folder}/x", "--type", "soon=p"), "SECONDS=TEXT"),
        (("replay", "{folder}/none"), "no recording at"),
        (("compare", "{folder}/none", "sim"), "expected a board's log"),
        (("compare", "sim", "sim", "--ignore", "["), "no pattern"),
    ],
)
def test_bad_input_gets_one_line(
    crosscam: Crosscam, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    done = crosscam(*(each.format(folder=tmp_path) for each in arguments))
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
