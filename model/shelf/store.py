"""The shelf's folders: what stands there, by name; what is put there and taken away, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from model.card import FILE_NAME, Card, read_card, verify_model_file, write_card
from model.compiler.card import check_card
from model.compiler.compile import Options, build
from model.compiler.stand_in import stand_in_card
from model.dataset.fetch import OnBytes, ignore
from model.errors import CrosscamError, shown
from model.files import make_folder
from model.shelf.arrival import arrived

SHIPPED = Path(__file__).parents[1] / "zoo"
"""The models that come with crosscam."""
VARIABLE = "CROSSCAM_SHELF"
"""Names the folder of a user's models."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")


@dataclass(frozen=True)
class Standing:
    """A folder of the shelf: its card, or why it has none that can be read."""

    name: str
    folder: Path
    card: Card | None
    problem: str = ""

    @property
    def shipped(self) -> bool:
        """Whether it came with crosscam."""
        return self.folder.parent == SHIPPED


def shelf_folder() -> Path:
    """Where a user's models stand: ``$CROSSCAM_SHELF``, or ``crosscam/models`` where programs keep their data."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "crosscam" / "models"


def standing(shelf: Path) -> list[Standing]:
    """Everything on the shelf: shipped models first, each part by name."""
    folders = [path for root in (SHIPPED, shelf) for path in _folders(root)]
    return [_look_at(folder) for folder in folders]


def find(shelf: Path, name: str) -> Standing:
    """The model of that name; a user's stands before a shipped one.

    Raises:
        CrosscamError: there is none; the line lists those there are.
    """
    for root in (shelf, SHIPPED):
        if _NAME.fullmatch(name) and (root / name).is_dir():
            return _look_at(root / name)
    names = ", ".join(each.name for each in standing(shelf)) or "none"
    raise CrosscamError(f"no model '{shown(name)}' on the shelf; there are: {shown(names, 160)}")


def add(
    shelf: Path, source: str, name: str | None = None, sha256: str | None = None, on_bytes: OnBytes = ignore
) -> Standing:
    """Put a model on the shelf.

    Args:
        shelf: its folder.
        source: a folder with a card, a .tflite, a .zip of either, or an http(s) address of one of the files.
        name: what to call it; default: its card's id.
        sha256: of the file at ``source``, where that is known.
        on_bytes: told of a download's bytes.

    Raises:
        CrosscamError: anything about it is not as it has to be, or the name is taken; then the shelf is as it was.
    """
    if name is not None and not _NAME.fullmatch(name):
        raise CrosscamError(f"--name '{shown(name)}': expected letters, digits, '_', '.', '+', '-', at most 64")
    make_folder(shelf)
    with _beside(shelf) as folder, arrived(source, shelf, sha256, on_bytes=on_bytes) as found:
        path, card = _with_card(found, name)
        name = name or card.id
        if (shelf / name).exists():
            raise CrosscamError(f"{shelf / name}: there is a model of that name; remove it first, or give --name")
        shutil.copyfile(path, folder / card.file)
        made = replace(card, use=replace(card.use, source=card.use.source or shown(source, 1000)), folder=folder)
        write_card(made, folder)
        read_card(folder)
        try:
            folder.rename(shelf / name)
        except OSError as error:
            raise CrosscamError(f"{shelf / name}: cannot be put there ({error.strerror or error})") from error
    return _look_at(shelf / name)


def remove(shelf: Path, name: str) -> Path:
    """Take a user's model off the shelf.

    Raises:
        CrosscamError: there is none of that name, or it came with crosscam, or its folder holds more than a model.
    """
    found = find(shelf, name)
    if found.shipped:
        raise CrosscamError(f"{found.name} came with crosscam and stays; only models that were added are removed")
    if found.folder.is_symlink():
        raise CrosscamError(f"{found.folder}: a link to another folder; remove the link yourself")
    model = {found.card.file} if found.card is not None else set()
    others = sorted(path.name for path in found.folder.iterdir() if path.name not in {FILE_NAME, *model})
    if others:
        raise CrosscamError(
            f"{found.folder}: it also holds '{shown(others[0])}', which is no part of a model; not removed"
        )
    gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=shelf))
    found.folder.rename(gone / name)
    shutil.rmtree(gone)
    return found.folder


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    except OSError:
        return []


def _look_at(folder: Path) -> Standing:
    try:
        card = read_card(folder)
        if not card.model_path.is_file():
            raise CrosscamError(f"{card.model_path}: no such model file")
    except CrosscamError as error:
        return Standing(folder.name, folder, None, str(error))
    return Standing(folder.name, folder, card)


@contextlib.contextmanager
def _beside(shelf: Path) -> Iterator[Path]:
    """A folder on the shelf that nobody sees; what is left of it at the end goes."""
    folder = Path(tempfile.mkdtemp(prefix=".part-", dir=shelf))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_card(found: Path, name: str | None) -> tuple[Path, Card]:
    """The .tflite of what has arrived, and its card, held against it; one made up where it has none.

    Raises:
        CrosscamError: card and model differ, or the compiler cannot read the model.
    """
    if found.is_dir():
        card = read_card(found)
        path = verify_model_file(card)
        options = Options(core=True, scores=card.output_sizes)
        check_card(card, build(path, path.read_bytes(), options, shuffles=1).graph)
        return path, card
    blob = found.read_bytes()
    card = stand_in_card(found, blob, build(found, blob, Options(core=True), shuffles=1).graph)
    identity = name or re.sub(r"[^A-Za-z0-9_.+-]+", "_", found.stem).strip("_.+-")[:64] or "model"
    return found, replace(card, id=identity, title=shown(found.stem, 200), file="model.tflite")
