"""A file by HTTP: resumable, whole or not at all, and no more bytes, seconds or places than it may take."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sim.errors import CrosscamError
from sim.reading import MEGABYTE, quoted

CHUNK = 1 << 16
USER_AGENT = "crosscam (frame download)"
PHOTO_AT_MOST = 64 * MEGABYTE
INSTEAD = "use photographs you have (`crosscam frames DIR`) or the demo set (`crosscam frames demo`)"
_SCHEMES = ("http", "https")


class _NoOtherScheme(urllib.request.HTTPRedirectHandler):
    """A server may send elsewhere, but not to files of this machine, nor to FTP."""

    def redirect_request(
        self, req: urllib.request.Request, fp: object, code: int, msg: str, headers: object, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in _SCHEMES:
            raise CrosscamError(
                f"{req.full_url}: the server sends to {quoted(newurl)}, expected a http or https address"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


@dataclass
class Fetcher:
    """Gets files by HTTP. ``wait`` seconds pass before the second try, twice as many before the third."""

    timeout: float = 20.0
    """Seconds without a byte."""
    longest: float = 1800.0
    """Seconds of a file, all tries together."""
    tries: int = 3
    wait: float = 1.0
    on_bytes: Callable[[int, int | None], None] = lambda done, total: None
    """Told of bytes so far and of the whole, None when the server does not say."""
    sleep: Callable[[float], None] = field(default=time.sleep)

    def fetch(self, url: str, target: Path, at_most: int = PHOTO_AT_MOST, md5: str = "") -> bool:
        """Get ``url`` as ``target``; False when it was there already.

        Args:
            at_most: bytes it may have.
            md5: of its content, in hexadecimal, where that is known.

        Raises:
            CrosscamError: no network, no such file there, the connection broke ``tries`` times, more than ``at_most``
                bytes, more than ``longest`` seconds, another content than ``md5`` says.
        """
        if target.is_file():
            return False
        try:
            scheme = urlsplit(url).scheme
        except ValueError:
            scheme = ""
        if scheme not in _SCHEMES:
            raise CrosscamError(
                f"{target.name}: cannot be fetched from {quoted(url)}, expected a http or https address"
            )
        part = target.with_name(target.name + ".part")
        until = time.monotonic() + self.longest
        for attempt in range(self.tries):
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._get(url, part, at_most, until)
                _check(part, url, md5)
                part.replace(target)
                return True
            except urllib.error.HTTPError as error:
                if error.code == 416:  # the part is longer than the file: it belongs to another version
                    part.unlink(missing_ok=True)
                elif error.code < 500:
                    raise CrosscamError(f"{url}: the server answers {error.code} {error.reason}; {INSTEAD}") from None
                problem: Exception = error
            except urllib.error.URLError as error:
                problem = error.reason if isinstance(error.reason, Exception) else error
            except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
                problem = error
            except OSError as error:
                raise CrosscamError(f"cannot write {target}: {error.strerror or error}") from error
            except ValueError as error:  # of the address: a host or port that is none
                raise CrosscamError(f"{target.name}: cannot be fetched from {quoted(url)}: {error}") from None
            if attempt + 1 < self.tries:
                self.sleep(self.wait * 2**attempt)
        raise CrosscamError(
            f"cannot fetch {url} after {self.tries} tries ({problem}): is there a network? Otherwise {INSTEAD}"
        )

    def _get(self, url: str, part: Path, at_most: int, until: float) -> None:
        """Append to ``part`` what is still missing of ``url``."""
        done = part.stat().st_size if part.is_file() else 0
        headers = {"User-Agent": USER_AGENT} | ({"Range": f"bytes={done}-"} if done else {})
        request = urllib.request.Request(url, headers=headers)
        opener = urllib.request.build_opener(_NoOtherScheme)
        with contextlib.closing(opener.open(request, timeout=self.timeout)) as answer:
            if done and answer.status != http.HTTPStatus.PARTIAL_CONTENT:
                done = 0  # the server sends all of it, whatever was asked
            length = _length(answer.headers.get("Content-Length"))
            total = None if length is None else done + length
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_APPEND if done else os.O_TRUNC)
            with os.fdopen(os.open(part, flags, 0o666), "ab" if done else "wb") as file:
                while max(done, total or 0) <= at_most and (chunk := answer.read1(CHUNK)):
                    file.write(chunk)
                    done += len(chunk)
                    self.on_bytes(done, total)
                    if time.monotonic() > until:
                        raise CrosscamError(f"{url}: not done within {self.longest:g} s; try again, the rest will come")
        if max(done, total or 0) > at_most:
            part.unlink(missing_ok=True)
            raise CrosscamError(f"{url}: more than {at_most} bytes, which no file of this kind has; {INSTEAD}")
        if total is not None and done < total:
            raise ConnectionError(f"the connection ended after {done} of {total} bytes")


def _length(text: str | None) -> int | None:
    """What ``Content-Length`` says; None when nothing is said."""
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ConnectionError(f"the server gives a length of {quoted(text)}")
    return int(text)


def _check(part: Path, url: str, md5: str) -> None:
    if not md5:
        return
    with part.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != md5:
        part.unlink()
        raise CrosscamError(f"{url}: its MD5 is {found}, expected {md5}; it is removed, try again")
