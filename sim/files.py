"""Files appear whole under their name, or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from sim.errors import CrosscamError


@contextlib.contextmanager
def whole(path: Path, what: str = "") -> Iterator[Path]:
    """A file beside ``path`` to write into; it takes the name ``path`` when the block ends well, else it goes.

    Args:
        path: where the finished file belongs.
        what: what the file is, for the error, e.g. "the UART log".

    Raises:
        CrosscamError: the folder cannot be written to.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        name = f"{what} {path}" if what else str(path)
        raise CrosscamError(
            f"cannot write {name}: {error.strerror or error}; name a file in a folder that exists"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """``text`` into ``path``, in UTF-8; CrosscamError as ``whole`` raises."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, document: object) -> None:
    """``document`` as JSON, as ``write_text`` writes."""
    write_text(path, json.dumps(document, indent=1) + "\n")
