"""Files of strangers, read with care (``sim.reading`` does the same; the packages do not share code)."""

from __future__ import annotations

import errno
import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from model.errors import CrosscamError, shown

MEGABYTE = 1 << 20
JSON_AT_MOST = 1024 * MEGABYTE
"""COCO's largest annotations have 450 MB."""
TOML_AT_MOST = 512 << 10
LONGEST_NUMBER = 64
DEEPEST = 32
"""Tables and lists in one another in TOML."""
MOST_DOTS = 100
"""On a line of TOML: its reader takes the square of a dotted key's length."""


class UnreadableError(ValueError):
    """A file that cannot be taken for what it should be; the text says why, in a few words."""


def quoted(value: object, longest: int = 60) -> str:
    """A value of a document, for a message: texts and numbers as they are written, of the rest what it is."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        if len(value) > 4 or any(isinstance(each, list | dict) for each in value):
            return f"a list of {len(value)}"
        return shown(f"[{', '.join(quoted(each, longest) for each in value)}]", longest)
    if isinstance(value, int) and value.bit_length() > 128:
        return shown(value)
    return shown(repr(value[: 4 * longest] if isinstance(value, str) else value), longest)


def reason_of(error: OSError | UnreadableError) -> str:
    """Why a file could not be read, in a few words."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def plain_bytes(path: Path, at_most: int) -> bytes:
    """The content of a plain file.

    Raises:
        OSError: it cannot be opened; ``strerror`` says why. A pipe, a device or a folder counts as such, and a name no
            file can have.
        UnreadableError: it has more than ``at_most`` bytes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError as error:  # NUL or a surrogate in its name
        raise OSError(errno.EINVAL, "no name a file can have", str(path)) from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a plain file", str(path))
        content = file.read(at_most + 1)
    if len(content) > at_most:
        raise UnreadableError(f"it has {status.st_size:,} bytes, more than the {at_most:,} that are taken")
    return content


def read_json(path: Path, at_most: int = JSON_AT_MOST) -> Any:
    """The document in ``path``.

    Raises:
        OSError, UnreadableError: as ``plain_bytes``; no JSON, nested too deep, a number of more than
            ``LONGEST_NUMBER`` digits, or one that is not finite.
    """
    content = plain_bytes(path, at_most)
    try:
        return json.loads(content, parse_int=_integer, parse_float=_real, parse_constant=_not_finite)
    except UnreadableError:
        raise
    except RecursionError as error:
        raise UnreadableError("it is nested too deep") from error
    except ValueError as error:
        raise UnreadableError(str(error)) from error


def read_toml(path: Path, at_most: int = TOML_AT_MOST) -> dict[str, Any]:
    """The tables in ``path``.

    Raises:
        OSError, UnreadableError: as ``read_json``.
    """
    content = plain_bytes(path, at_most)
    if any(line.count(b".") > MOST_DOTS for line in content.splitlines()):
        raise UnreadableError(f"a line has more than {MOST_DOTS} dots")
    try:
        document = tomllib.loads(content.decode("utf-8"), parse_float=_real)
    except UnreadableError:
        raise
    except RecursionError as error:
        raise UnreadableError("it is nested too deep") from error
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    _check_values(document)
    return document


def toml_of(path: Path, kind: str, absent: str) -> dict[str, Any]:
    """The tables in ``path``, a file somebody named: a ``kind``; ``absent``: what to say where there is none.

    Raises:
        CrosscamError: there is no such file, or it cannot be read as TOML.
    """
    try:
        return read_toml(path)
    except FileNotFoundError as error:
        raise CrosscamError(f"{path}: no such {absent}") from error
    except (OSError, UnreadableError) as error:
        raise CrosscamError(f"{path}: not a readable TOML {kind} ({reason_of(error)})") from error


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise UnreadableError(f"it has a number of {len(text)} digits")
    return int(text)


def _real(text: str) -> float:
    value = float(text) if len(text) <= 16 * LONGEST_NUMBER else float("inf")
    if value != value or value in (float("inf"), float("-inf")):
        raise UnreadableError(f"the number {text[:LONGEST_NUMBER]} is not finite")
    return value


def _not_finite(text: str) -> float:
    raise UnreadableError(f"{text} is no number of JSON")


def _check_values(document: dict[str, Any]) -> None:
    """Depth and integers of TOML, which its reader takes as they come."""
    stack: list[tuple[Any, int]] = [(document, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > DEEPEST:
            raise UnreadableError("it is nested too deep")
        if isinstance(item, dict):
            stack.extend((each, depth + 1) for each in item.values())
        elif isinstance(item, list):
            stack.extend((each, depth + 1) for each in item)
        elif isinstance(item, int) and item.bit_length() > 64:
            raise UnreadableError("it has an integer of more than 64 bits")
