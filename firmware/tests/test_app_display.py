"""The display's picture: what is written on the frame, in which colours, and how a frame reaches the display."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import numpy as np
import pytest
from app_host import FakeHal, build
from numpy.typing import NDArray

SOURCES = [
    *(f"app/{name}.c" for name in ("display", "drawing", "font", "frames", "report")),
    *("drivers/camera.c", "drivers/console.c", "drivers/ili9341.c", "lib/errors.c", "lib/text.c"),
    *("tests/fake_hal.c", "tests/fake_network.c"),
]
WIDTH, HEIGHT = 320, 240
CAPTURE, NETWORK, DISPLAY, SELF_TEST = range(4)
GREEN, RED, WHITE = 0x07E0, 0xF800, 0xFFFF
SET_UP_COMMANDS = b"\xc0\xc1\xc5\xc7\x36\x3a\xb1\x26\x2a\x2b\x11\x29"


class Shown:
    """The display's part of the application above a fake chip."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.hal = FakeHal(library)
        library.frames_take.restype = library.frames_hand_over.restype = ctypes.c_void_p
        library.console_init()
        library.display_init()
        self.set_up = list(self.hal.calls)
        self.hal.calls.clear()

    def frame(self, cycles: int = 13_000_000) -> NDArray[np.uint16]:
        """A grey frame that the network is done with; what becomes of it."""
        address = self.library.frames_take(CAPTURE)
        pixels = np.ctypeslib.as_array(ctypes.cast(address, ctypes.POINTER(ctypes.c_uint16)), (HEIGHT, WIDTH))
        pixels[:] = 0x8410
        self.library.frames_hand_over(CAPTURE, NETWORK)
        self.library.display_show(cycles)
        return pixels

    def sent(self) -> list[int]:
        """Addresses of the pictures that were sent."""
        return [int(call[1]) for call in self.hal.calls if call[0] == "send"]  # type: ignore[call-overload]

    def glyphs(self, text: str) -> NDArray[np.bool_]:
        """The dots of a line of text as pixels."""
        table = (ctypes.c_uint8 * 7 * 64).in_dll(self.library, "font_glyphs")
        cells = []
        for character in text.upper():
            rows = [list(map(int, f"{row:05b}0")) for row in table[ord(character) - 32]]
            cells.append(np.array([*rows, [0] * 6], bool))
        return np.kron(np.hstack(cells), np.ones((2, 2), bool))


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("display")
    build(folder, SOURCES)
    return folder / "under_test.so"


@pytest.fixture
def shown(binary: Path, tmp_path: Path) -> Shown:
    """Freshly booted, see test_app_commands."""
    return Shown(ctypes.CDLL(str(shutil.copy(binary, tmp_path))))


def test_the_display_is_reset_and_set_up_once(shown: Shown) -> None:
    names = [call[0] for call in shown.set_up]
    assert names[:4] == ["open", "display_reset", "delay", "display_reset"]
    assert b"".join(bytes(call[1]) for call in shown.set_up if call[0] == "command") == SET_UP_COMMANDS  # type: ignore[call-overload]
    assert ("data", bytes([0, 0, 1, 0x3F])) in shown.set_up, "320 columns"


def test_labels_are_green_from_the_threshold_on_and_red_below(shown: Shown) -> None:
    thresholds = (ctypes.c_int8 * 3).in_dll(shown.library, "fake_network_thresholds")
    scores = (ctypes.c_int8 * 3).in_dll(shown.library, "fake_network_output")
    expected = np.full((HEIGHT, WIDTH), 0x8410, np.uint16)
    for score, colour in ((thresholds[2], GREEN), (thresholds[2] - 1, RED)):
        scores[:] = [127, 127, score]
        pixels = shown.frame(cycles=27_412_345)
        shown.hal.display_busy = False
        lines = ((4, "car", GREEN), (22, "person", colour), (220, "57 ms 27412345 cycles", WHITE))
        for y, text, ink in lines:
            dots = shown.glyphs(text)
            expected[y : y + 16, 4 : 4 + dots.shape[1]] = np.where(dots, ink, 0)
        np.testing.assert_array_equal(pixels, expected)


def test_what_was_written_reaches_memory_before_it_is_sent(shown: Shown) -> None:
    pixels = shown.frame()
    start = pixels.ctypes.data
    names = [call[0] for call in shown.hal.calls if call[0] != "cycles"]
    assert names == ["clean", "clean", "clean", "command", "send"]
    cleaned = [(int(call[1]) - start, call[2]) for call in shown.hal.calls if call[0] == "clean"]  # type: ignore[call-overload]
    assert cleaned == [(640 * y, 640 * 16) for y in (4, 22, 220)]
    assert shown.hal.calls[-2] == ("send", start, WIDTH * HEIGHT)


def test_a_frame_that_comes_while_one_is_sent_is_left_out_and_free(shown: Shown) -> None:
    first = shown.frame().ctypes.data
    shown.frame()
    assert shown.sent() == [first]
    assert None not in [shown.library.frames_take(user) for user in (CAPTURE, NETWORK)]
    assert shown.library.frames_take(SELF_TEST) is None, "the display has the third"
    shown.hal.display_busy = False
    shown.library.display_step()
    assert shown.library.frames_take(SELF_TEST) == first


def test_a_display_that_never_gets_done_is_set_up_anew(shown: Shown) -> None:
    first = shown.frame().ctypes.data
    shown.hal.now += 100
    shown.library.display_step()
    assert shown.library.frames_take(DISPLAY) == first
    shown.hal.now += 1
    shown.library.display_step()
    assert bytes(shown.hal.sent) == b"E: LCD_TIMEOUT display did not take its frame\r\n"
    assert ("open",) in shown.hal.calls
    shown.hal.calls.clear()
    assert shown.sent() == [] and shown.frame().ctypes.data == shown.sent()[0]


def test_text_ends_where_the_picture_does(shown: Shown) -> None:
    pixels = np.zeros((20, 40), np.uint16)

    class Drawing(ctypes.Structure):
        _fields_ = (("pixels", ctypes.c_void_p), ("width", ctypes.c_uint32), ("height", ctypes.c_uint32))

    drawing = Drawing(pixels.ctypes.data, 40, 20)
    shown.library.drawing_text(ctypes.byref(drawing), 4, 5, b"###", WHITE)
    assert not pixels.any(), "no room for a line"
    shown.library.drawing_text(ctypes.byref(drawing), 4, 4, "\u00dfaz##".encode(), WHITE)
    assert (pixels[4:20, 4:40] == np.where(shown.glyphs("?AZ"), WHITE, 0)).all()
    assert not pixels[:4].any() and not pixels[:, :4].any()
