"""Files of strangers, read with care: only plain files, only so much, and no text that brings a parser down."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from sim.errors import shown

MEGABYTE = 1 << 20
JSON_AT_MOST = 1024 * MEGABYTE
"""COCO's largest annotations have 450 MB."""
TOML_AT_MOST = MEGABYTE
LONGEST_NUMBER = 64


class UnreadableError(ValueError):
    """A file that cannot be taken for what it should be; the text says why, in a few words."""


def quoted(value: object, longest: int = 60) -> str:
    """A value of a document, for a message: texts and numbers as they are written, of the rest what it is."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        if len(value) > 4 or any(isinstance(each, list | dict) for each in value):
            return f"a list of {len(value)}"
        return shown(f"[{', '.join(quoted(each, longest) for each in value)}]", longest)
    return shown(repr(value[: 4 * longest] if isinstance(value, str) else value), longest)


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
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a plain file", str(path))
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(at_most + 1)
    finally:
        os.close(handle)
    if len(content) > at_most:
        raise UnreadableError(f"it has {status.st_size:,} bytes, more than the {at_most:,} that are taken")
    return content


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits; OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path, at_most: int = JSON_AT_MOST) -> Any:
    """The document in ``path``.

    Raises:
        OSError, UnreadableError: as ``plain_bytes``; no JSON, nested too deep, a number of more than
            ``LONGEST_NUMBER`` digits, or one that is not finite.
    """
    return parse_json(plain_bytes(path, at_most))


def parse_json(content: bytes | str) -> Any:
    """The document ``content`` is; UnreadableError as ``read_json``."""
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
    try:
        document = tomllib.loads(content.decode("utf-8"), parse_float=_real)
    except UnreadableError:
        raise
    except RecursionError as error:
        raise UnreadableError("it is nested too deep") from error
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    _check_numbers(document)
    return document


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


def _check_numbers(value: Any) -> None:
    """TOML's integers, which its reader takes as they come."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, int) and item.bit_length() > 64:
            raise UnreadableError("it has an integer of more than 64 bits")
