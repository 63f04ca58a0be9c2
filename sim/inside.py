"""Names that files give of other files: they lead to something below a folder, or are refused."""

from __future__ import annotations

from pathlib import Path

from sim.reading import UnreadableError

_LONGEST_STEP, _LONGEST_NAME = 255, 4000
"""Bytes of a name between two slashes, and of all of it (Linux: NAME_MAX and, less what is before it, PATH_MAX)."""


def path_below(folder: Path, name: object) -> Path:
    """``folder / name``, for a ``name`` such as ``0001.jpg`` or ``train/0001.jpg``. Links are not looked at.

    Raises:
        UnreadableError: it is no text, or would lead elsewhere, or is no name a file can have.
    """
    if not isinstance(name, str):
        raise UnreadableError(f"it is {type(name).__name__}, expected a text")
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        raise UnreadableError("it has a half of a surrogate pair") from None
    steps = name.split("/")
    if any(step in ("", ".", "..") for step in steps):
        raise UnreadableError("it lies outside the folder or is no file, expected a file in it")
    if any(ord(letter) < 0x20 or letter in "\\\x7f" for letter in name):
        raise UnreadableError("it has a backslash or a control character")
    if length > _LONGEST_NAME or any(len(step.encode()) > _LONGEST_STEP for step in steps):
        raise UnreadableError(f"it is longer than a file's name can be ({_LONGEST_STEP} bytes)")
    return folder / name
