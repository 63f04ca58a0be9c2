"""Files appear whole under their name, or not at all (``sim.files`` does the same; the packages do not share code)."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from model.errors import CrosscamError

_MARK = ".part-"
PIPE_SECONDS = 10.0
"""How long a pipe or device may take a write before it is given up."""


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        CrosscamError: it cannot be made, for example as a file has its name.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CrosscamError(f"{path}: cannot make this folder ({reason}); name another") from error


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write into; it takes the name ``path`` when the block ends well, else it goes.

    Its name ends as ``path`` does, for writers that go by the ending. The folder is made where it is missing. A link is
    followed; to a pipe or a character
    device (``/dev/null``) the content is copied when it is whole. What earlier runs left beside ``path`` when they were
    killed is removed.

    Raises:
        CrosscamError: the folder cannot be written to, or ``path`` is a folder, a disk or a socket.
    """
    name = str(path)
    make_folder(path.parent)
    with contextlib.ExitStack() as stack:
        try:
            target = path.resolve() if path.is_symlink() else path
            kind = _kind(target, name)
            part = _beside(Path(tempfile.gettempdir()) / target.name if kind == "stream" else target)
            stack.callback(part.unlink, missing_ok=True)
        except OSError as error:
            raise _cannot_write(name, error) from error
        except RuntimeError as error:  # a ring of links
            raise CrosscamError(f"cannot write {name}: a link that leads to itself; name another place") from error
        try:
            yield part
            if kind == "stream":
                _copy_to_stream(part, target)
            else:
                part.replace(target)
        except OSError as error:
            raise _cannot_write(name, error) from error


def _kind(target: Path, name: str) -> str:
    """``file`` (there or not yet) or ``stream``; CrosscamError for what must not be written over."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return "file"
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return "stream"
    thing = "a folder" if stat.S_ISDIR(mode) else "a disk" if stat.S_ISBLK(mode) else "a socket"
    raise CrosscamError(f"cannot write {name}: that is {thing}; name a file")


def _beside(target: Path) -> Path:
    """A new file in the folder of ``target``, with the permissions ``target`` has or would get."""
    for left in target.parent.glob(f"{_MARK}*-{_escaped(target.name)}"):
        if not _is_running(left.name):
            left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{_MARK}{os.getpid()}-", suffix=f"-{target.name}", dir=target.parent)
    with contextlib.suppress(OSError):
        os.fchmod(handle, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
    os.close(handle)
    return Path(name)


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


def _copy_to_stream(part: Path, target: Path) -> None:
    """Into a pipe or device that is there already; a pipe nobody reads is an error, not a wait."""
    content = memoryview(part.read_bytes())
    handle = os.open(target, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        until = time.monotonic() + PIPE_SECONDS
        while content:
            if not select.select([], [handle], [], max(0.0, until - time.monotonic()))[1]:
                raise OSError(errno.ETIMEDOUT, f"nobody took it for {PIPE_SECONDS:.0f} s")
            content = content[os.write(handle, content) :]
    finally:
        os.close(handle)


def _cannot_write(name: str, error: OSError) -> CrosscamError:
    reason = "nobody reads this pipe" if error.errno == errno.ENXIO else error.strerror or str(error)
    return CrosscamError(f"cannot write {name}: {reason}; name a file in a folder that exists and can be written to")


def write_text(path: Path, text: str) -> None:
    """``text`` into ``path``, in UTF-8; CrosscamError as ``whole`` raises."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """``content`` into ``path``; CrosscamError as ``whole`` raises."""
    with whole(path) as part:
        part.write_bytes(content)
