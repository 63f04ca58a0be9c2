"""Firmware files that are lines of hexadecimal digits: Intel HEX and Motorola S-records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bincopy

from sim.engine.elf import ElfImage
from sim.errors import CrosscamError, shown

LARGEST = 1 << 26
"""Bytes of a file; firmware of 20 MB has as many."""
_REFUSALS = (bincopy.Error, ValueError, IndexError, TypeError)


def read_hex(path: Path) -> ElfImage:
    """What an Intel HEX file loads where, with its start address as ``entry``.

    Raises:
        CrosscamError: it cannot be read, or is none: the line is named.
    """
    return _read(path, "Intel HEX", bincopy.BinFile.add_ihex, bincopy.unpack_ihex)


def read_s_records(path: Path) -> ElfImage:
    """As ``read_hex``, for a file of Motorola S-records."""
    return _read(path, "Motorola S-record", bincopy.BinFile.add_srec, bincopy.unpack_srec)


def _read(path: Path, kind: str, add: Callable[..., None], unpack: Callable[[str], object]) -> ElfImage:
    lines = _lines(path, kind)
    file = bincopy.BinFile()
    try:
        add(file, "\n".join(lines))
    except _REFUSALS as error:
        raise _error(path, kind, lines, error, unpack) from None
    segments = [(int(segment.address), bytes(segment.data)) for segment in file.segments]
    if not segments:
        raise CrosscamError(f"{path}: no data in it: expected {kind} records with some")
    if any(start + len(data) > 1 << 32 for start, data in segments):
        raise CrosscamError(f"{path}: data beyond 32-bit addresses: expected {kind} firmware of a Cortex-M")
    return ElfImage(path=str(path), entry=file.execution_start_address or 0, segments=segments)


def _lines(path: Path, kind: str) -> list[str]:
    try:
        if not path.is_file():
            raise CrosscamError(f"{path}: no plain file: expected one of {kind} records")
        if path.stat().st_size > LARGEST:
            raise CrosscamError(f"{path}: larger than {LARGEST >> 20} MiB: expected {kind} firmware")
        text = path.read_bytes().decode("ascii", "replace")
    except (OSError, ValueError) as error:
        raise CrosscamError(f"{path}: cannot be read ({shown(error)}): expected a file of {kind} records") from None
    return text.splitlines()


def _error(path: Path, kind: str, lines: list[str], error: Exception, unpack: Callable[[str], object]) -> CrosscamError:
    """Names the first line that is no record; where all are, they do not fit each other."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                unpack(line)
            except _REFUSALS as problem:
                return CrosscamError(f"{path}:{number}: no whole {kind} record: {shown(problem, 100)}")
    return CrosscamError(f"{path}: {kind} records that do not fit each other: {shown(error, 100)}")
