"""A moment of a run as a file: how to come there again, and what the machine then holds.

Runs are deterministic, so the whole machine (memories, devices, scripts, caches) is what a boot of the same firmware
on the same board comes to, with the same bytes typed at the same places. A snapshot names all that, with the SHA-256 of
each file that was read, and of place, registers and memories at its moment. To come there takes as long as it took.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sim
from sim.engine.observe.gdb.place import Place
from sim.engine.observe.past.places import Typed
from sim.errors import CrosscamError, shown
from sim.files import write_json
from sim.reading import MEGABYTE, UnreadableError, file_digest, read_json

FORMAT = "crosscam machine snapshot 1"
LARGEST = 16 * MEGABYTE
_PACKAGE = Path(sim.__file__).resolve().parent


@dataclass(frozen=True)
class Origin:
    """What a machine was made of. ``timing``: its clock; ``frames``: the camera's folder, None without one."""

    firmware: Path
    board: Path
    frames: Path | None
    timing: str

    def name(self, path: Path) -> str:
        """How a file is called wherever firmware, board and frames lie."""
        path = path.resolve()
        for root, called in self._roots():
            if path == root:
                return called
            if path.is_relative_to(root):
                return f"{called}/{path.relative_to(root).as_posix()}"
        return str(path)

    def find(self, name: str) -> Path:
        """The file that is called so here."""
        first, _, rest = name.partition("/")
        for root, called in self._roots():
            if first == called and ".." not in Path(rest).parts:
                return root / rest if rest else root
        return Path(name)

    def _roots(self) -> list[tuple[Path, str]]:
        frames = [] if self.frames is None else [(self.frames.resolve(), "frames")]
        board = self.board.resolve()
        return [(self.firmware.resolve(), "firmware"), *frames, (board.parent, "board"), (_PACKAGE, "crosscam")]


@dataclass(frozen=True)
class MachineSnapshot:
    """``cycle``: where it stands; ``digest``: see ``past.digest``; ``files``: SHA-256 by name (``Origin.name``)."""

    origin: Origin
    cycle: int
    digest: str
    files: dict[str, str] = field(default_factory=dict)
    typed: tuple[Typed, ...] = ()

    def write(self, path: Path) -> None:
        """As JSON, whole or not at all."""
        places = {name: getattr(self.origin, name) for name in ("firmware", "board", "frames")}
        origin = {name: None if place is None else str(place.resolve()) for name, place in places.items()}
        typed = [[*each.place, each.uart, each.data.hex()] for each in self.typed]
        document = {
            "format": FORMAT,
            "crosscam": version("crosscam"),
            **origin,
            "timing": self.origin.timing,
            "cycle": self.cycle,
        }
        write_json(path, document | {"digest": self.digest, "typed": typed, "files": self.files})

    @classmethod
    def read(cls, path: Path, **elsewhere: Path | None) -> MachineSnapshot:
        """The snapshot in ``path``; ``elsewhere``: firmware, board or frames that lie somewhere else now.

        Raises:
            CrosscamError: no snapshot of ours, of another version, or one of its files is gone or another.
        """
        try:
            document = read_json(path, LARGEST)
        except (OSError, UnreadableError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CrosscamError(f"{path}: {reason}: expected a snapshot of `crosscam run --snapshot-at`") from None
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise CrosscamError(f"{path}: no machine snapshot; expected a file of `crosscam run --snapshot-at`")
        made = document.get("crosscam")
        if made != version("crosscam"):
            raise CrosscamError(
                f"{path}: made by crosscam {shown(made, 20)}, this is {version('crosscam')}: make it again"
            )
        try:
            found = _parsed(document, elsewhere)
        except (KeyError, TypeError, ValueError) as error:
            raise CrosscamError(f"{path}: a damaged snapshot ({shown(error, 60)}): make it again") from None
        found._check_files(path)
        return found

    def _check_files(self, path: Path) -> None:
        for name, expected in self.files.items():
            file = self.origin.find(name)
            if not file.is_file():
                raise CrosscamError(f"{path}: {shown(file, 120)} is gone: give --board or --frames, or the ELF, anew")
            if file_digest(file) != expected:
                raise CrosscamError(
                    f"{path}: {shown(file, 120)} is another than when the snapshot was made: make the snapshot again"
                )


def digests(origin: Origin, paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each of these that is a plain file, by name."""
    files = sorted((path for path in paths if path.is_file()), key=origin.name)
    return {origin.name(path): file_digest(path) for path in files}


def _parsed(document: dict[str, Any], elsewhere: dict[str, Path | None]) -> MachineSnapshot:
    paths = {name: elsewhere.get(name) or document[name] for name in ("firmware", "board", "frames")}
    frames = None if paths["frames"] is None else Path(paths["frames"])
    origin = Origin(Path(paths["firmware"]), Path(paths["board"]), frames, str(document["timing"]))
    typed = tuple(
        Typed(Place(int(cycle), int(pc)), str(uart), bytes.fromhex(data)) for cycle, pc, uart, data in document["typed"]
    )
    cycle = document["cycle"]
    if not isinstance(cycle, int) or cycle < 0:
        raise ValueError(f"cycle {cycle!r}")
    files = {str(name): str(value) for name, value in document["files"].items()}
    return MachineSnapshot(origin, cycle, str(document["digest"]), files, typed)
