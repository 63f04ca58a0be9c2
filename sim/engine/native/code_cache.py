"""Machine code kept between runs, in a folder nobody else can write, and checked before it is loaded.

The folder is ``$XDG_CACHE_HOME/crosscam`` (``~/.cache/crosscam``): a real directory, the user's own, with mode 0700.
Each file starts with a digest of its name and content, keyed with a secret that lies there too, so a file that was cut
off, damaged, or made elsewhere is no more than a miss. Where there is no such folder (no home, a read-only install, a
folder that is somebody else's) nothing is kept.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import io
import os
import secrets
import stat
import tempfile
from pathlib import Path

_KEY_FILE, _KEY_BYTES = "key", 32
_DIGEST_BYTES = 32


class CodeCache:
    """A folder of checked files, one level deep. ``path`` is guarded already (see ``guarded``)."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key

    def room(self, name: str) -> CodeCache | None:
        """A folder below, guarded in the same way; a file of another room is none of this one's."""
        path = self.path / name
        return CodeCache(path, hmac.digest(self._key, name.encode(), "sha256")) if guarded(path) else None

    def digest(self, name: str, content: bytes) -> bytes:
        """What a file of this name and content must start with."""
        return hmac.digest(self._key, name.encode() + b"\0" + content, "sha256")

    def read(self, name: str) -> bytes | None:
        """The content kept under ``name``; None when there is none, or it is not as it was written."""
        try:
            with _open(self.path / name) as file:
                raw = file.read()
        except OSError:
            return None
        content = raw[_DIGEST_BYTES:]
        if hmac.compare_digest(raw[:_DIGEST_BYTES], self.digest(name, content)):
            return content
        with contextlib.suppress(OSError):
            (self.path / name).unlink()
        return None

    def write(self, name: str, content: bytes, at_most: int = 0) -> None:
        """Keep ``content``: whole or not at all, also when the machine stops. ``at_most`` files stay, the newest."""
        with contextlib.suppress(OSError):
            if at_most:
                self._make_room(at_most)
            handle, beside = tempfile.mkstemp(dir=self.path, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self.digest(name, content) + content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(beside).replace(self.path / name)
            except BaseException:
                Path(beside).unlink(missing_ok=True)
                raise

    def _make_room(self, at_most: int) -> None:
        files = [path for path in self.path.iterdir() if not path.name.startswith(".") and path.is_file()]
        files.sort(key=lambda path: path.stat().st_mtime)
        for old in files[: max(0, len(files) - at_most + 1)]:
            old.unlink(missing_ok=True)


def _open(path: Path) -> io.BufferedReader:
    """A plain file of the user's own, not what a link leads to."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise PermissionError(f"{path} is no plain file of this user")
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def guarded(path: Path) -> bool:
    """Make ``path`` a folder that only this user can enter; False where that cannot be had."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return False
        if status.st_mode & 0o077:
            path.chmod(0o700)
        return os.access(path, os.W_OK | os.X_OK)
    except (OSError, ValueError):
        return False


@functools.cache
def _cache_at(base: str) -> CodeCache | None:
    path = Path(base) / "crosscam"
    key = _key(path) if guarded(path) else None
    return None if key is None else CodeCache(path, key)


def code_cache() -> CodeCache | None:
    """The user's; None where nothing can be kept."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    except RuntimeError:  # no home
        return None
    return _cache_at(base) if Path(base).is_absolute() else None


def kept_room(name: str) -> CodeCache | None:
    """A room of the user's; None where nothing can be kept."""
    whole = code_cache()
    return None if whole is None else whole.room(name)


def _key(folder: Path) -> bytes | None:
    """The secret, made at the first use. Of two processes that make one at the same time the first wins."""
    path = folder / _KEY_FILE
    for _ in range(2):
        with contextlib.suppress(OSError):
            with _open(path) as file:
                key = file.read()
            if len(key) == _KEY_BYTES:
                return key
            path.unlink()
        try:
            handle, beside = tempfile.mkstemp(dir=folder, prefix=".")
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(beside, path)
            Path(beside).unlink()
        except OSError:
            return None
    return None


def digest_of(paths: list[Path], *more: str) -> str:
    """16 hexadecimal digits that change with the content of any of ``paths``, or with ``more``."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    digest.update(" ".join(more).encode())
    return digest.hexdigest()[:16]
