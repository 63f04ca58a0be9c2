"""Frame folders: what the camera looks at, on disk.

``frames.json`` beside one file a frame, each 320 * 240 RGB565 values, little-endian, row by row (153600 bytes)::

    {"format": "rgb565le", "width": 320, "height": 240, "set": "demo", "order": "sequence", "seed": 0, "loop": true,
     "advance": "capture",
     "frames": [{"file": "0000.rgb565", "source": "astronaut.png", "labels": ["person"], "license": "..."}]}

``labels`` holds ``car`` and ``person``; none of them is a negative, and null says that nobody knows. ``order`` is
``sequence`` or ``shuffle`` (see ``order.py``); ``advance`` says when the next photograph comes: ``capture``, once the
present one has been captured, or ``vsync``, with every frame of the camera. The file is ASCII, for scripts in Python 2.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.errors import CrosscamError
from sim.frames.convert import HEIGHT, WIDTH
from sim.frames.order import shuffled
from sim.inside import path_below
from sim.reading import MEGABYTE, UnreadableError, quoted, read_json

LISTING = "frames.json"
FORMAT = "rgb565le"
CLASSES = ("car", "person")
"""What folders of photographs are labelled by, where their names say so; a listing may have other labels."""
LISTING_AT_MOST = 64 * MEGABYTE
MOST_FRAMES = 100_000
_LONGEST_TEXT = 5000
_LONGEST_LABEL = 100
_REMAKE = "make the folder again with `crosscam frames`"


@dataclass(frozen=True)
class Playback:
    """How the camera goes through the folder."""

    order: Literal["sequence", "shuffle"] = "sequence"
    seed: int = 0
    loop: bool = True
    advance: Literal["capture", "vsync"] = "capture"


@dataclass(frozen=True)
class Shot:
    """A frame to write: RGB565 values ``uint16[240, 320]`` and what is known of them."""

    pixels: NDArray[np.uint16]
    source: str
    labels: tuple[str, ...] | None
    license: str


@dataclass(frozen=True)
class Entry:
    """A frame of a folder. ``labels`` are sorted; empty means negative, and also unknown when not ``labelled``."""

    file: str
    source: str
    labels: tuple[str, ...]
    license: str
    labelled: bool = True


@dataclass(frozen=True)
class FrameFolder:
    """A frame folder that has been read and found whole."""

    path: Path
    set_name: str
    entries: tuple[Entry, ...]
    playback: Playback

    @classmethod
    def open(cls, path: Path) -> FrameFolder:
        """Read ``path`` and check every frame file.

        Raises:
            CrosscamError: no folder, no or a damaged ``frames.json``, no frames, a frame that is missing, has the wrong
                size or lies outside the folder.
        """
        listing = _read_listing(path)
        expected = {"format": FORMAT, "width": WIDTH, "height": HEIGHT}
        for key, value in expected.items():
            if listing.get(key) != value:
                found = quoted(listing.get(key))
                raise CrosscamError(f"{path / LISTING}: {key} is {found}, expected {value!r}; {_REMAKE}")
        frames = listing.get("frames")
        if not isinstance(frames, list) or not 1 <= len(frames) <= MOST_FRAMES:
            count = len(frames) if isinstance(frames, list) and frames else "no"
            raise CrosscamError(f"{path / LISTING}: it lists {count} frames, expected 1 to {MOST_FRAMES}; {_REMAKE}")
        entries = tuple(_entry(path, number, frame) for number, frame in enumerate(frames))
        set_name = _text(f"{path / LISTING}", "set", listing.get("set", path.name))
        return cls(path, set_name, entries, _playback(path, listing))

    def pixels(self, index: int) -> NDArray[np.uint16]:
        """RGB565 values ``uint16[240, 320]`` of the ``index``-th entry."""
        data = _frame_path(self.path, self.entries[index].file).read_bytes()
        return np.frombuffer(data, "<u2").astype(np.uint16).reshape(HEIGHT, WIDTH)

    def play_order(self) -> list[int]:
        """Indices of the entries in the order in which the camera shows them, one round."""
        count = len(self.entries)
        return shuffled(count, self.playback.seed) if self.playback.order == "shuffle" else list(range(count))


def write_folder(
    path: Path,
    set_name: str,
    shots: Iterable[Shot],
    playback: Playback | None = None,
    on_frame: Callable[[Shot], None] = lambda shot: None,
) -> FrameFolder:
    """Write a frame folder beside ``path``, then put it in its place; an older frame folder there is replaced.

    ``on_frame`` is called after each frame, for a progress bar.

    Raises:
        CrosscamError: no shots, a shot of the wrong size, something else than a frame folder at ``path``, or the disk
            refuses.
    """
    playback = playback or Playback()
    _refuse_strangers(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
        try:
            part.chmod(0o755)
            frames = [_write_shot(part, number, shot, on_frame) for number, shot in enumerate(shots)]
            if not frames:
                raise CrosscamError(f"{path}: there is no photograph to make a frame of, expected at least one")
            listing = {"format": FORMAT, "width": WIDTH, "height": HEIGHT, "set": set_name, **vars(playback)}
            (part / LISTING).write_text(json.dumps({**listing, "frames": frames}, indent=1) + "\n", encoding="ascii")
            _swap(part, path)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise CrosscamError(
            f"cannot write {path}: {error.strerror or error}; name a folder you may write to"
        ) from error
    return FrameFolder.open(path)


def _write_shot(folder: Path, number: int, shot: Shot, on_frame: Callable[[Shot], None]) -> dict[str, object]:
    if shot.pixels.shape != (HEIGHT, WIDTH):
        raise CrosscamError(f"{shot.source}: a frame of shape {shot.pixels.shape}, expected {(HEIGHT, WIDTH)}")
    name = f"{number:04}.rgb565"
    (folder / name).write_bytes(shot.pixels.astype("<u2").tobytes())
    on_frame(shot)
    labels = None if shot.labels is None else sorted(shot.labels)
    return {"file": name, "source": shot.source, "labels": labels, "license": shot.license}


def _refuse_strangers(path: Path) -> None:
    if path.is_dir():
        if any(path.iterdir()) and not (path / LISTING).is_file():
            raise CrosscamError(f"{path}: not empty and not a frame folder; name another folder, or empty it first")
    elif path.exists() or path.is_symlink():
        raise CrosscamError(f"{path}: not a folder; name another one")


def _swap(part: Path, path: Path) -> None:
    """``part`` takes the place of ``path``; for a moment both exist, never none that is whole."""
    old = path.with_name(part.name + ".old")
    if path.exists():
        path.rename(old)
    try:
        part.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _read_listing(path: Path) -> dict[str, Any]:
    listing = path / LISTING
    try:
        if not path.is_dir():
            raise CrosscamError(f"{path}: no such frame folder; make one with `crosscam frames`")
        content = read_json(listing, LISTING_AT_MOST)
    except FileNotFoundError:
        empty = "it is empty" if not any(path.iterdir()) else "it has other files"
        raise CrosscamError(f"{path}: no {LISTING} in this folder ({empty}); {_REMAKE}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"{listing}: cannot be read as JSON ({reason}); {_REMAKE}") from error
    if not isinstance(content, dict):
        raise CrosscamError(f"{listing}: holds {type(content).__name__}, expected an object; {_REMAKE}")
    return content


def _entry(folder: Path, number: int, frame: object) -> Entry:
    where = f"{folder / LISTING}: frame {number}"
    if not isinstance(frame, dict) or not isinstance(frame.get("file"), str):
        raise CrosscamError(f'{where} has no file name, expected {{"file": "{number:04}.rgb565", ...}}; {_REMAKE}')
    labels = frame.get("labels", [])
    known = isinstance(labels, list) and all(map(_is_label, labels))
    if labels is not None and not known:
        wanted = f"a list of names of 1 to {_LONGEST_LABEL} printable characters, or null"
        raise CrosscamError(f"{where} has labels {quoted(labels)}, expected {wanted}")
    name = frame["file"]
    try:
        path = _frame_path(folder, name)
        size = path.stat().st_size
    except OSError as error:
        named = quoted(name, 100)
        raise CrosscamError(f"{where} names the file {named}, but: {error.strerror}; {_REMAKE}") from None
    if size != WIDTH * HEIGHT * 2 or not path.is_file():
        raise CrosscamError(
            f"{path}: {size} bytes, expected {WIDTH * HEIGHT * 2} ({WIDTH} x {HEIGHT} RGB565); {_REMAKE}"
        )
    source, terms = (_text(where, key, frame.get(key, default)) for key, default in (("source", name), ("license", "")))
    return Entry(name, source, tuple(sorted(labels or ())), terms, labels is not None)


def _is_label(label: object) -> bool:
    return isinstance(label, str) and 1 <= len(label) <= _LONGEST_LABEL and label.isprintable()


def _frame_path(folder: Path, name: str) -> Path:
    """Where frame ``name`` lies; CrosscamError when that is outside ``folder``."""
    listing, named = folder / LISTING, quoted(name, 100)
    try:
        path = path_below(folder, name)
        if path.resolve().is_relative_to(folder.resolve()):
            return path
    except UnreadableError as error:
        raise CrosscamError(f"{listing}: frame {named}: {error}") from None
    except RuntimeError:  # a ring of links
        raise CrosscamError(f"{listing}: frame {named} is a link to itself; {_REMAKE}") from None
    raise CrosscamError(f"{listing}: frame {named} lies outside the folder; expected a file in it")


def _text(where: str, key: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        found = quoted(value)
        raise CrosscamError(f"{where}: {key} is {found}, expected a text of at most {_LONGEST_TEXT} characters")
    return value


def _playback(folder: Path, listing: dict[str, Any]) -> Playback:
    default = Playback()
    order, advance = listing.get("order", default.order), listing.get("advance", default.advance)
    seed, loop = listing.get("seed", default.seed), listing.get("loop", default.loop)
    valid = {
        "order": (order, order in ("sequence", "shuffle"), "sequence or shuffle"),
        "advance": (advance, advance in ("capture", "vsync"), "capture or vsync"),
        "seed": (seed, isinstance(seed, int) and not isinstance(seed, bool), "an integer"),
        "loop": (loop, isinstance(loop, bool), "true or false"),
    }
    for key, (value, good, expected) in valid.items():
        if not good:
            raise CrosscamError(f"{folder / LISTING}: {key} is {quoted(value)}, expected {expected}; {_REMAKE}")
    return Playback(order, seed, loop, advance)
