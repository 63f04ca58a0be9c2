"""What two runs showed on the display: which picture differs, and whether it may."""

from __future__ import annotations

import numpy as np
import pytest

from sim.lcd import Picture, PictureWatch, png_of
from sim.lcd_kept import KeptPicture, pixels_digest
from sim.recording.compare import Comparison, Frame, Rules, compare_pictures
from sim.recording.displayed import different


def kept(number: int, *changed: tuple[int, int], shape: tuple[int, int] = (4, 6)) -> KeptPicture:
    """A grey picture with white pixels at (x, y)."""
    picture = np.full((*shape, 3), 0x40, np.uint8)
    for x, y in changed:
        picture[y, x] = 0xFF
    return KeptPicture(number, pixels_digest(picture), png_of(picture))


def found_after(shift: float, rules: Rules) -> Comparison:
    """Two pictures, of which the second differs, after a run whose frames' cycles are ``shift`` apart."""
    found = Comparison([Frame(1, n, ("cat",), (1,), (1,), 1000, 1000, shift, True) for n in (1, 2)])
    compare_pictures(found, [kept(1), kept(2)], [kept(1), kept(2, (5, 1), (0, 3))], rules)
    return found


def test_a_picture_that_differs_is_named_by_number_and_pixel() -> None:
    (each,) = different([kept(1), kept(2)], [kept(2, (5, 1), (0, 3)), kept(1), kept(3)])
    assert (each.number, each.a) == (2, "(5, 1) is #404040")
    assert each.b == "(5, 1) is #ffffff (2 of 24 pixels differ)"
    (each,) = different([kept(1)], [kept(1, shape=(6, 4))])
    assert (each.a, each.b) == ("6 x 4 pixels", "4 x 6 pixels")


def test_equal_frames_must_show_equal_pictures() -> None:
    found = found_after(0.0, Rules())
    assert [(each.kind, each.where) for each in found.differences] == [("picture", "display, picture 2")]
    assert not found.passed


@pytest.mark.parametrize(("strict", "passed"), [(False, True), (True, False)])
def test_a_picture_shows_cycles_so_it_may_differ_with_them(strict: bool, passed: bool) -> None:
    found = found_after(0.001, Rules(strict=strict))
    assert found.passed == passed
    assert passed == any("not the same either" in note for note in found.notes)


def test_a_log_knows_of_no_display() -> None:
    found = Comparison()
    compare_pictures(found, [], [kept(1)], Rules(strict=True))
    assert (found.differences, found.notes) == ([], [])


class Display:
    """Stands in for an ``Lcd``: so many pictures, each of one grey."""

    def __init__(self) -> None:
        self.pictures = 0

    def picture(self, which: int) -> Picture:
        return np.full((1, 1, 3), self.pictures, np.uint8)


def test_numbers_go_on_when_a_display_is_reset() -> None:
    display, taken = Display(), []
    watch = PictureWatch(display, lambda number, picture: taken.append((number, int(picture[0, 0, 0]))))  # type: ignore[arg-type]
    for display.pictures in (0, 1, 1, 2, 0, 0, 1, 3):
        count = watch.look()
    assert (count, taken) == (5, [(1, 1), (2, 2), (3, 1), (5, 3)])
