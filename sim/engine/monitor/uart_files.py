"""``uart CreateFileBackend``: every byte a UART sends into a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.errors import CrosscamError, shown

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
