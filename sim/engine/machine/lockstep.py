"""Several machines of one emulation: their virtual time goes on together, a quantum at a time.

Whichever machine somebody lets run leads; after each quantum the others run until they are as far. What one sends to
another (a hub of UARTs, a switch, a wire) arrives in the other's present, so at most a quantum early or late.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

QUANTUM = Fraction(1, 10_000)
"""Seconds, as in Renode."""


class Stepping(Protocol):
    """A machine as far as it is run."""

    @property
    def seconds(self) -> Fraction:
        """Its virtual time."""

    @property
    def was_paused(self) -> bool:
        """Its last run ended early."""

    def run_alone_for(self, seconds: Fraction) -> None:
        """Let it run, and no other."""

    def run_alone_until(self, predicate: Callable[[], bool], seconds: Fraction) -> bool:
        """Let it run until something holds, and no other; whether it does."""


class Lockstep:
    """``quantum``: how far one may be ahead of the others, in seconds."""

    def __init__(self) -> None:
        self.quantum = QUANTUM
        self._behind: dict[Stepping, Fraction] = {}  # machine -> when it was made, on the clock of the first

    def join(self, machine: Stepping) -> None:
        """One more: it begins now."""
        self._behind[machine] = max(map(self._time, self._behind), default=machine.seconds) - machine.seconds

    def leave(self, machine: Stepping) -> None:
        """It is no more."""
        self._behind.pop(machine, None)

    def _time(self, machine: Stepping) -> Fraction:
        return machine.seconds + self._behind[machine]

    def run_for(self, leader: Stepping, seconds: Fraction) -> None:
        """Let all run for a span of virtual time; less when one of them is paused."""
        left = seconds
        while left > 0:
            step = min(left, self.quantum)
            leader.run_alone_for(step)
            if not self._follow(leader):
                return
            left -= step

    def run_until(self, leader: Stepping, predicate: Callable[[], bool], seconds: Fraction) -> bool:
        """Let all run until something holds, or for a span of virtual time; whether it holds."""
        left = seconds
        while not predicate():
            if left <= 0:
                return False
            step = min(left, self.quantum)
            leader.run_alone_until(predicate, step)
            if not self._follow(leader):
                return predicate()
            left -= step
        return True

    def _follow(self, leader: Stepping) -> bool:
        """The others become as old as ``leader``; whether nobody was paused."""
        paused = leader.was_paused
        for other in self._behind:
            if other is not leader:
                behind = self._time(leader) - self._time(other)
                if behind > 0:
                    other.run_alone_for(behind)
                    paused = paused or other.was_paused
        return not paused
