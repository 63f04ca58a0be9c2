"""Clocks: how many cycles a block of instructions takes."""

from __future__ import annotations

from sim.engine.timing.base import Timing
from sim.engine.timing.instructions import InstructionTiming
from sim.errors import CrosscamError

TIMINGS = ("instructions", "cortex-m7", "cortex-m4")


def create_timing(name: str) -> Timing:
    """The clock called ``name``; ``cortex-m7:CHIP`` and ``cortex-m4:CHIP`` take a chip by name or by
    the path of a data file.

    Raises:
        CrosscamError: there is none of that name, or no such chip.
    """
    kind, _, chip = name.partition(":")
    if kind == "instructions" and not chip:
        return InstructionTiming()
    if kind == "cortex-m7":
        from sim.engine.timing.cortex_m7 import CortexM7Timing

        return CortexM7Timing(chip or None)
    if kind == "cortex-m4":
        from sim.engine.timing.cortex_m4 import CortexM4Timing

        return CortexM4Timing(chip or None)
    raise CrosscamError(
        f'timing "{name}" is not known; choose one of: {", ".join(TIMINGS)} (or cortex-m7:CHIP, such as '
        "cortex-m7:stm32f746, cortex-m4:CHIP)"
    )
