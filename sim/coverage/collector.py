"""Coverage of all that runs while a collector is asked: machines as they are made, programs as they are loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.coverage.account import account
from sim.coverage.program import Program
from sim.coverage.result import Coverage
from sim.engine.elf import ElfImage
from sim.engine.machine import Machine
from sim.engine.observe.coverage.executed import Executed
from sim.errors import CrosscamError

Version = tuple[str, int, int]
"""A file's path, size and time: a build that replaces another is another program."""


class Collector:
    """``tell`` hears, once each, of programs that have no debug information."""

    def __init__(self, tell: Callable[[str], None] = lambda text: None) -> None:
        self._tell = tell
        self._programs: dict[Version, Program | None] = {}
        self._runs: list[tuple[Executed, set[Version]]] = []

    def watch(self, machine: Machine) -> None:
        """Collect what will run on ``machine``."""
        versions: set[Version] = set()

        def loaded(image: ElfImage) -> None:
            version = self._known(image.path)
            if version is not None:
                versions.add(version)

        self._runs.append((Executed(machine, loaded), versions))

    def _known(self, path: str) -> Version | None:
        """The program file as it is now; None for what is none."""
        try:
            status = Path(path).stat()
        except (OSError, ValueError):
            return None
        version = (path, status.st_size, status.st_mtime_ns)
        if version not in self._programs:
            try:
                self._programs[version] = Program(Path(path))
            except CrosscamError as error:
                self._tell(str(error))
                self._programs[version] = None
        return version

    def coverage(self) -> Coverage:
        """All that was covered so far.

        Raises:
            CrosscamError: no program with debug information was loaded.
        """
        found = Coverage()
        for executed, versions in self._runs:
            for version in sorted(versions):
                program = self._programs[version]
                if program is not None:
                    found.add(account(program, executed.blocks()))
        if not found.files:
            raise CrosscamError("no program with debug information was loaded: build it with -g")
        return found
