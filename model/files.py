"""Files appear whole under their name, or not at all (``sim.files`` does the same; the packages do not share code)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from model.errors import CrosscamError


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        CrosscamError: it cannot be made, for example as a file has its name.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CrosscamError(f"{path}: cannot make this folder ({error.strerror or error}); name another") from error


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write into; it takes the name ``path`` when the block ends well, else it goes.

    Its name ends as ``path`` does, for writers that go by the ending. The folder is made where it is missing.

    Raises:
        CrosscamError: the folder cannot be made or written to.
    """
    make_folder(path.parent)
    part = path.with_name(f"part.{path.name}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise CrosscamError(f"cannot write {path}: {error.strerror or error}; name another place") from error
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """``text`` into ``path``, in UTF-8, as ``whole`` does."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")
