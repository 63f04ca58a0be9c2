"""Files that firmware opens: those of one folder, kept in this process so that a run can be gone back in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.errors import CrosscamError
from sim.files import whole
from sim.inside import path_below
from sim.reading import UnreadableError

MOST_OPEN = 64
LARGEST = 1 << 26
"""Bytes of a file."""
ENOENT, EBADF, EACCES, EINVAL, EMFILE, EFBIG = 2, 9, 13, 22, 24, 27
"""What SYS_ERRNO says, by newlib's and Linux's numbers."""
_APPENDS, _TRUNCATES = 8, 4
"""Of fopen's modes as SYS_OPEN numbers them (r, rb, r+, r+b, w, ...): from here on w, from here on a."""


class RefusedError(Exception):
    """A call fails; ``number``: its errno."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class _Open:
    name: str
    writes: bool
    reads: bool
    appends: bool
    place: int = 0


class FileStore:
    """Handles from ``first`` on. ``folder``: None, there are no files at all.

    ``is_live``: what is written goes to the disk only while it says so; else the run is a repetition of one whose
    writing has been done.
    """

    def __init__(self, folder: Path | None, first: int, is_live: Callable[[], bool] = lambda: True) -> None:
        self._folder, self._first, self._is_live = folder, first, is_live
        self._contents: dict[str, bytearray] = {}
        self._open: dict[int, _Open] = {}

    def open(self, name: str, mode: int) -> int:
        """A handle. Raises RefusedError: no such file, outside the folder, too many."""
        if not 0 <= mode < 12:
            raise RefusedError(EINVAL)
        handle = next((each for each in range(self._first, self._first + MOST_OPEN) if each not in self._open), None)
        if handle is None:
            raise RefusedError(EMFILE)
        content = self._content(name)
        if mode < _TRUNCATES and content is None:
            raise RefusedError(ENOENT)
        made = _Open(name, mode >= _TRUNCATES or bool(mode & 2), mode < _TRUNCATES or bool(mode & 2), mode >= _APPENDS)
        if content is None or _TRUNCATES <= mode < _APPENDS:
            content = bytearray()
            self._save(name, content)
        self._contents[name] = content
        self._open[handle] = made
        return handle

    def close(self, handle: int) -> None:
        """Raises RefusedError: it is not open."""
        file = self._file(handle)
        if file.writes:
            self._save(file.name, self._contents[file.name])
        del self._open[handle]

    def close_all(self) -> None:
        """The program has ended."""
        for handle in list(self._open):
            self.close(handle)

    def read(self, handle: int, count: int) -> bytes:
        """From where the handle stands. Raises RefusedError."""
        file = self._file(handle)
        if not file.reads:
            raise RefusedError(EBADF)
        data = bytes(self._contents[file.name][file.place : file.place + count])
        file.place += len(data)
        return data

    def write(self, handle: int, data: bytes) -> None:
        """To where the handle stands; on the disk when it is closed. Raises RefusedError."""
        file = self._file(handle)
        content = self._contents[file.name]
        place = len(content) if file.appends else file.place
        if not file.writes:
            raise RefusedError(EBADF)
        if place + len(data) > LARGEST:
            raise RefusedError(EFBIG)
        content.extend(bytes(max(0, place - len(content))))
        content[place : place + len(data)] = data
        file.place = place + len(data)

    def seek(self, handle: int, place: int) -> None:
        """Raises RefusedError: not open, or far behind the largest file."""
        if place > LARGEST:
            raise RefusedError(EINVAL)
        self._file(handle).place = place

    def size(self, handle: int) -> int:
        """Bytes. Raises RefusedError."""
        return len(self._contents[self._file(handle).name])

    def _file(self, handle: int) -> _Open:
        if handle not in self._open:
            raise RefusedError(EBADF)
        return self._open[handle]

    def _path(self, name: str) -> Path:
        if self._folder is None:
            raise RefusedError(EACCES)
        try:
            path = path_below(self._folder, name)
            if not path.resolve().is_relative_to(self._folder.resolve()):  # a link
                raise RefusedError(EACCES)
        except (UnreadableError, OSError):
            raise RefusedError(EACCES) from None
        return path

    def _content(self, name: str) -> bytearray | None:
        path = self._path(name)
        if name in self._contents:
            return self._contents[name]
        try:
            if not path.exists():
                return None
            if not path.is_file() or path.stat().st_size > LARGEST:
                raise RefusedError(EACCES)
            return bytearray(path.read_bytes())
        except OSError:
            raise RefusedError(EACCES) from None

    def _save(self, name: str, content: bytearray) -> None:
        path = self._path(name)
        if not self._is_live():
            return
        try:
            with whole(path) as part:
                part.write_bytes(content)
        except (CrosscamError, OSError):
            raise RefusedError(EACCES) from None
