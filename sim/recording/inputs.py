"""What a run depends on, as hashes: the firmware's image, the files that describe the board, crosscam itself."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sim.engine.elf import ElfImage
from sim.errors import CrosscamError
from sim.files_read import FilesRead
from sim.reading import file_digest

_PACKAGE = Path(__file__).resolve().parents[1]
_PARTS = ("numpy", "numba", "llvmlite", "unicorn")
"""Packages whose arithmetic a run goes through."""
_SOURCES = (".py", ".toml")


def image_digest(image: ElfImage) -> str:
    """SHA-256 of what a board gets of a firmware: entry, addresses and bytes; names and debug information left out."""
    found = hashlib.sha256(image.entry.to_bytes(8, "little"))
    for address, data in sorted(image.segments):
        found.update(address.to_bytes(8, "little") + len(data).to_bytes(8, "little"))
        found.update(data)
    return found.hexdigest()


def board_files(read: FilesRead, script: Path, firmware: Path, frames: Path) -> dict[str, str]:
    """SHA-256 of each file that made a board, its scripts included, by a name that no folder changes.

    Args:
        read: has heard of them.
        script: the board's; names are from its folder where they can be.
        firmware: is no part of the board, ...
        frames: nor is what the camera sees.

    Raises:
        CrosscamError: one cannot be read any more.
    """
    resolved = {each.resolve() for each in read.paths if each.is_file()} - {firmware.resolve()}
    seen = frames.resolve()
    files = sorted(each for each in resolved if not each.is_relative_to(seen))
    return {_name(each, script.resolve().parent): _digest(each) for each in files}


def _name(path: Path, folder: Path) -> str:
    """``path`` from our package, else from the board script's folder, else its last part."""
    for start, prefix in ((_PACKAGE, "sim/"), (folder, "")):
        if path.is_relative_to(start):
            return prefix + path.relative_to(start).as_posix()
    return path.name


def _digest(path: Path) -> str:
    try:
        return file_digest(path)
    except OSError as error:
        raise CrosscamError(f"{path}: cannot be read any more ({error.strerror}): it describes the board") from None


@cache
def host() -> Mapping[str, str]:
    """Versions of what computes, and a hash of the simulation's own sources."""
    sources = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        relative = path.relative_to(_PACKAGE)
        if path.suffix in _SOURCES and "tests" not in relative.parts:
            sources.update(relative.as_posix().encode() + b"\0" + path.read_bytes())
    versions = {name: _version(name) for name in ("crosscam", *_PARTS)}
    return {"sources": sources.hexdigest(), **versions, "python": platform.python_version()} | {
        "machine": platform.machine()
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def differences(recorded: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """In words: which of the named hashes differ, are missing, or are new."""
    said = []
    for name in _in_order(recorded, present):
        if name not in present:
            said.append(f"{name} is not there")
        elif name not in recorded:
            said.append(f"{name} is new")
        elif recorded[name] != present[name]:
            said.append(f"{name} differs")
    return said


def _in_order(*tables: Iterable[str]) -> list[str]:
    return sorted({name for table in tables for name in table})
