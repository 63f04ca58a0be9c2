"""Who looks at a machine from outside, or has a say in when it runs; upper rooms are that."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol


class Observer(Protocol):
    """Looks into a machine; upper rooms know which kinds there are."""

    def board_changed(self) -> None:
        """Devices or memories may have come."""


class Attached(Protocol):
    """Somebody who has a say in when the machine runs: a debugger."""

    def run(self, seconds: Fraction, reached: Callable[[], bool]) -> int:
        """Run for a span of virtual time, or until ``reached()``; the cycle at which the span is over."""

    def close(self) -> None:
        """Let go of the machine."""
