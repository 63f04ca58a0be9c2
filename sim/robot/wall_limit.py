"""A keyword ends, whatever the firmware makes of the virtual time it waits for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.wall_time import WallTime

if TYPE_CHECKING:
    from sim.engine.machine import Machine
    from sim.robot.session import Session


@contextlib.contextmanager
def wall_limit(session: Session) -> Iterator[None]:
    """AssertionError when what is done in it, or in what called it, takes ``session.wall_seconds`` of wall time."""
    if session.depth > 1:
        yield  # the outermost keyword is watched
        return
    try:
        with WallTime(lambda: _machine(session), session.wall_seconds) as wall:
            yield
    finally:
        if wall.is_over:
            raise AssertionError(_text(session))


def _machine(session: Session) -> Machine | None:
    monitor = session.monitor  # another one once the emulation was reset
    return monitor.machine if monitor.has_machine else None


def _text(session: Session) -> str:
    text = f"${{WALL_LIMIT}}: {session.wall_seconds:g} s of wall time are over"
    machine = _machine(session)
    if machine is None:
        return text
    where = f", the core is at {machine.symbols.describe(machine.cpu.pc)}" if machine.has_core else ""
    return f"{text} at {machine.clock.seconds:.6g} s of virtual time{where}"
