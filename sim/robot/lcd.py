"""Keywords that judge what the board's display shows; the same on both engines.

``renode-test`` runs in a Python of its own: where that lacks what crosscam needs, tests that look at pictures are
skipped; ``sim/tests/test_lcd.py`` looks at Renode's pictures from crosscam's own.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from robot.api import SkipExecution
from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn

if TYPE_CHECKING:
    from types import ModuleType

    from sim.console import Prediction

DISPLAY = "sysbus.ili9341"
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]+|\d+", re.ASCII)


def _pictures() -> ModuleType:
    try:
        from sim.robot import lcd_pictures
    except ModuleNotFoundError as error:
        raise SkipExecution(f"pictures want {error.name} in the Python that runs the suite") from error
    return lcd_pictures


class _Suite:
    """The board of the running suite, by `Execute Command`."""

    def ask(self, path: str, command: int, value: int = 0) -> int:
        answer = str(BuiltIn().run_keyword("Execute Command", f"{path} ControlRead {command} {value}"))
        found = _NUMBER.search(answer)
        if found is None:
            raise AssertionError(f"{path} answered {answer[:80]!r}: expected a number; is it a display?")
        return int(found[0], 0)

    def ask_bytes(self, path: str, command: int) -> bytes:
        from sim.lcd import picture_file

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "picture.raw"
            BuiltIn().run_keyword("Execute Command", picture_file(file))
            return file.read_bytes() if self.ask(path, command) else b""


@library(scope="SUITE")
class lcd:  # noqa: N801 - `Library  sim.robot.lcd` finds the class by the module's name
    """A picture is the last whole one ("complete"; one that is being drawn is half of another), or "now"."""

    @keyword("Lcd Pictures")
    def lcd_pictures(self, display: str = DISPLAY) -> int:
        """How many whole pictures the display has been given."""
        return int(_pictures().Lcd(_Suite(), display).pictures)

    @keyword("Save Lcd Picture")
    def save_lcd_picture(self, file: str, which: str = "complete", display: str = DISPLAY) -> None:
        """Writes what the display shows as a PNG."""
        pictures = _pictures()
        pictures.save(pictures.seen(_Suite(), display, which), Path(file))

    @keyword("Lcd Picture Should Be")
    def lcd_picture_should_be(
        self,
        file: str,
        tolerance: int = 0,
        mask: str | None = None,
        pixels: int = 0,
        which: str = "complete",
        display: str = DISPLAY,
    ) -> None:
        """Fails unless the display shows the picture in ``file``.

        ``tolerance``: by how much a channel (0 to 255) may differ. ``mask``: a picture, black where anything may be
        seen. ``pixels``: so many may differ by more. The pictures and what differs are kept in the output folder.
        """
        pictures, expected = _pictures(), Path(file)
        picture = pictures.seen(_Suite(), display, which)
        only = None if mask is None else Path(mask)
        pictures.compare(picture, pictures.load(expected), tolerance, only, pixels, expected.stem)

    @keyword("Lcd Should Show Prediction")
    def lcd_should_show_prediction(
        self, prediction: Prediction, photograph: int, frames: str, elf: str, display: str = DISPLAY
    ) -> None:
        """Fails unless the last whole picture is photograph number ``photograph`` of the folder ``frames`` with the
        labels, colours and cycles that belong to ``prediction``, pixel for pixel."""
        pictures = _pictures()
        expected = pictures.drawn(prediction, photograph, Path(frames), Path(elf))
        picture = pictures.seen(_Suite(), display, "complete")
        pictures.compare(picture, expected, 0, None, 0, f"frame-{prediction.frame}")
