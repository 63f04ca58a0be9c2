"""COCO's annotations and the photographs a data set needs: in parallel, resumable, never half a file in place."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from model.dataset.coco import Sample
from model.dataset.fetch import Manners, OfflineError, OnBytes, fetch, ignore
from model.errors import CrosscamError
from model.files import whole
from model.reading import JSON_AT_MOST, MEGABYTE

ANNOTATIONS_URL = "http://images.cocodataset.org/annotations/annotations_trainval2017.zip"
ANNOTATIONS_MD5 = "f4bbac642086de4f52a3fdda2de5fa2c"
"""Of the archive, as those who mirror it state it; 252,907,541 bytes. Each member's CRC-32 is checked besides."""
ARCHIVE_AT_MOST = 512 * MEGABYTE
SPLITS = ("train2017", "val2017")
GIVE_UP_AFTER = 3
"""Photographs that may fail for want of a connection before the rest is given up."""


def fetch_annotations(
    tree: Path,
    manners: Manners | None = None,
    url: str = ANNOTATIONS_URL,
    md5: str | None = ANNOTATIONS_MD5,
    splits: Iterable[str] = SPLITS,
    on_bytes: OnBytes = ignore,
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
    fetch(url, archive, manners, on_bytes, ARCHIVE_AT_MOST, md5 and f"md5:{md5}")
    try:
        with zipfile.ZipFile(archive) as content:
            for path in wanted.values():
                _extract(content, path)
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, EOFError, zlib.error) as error:
        archive.unlink()
        raise CrosscamError(f"{archive}: damaged ({error}); it is removed, run the command again") from error
    archive.unlink()
    return list(wanted.values())


def _extract(content: zipfile.ZipFile, path: Path) -> None:
    """One member; what it is said to have is all that is taken out of it, and that is limited."""
    entry = content.getinfo(f"annotations/{path.name}")
    if entry.file_size > JSON_AT_MOST:
        raise zipfile.BadZipFile(f"{entry.filename} has {entry.file_size:,} bytes")
    with content.open(entry) as member, whole(path) as part, part.open("wb") as out:
        shutil.copyfileobj(member, out)  # raises when the member's CRC-32 is wrong


@dataclass(frozen=True)
class Fetched:
    """What became of a list of photographs."""

    new: int
    present: int
    failed: tuple[str, ...]
    """One line for each that the server did not give, for example as it is gone."""


def _is_at_home(sample: Sample, root: Path) -> bool:
    home = root / sample.source.folder / sample.source.split
    return home.resolve() != sample.path.resolve() and sample.path.resolve().is_relative_to(home.resolve())


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
        within: the data root: a photograph is written nowhere but into the folder of its set and split there,
            whatever the annotations name it.

    Raises:
        CrosscamError: no network, or a file name that leads elsewhere.
    """
    manners = manners or Manners()
    samples = list({sample.path: sample for sample in samples}.values())
    for sample in samples:
        if within is not None and not _is_at_home(sample, within):
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
