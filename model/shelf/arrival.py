"""From where a model is to files here: a folder, a file, an archive, an http(s) address; only files, nothing is run."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from model.archives import open_archive, unpack
from model.card import FILE_NAME, MODEL_AT_MOST, model_bytes
from model.dataset.fetch import Manners, OnBytes, fetch, ignore
from model.errors import CrosscamError, shown
from model.files import make_folder

DOWNLOADS = ".downloads"
"""Folder of the shelf where what has not come whole waits for the next try."""
MANNERS = Manners(tries=3, longest_wait=10.0, timeout=20.0, longest=900.0)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_KEPT_SECONDS = 14 * 24 * 3600.0


@contextlib.contextmanager
def arrived(
    source: str, shelf: Path, sha256: str | None = None, manners: Manners = MANNERS, on_bytes: OnBytes = ignore
) -> Iterator[Path]:
    """A folder with a card, or a .tflite, from ``source``; gone when the block ends, unless it was there before.

    Args:
        source: a path or an http(s) address; a .zip holds one card with its model, or one .tflite.
        shelf: its ``DOWNLOADS`` keeps what a broken download has got so far.
        sha256: what the file must be.
        manners: of a download.
        on_bytes: told of a download's bytes.

    Raises:
        CrosscamError: it is not there, does not come in time, is too large, has another digest, or holds no model.
    """
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise CrosscamError(f"--sha256 '{shown(sha256)}': expected 64 hexadecimal digits")
    digest = sha256.lower() if sha256 else None
    with tempfile.TemporaryDirectory(prefix="crosscam-model-") as scratch:
        if _ADDRESS.match(source):
            path = _downloaded(source, shelf / DOWNLOADS, Path(scratch), digest, manners, on_bytes)
        else:
            path = Path(source)
            _check_digest(path, digest)
        yield _unpacked(path, Path(scratch) / "unpacked")


def _check_digest(path: Path, expected: str | None) -> None:
    if expected is None:
        return
    if path.is_dir():
        raise CrosscamError(f"{path}: --sha256 is of a file, this is a folder; its card has the digest of its model")
    found = hashlib.sha256(model_bytes(path)).hexdigest()
    if found != expected:
        raise CrosscamError(f"{path}: SHA-256 is {found}, expected {expected}; get the file again")


def _downloaded(
    url: str, waiting: Path, scratch: Path, digest: str | None, manners: Manners, on_bytes: OnBytes
) -> Path:
    if urlsplit(url).scheme not in ("http", "https"):
        raise CrosscamError(f"{shown(url, 100)}: expected an http or https address, or a path")
    name = re.sub(r"[^A-Za-z0-9_.+-]+", "_", unquote(urlsplit(url).path).rpartition("/")[2])[-80:].lstrip(".")
    if not name.endswith((".tflite", ".zip")):
        raise CrosscamError(f"{shown(url, 100)}: expected the address of a .tflite or a .zip")
    make_folder(waiting)
    _tidy(waiting)
    path = waiting / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{name}"
    path.unlink(missing_ok=True)
    fetch(url, path, manners, on_bytes, MODEL_AT_MOST, digest and f"sha256:{digest}")
    target = scratch / name
    shutil.move(path, target)
    return target


def _tidy(waiting: Path) -> None:
    """Remove what nobody came back for."""
    for path in waiting.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
                path.unlink()


def _unpacked(path: Path, folder: Path) -> Path:
    if path.suffix != ".zip":
        if not path.is_dir():
            model_bytes(path)  # says what is wrong with a missing or special file
        return path
    folder.mkdir()
    with open_archive(path) as archive:
        unpack(path, archive, folder)
    cards = sorted(folder.rglob(FILE_NAME))
    models = sorted(folder.rglob("*.tflite"))
    if len(cards) == 1:
        return cards[0].parent
    if not cards and len(models) == 1:
        return models[0]
    raise CrosscamError(f"{path}: {len(cards)} cards and {len(models)} .tflite in it, expected one card or one .tflite")
