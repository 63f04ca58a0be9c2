"""Pictures over the console: the firmware's side in C, the host's in Python, and a wire between them that errs."""

from __future__ import annotations

import ctypes
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from app_board import HostBoard
from app_host import build
from test_app_commands import SOURCES

from sim.errors import CrosscamError
from sim.link.dialogue import Dialogue
from sim.link.feed import feed
from sim.link.grab import grab
from sim.link.rows import ROW_BYTES, read_row, row_line, spelled

PICTURE = np.random.default_rng(3).integers(0, 1 << 16, 320 * 240, dtype=np.uint16).astype("<u2").tobytes()


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    build(folder, SOURCES, '-DCROSSCAM_VERSION="1.2.3"')
    return folder / "under_test.so"


@pytest.fixture
def board(binary: Path, tmp_path: Path) -> Iterator[HostBoard]:
    registers = {0x0A: 0x76, 0x0B: 0x73}
    selected = [0]

    def sensor(address: int, data: bytes | int) -> tuple[int, bytes]:
        if isinstance(data, int):
            return 0, bytes([registers.get(selected[0], 0)])
        selected[0] = data[0]
        registers.update({data[0]: data[1]} if len(data) == 2 else {})
        return 0, b""

    made = HostBoard(ctypes.CDLL(str(shutil.copy(binary, tmp_path))), sensor)
    made.picture = PICTURE
    made.start()
    yield made
    made.close()


class Errs:
    """Garbles or drops a byte of each ``every``-th, ``times`` in all."""

    def __init__(self, every: int, times: int, how: Callable[[bytes, int], bytes]) -> None:
        self._every, self._times, self._how = every, times, how
        self._seen = 0

    def __call__(self, data: bytes) -> bytes:
        self._seen += len(data)
        if self._times and self._seen >= self._every:
            self._seen = 0
            self._times -= 1
            return self._how(data, len(data) // 2)
        return data


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]


def dropped(data: bytes, at: int) -> bytes:
    return data[:at] + data[at + 1 :]


def swallowed(data: bytes, at: int) -> bytes:
    return b""


def test_a_picture_comes_as_the_camera_saw_it(board: HostBoard) -> None:
    said: list[str] = []
    got = grab(Dialogue(board, 115200, said.append), 921600)
    assert got.pixels == PICTURE
    assert (got.frame, got.again) == (1, 0)
    assert got.prediction is not None and got.prediction.scores == (127, -128, 12)
    assert [call[1] for call in board.hal.calls if call[0] == "baud"] == [921600, 115200]
    assert board.bauds[0] == 921600 and board.bauds[-1] == 115200
    assert f"dump: end of frame 1, CRC {zlib.crc32(PICTURE):08X}" in said


@pytest.mark.parametrize("how", [flipped, dropped, swallowed])
def test_a_picture_survives_a_bad_wire(board: HostBoard, how: Callable[[bytes, int], bytes]) -> None:
    board.outward = Errs(20_000, 8, how)
    got = grab(Dialogue(board, 115200))
    assert got.pixels == PICTURE
    assert got.again > 0


def test_rows_that_never_come_are_named(board: HostBoard) -> None:
    """Everything of rows 3 and 17 to 20 is garbled, whenever it is sent."""
    lost = [b"D 003 ", *(b"D %03d " % row for row in range(17, 21))]

    def wire(data: bytes) -> bytes:
        for each in lost:
            data = data.replace(each, each[::-1])
        return data

    board.outward = wire
    with pytest.raises(CrosscamError, match=r"frame 1: rows 3, 17 to 20 did not come whole in 2 attempts"):
        grab(Dialogue(board, 115200), attempts=2)


def test_a_board_that_says_nothing(board: HostBoard) -> None:
    board.outward = lambda data: b""
    with pytest.raises(CrosscamError, match="does not dump a picture"):
        grab(Dialogue(board, 115200), attempts=1)
    with pytest.raises(CrosscamError, match="takes no picture"):
        feed(Dialogue(board, 115200), PICTURE, attempts=1)


def test_a_board_that_starts_is_asked_again(board: HostBoard) -> None:
    """What is typed before its UART listens is lost: here the first two lines."""
    deaf = iter([b"", b""])
    board.inward = lambda data: next(deaf, data)
    assert feed(Dialogue(board, 115200), PICTURE, 460800).again == 0


@pytest.mark.parametrize(
    "wire", [bytes, Errs(30_000, 4, flipped), Errs(30_000, 4, dropped), Errs(40_000, 3, swallowed)]
)
def test_a_photograph_gets_to_the_network(board: HostBoard, wire: Callable[[bytes], bytes]) -> None:
    board.inward = wire
    fed = feed(Dialogue(board, 115200), PICTURE, 460800)
    assert (fed.prediction.frame, fed.prediction.scores) == (1, (127, -128, 12))
    assert (fed.again > 0) == (wire is not bytes)
    board.close()
    board.library.vision_lend.restype = ctypes.c_void_p
    assert ctypes.string_at(board.library.vision_lend(), len(PICTURE)) == PICTURE


def test_a_board_that_is_fed_no_more_gives_up(board: HostBoard) -> None:
    dialogue = Dialogue(board, 115200)
    dialogue.send("u")
    assert dialogue.wait_for(5, lambda text: text == "feed: send 240 rows, 115200 baud")
    dialogue.send(row_line("U", 5, PICTURE[:ROW_BYTES]), "\n")
    dialogue.send("U 006 nothing", "\n")
    answers = [dialogue.line(5) for _ in range(2)]
    assert answers == ["u 5 ok", "u bad"]
    assert dialogue.wait_for(10, lambda text: text == "feed: gave up, 239 of 240 rows are missing")
    dialogue.send("i")
    assert dialogue.wait_for(5, lambda text: text.startswith("crosscam 1.2.3"))


@pytest.mark.parametrize(
    "command", ["d x", "d 5", "d 3 2", "d 0 240", "d 1 2 9 9", "d 1 2 99999999999", "d  -1", "u z", "u 7"]
)
def test_wrong_arguments_get_one_line(board: HostBoard, command: str) -> None:
    dialogue = Dialogue(board, 115200)
    dialogue.send(command)
    assert dialogue.wait_for(5, lambda text: text.startswith(("dump: expected", "feed: expected")))


def test_rows_of_no_picture(board: HostBoard) -> None:
    dialogue = Dialogue(board, 115200)
    dialogue.send("d 0 1")
    assert dialogue.wait_for(5, lambda text: text == "dump: no picture is kept; d takes one")


def test_rows_are_read_to_the_letter() -> None:
    line = row_line("D", 12, PICTURE[:ROW_BYTES])
    assert read_row(f"noise {line}", "D") == (12, PICTURE[:ROW_BYTES])
    for damaged in (line.replace("D 012", "D 013"), line[:-1] + "G", line[:60] + line[61:], f"U{line[1:]}", "D 999"):
        assert read_row(damaged, "D") is None
    assert spelled([0, 1, 2, 7, 9, 10]) == "0 to 2, 7, 9 to 10"
