"""``uart CreateFileBackend``: every byte a UART sends into a file; ``RecordToAsciinema``: with the time it came."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path

from sim.errors import CrosscamError, shown
from sim.files import write_text

MOST_NUMBERED = 1000
"""Files of one name and a number behind it, at most."""


def free_path(path: Path) -> Path:
    """``path``, or where that exists ``path`` with the first free number behind it, as Renode does.

    Raises:
        CrosscamError: there are too many already, or the folder cannot be looked into.
    """
    try:
        if not path.exists():
            return path
        if not path.is_file():
            raise CrosscamError(f"{shown(str(path))}: no plain file: expected the name of a new file")
        for number in range(1, MOST_NUMBERED):
            numbered = path.with_name(f"{path.name}.{number}")
            if not numbered.exists():
                return numbered
    except (OSError, ValueError) as error:
        raise CrosscamError(f"{shown(str(path))}: {_reason(error)}: expected the name of a new file") from None
    raise CrosscamError(f"{shown(str(path))}: {MOST_NUMBERED} files of this name exist: remove some")


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


class UartFile:
    """An open file of its own that takes what is sent until ``close``.

    Args:
        path: where it goes; an existing file is left alone (``free_path``).
        listeners: the UART's ``on_char``.
        flush: write each byte at once.

    Raises:
        CrosscamError: the file cannot be made.
    """

    def __init__(self, path: Path, listeners: list[Callable[[int], object]], flush: bool) -> None:
        self.path = free_path(path)
        try:
            self._file = self.path.open("xb")
        except (OSError, ValueError) as error:
            raise CrosscamError(
                f"{shown(str(path))}: {_reason(error)}: expected a folder that exists and can be written"
            ) from None
        self._listeners, self._flush = listeners, flush
        listeners.append(self._take)

    def _take(self, byte: int) -> None:
        self._file.write(bytes((byte,)))
        if self._flush:
            self._file.flush()

    def close(self) -> None:
        """Everything is in the file; nothing more comes."""
        if self._take in self._listeners:
            self._listeners.remove(self._take)
        self._file.close()


class UartRecording:
    """What a UART sends as an asciicast (format version 2): a line for its size, then one for each character.

    Args:
        path: the file, written at ``close``.
        listeners: the UART's ``on_char``.
        seconds: virtual time now.
        header: width, height and name of the terminal.
    """

    def __init__(
        self,
        path: Path,
        listeners: list[Callable[[int], object]],
        seconds: Callable[[], float],
        header: dict[str, object],
    ) -> None:
        self.path = path
        self._listeners, self._seconds = listeners, seconds
        self._lines = [json.dumps({"version": 2, **header, "env": {"TERM": "xterm-256color"}})]
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        listeners.append(self._take)

    def _take(self, byte: int) -> None:
        text = self._decoder.decode(bytes((byte,)))
        if text:
            self._lines.append(json.dumps([round(self._seconds(), 6), "o", text]))

    def close(self) -> None:
        """Everything is in the file; nothing more comes."""
        if self._take in self._listeners:
            self._listeners.remove(self._take)
        write_text(self.path, "\n".join(self._lines) + "\n")
