"""A limit of wall time for whatever runs a machine.

Virtual time may crawl: in a storm of interrupts a second of the board can take hours, and a limit of virtual time alone
is no limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

LONGEST = 1800.0
"""Seconds of wall time that a step of a test, or a frame, may take unless told otherwise."""
_A_SECOND = 60.0
_BETWEEN_PAUSES = 0.05
"""Seconds: a pause ends one span, and whoever runs may ask for the next."""


def limit_for(board_seconds: float) -> float:
    """Seconds of wall time for a run of so many seconds of virtual time: a minute each, ``LONGEST`` at least."""
    return max(LONGEST, _A_SECOND * board_seconds)


class Pausing(Protocol):
    """What can be paused from another thread: a machine."""

    def pause(self) -> None: ...


class WallTime:
    """As long as it is entered: pauses the machine once ``seconds`` of wall time are over, and whatever is run after.

    Args:
        machine: tells the machine that runs then, None where there is none.

    Attributes:
        is_over: it has come to that.
    """

    def __init__(self, machine: Callable[[], Pausing | None], seconds: float = LONGEST) -> None:
        self.seconds = seconds
        self.is_over = False
        self._machine = machine
        self._left = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="wall time", daemon=True)

    def __enter__(self) -> WallTime:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._watcher.join()

    def _watch(self) -> None:
        wait = self.seconds
        while not self._left.wait(wait):
            self.is_over, wait = True, _BETWEEN_PAUSES
            machine = self._machine()
            if machine is not None:
                machine.pause()
