"""Ctrl-C and SIGTERM while a machine runs: the run ends at the next block of code, then the program unwinds.

A handler that raises in the middle of a run would now and then raise inside a callback that C called, where the
exception is lost. So while a machine runs, a signal only pauses it; the exception comes when the run has returned.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from fractions import Fraction
from types import FrameType
from typing import Protocol


class Interrupted(BaseException):
    """The user or the system wants this program to end. ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_status(self) -> int:
        """As a shell says it."""
        return 128 + self.number


class Runner(Protocol):
    """What can be paused: a machine."""

    def run_for(self, seconds: float | Fraction) -> None: ...

    def pause(self) -> None: ...


class _Signals:
    def __init__(self) -> None:
        self.running: Runner | None = None
        self.received = 0

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The second signal does not wait for anything."""
        if self.running is None or self.received:
            raise Interrupted(number)
        self.received = number
        self.running.pause()


_SIGNALS = _Signals()


@contextlib.contextmanager
def signals_end_the_program() -> Iterator[None]:
    """SIGINT and SIGTERM become ``Interrupted``; not for library use: handlers are the process' own."""
    before = {number: signal.signal(number, _SIGNALS.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_for(machine: Runner, seconds: float | Fraction) -> None:
    """``machine.run_for``; raises ``Interrupted`` afterwards when a signal came meanwhile."""
    _SIGNALS.running = machine
    try:
        machine.run_for(seconds)
    finally:
        _SIGNALS.running = None
    if _SIGNALS.received:
        number, _SIGNALS.received = _SIGNALS.received, 0
        raise Interrupted(number)
