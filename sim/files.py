"""Files appear whole under their name, or not at all; what is no plain file is never replaced."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sim.errors import CrosscamError

_STREAM = re.compile(r"/dev/stdout|/dev/stderr|/(?:dev|proc/self)/fd/(\d{1,6})", re.ASCII)
_DESCRIPTORS = {"/dev/stdout": 1, "/dev/stderr": 2}


@contextlib.contextmanager
def whole(path: Path, what: str = "") -> Iterator[Path]:
    """A file beside ``path`` to write into; it takes the name ``path`` when the block ends well, else it goes.

    A symbolic link is followed, a character device such as ``/dev/null`` written to as it is, ``/dev/stdout`` and its
    like appended to when the block has ended. What a run that was killed has left beside ``path`` is removed.

    Args:
        path: where the finished file belongs.
        what: what the file is, for the error, e.g. "the UART log".

    Raises:
        CrosscamError: the folder cannot be written to, or ``path`` is a folder, a FIFO, a socket or a block device.
    """
    name = f"{what} {path}" if what else str(path)
    part: Path | None = None
    try:
        stream = _STREAM.fullmatch(str(path))
        if stream is not None:
            with tempfile.TemporaryDirectory() as folder:
                beside = Path(folder) / "part"
                yield beside
                with open(_DESCRIPTORS.get(stream[0]) or int(stream[1]), "wb", closefd=False) as out:
                    out.write(beside.read_bytes())
            return
        target = path.resolve()
        if _is_device(target, name):
            yield target
            return
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        _remove_leftovers(target)
        yield part
        part.replace(target)
    except OSError as error:
        raise CrosscamError(
            f"cannot write {name}: {error.strerror or error}; name a file in a folder that exists"
        ) from error
    finally:
        if part is not None:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _is_device(path: Path, name: str) -> bool:
    """A character device; CrosscamError for what can be neither replaced nor written to."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISCHR(mode):
        return True
    if not stat.S_ISREG(mode):
        kind = next((text for test, text in _KINDS if test(mode)), "no plain file")
        raise CrosscamError(f"cannot write {name}: it is {kind}; name a plain file")
    return False


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
)


def _remove_leftovers(path: Path) -> None:
    """Parts of ``path`` whose writers live no more."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.part")
    with os.scandir(path.parent) as entries:
        found = [(entry.name, match) for entry in entries if (match := pattern.fullmatch(entry.name))]
    for leftover, match in found:
        if not _is_running(int(match[1])):
            with contextlib.suppress(OSError):
                (path.parent / leftover).unlink()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """``text`` into ``path``, in UTF-8; CrosscamError as ``whole`` raises."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, document: object) -> None:
    """``document`` as JSON, as ``write_text`` writes."""
    write_text(path, json.dumps(document, indent=1) + "\n")
