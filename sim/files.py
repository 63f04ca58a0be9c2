"""Files appear whole under their name, or not at all; and nothing but a plain file is ever replaced."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import select
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sim.errors import CrosscamError

_MARK = ".part-"
_LONGEST_NAME = 200
"""Bytes of a file's name that its part carries: the file system takes 255."""
_STREAM = re.compile(r"/dev/stdout|/dev/stderr|/(?:dev|proc/self)/fd/(\d{1,6})", re.ASCII)
_AT_ONCE = 1 << 12
"""Bytes a pipe takes without a wait once it can be written to (PIPE_BUF of Linux)."""
_DESCRIPTORS = {"/dev/stdout": 1, "/dev/stderr": 2}
PIPE_SECONDS = 10.0
"""How long a pipe or device may take a write before it is given up."""


@contextlib.contextmanager
def whole(path: Path, what: str = "") -> Iterator[Path]:
    """A file beside ``path`` to write into; it takes the name ``path`` when the block ends well, else it goes.

    Its name ends as ``path`` does, for writers that go by the ending. A link is followed; to a pipe or a character
    device (``/dev/null``) the content is copied when it is whole, to ``/dev/stdout`` and its like it is appended. What
    runs that were killed have left beside ``path`` is removed.

    Args:
        path: where the finished file belongs.
        what: what the file is, for the error, e.g. "the UART log".

    Raises:
        CrosscamError: the folder cannot be written to, or ``path`` is a folder, a disk, a socket or a pipe that nobody
            reads.
    """
    name = f"{what} {path}" if what else str(path)
    with contextlib.ExitStack() as stack:
        try:
            descriptor = _descriptor(path)
            target = path if descriptor is not None else path.resolve()
            is_stream = descriptor is not None or _is_stream(target, name)
            part = _beside(Path(tempfile.gettempdir()) / target.name if is_stream else target)
        except (OSError, RuntimeError, ValueError) as error:
            raise _cannot_write(name, error) from error
        stack.callback(_remove, part)
        try:
            yield part
            if is_stream:
                _copy_to_stream(part, target, descriptor)
            else:
                part.replace(target)
        except OSError as error:
            raise _cannot_write(name, error) from error


def _descriptor(path: Path) -> int | None:
    """Our own stream that ``path`` stands for: opened anew, a file behind it would be cut."""
    stream = _STREAM.fullmatch(str(path))
    return None if stream is None else _DESCRIPTORS.get(stream[0]) or int(stream[1])


def _is_stream(target: Path, name: str) -> bool:
    """A pipe or a device, not a file (there or not yet); CrosscamError for what must not be written over."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISREG(mode):
        return False
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return True
    thing = "a folder" if stat.S_ISDIR(mode) else "a disk" if stat.S_ISBLK(mode) else "a socket"
    raise CrosscamError(f"cannot write {name}: it is {thing}; name a file")


def _beside(target: Path) -> Path:
    """A new file in the folder of ``target``, with the permissions ``target`` has or would get."""
    ending = os.fsdecode(os.fsencode(target.name)[-_LONGEST_NAME:])
    for left in target.parent.glob(f"{_MARK}*-{_escaped(ending)}"):
        if not _is_running(left.name):
            _remove(left)
    handle, name = tempfile.mkstemp(prefix=f"{_MARK}{os.getpid()}-", suffix=f"-{ending}", dir=target.parent)
    with contextlib.suppress(OSError):
        os.fchmod(handle, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
    os.close(handle)
    return Path(name)


def _remove(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _is_running(name: str) -> bool:
    """The process that wrote the part file ``name`` is still there."""
    number = name.removeprefix(_MARK).partition("-")[0]
    if not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _copy_to_stream(part: Path, target: Path, descriptor: int | None) -> None:
    """Into our own stream, or a pipe or device that is there; a pipe nobody reads is an error, not a wait."""
    content = memoryview(part.read_bytes())
    handle = descriptor if descriptor is not None else os.open(target, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        ready = select.poll()
        ready.register(handle, select.POLLOUT)
        while content:
            if not ready.poll(None if descriptor is not None else PIPE_SECONDS * 1000):
                raise OSError(errno.ETIMEDOUT, f"nobody took it for {PIPE_SECONDS:g} s")
            content = content[os.write(handle, content[:_AT_ONCE]) :]
    finally:
        if descriptor is None:
            os.close(handle)


def _cannot_write(name: str, error: Exception) -> CrosscamError:
    if isinstance(error, OSError):
        reason = "nobody reads this pipe" if error.errno == errno.ENXIO else error.strerror or str(error)
    elif isinstance(error, ValueError):  # NUL or a surrogate in it
        reason = "no name a file can have"
    else:
        reason = "a link that leads to itself"
    return CrosscamError(f"cannot write {name}: {reason}; name a file in a folder that exists and can be written to")


def write_text(path: Path, text: str) -> None:
    """``text`` into ``path``, in UTF-8; CrosscamError as ``whole`` raises."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes | bytearray) -> None:
    """``content`` into ``path``; CrosscamError as ``whole`` raises."""
    with whole(path) as part:
        part.write_bytes(content)


def write_json(path: Path, document: object) -> None:
    """``document`` as JSON, as ``write_text`` writes."""
    write_text(path, json.dumps(document, indent=1) + "\n")
