"""Zip archives of strangers: what they hold is measured before it is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from model.card import MODEL_AT_MOST
from model.errors import CrosscamError, shown
from model.inside import path_below
from model.reading import UnreadableError

MOST_FILES = 1000
_CHUNK = 1 << 20


def check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an archive whose files are too many, too large when unpacked, or would lie elsewhere.

    Sizes are those the archive states: ``zipfile`` unpacks no byte more of a file than that.

    Raises:
        CrosscamError: that.
    """
    files = archive.infolist()
    total = sum(each.file_size for each in files)
    if len(files) > MOST_FILES:
        raise CrosscamError(f"{path}: an archive of {len(files):,} files, expected at most {MOST_FILES:,}")
    if total > MODEL_AT_MOST:
        raise CrosscamError(f"{path}: {total:,} bytes when unpacked, expected at most {MODEL_AT_MOST:,}; not unpacked")
    for each in files:
        try:
            path_below(Path(), each.filename.rstrip("/"))
        except UnreadableError as error:
            raise CrosscamError(f"{path}: it holds '{shown(each.filename, 60)}', but {error}") from error
        if each.flag_bits & 1 or (each.external_attr >> 16) & 0o170000 not in (0, 0o100000, 0o040000):
            raise CrosscamError(f"{path}: '{shown(each.filename, 60)}' is encrypted or a link; pack plain files")


def open_archive(path: Path) -> zipfile.ZipFile:
    """The archive, checked; to be closed by the caller.

    Raises:
        CrosscamError: it is no zip archive, or ``check_archive`` refuses it.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise CrosscamError(f"{path}: no readable zip archive ({error}); copy or save it again") from error
    try:
        check_archive(path, archive)
    except CrosscamError:
        archive.close()
        raise
    return archive


def member(path: Path, archive: zipfile.ZipFile, name: str, at_most: int) -> bytes:
    """The bytes of a file in a checked archive.

    Raises:
        CrosscamError: it is missing, larger than ``at_most``, or damaged.
    """
    try:
        if archive.getinfo(name).file_size > at_most:
            raise CrosscamError(f"{path}: its {name} has more than {at_most:,} bytes")
        return archive.read(name)
    except KeyError as error:
        raise CrosscamError(f"{path}: no {shown(name)} in this archive") from error
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise CrosscamError(f"{path}: {shown(name)} in it is damaged ({error})") from error
    except Exception as error:  # zlib.error, lzma's, each of a class of its own
        raise CrosscamError(f"{path}: {shown(name)} in it is damaged ({type(error).__name__})") from error


def unpack(path: Path, archive: zipfile.ZipFile, folder: Path) -> None:
    """Every file of a checked archive into ``folder``.

    Raises:
        CrosscamError: as ``member``.
    """
    for each in archive.infolist():
        target = folder / each.filename
        if each.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(member(path, archive, each.filename, MODEL_AT_MOST))
