"""Snapshots as files: a moment of a run, found again by `crosscam debug`, and refused when anything is another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.run_snapshot import SnapshotOption
from scripts.tests.conftest import Crosscam, frames_of_noise
from sim.boot import BOARD_SCRIPT, Board
from sim.bringup.debugging import DebuggedBoard
from sim.bringup.snapshot import MachineSnapshot
from sim.errors import CrosscamError
from sim.watch.warnings import WarningLog

TIMING = "cortex-m7"
AT = 70_000_001
"""A cycle between two looks at the board, behind the one at which something is typed."""


class Typist:
    """A port at which somebody types once: at the eleventh look, when the firmware listens."""

    description = "a typist"
    looks = 0

    def receive(self) -> bytes:
        self.looks += 1
        return b"i\r" if self.looks == 11 else b""

    def send(self, byte: int) -> None:
        """Nobody reads."""

    def wait(self) -> None:
        """There already."""

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return frames_of_noise(tmp_path_factory.mktemp("noise") / "frames")


@pytest.fixture(scope="module")
def snapshot(elf: Path, frames: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run in which something was typed before."""
    path = tmp_path_factory.mktemp("snapshot") / "moment.json"
    option = SnapshotOption(str(AT), path, "crosscam")
    with option.reading:
        board = Board(elf, frames, TIMING)
        board.attach(Typist())
        option.follow(board, elf, BOARD_SCRIPT, frames, TIMING)

        board.run_until(lambda: board.machine.clock.now > AT, 1)
    option.write()
    return path


def restored(path: Path) -> DebuggedBoard:
    found = MachineSnapshot.read(path)
    origin = found.origin
    with WarningLog(lambda text: None) as warnings:
        board = DebuggedBoard(
            origin.firmware, origin.board, origin.timing, origin.frames, None, [], lambda text: None, warnings
        )
        try:
            board.restore(found)
        except CrosscamError:
            board.close()
            raise
    return board


def test_it_is_found_again_with_what_was_typed(snapshot: Path, tmp_path: Path) -> None:
    document = json.loads(snapshot.read_text())
    assert [bytes.fromhex(data) for *_, data in document["typed"]] == [b"i\r"]
    assert {"firmware", "board/crosscam.resc", "crosscam/peripherals/ov7670.py"} <= set(document["files"])
    board = restored(snapshot)
    assert board.timeline.place.cycle >= AT
    board.close()
    silent = tmp_path / "silent.json"
    silent.write_text(json.dumps(document | {"typed": []}))
    with pytest.raises(CrosscamError, match="the board holds something else than in the snapshot"):
        restored(silent)


def test_files_may_lie_elsewhere(snapshot: Path, frames: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(frames, tmp_path / "moved"))
    found = MachineSnapshot.read(snapshot, frames=moved, board=None, firmware=None)
    assert found.origin.frames == moved and "frames/frames.json" in found.files
    (moved / "frames.json").write_text("{}")
    with pytest.raises(CrosscamError, match=r"frames.json is another than when the snapshot was made"):
        MachineSnapshot.read(snapshot, frames=moved)
    shutil.rmtree(moved)
    with pytest.raises(CrosscamError, match=r"frames.json is gone: give --board or --frames"):
        MachineSnapshot.read(snapshot, frames=moved)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda document: document | {"format": "something"}, "no machine snapshot; expected a file of"),
        (lambda document: document | {"crosscam": "0.0.1"}, "made by crosscam '?0.0.1'?, this is"),
        (lambda document: document | {"typed": [1]}, "a damaged snapshot"),
        (lambda document: document | {"cycle": -1}, "a damaged snapshot"),
        (lambda document: {key: value for key, value in document.items() if key != "digest"}, "a damaged snapshot"),
        (lambda document: document | {"files": {"firmware": "0" * 64}}, "is another than when"),
        (lambda document: [document], "no machine snapshot"),
    ],
)
def test_what_is_none_is_refused(
    snapshot: Path, tmp_path: Path, change: Callable[[object], object], complaint: str
) -> None:
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(change(json.loads(snapshot.read_text()))))
    with pytest.raises(CrosscamError, match=complaint):
        MachineSnapshot.read(path)


def test_both_commands(crosscam: Crosscam, elf: Path, frames: Path, tmp_path: Path) -> None:
    path = tmp_path / "first.json"
    asked = ("run", "--elf", elf, "--frames", frames, "--count", "1", "-o", path, "--snapshot-at")
    done = crosscam(*asked, "frame:1")
    assert done.returncode == 0 and f"crosscam debug --snapshot {path}" in done.stderr
    debugged = crosscam("debug", "--snapshot", path, "--port", ":0", "--wall-limit", "0.1")
    assert debugged.returncode == 0 and "halted at 0x" in debugged.stderr, debugged.stderr
    other = crosscam("debug", "--snapshot", path, "--timing", "instructions")
    assert other.returncode == 2 and "made with --timing cortex-m7" in other.stderr
    path.unlink()
    late = crosscam(*asked, "frame:40")
    assert late.returncode == 2 and "the run was over before frame 40" in late.stderr and not path.exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--snapshot-at", "frame:0", "-o", "s"), "expected a cycle such as 12000000, or frame:N from frame:1"),
        (("--snapshot-at", "soon", "-o", "s"), "expected a cycle"),
        (("--snapshot-at", "5"), "expected -o FILE, where the snapshot goes"),
        (("-o", "s"), "expected --snapshot-at CYCLE or frame:N with -o"),
        (("--snapshot-at", "5", "-o", "s", "--engine", "renode"), "expected the engine crosscam, not renode"),
    ],
)
def test_bad_options(crosscam: Crosscam, arguments: tuple[str, ...], complaint: str) -> None:
    done = crosscam("run", *arguments)
    assert done.returncode == 2 and complaint in done.stderr and done.stderr.count("\n") == 1
