"""Fetch COCO photographs: some of val2017, chosen by their labels, into a tree in COCO's layout.

Nothing is fetched twice: pictures that are there stay, a download that was cut off goes on where it stopped, and a file
appears under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import http.client
import shutil
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from sim.errors import CrosscamError
from sim.files import whole
from sim.frames.annotations import Photo, read_photos
from sim.frames.coco import choose

ANNOTATIONS_URL = "http://images.cocodataset.org/annotations/annotations_trainval2017.zip"
ANNOTATIONS_MEMBER = "annotations/instances_val2017.json"
SPLIT = "val2017"
CHUNK = 1 << 16
USER_AGENT = "crosscam (frame download)"
_INSTEAD = "use photographs you have (`crosscam frames DIR`) or the demo set (`crosscam frames demo`)"


@dataclass
class Fetcher:
    """Gets files by HTTP. ``wait`` seconds pass before the second try, twice as many before the third."""

    timeout: float = 20.0
    tries: int = 3
    wait: float = 1.0
    on_bytes: Callable[[int, int | None], None] = lambda done, total: None
    """Told of bytes so far and of the whole, None when the server does not say."""
    sleep: Callable[[float], None] = field(default=time.sleep)

    def fetch(self, url: str, target: Path) -> bool:
        """Get ``url`` as ``target``; False when it was there already.

        Raises:
            CrosscamError: no network, no such file there, or the connection broke ``tries`` times.
        """
        if target.is_file():
            return False
        if urlsplit(url).scheme not in ("http", "https"):
            raise CrosscamError(f"{target.name}: cannot be fetched from {url!r}, expected a http or https address")
        part = target.with_name(target.name + ".part")
        for attempt in range(self.tries):
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._get(url, part)
                part.replace(target)
                return True
            except urllib.error.HTTPError as error:
                if error.code == 416:  # the part is longer than the file: it belongs to another version
                    part.unlink(missing_ok=True)
                elif error.code < 500:
                    raise CrosscamError(f"{url}: the server answers {error.code} {error.reason}; {_INSTEAD}") from None
                problem: Exception = error
            except urllib.error.URLError as error:
                problem = error.reason if isinstance(error.reason, Exception) else error
            except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
                problem = error
            except OSError as error:
                raise CrosscamError(f"cannot write {target}: {error.strerror or error}") from error
            if attempt + 1 < self.tries:
                self.sleep(self.wait * 2**attempt)
        raise CrosscamError(
            f"cannot fetch {url} after {self.tries} tries ({problem}): is there a network? Otherwise {_INSTEAD}"
        )

    def _get(self, url: str, part: Path) -> None:
        """Append to ``part`` what is still missing of ``url``."""
        done = part.stat().st_size if part.is_file() else 0
        headers = {"User-Agent": USER_AGENT} | ({"Range": f"bytes={done}-"} if done else {})
        request = urllib.request.Request(url, headers=headers)
        with contextlib.closing(urllib.request.urlopen(request, timeout=self.timeout)) as answer:
            if done and answer.status != http.HTTPStatus.PARTIAL_CONTENT:
                done = 0  # the server sends all of it, whatever was asked
            length = answer.headers.get("Content-Length")
            total = done + int(length) if length else None
            with part.open("ab" if done else "wb") as file:
                while chunk := answer.read(CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    self.on_bytes(done, total)
        if total is not None and done < total:
            raise ConnectionError(f"the connection ended after {done} of {total} bytes")


def download_val2017(
    tree: Path,
    count: int,
    annotations: Path | None = None,
    seed: int = 0,
    fetcher: Fetcher | None = None,
    console: Console | None = None,
    annotations_url: str = ANNOTATIONS_URL,
) -> list[Path]:
    """Make ``tree`` hold ``count`` balanced photographs of val2017 and their annotations.

    Args:
        tree: folder in COCO's layout; made when it is not there.
        count: how many photographs, above 0.
        annotations: an ``instances_val2017.json`` at hand; without it, and without one in ``tree``, the official
            archive of 241 MB is fetched and only this file of it kept.
        seed: another one chooses other photographs.
        fetcher: how to get files.
        console: where the progress bar goes; None for the terminal's standard error.
        annotations_url: where the archive lies.

    Returns:
        The pictures, in the order of the choice.

    Raises:
        CrosscamError: no network, a full disk, damaged annotations.
    """
    if count < 1:
        raise CrosscamError(f"{count} photographs to download: expected at least 1")
    fetcher = fetcher or Fetcher()
    with _progress(console or Console(stderr=True)) as progress:
        listing = _provide_annotations(tree, annotations, fetcher, progress, annotations_url)
        photos = choose(list(read_photos(listing)), count, seed)
        if not photos:
            raise CrosscamError(f"{listing}: no labelled photographs in it")
        return _fetch_photos(photos, tree / SPLIT, fetcher, progress)


def _fetch_photos(photos: Sequence[Photo], folder: Path, fetcher: Fetcher, progress: Progress) -> list[Path]:
    task = progress.add_task("photographs", total=len(photos), unit=f"of {len(photos)}")
    pictures = []
    for photo in photos:
        name = Path(photo.file).name
        if not photo.url:
            raise CrosscamError(f"{name}: the annotations give no coco_url for it; use COCO's own annotations")
        fetcher.fetch(photo.url, folder / name)
        pictures.append(folder / name)
        progress.advance(task)
    return pictures


def _provide_annotations(tree: Path, given: Path | None, fetcher: Fetcher, progress: Progress, url: str) -> Path:
    """The tree's own annotations; copied from ``given`` or fetched when it has none."""
    wanted = tree / "annotations" / f"instances_{SPLIT}.json"
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        if given is not None and not (wanted.exists() and wanted.samefile(given)):
            if not given.is_file():
                raise CrosscamError(f"{given}: no such annotations; expected COCO's instances_{SPLIT}.json")
            with whole(wanted) as part:
                shutil.copyfile(given, part)
        elif not wanted.is_file():
            archive = tree / "annotations" / Path(urlsplit(url).path).name
            with _reported(fetcher, progress, "annotations"):
                fetcher.fetch(url, archive)
            _extract(archive, wanted)
            archive.unlink()
    except OSError as error:
        raise CrosscamError(f"cannot write {wanted}: {error.strerror or error}") from error
    return wanted


def _extract(archive: Path, wanted: Path) -> None:
    try:
        with (
            zipfile.ZipFile(archive) as content,
            content.open(ANNOTATIONS_MEMBER) as member,
            whole(wanted) as part,
            part.open("wb") as file,
        ):
            shutil.copyfileobj(member, file)
    except (zipfile.BadZipFile, KeyError) as error:
        archive.unlink(missing_ok=True)
        raise CrosscamError(
            f"{archive}: not the archive of COCO's annotations ({error}); it is removed, try again"
        ) from error


@contextlib.contextmanager
def _reported(fetcher: Fetcher, progress: Progress, name: str) -> Iterator[None]:
    """Show the bytes of one large file as a bar of their own."""
    task: TaskID = progress.add_task(name, total=None, unit="")
    earlier = fetcher.on_bytes

    def show(done: int, total: int | None) -> None:
        progress.update(task, completed=done, total=total)
        earlier(done, total)

    fetcher.on_bytes = show
    try:
        yield
    finally:
        fetcher.on_bytes = earlier


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), _Amount(), TimeRemainingColumn(), console=console)


class _Amount(DownloadColumn):
    """Bytes for the archive, a count for the photographs."""

    def render(self, task: Task) -> Text:
        """``12 of 40`` or ``3.1/241 MB``."""
        return Text(f"{int(task.completed)} {task.fields['unit']}") if task.fields["unit"] else super().render(task)
