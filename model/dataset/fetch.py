"""A file by HTTP: resumable, whole or not at all, and no more bytes, seconds or places than it may take.

``sim.frames.fetch`` does the same; the packages do not share code.
"""

from __future__ import annotations

import hashlib
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from model.errors import CrosscamError
from model.files import make_folder
from model.reading import MEGABYTE, quoted

CHUNK = 1 << 16
USER_AGENT = "crosscam (data set download)"
PICTURE_AT_MOST = 64 * MEGABYTE
_SCHEMES = ("http", "https")


class OfflineError(CrosscamError):
    """No connection, after every try."""


class OnBytes(Protocol):
    """Told how many bytes of how many (None: unknown) are there."""

    def __call__(self, done: int, total: int | None) -> None:
        """Take note."""


@dataclass(frozen=True)
class Manners:
    """How insistent a download is."""

    tries: int = 4
    first_wait: float = 1.0
    """Seconds before the second try; each further one waits twice as long, or what the server asks for."""
    longest_wait: float = 60.0
    timeout: float = 20.0
    """Seconds without a byte."""
    longest: float = 3600.0
    """Seconds of one file, all tries together."""
    workers: int = 8
    sleep: Callable[[float], None] = time.sleep


def ignore(done: int, total: int | None) -> None:
    """An ``OnBytes`` that does nothing."""


class _NoOtherScheme(urllib.request.HTTPRedirectHandler):
    """A server may send elsewhere, but not to FTP; urllib itself follows none to files of this machine."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if _scheme(newurl) not in _SCHEMES:
            raise CrosscamError(f"{req.full_url}: the server sends to {quoted(newurl)}, expected an http(s) address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(
    url: str,
    target: Path,
    manners: Manners | None = None,
    on_bytes: OnBytes = ignore,
    at_most: int = PICTURE_AT_MOST,
    checksum: str | None = None,
) -> bool:
    """Get ``url`` as ``target``; what an earlier, interrupted fetch left in ``target.part`` is not fetched again.

    Args:
        url: where it is.
        target: where it belongs.
        manners: how insistently.
        on_bytes: told of what has come.
        at_most: bytes it may have.
        checksum: of its content, where that is known: ``md5:`` or ``sha256:`` and the digest in hexadecimal.

    Returns:
        False when the file was there already.

    Raises:
        CrosscamError: no http address, no network, no such file, every try failed, it takes more than ``at_most`` bytes
            or ``manners.longest`` seconds, or has another content than ``checksum`` says.
    """
    manners = manners or Manners()
    if target.is_file():
        return False
    if _scheme(url) not in _SCHEMES:
        raise CrosscamError(
            f"{target.name}: {quoted(url)} is no http or https address; the annotations need a coco_url"
        )
    part = target.with_name(f"{target.name}.part")
    make_folder(target.parent)
    until = time.monotonic() + manners.longest
    problem: Exception | None = None
    for attempt in range(manners.tries):
        pause = manners.first_wait * 2**attempt
        try:
            _append(url, part, manners.timeout, on_bytes, at_most, until)
            _check(url, part, checksum)
            part.replace(target)
            return True
        except urllib.error.HTTPError as error:
            if error.code == 416:  # what is there belongs to another file than the server's
                part.unlink(missing_ok=True)
            elif error.code < 500 and error.code != 429:
                raise CrosscamError(f"{url}: the server answers {error.code} {error.reason}") from error
            asked = error.headers.get("Retry-After", "")
            pause = max(pause, float(asked[:9])) if asked.isascii() and asked.isdigit() else pause
            problem = error
        except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
            problem = error
        except OSError as error:
            raise CrosscamError(f"cannot write {target}: {error.strerror or error}") from error
        except ValueError as error:  # a host or port that is none
            raise CrosscamError(f"{target.name}: cannot be fetched from {quoted(url)} ({error})") from error
        if time.monotonic() > until:
            raise _too_slow(url)
        if attempt + 1 < manners.tries:
            manners.sleep(min(pause, manners.longest_wait))
    if isinstance(problem, urllib.error.HTTPError):
        raise CrosscamError(f"{url}: the server answers {problem.code} {problem.reason}, {manners.tries} times")
    reason = getattr(problem, "reason", problem)
    raise OfflineError(
        f"cannot fetch {url} after {manners.tries} tries ({reason}): is there a network? "
        "What is there already is kept; run the command again to go on"
    )


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _append(url: str, part: Path, timeout: float, on_bytes: OnBytes, at_most: int, until: float) -> None:
    """Append to ``part`` what it lacks of ``url``."""
    done = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": USER_AGENT} | ({"Range": f"bytes={done}-"} if done else {})
    opener = urllib.request.build_opener(_NoOtherScheme)
    with opener.open(urllib.request.Request(url, headers=headers), timeout=timeout) as answer:
        if answer.status != 206:  # the whole file, although a part was asked for
            done = 0
        length = _length(answer.headers.get("Content-Length"))
        total = None if length is None else done + length
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_APPEND if done else os.O_TRUNC)
        with os.fdopen(os.open(part, flags, 0o666), "ab" if done else "wb") as file:
            while max(done, total or 0) <= at_most and (chunk := answer.read1(CHUNK)):
                file.write(chunk)
                done += len(chunk)
                on_bytes(done, total)
                if time.monotonic() > until:
                    raise _too_slow(url)
    if max(done, total or 0) > at_most:
        part.unlink(missing_ok=True)
        raise CrosscamError(
            f"{url}: more than the {at_most:,} bytes that a file of this kind may have; nothing is kept"
        )
    if total is not None and done < total:
        raise ConnectionError(f"the connection broke after {done} of {total} bytes")


def _length(text: str | None) -> int | None:
    """What ``Content-Length`` says; None when nothing is said."""
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ConnectionError(f"the server gives a length of {quoted(text)}")
    return int(text)


def _too_slow(url: str) -> CrosscamError:
    return CrosscamError(f"{url}: not whole in the time it may take; run the command again to go on where it stopped")


def _check(url: str, part: Path, checksum: str | None) -> None:
    if checksum is None:
        return
    kind, _, expected = checksum.partition(":")
    with part.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()
    if found != expected:
        part.unlink()
        raise CrosscamError(
            f"{url}: {kind.upper()} is {found}, expected {expected}; it is removed, run the command again"
        )
