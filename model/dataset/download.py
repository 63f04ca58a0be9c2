"""Fetch COCO's annotations and the photographs a data set needs: in parallel, resumable, never half a file in place."""

from __future__ import annotations

import hashlib
import shutil
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from model.dataset.coco import Sample
from model.errors import CrosscamError

ANNOTATIONS_URL = "http://images.cocodataset.org/annotations/annotations_trainval2017.zip"
ANNOTATIONS_MD5 = "f4bbac642086de4f52a3fdda2de5fa2c"
"""Of the archive, as those who mirror it state it; 252,907,541 bytes. Each member's CRC-32 is checked besides."""
SPLITS = ("train2017", "val2017")
CHUNK = 1 << 16
USER_AGENT = "crosscam (data set download)"


GIVE_UP_AFTER = 3
"""Photographs that may fail for want of a connection before the rest is given up."""


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
    workers: int = 8
    sleep: Callable[[float], None] = time.sleep


def _ignore(done: int, total: int | None) -> None:
    pass


def fetch(url: str, target: Path, manners: Manners | None = None, on_bytes: OnBytes = _ignore) -> bool:
    """Get ``url`` as ``target``; what an earlier, interrupted fetch left in ``target.part`` is not fetched again.

    Returns:
        False when the file was there already.

    Raises:
        CrosscamError: no http address, no network, no such file, or every try failed.
    """
    manners = manners or Manners()
    if target.is_file():
        return False
    if urlsplit(url).scheme not in ("http", "https"):
        raise CrosscamError(f"{target.name}: {url!r} is no http or https address; the annotations need a coco_url")
    part = target.with_name(f"{target.name}.part")
    problem: Exception | None = None
    for attempt in range(manners.tries):
        pause = manners.first_wait * 2**attempt
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _append(url, part, manners.timeout, on_bytes)
            part.replace(target)
            return True
        except urllib.error.HTTPError as error:
            if error.code == 416:  # what is there belongs to another file than the server's
                part.unlink(missing_ok=True)
            elif error.code < 500 and error.code != 429:
                raise CrosscamError(f"{url}: the server answers {error.code} {error.reason}") from error
            asked = error.headers.get("Retry-After", "")
            pause = max(pause, float(asked)) if asked.isdigit() else pause
            problem = error
        except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
            problem = error
        except OSError as error:
            raise CrosscamError(f"cannot write {target}: {error.strerror or error}") from error
        if attempt + 1 < manners.tries:
            manners.sleep(min(pause, manners.longest_wait))
    if isinstance(problem, urllib.error.HTTPError):
        raise CrosscamError(f"{url}: the server answers {problem.code} {problem.reason}, {manners.tries} times")
    reason = getattr(problem, "reason", problem)
    raise OfflineError(
        f"cannot fetch {url} after {manners.tries} tries ({reason}): is there a network? "
        "What is there already is kept; run the command again to go on"
    )


def _append(url: str, part: Path, timeout: float, on_bytes: OnBytes) -> None:
    """Append to ``part`` what it lacks of ``url``."""
    done = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": USER_AGENT} | ({"Range": f"bytes={done}-"} if done else {})
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout) as answer:
        if answer.status != 206:  # the whole file, although a part was asked for
            done = 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else None
        with part.open("ab" if done else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                on_bytes(done, total)
    if total is not None and done < total:
        raise ConnectionError(f"the connection broke after {done} of {total} bytes")


def fetch_annotations(
    tree: Path,
    manners: Manners | None = None,
    url: str = ANNOTATIONS_URL,
    md5: str | None = ANNOTATIONS_MD5,
    splits: Iterable[str] = SPLITS,
    on_bytes: OnBytes = _ignore,
) -> list[Path]:
    """COCO's instance annotations into ``tree/annotations``; the archive is removed once they are out.

    Raises:
        CrosscamError: as ``fetch``; an archive with another checksum, damaged contents or without the annotations: it
            is removed, so that the next try starts afresh.
    """
    wanted = {split: tree / "annotations" / f"instances_{split}.json" for split in splits}
    if all(path.is_file() for path in wanted.values()):
        return list(wanted.values())
    archive = tree / "annotations" / Path(urlsplit(url).path).name
    fetch(url, archive, manners, on_bytes)
    if md5 is not None:
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
        if found != md5:
            archive.unlink()
            raise CrosscamError(f"{archive}: MD5 is {found}, expected {md5}; it is removed, run the command again")
    try:
        with zipfile.ZipFile(archive) as content:
            for path in wanted.values():
                part = path.with_name(f"{path.name}.part")
                with content.open(f"annotations/{path.name}") as member, part.open("wb") as out:
                    shutil.copyfileobj(member, out)  # raises when the member's CRC-32 is wrong
                part.replace(path)
    except (zipfile.BadZipFile, KeyError) as error:
        archive.unlink()
        raise CrosscamError(f"{archive}: damaged ({error}); it is removed, run the command again") from error
    archive.unlink()
    return list(wanted.values())


@dataclass(frozen=True)
class Fetched:
    """What became of a list of photographs."""

    new: int
    present: int
    failed: tuple[str, ...]
    """One line for each that the server did not give, for example as it is gone."""


def fetch_pictures(
    samples: Sequence[Sample],
    manners: Manners | None = None,
    on_picture: Callable[[Sample], None] = lambda sample: None,
    within: Path | None = None,
) -> Fetched:
    """The photographs of samples, several at a time; those that are there stay, and one named twice is fetched once.

    A photograph the server refuses is named and left out. When a few fail for want of a connection, the rest is not
    even tried.

    Args:
        samples: what to fetch, each from its ``url`` to its ``path``.
        manners: how insistently.
        on_picture: told of every new photograph.
        within: a folder that no photograph may be written outside of, whatever the annotations name it.

    Raises:
        CrosscamError: no network, or a file name that leads out of ``within``.
    """
    manners = manners or Manners()
    samples = list({sample.path: sample for sample in samples}.values())
    for sample in samples:
        if within is not None and not sample.path.resolve().is_relative_to(within.resolve()):
            raise CrosscamError(
                f"{sample.source.name}: the annotations name a picture {sample.path}, outside of {within}; "
                "nothing was fetched"
            )
    missing = [sample for sample in samples if not sample.path.is_file()]
    failed: list[str] = []
    offline: list[OfflineError] = []

    def one(sample: Sample) -> bool:
        if len(offline) >= GIVE_UP_AFTER:
            return False
        try:
            fetch(sample.url, sample.path, manners)
        except OfflineError as error:
            offline.append(error)
            return False
        except CrosscamError as error:
            failed.append(str(error))
            return False
        on_picture(sample)
        return True

    with ThreadPoolExecutor(manners.workers) as pool:
        new = sum(pool.map(one, missing))
    if offline:
        raise offline[0]
    return Fetched(new, len(samples) - len(missing), tuple(sorted(failed)))
