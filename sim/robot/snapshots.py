"""``Save`` and ``Load``: a state of the emulation as the keywords that led to it.

Runs are deterministic, so repeating the keywords gives the very state: time, memories, devices, testers. A snapshot is
a JSON file with the keywords, their arguments, and the SHA-256 of every file a command named; ``Load`` refuses when one
of these has changed. It costs the time the keywords cost.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.files import write_json
from sim.reading import MEGABYTE, UnreadableError, file_digest, read_json
from sim.robot.steps import Step

FORMAT = "crosscam snapshot 1"
LARGEST = 64 * MEGABYTE


class Repeatable(Protocol):
    """What a snapshot asks of the session it is of.

    Attributes:
        timing: how its machines count cycles.
        monitor: its present emulation.
        steps: the keywords run so far.
    """

    timing: str
    monitor: Monitor
    steps: list[Step]

    def step(self, name: str, positional: Sequence[Any], named: dict[str, Any]) -> Step:
        """The keyword ``name`` with these arguments, not yet run; CrosscamError when there is no such keyword."""

    def repeat(self, steps: Sequence[Step]) -> None:
        """Start from nothing and run ``steps``."""


class KeywordSnapshots:
    """Snapshots of one session."""

    def __init__(self, session: Repeatable) -> None:
        self._session = session

    def save(self, path: Path) -> None:
        """Write the keywords run so far, without the one that saves.

        Raises:
            CrosscamError: a keyword had an argument that is no text, number, truth value or list of these; the file
                cannot be written.
        """
        steps = [_as_json(step) for step in self._session.steps[:-1]]
        files = {str(file): file_digest(file) for file in sorted(self._session.monitor.files) if file.is_file()}
        document = {"format": FORMAT, "timing": self._session.timing, "steps": steps, "files": files}
        write_json(path, document)

    def load(self, path: Path) -> None:
        """Repeat the keywords of ``path`` on an empty emulation; from then on they are its history.

        Raises:
            CrosscamError: no snapshot of ours, made with another clock, a file it names has changed.
        """
        document = _read(path)
        if document["timing"] != self._session.timing:
            clocks = f"{document['timing']}, this run with {self._session.timing}"
            raise CrosscamError(f"Load {path}: the snapshot was made with the clock {clocks}: expected the same")
        for name, digest in document["files"].items():
            file = Path(name)
            if not file.is_file() or file_digest(file) != digest:
                what = "has changed since" if file.is_file() else "is gone"
                raise CrosscamError(f"Load {path}: {name} {what}: expected the file the snapshot was made with")
        steps = [self._session.step(each["keyword"], each["positional"], each["named"]) for each in document["steps"]]
        for step in steps:
            if not hasattr(step.function, "robot_name"):
                raise CrosscamError(f"Load {path}: {step.name} is no keyword; expected a snapshot written by `Save`")
        self._session.repeat(steps)


def _as_json(step: Step) -> dict[str, Any]:
    made = {"keyword": step.name, "positional": list(step.positional), "named": step.named}
    try:
        json.dumps(made)
    except TypeError as error:
        raise CrosscamError(f"Save: an argument of `{step.name}` cannot be kept: {error}") from None
    return made


def _read(path: Path) -> dict[str, Any]:
    refusal = CrosscamError(
        f"Load {path}: expected a snapshot written by `Save` of this engine",
        renode="This snapshot is incompatible or the emulation's state is corrupted.",
    )
    try:
        document = read_json(path, LARGEST)
    except (OSError, UnreadableError):
        raise refusal from None
    if not isinstance(document, dict) or document.get("format") != FORMAT or not _is_whole(document):
        raise refusal
    return document


def _is_whole(document: dict[str, Any]) -> bool:
    """It has all that ``save`` writes."""
    files, steps = document.get("files"), document.get("steps")
    if not (isinstance(files, dict) and isinstance(steps, list) and isinstance(document.get("timing"), str)):
        return False
    return all(
        isinstance(step, dict)
        and isinstance(step.get("keyword"), str)
        and isinstance(step.get("positional"), list)
        and isinstance(step.get("named"), dict)
        for step in steps
    ) and not any("\0" in name or not name.isprintable() for name in files)
