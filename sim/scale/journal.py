"""Results of units on disk, a file each, so that work which was broken off goes on where it was.

A journal is a folder beside the file that the results become: ``plan.json`` says of what they are, ``000012.json`` is
the result of unit 12.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

from sim.errors import CrosscamError
from sim.files import write_json
from sim.reading import MEGABYTE, read_json

_PLAN = "plan.json"
_AT_MOST = 256 * MEGABYTE


class Journal:
    """The folder ``path`` of results of the work ``plan`` describes.

    Args:
        path: made where it is missing.
        plan: what the results depend on; JSON.

    Raises:
        CrosscamError: the folder holds results of another plan, or cannot be written to.
    """

    def __init__(self, path: Path, plan: object) -> None:
        self._path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CrosscamError(f"cannot make {path}: {error.strerror}; name another file for the results") from error
        plan_file = path / _PLAN
        if not plan_file.exists():
            if any(path.iterdir()):
                raise CrosscamError(f"{path}: not empty and without {_PLAN}; expected results of units, or nothing")
            write_json(plan_file, plan)
        elif _read(plan_file) != plan:
            raise CrosscamError(
                f"{path}: results of other firmware, pictures or units; remove the folder to begin anew, or name "
                "another file for the results"
            )

    def __contains__(self, number: int) -> bool:
        return self._file(number).exists()

    def write(self, number: int, result: object) -> None:
        """The result of unit ``number``; one that is there stays as it is."""
        if number not in self:
            write_json(self._file(number), result)

    def read(self, number: int) -> Any:
        """What was written; CrosscamError when it cannot be read."""
        return _read(self._file(number))

    def remove(self) -> None:
        """The results are elsewhere now."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self._path)

    def _file(self, number: int) -> Path:
        return self._path / f"{number:06}.json"


def _read(file: Path) -> Any:
    try:
        return read_json(file, _AT_MOST)
    except (OSError, ValueError) as error:
        raise CrosscamError(f"{file}: no result of a unit ({error}); remove it to have it made again") from error
