"""The display of a board as the host sees it: its pictures, as arrays and as files.

The device is ``sim/peripherals/ili9341.py``; what it shows is asked by its ``ControlRead``, on either engine.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sim.engine.machine import Machine
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.errors import CrosscamError
from sim.files import whole

DISPLAY = "sysbus.ili9341"
NOW, COMPLETE = 0x20, 0x21
"""Commands of the display's script: what is seen now, and what was when the last whole picture was complete."""
_PICTURES, _IS_ON, _SIZE = 0x10, 0x11, 0x12
_LARGEST_SIDE = 4096

Picture = NDArray[np.uint8]
"""``uint8[height, width, 3]``: red, green, blue."""


class ScriptedDevices(Protocol):
    """A board whose scripted devices answer the host."""

    def ask(self, path: str, command: int, value: int = 0) -> int:
        """``ControlRead`` of the device at a Renode path."""

    def ask_bytes(self, path: str, command: int) -> bytes:
        """What a display answers to a command that gives a picture."""


class Lcd:
    """The display at ``path`` of ``board``. CrosscamError when there is none."""

    def __init__(self, board: ScriptedDevices, path: str = DISPLAY) -> None:
        self._board, self._path = board, path
        size = board.ask(path, _SIZE)
        self.width, self.height = size >> 16, size & 0xFFFF
        if not (0 < self.width <= _LARGEST_SIDE and 0 < self.height <= _LARGEST_SIDE):
            raise CrosscamError(f"{path} is no display: it says that it is {self.width} x {self.height} pixels large")

    @property
    def pictures(self) -> int:
        """Whole pictures so far."""
        return self._board.ask(self._path, _PICTURES)

    @property
    def is_on(self) -> bool:
        """Whether the glass shows anything."""
        return self._board.ask(self._path, _IS_ON) != 0

    def picture(self, which: int = NOW) -> Picture:
        """What people see, or saw; CrosscamError for ``COMPLETE`` before there was a whole picture."""
        data = self._board.ask_bytes(self._path, which)
        if len(data) != 3 * self.width * self.height:
            raise CrosscamError(f"{self._path}: {len(data)} bytes of picture; no whole picture has been drawn yet")
        return np.frombuffer(data, np.uint8).reshape(self.height, self.width, 3)


class PictureWatch:
    """Hands each whole picture of ``lcd`` with its number, from 1, to ``take``; ``look`` often enough.

    A display that was reset counts anew; the numbers go on.
    """

    def __init__(self, lcd: Lcd, take: Callable[[int, Picture], None]) -> None:
        self._lcd, self._take = lcd, take
        self._before, self._count = 0, 0  # pictures before the last reset, and since

    def look(self) -> int:
        """Hand the last whole picture over if it is new; how many there were so far."""
        count = self._lcd.pictures
        if count < self._count:
            self._before, self._count = self._before + self._count, 0
        if count > self._count:
            self._count = count
            self._take(self._before + count, self._lcd.picture(COMPLETE))
        return self._before + count


class LcdFolder:
    """Writes each whole picture of ``lcd`` to ``folder``: ``0001.png``, ``0002.png``, ...; ``look`` often enough."""

    def __init__(self, lcd: Lcd, folder: Path) -> None:
        self._lcd, self._folder = lcd, folder
        self._watch = PictureWatch(lcd, self._write)
        self.written = 0
        """Number of the last picture."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CrosscamError(f"{folder}: {error.strerror}; expected a folder for the display's pictures") from error

    def look(self) -> int:
        """Write the last whole picture if it is new; how many there were so far."""
        return self._watch.look()

    def _write(self, number: int, picture: Picture) -> None:
        self.written = number
        save(picture, self._folder / f"{number:04d}.png")

    def finish(self) -> int:
        """Write also what is seen now, as ``last.png``; how many whole pictures there were."""
        self.look()
        save(self._lcd.picture(), self._folder / "last.png")
        return self.written


class MachineDevices:
    """``ScriptedDevices`` of a machine of this process."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def ask(self, path: str, command: int, value: int = 0) -> int:
        """``ControlRead`` of the device at a Renode path."""
        return self._scripted(path).control_read(command, value)

    def ask_bytes(self, path: str, command: int) -> bytes:
        """What a display answers to a command that gives a picture."""
        return bytes(self._scripted(path).control_read_block(command))

    def _scripted(self, path: str) -> PythonPeripheral:
        device = self._machine[path]
        if not isinstance(device, PythonPeripheral):
            raise CrosscamError(f"{path} is a {type(device).__name__}, expected a display's script")
        return device


def picture_file(path: Path) -> str:
    """A monitor command by which a display's script writes its next picture to ``path``; Renode knows nothing of
    ``ControlReadBlock``. Code points, since a path may hold what ends a string."""
    points = ", ".join(str(ord(sign)) for sign in str(path))
    name = f"u''.join([unichr(point) for point in [{points}]])"
    return f"python \"import System; System.Environment.SetEnvironmentVariable('CROSSCAM_LCD', {name})\""


def save(picture: Picture, path: Path) -> None:
    """Write a PNG; CrosscamError when that cannot be."""
    with whole(path, "the picture") as part:
        Image.fromarray(picture).save(part, format="PNG")


def png_of(picture: Picture) -> bytes:
    """The picture as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="PNG")
    return file.getvalue()


def load(path: Path) -> Picture:
    """Read a picture; CrosscamError when there is none at ``path``, or a huge one."""
    return _read(path, str(path))


def picture_of_png(content: bytes, where: str) -> Picture:
    """The picture in a PNG file's bytes; CrosscamError, which names ``where``, when it is none, or a huge one."""
    return _read(io.BytesIO(content), where, ("PNG",))


def _read(file: Path | io.BytesIO, where: str, formats: tuple[str, ...] | None = None) -> Picture:
    try:
        with Image.open(file, formats=formats) as image:
            if max(image.size) > _LARGEST_SIDE:
                raise CrosscamError(f"{where}: {image.width} x {image.height} pixels, expected {_LARGEST_SIDE} at most")
            return np.asarray(image.convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise CrosscamError(f"{where}: no readable picture; expected a PNG of what the display is to show") from error


def shown(pixels: NDArray[np.uint16]) -> Picture:
    """How an ILI9341's glass shows RGB565 pixels: 5 bits become 6 by the top one again (datasheet 8.3, "Interface
    Control", EPF = 0), and the picture's 8 are the 6 and their top two."""
    red, green, blue = pixels >> 11 & 31, pixels >> 5 & 63, pixels & 31
    six = (red << 1 | red >> 4, green, blue << 1 | blue >> 4)
    return np.stack([channel << 2 | channel >> 4 for channel in six], axis=-1).astype(np.uint8)
