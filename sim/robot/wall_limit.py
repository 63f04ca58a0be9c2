"""A keyword ends, whatever the firmware makes of the virtual time it waits for."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sim.errors import CrosscamError, shown
from sim.wall_time import LONGEST, WallTime

if TYPE_CHECKING:
    from sim.engine.machine import Machine


@contextlib.contextmanager
def wall_limit(present: Callable[[], Machine | None], seconds: float) -> Iterator[None]:
    """AssertionError when what is done in it takes ``seconds`` of wall time; ``present``: the machine there."""
    try:
        with WallTime(present, seconds) as wall:
            yield
    finally:
        if wall.is_over:
            raise AssertionError(_text(present(), seconds))


def _text(machine: Machine | None, seconds: float) -> str:
    text = f"${{WALL_LIMIT}}: {seconds:g} s of wall time are over"
    if machine is None:
        return text
    where = f", the core is at {machine.symbols.describe(machine.cpu.pc)}" if machine.has_core else ""
    return f"{text} at {machine.clock.seconds:.6g} s of virtual time{where}"


def wall_seconds(given: object) -> float:
    """What ``${WALL_LIMIT}`` says, half an hour where it says nothing.

    Raises:
        CrosscamError: no seconds. (Robot Framework itself answers a word where a number is wanted with a traceback.)
    """
    if given is None:
        return LONGEST
    try:
        seconds = float(str(given))
    except ValueError:
        seconds = 0
    if not 0 < seconds < math.inf:
        raise CrosscamError(f"${{WALL_LIMIT}} {shown(given, 40)}: expected seconds of wall time above 0")
    return seconds
