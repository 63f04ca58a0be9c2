"""The display of the whole board: each prediction's frame, drawn again in numpy, on both engines; no tearing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.boot import Board, ConsoleLog
from sim.console import Prediction
from sim.engines import open_board
from sim.errors import CrosscamError
from sim.frames.folder import FrameFolder, Playback, Shot, write_folder
from sim.lcd import COMPLETE, Lcd, LcdFolder, load, shown
from sim.renode.finder import find_renode
from sim.vision_display import VisionDisplay

ROOT = Path(__file__).parents[2]
ELF = ROOT / "build" / "zig" / "crosscam.elf"
FRAMES_ON_RENODE = int(os.environ.get("CROSSCAM_RENODE_FRAMES", "3"))
"""Six seconds each."""
FRAME_SECONDS = 0.2
CAMERA_FRAME_CYCLES = 784 * 510 * 2 * 480 // 24

pytestmark = pytest.mark.skipif(not ELF.is_file(), reason="needs the firmware: make -C firmware TOOLCHAIN=zig")


def checkerboard(number: int, size: int = 8) -> NDArray[np.uint16]:
    """Fields of two colours that frame ``number`` alone has; the next frame's fields are where its gaps are."""
    y, x = np.mgrid[:240, :320] // size
    bright = (x + y + number) % 2 == 0
    return np.where(bright, 0xFFFF - 0x0841 * (number % 12), 0x0100 * (number % 12)).astype(np.uint16)


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkerboards") / "frames"
    shots = (Shot(checkerboard(number), f"{number}", None, "none") for number in range(12))
    write_folder(folder, "checkerboards", shots, Playback())
    return folder


def pairs(board: ConsoleLog, count: int) -> Iterator[tuple[Prediction, NDArray[np.uint8]]]:
    """Predictions, each with the picture that was complete when the next one came."""
    lcd = Lcd(board)
    for number in range(1, count + 1):
        assert board.run_until(lambda: lcd.pictures >= number, FRAME_SECONDS + 1), f"no picture {number}"  # noqa: B023
        assert lcd.pictures == number
        yield board.predictions[number - 1], lcd.picture(COMPLETE)


def assert_own_frames(board: ConsoleLog, frames: Path, count: int) -> None:
    display, folder = VisionDisplay(ELF), FrameFolder.open(frames)
    for prediction, picture in pairs(board, count):
        photograph = board.photograph(prediction.frame - 1)
        assert photograph is not None
        expected = shown(display.expected(folder.pixels(photograph), prediction))
        np.testing.assert_array_equal(picture, expected, err_msg=f"frame {prediction.frame}")


def assert_frame_period(board: ConsoleLog) -> None:
    """An inference of 28.5 ms and a picture of 25.6 ms both fit into the camera's frame, so its period is the board's.

    A frame starts at its line's cycle less its own cycles; three frames on it lies in the same buffer. 784 x 510
    x 2 clocks of 24 MHz a frame (OV7670 data sheet, VGA frame timing); the rest is how long a line takes to be noticed.
    """
    started = [line.cycle - found.cycles for line in board.lines if (found := Prediction.parse(line.text)) is not None]
    assert abs(started[4] - started[1] - 3 * CAMERA_FRAME_CYCLES) < 1000


@pytest.mark.parametrize("timing", ["instructions", "cortex-m7"])
def test_no_picture_has_parts_of_two_frames(boards: Path, timing: str) -> None:
    """Frames that change everywhere, captured, predicted and drawn at the same time."""
    board = Board(ELF, boards, timing)
    assert_own_frames(board, boards, 5)
    if timing == "cortex-m7":
        assert_frame_period(board)


def test_the_same_on_renode(boards: Path) -> None:
    try:
        find_renode()
    except CrosscamError as missing:
        pytest.skip(str(missing))
    board = open_board("renode", ELF, boards, "instructions")
    try:
        assert_own_frames(board, boards, FRAMES_ON_RENODE)
    finally:
        board.close()


def test_a_file_a_picture(boards: Path, tmp_path: Path) -> None:
    board = Board(ELF, boards)
    pictures = LcdFolder(Lcd(board), tmp_path / "lcd")
    board.on_look.append(pictures.look)
    board.run_until(lambda: pictures.written >= 2, 2)
    assert sorted(path.name for path in (tmp_path / "lcd").iterdir()) == ["0001.png", "0002.png"]
    np.testing.assert_array_equal(load(tmp_path / "lcd" / "0002.png"), Lcd(board).picture(COMPLETE))


def test_what_is_no_display_says_so(boards: Path) -> None:
    board = Board(ELF, boards)
    with pytest.raises(CrosscamError, match="no whole picture has been drawn yet"):
        Lcd(board).picture(COMPLETE)
    with pytest.raises(CrosscamError, match="expected a display's script"):
        Lcd(board, "sysbus.usart3")
