"""What a clock needs of the machine that runs by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.engine.bus import Bus
from sim.engine.native.engine import Engine
from sim.engine.timing.chip import SomeChip
from sim.engine.timing.clock import Clock
from sim.engine.timing.clock_parts import Frequencies


class FollowedClocks(Protocol):
    """The clocks firmware has programmed: ``now``; None before they were looked at."""

    now: Frequencies | None


class Board(Protocol):
    """The native engine, virtual time, the bus, and the board's clocks."""

    @property
    def engine(self) -> Engine: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def sysbus(self) -> Bus: ...

    def follow_clocks(self, chip: SomeChip, retime: Callable[[SomeChip], None]) -> FollowedClocks | None:
        """Have the board's clocks follow what firmware programs into the clock registers of ``chip``, and ``retime``
        hear of each new set of latencies; None where the board has not those registers."""
