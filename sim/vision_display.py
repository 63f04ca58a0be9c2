"""What the vision firmware's display should show of a frame: the frame with labels and cycles, drawn again in numpy.

Font, labels and thresholds are the firmware's own, read from its ELF; how they are laid out is said here again.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.console import Prediction
from sim.engine.elf import ElfImage
from sim.errors import CrosscamError

GREEN, RED, WHITE = 0x07E0, 0xF800, 0xFFFF
_MARGIN, _LINE, _CELL = 4, 18, 16
_FONT_ROWS, _FIRST = 7, 0x20
_NOT_SHOWN = "negative"
_LONGEST_LABEL = 4 * 64 + 1  # bytes of UTF-8, and the end


class VisionDisplay:
    """Draws as the firmware ``elf`` does. CrosscamError when it has no display (built with LCD=off)."""

    def __init__(self, elf: Path) -> None:
        self._image = ElfImage.read(elf)
        font = self._content("font_glyphs")
        self._font = np.unpackbits(np.frombuffer(font, np.uint8).reshape(-1, _FONT_ROWS, 1), axis=2)[:, :, 3:]
        addresses = struct.iter_unpack("<I", self._content("nn_model_labels"))
        self._labels = [self._text(address) for (address,) in addresses]
        self._thresholds = np.frombuffer(self._content("nn_model_thresholds"), np.int8).tolist()

    def expected(self, frame: NDArray[np.uint16], prediction: Prediction) -> NDArray[np.uint16]:
        """``uint16[240, 320]``, RGB565: ``frame``, of the same form, with what ``prediction``'s line says of it."""
        picture = frame.copy()
        y = _MARGIN
        last = frame.shape[0] - _MARGIN - _CELL - _LINE
        for label, score in zip(prediction.labels, prediction.scores, strict=True):
            if label != _NOT_SHOWN and y <= last:
                threshold = self._thresholds[self._labels.index(label)]
                self._write(picture, y, label, GREEN if score >= threshold else RED)
                y += _LINE
        time = f"{prediction.duration_ms} ms {prediction.cycles} cycles"
        self._write(picture, frame.shape[0] - _MARGIN - _CELL, time, WHITE)
        return picture

    def _write(self, picture: NDArray[np.uint16], y: int, text: str, colour: int) -> None:
        cells = []
        plain = (character if character.isascii() else "?" for character in text)  # as the firmware: "?" a character
        for byte in "".join(plain).encode().upper():
            code = byte - _FIRST
            glyph = self._font[code if 0 <= code < len(self._font) else ord("?") - _FIRST]
            cells.append(np.pad(glyph, ((0, 1), (0, 1))))
        dots = np.kron(np.hstack(cells), np.ones((2, 2), np.uint8)) != 0
        dots = dots[:, : (picture.shape[1] - _MARGIN) // 12 * 12]
        picture[y : y + _CELL, _MARGIN : _MARGIN + dots.shape[1]] = np.where(dots, colour, 0)

    def _content(self, name: str) -> bytes:
        symbol = next((each for each in self._image.symbols if each.name == name and each.size), None)
        if symbol is None:
            raise CrosscamError(f"{self._image.path}: no {name} in it; expected the vision firmware, built with LCD=on")
        return self._bytes(symbol.address, symbol.size)

    def _bytes(self, address: int, count: int) -> bytes:
        for start, data in self._image.segments:
            if start <= address < start + len(data):
                return data[address - start : address - start + count]
        raise CrosscamError(f"{self._image.path}: nothing at 0x{address:08X}, expected a constant of the firmware")

    def _text(self, address: int) -> str:
        return self._bytes(address, _LONGEST_LABEL).partition(b"\0")[0].decode("utf-8", "replace")
