"""Running the machine until something is seen, within a limit of virtual time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.engine.machine import Machine


def run_until_seen(machine: Machine, seen: Callable[[], bool], seconds: float) -> bool:
    """Run until ``seen()`` or ``seconds`` of virtual time; whether it was seen.

    Whoever sees it calls ``machine.pause()`` so that the machine stops there, and not at the next event.
    """
    if seen():
        return True
    if seconds <= 0:
        return False
    return machine.run_until(seen, Fraction(seconds).limit_denominator(10**9))
