"""Clocks: how many cycles a block of instructions takes."""

from __future__ import annotations

from sim.engine.timing.base import Timing
from sim.engine.timing.instructions import InstructionTiming
from sim.errors import CrosscamError

TIMINGS: dict[str, type[Timing]] = {"instructions": InstructionTiming}


def create_timing(name: str) -> Timing:
    """The clock called ``name``.

    Raises:
        CrosscamError: there is none of that name.
    """
    if name not in TIMINGS:
        raise CrosscamError(f'timing "{name}" is not known; choose one of: {", ".join(TIMINGS)}')
    return TIMINGS[name]()
