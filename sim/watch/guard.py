"""All that watches one machine, together: faults, resets, a firmware that is stuck, and a word when time crawls."""

from __future__ import annotations

import time

from sim.engine.machine import Machine
from sim.watch.faults import FaultLog
from sim.watch.places import Places
from sim.watch.resets import ResetWatch
from sim.watch.stuck import SECONDS, End, Stuck, StuckWatch

FIRST_PROGRESS = 10.0
"""Seconds of wall time without a word before the first progress line; then twice as long each time."""


class Guard:
    """Ask it between two spans of a run.

    Args:
        machine: what runs.
        stuck_seconds: see ``StuckWatch``; 0: nothing is given up.

    Attributes:
        stuck: how the firmware got stuck, once it has.
    """

    def __init__(self, machine: Machine, stuck_seconds: float = SECONDS) -> None:
        self._machine = machine
        self.places = Places(machine)
        self.faults = FaultLog(machine, self.places)
        self.resets = ResetWatch(machine, self.places, self.faults)
        self.stuck: Stuck | None = None
        self._watch = StuckWatch(machine, self.places, stuck_seconds or SECONDS)
        self._gives_up = stuck_seconds > 0
        self._started = self._said = time.monotonic()
        self._patience = FIRST_PROGRESS
        self._sent = 0

    @property
    def wall_seconds(self) -> float:
        """Wall time since it was made."""
        return time.monotonic() - self._started

    def look(self, sent: int) -> Stuck | None:
        """What the firmware waits for, once it is clear that it waits in vain; ``sent``: characters it has sent."""
        if self._gives_up and self.stuck is None:
            self.stuck = self._watch.look(sent)
        return self.stuck

    def look_again(self) -> None:
        """What was found is no reason to stop."""
        self.stuck = None

    def stuck_text(self) -> str:
        """``stuck`` in words, with the fault it may come from."""
        text = str(self.stuck) if self.stuck is not None else ""
        is_fault = self.stuck is not None and self.stuck.end is End.STUCK and self.faults.last is not None
        return f"{text}; the last fault: {self.faults.last}" if is_fault else text

    def describe(self) -> str:
        """What the core does now."""
        return self._watch.describe()

    def progress(self, sent: int) -> str:
        """A line for the user when nothing was said for long; else empty."""
        now = time.monotonic()
        if sent != self._sent:
            self._sent, self._said, self._patience = sent, now, FIRST_PROGRESS
        if now - self._said <= self._patience:
            return ""
        self._said, self._patience = now, 2 * self._patience
        board = self._machine.clock.seconds
        return f"{now - self._started:.0f} s of wall time, {board:.3g} s of board time; {self.describe()}"
