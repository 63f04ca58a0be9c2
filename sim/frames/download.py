"""Fetch COCO photographs: some of val2017, chosen by their labels, into a tree in COCO's layout.

Nothing is fetched twice: pictures that are there stay, a download that was cut off goes on where it stopped, and a file
appears under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from sim.errors import CrosscamError
from sim.files import whole
from sim.frames.annotations import Photo, read_photos
from sim.frames.coco import choose
from sim.frames.fetch import Fetcher
from sim.reading import JSON_AT_MOST, MEGABYTE

ANNOTATIONS_URL = "http://images.cocodataset.org/annotations/annotations_trainval2017.zip"
ANNOTATIONS_MD5 = "f4bbac642086de4f52a3fdda2de5fa2c"
"""Of the official archive, as those who mirror it state it; 252,907,541 bytes."""
ARCHIVE_AT_MOST = 512 * MEGABYTE
ANNOTATIONS_MEMBER = "annotations/instances_val2017.json"
SPLIT = "val2017"


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
        if not photo.url:
            raise CrosscamError(f"{photo.file}: the annotations give no coco_url for it; use COCO's own annotations")
        fetcher.fetch(photo.url, folder / photo.file)
        pictures.append(folder / photo.file)
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
                fetcher.fetch(url, archive, ARCHIVE_AT_MOST, ANNOTATIONS_MD5 if url == ANNOTATIONS_URL else "")
            _extract(archive, wanted)
            archive.unlink()
    except OSError as error:
        raise CrosscamError(f"cannot write {wanted}: {error.strerror or error}") from error
    return wanted


def _extract(archive: Path, wanted: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as content, content.open(ANNOTATIONS_MEMBER) as member:
            size = content.getinfo(ANNOTATIONS_MEMBER).file_size
            if size > JSON_AT_MOST:
                raise zipfile.BadZipFile(f"{ANNOTATIONS_MEMBER} has {size} bytes")
            with whole(wanted) as part, part.open("wb") as file:
                shutil.copyfileobj(member, file)
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, EOFError, zlib.error) as error:
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
