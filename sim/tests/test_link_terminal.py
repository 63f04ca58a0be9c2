"""Pictures over a pseudo terminal, which is what a board's /dev/ttyACM0 is: a made-up board at its other end, on a
wire that loses and turns over bytes.
"""

from __future__ import annotations

import os
import random
import select
import threading
import zlib
from collections.abc import Callable, Iterator

import pytest

from sim.console import Prediction
from sim.errors import CrosscamError
from sim.link.dialogue import Dialogue
from sim.link.feed import feed
from sim.link.grab import grab
from sim.link.links import LinkLostError, SerialLink
from sim.link.rows import FROM_BOARD, ROW_BYTES, ROWS, TO_BOARD, read_row, row_line

PICTURE = random.Random(7).randbytes(ROWS * ROW_BYTES)
SCORES = "K\u00e4fer {\u00df}: +120, a, b:  -12 | Duration: 1 ms | Cycles: 2000"
Wire = Callable[[bytes], bytes]


def clean(line: bytes) -> bytes:
    return line


def lossy(seed: int, one_in: int, *ways: str) -> Wire:
    """A wire on which one row in so many comes short, with a byte turned over, or is lost: ``ways``."""
    dice = random.Random(seed)

    def carry(line: bytes) -> bytes:
        if len(line) < 100 or dice.randrange(one_in):
            return line
        at = dice.randrange(len(line) - 2)
        damaged = {"short": line[:at], "turned": line[:at] + bytes([line[at] ^ 0xFF]), "lost": b""}
        way = dice.choice(ways)
        return damaged[way] + (b"" if way == "lost" else line[at + 1 :])

    return carry


class Board(threading.Thread):
    """Speaks as firmware/app/dump.c and feed.c do; ``wire`` carries what it says and hears."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(daemon=True)
        self._door, other = os.openpty()
        self.place = os.ttyname(other)
        self._other = other
        self.fed: dict[int, bytes] = {}
        self.over = threading.Event()
        self.wire = wire

    def run(self) -> None:
        heard = b""
        while not self.over.is_set():
            if not select.select([self._door], [], [], 0.05)[0]:
                continue
            heard += os.read(self._door, 1 << 16)
            *lines, heard = heard.replace(b"\r", b"\n").split(b"\n")
            for line in filter(None, lines):
                self._hear(self.wire(line).decode("latin-1"))

    def close(self) -> None:
        self.unplug()
        os.close(self._other)

    def unplug(self) -> None:
        if not self.over.is_set():
            self.over.set()
            self.join(60)
            os.close(self._door)

    def _say(self, text: str) -> None:
        data = self.wire(text.encode() + b"\r\n")
        while data:
            data = data[os.write(self._door, data) :]

    def _hear(self, line: str) -> None:
        name, *numbers = line.split(" ")
        if name == "d":
            self._dump(*map(int, numbers[:2])) if len(numbers) > 1 else self._dump(0, ROWS - 1)
        elif name == "u":
            self._say(f"feed: send {ROWS} rows, 115200 baud")
        elif len(line) > 100 or name == TO_BOARD:
            self._take(line)

    def _dump(self, first: int, last: int) -> None:
        self._say(f"{SCORES} | Frame: 7")
        self._say(f"dump: frame 7, rows {first} to {last} of {ROWS}, 115200 baud")
        for row in range(first, last + 1):
            self._say(row_line(FROM_BOARD, row, PICTURE[row * ROW_BYTES :][:ROW_BYTES]))
        self._say(f"dump: end of frame 7, CRC {zlib.crc32(PICTURE):08X}")

    def _take(self, line: str) -> None:
        row = read_row(line, TO_BOARD)
        self._say("u bad" if row is None else f"u {row[0]} ok")
        if row is not None:
            self.fed[row[0]] = row[1]
        if len(self.fed) == ROWS:
            self._say(f"fed 1 | {SCORES}")


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Iterator[tuple[Board, Dialogue]]:
    """The board on the wire that the test asks for, and somebody at the other end."""
    made = Board(getattr(request, "param", clean))
    made.start()
    link = SerialLink(made.place, 115200)
    yield made, Dialogue(link, 115200)
    link.close()
    made.close()


@pytest.mark.parametrize(
    "board", [clean, lossy(1, 40, "short", "turned", "lost")], indirect=True, ids=["clean", "lossy"]
)
def test_a_picture_is_grabbed_whatever_the_wire_does(board: tuple[Board, Dialogue]) -> None:
    got = grab(board[1])
    assert got.pixels == PICTURE
    assert got.prediction == Prediction.parse(f"{SCORES} | Frame: 7")


def test_rows_that_never_come_are_named(board: tuple[Board, Dialogue]) -> None:
    board[0].wire = lambda line: b"" if line.startswith((b"D 003", b"D 017", b"D 018")) else line
    with pytest.raises(CrosscamError, match="frame 7: rows 3, 17 to 18 did not come whole in 2 attempts"):
        grab(board[1], attempts=2)


def test_a_picture_is_fed(board: tuple[Board, Dialogue]) -> None:
    made, dialogue = board
    made.wire = lossy(2, 20, "short", "turned")
    done = feed(dialogue, PICTURE)
    assert b"".join(made.fed[row] for row in range(ROWS)) == PICTURE and done.again > 0
    assert done.prediction.labels == ("K\u00e4fer {\u00df}", "a, b")


def test_a_board_that_is_unplugged_is_told(board: tuple[Board, Dialogue]) -> None:
    made, dialogue = board
    made.unplug()
    with pytest.raises(LinkLostError, match=f"{made.place}: the board has gone"):
        dialogue.line(60)
    with pytest.raises(LinkLostError, match="the board has gone"):
        dialogue.speed(921600)
