"""What Renode calls a log tester: it collects the log and waits for an entry in virtual time."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from sim.engine.machine import Machine
from sim.engine.wording import FAILING_LOG_ENTRY
from sim.robot.patterns import compiled
from sim.robot.waiting import run_until_seen

LEVELS = {"noisy": 5, "debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
"""Renode's names of the levels and the ``logging`` module's numbers."""


@dataclass(frozen=True)
class Entry:
    """``text`` is ``device: message``."""

    text: str
    level: int


class LogTester(logging.Handler):
    """Keeps the engine's log entries from now on.

    Args:
        machine: gives the machine that runs while waiting, asked at each wait.
        timeout: default limit of a wait, in seconds of virtual time.
    """

    def __init__(self, machine: Callable[[], Machine], timeout: float) -> None:
        super().__init__(LEVELS["noisy"])
        self._machine_of = machine
        self.timeout = timeout
        self.entries: list[Entry] = []
        self._failing: list[re.Pattern[str]] = []
        self._look: Callable[[Entry], bool] | None = None
        logging.getLogger("sim").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """An entry; stops the machine when it is the one waited for."""
        entry = Entry(f"{record.name.removeprefix('sim.')}: {record.getMessage()}", record.levelno)
        self.entries.append(entry)
        if self._look is not None and (self._is_failing(entry) or self._look(entry)):
            self._look = None
            self._machine_of().pause()

    def wait_for(
        self, pattern: str, timeout: float | None, *, regex: bool, keep: bool, level: str | None
    ) -> Entry | None:
        """The first entry with ``pattern`` (of ``level``); it and those before are consumed unless ``keep``.

        None when none came in time. AssertionError on a failing string or an unknown level.
        """
        wanted = compiled(pattern, regex)
        number = None if level is None else _level(level)

        def matches(entry: Entry) -> bool:
            return (number is None or entry.level == number) and wanted.search(entry.text) is not None

        found = self._find(matches, keep)
        limit = self.timeout if timeout is None else timeout
        if found is None and limit > 0:
            self._look = matches
            try:
                run_until_seen(self._machine_of(), lambda: self._look is None, limit)
            finally:
                self._look = None
            found = self._find(matches, keep)
        return found

    def _find(self, matches: Callable[[Entry], bool], keep: bool) -> Entry | None:
        for entry in self.entries:
            if self._is_failing(entry):
                raise AssertionError(f"{FAILING_LOG_ENTRY}: failing string in the log: {entry.text}")
        for index, entry in enumerate(self.entries):
            if matches(entry):
                if not keep:
                    del self.entries[: index + 1]
                return entry
        return None

    def _is_failing(self, entry: Entry) -> bool:
        return any(pattern.search(entry.text) for pattern in self._failing)

    def add_failing(self, pattern: str, regex: bool) -> None:
        """Any wait fails once the log has ``pattern``."""
        self._failing.append(compiled(pattern, regex))

    def remove_failing(self, pattern: str, regex: bool) -> None:
        """Forget it; AssertionError when it was never added."""
        found = compiled(pattern, regex)
        if found not in self._failing:
            raise AssertionError(f"{pattern!r} is no failing string of the log")
        self._failing.remove(found)

    def transcript(self, count: int = 50) -> str:
        """The last entries not yet consumed."""
        return "\n".join(entry.text for entry in self.entries[-count:]) or "(the log is empty)"

    def close(self) -> None:
        """Listen no more."""
        logging.getLogger("sim").removeHandler(self)
        super().close()


def _level(name: str) -> int:
    key = name.lower().removeprefix("loglevel.")
    if key not in LEVELS:
        raise AssertionError(f"level={name}: expected one of {', '.join(LEVELS)}")
    return LEVELS[key]
