"""What was met at a place in time, and what came from outside there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sim.engine.observe.gdb.place import Place


class Typed(NamedTuple):
    """Bytes that came to a UART from outside."""

    place: Place
    uart: str
    data: bytes


@dataclass(frozen=True)
class Hit:
    """A point that was met. ``kind``, ``value``: as in ``Stop``."""

    place: Place
    kind: str
    value: int


@dataclass(frozen=True)
class Written:
    """``width`` bytes at ``address``; ``by``: empty for the core, else what it was."""

    place: Place
    address: int
    width: int
    value: int
    by: str = ""


@dataclass(frozen=True)
class Approached:
    """``asleep_since``: the cycle at which the core fell asleep, where it sleeps now; else -1. ``is_early``: the time
    there was for it is over."""

    place: Place
    asleep_since: int = -1
    is_early: bool = False


@dataclass
class Outside:
    """What the world beyond the machine has seen and said: ``shown`` bytes of each UART, and what was ``typed``."""

    shown: dict[str, int] = field(default_factory=dict)
    typed: list[Typed] = field(default_factory=list)
