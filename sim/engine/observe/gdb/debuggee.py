"""What a GDB session asks of the machine it debugs: one on this side of a pipe or of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

SIGINT, SIGILL, SIGTRAP, SIGSEGV = 2, 4, 5, 11
"""Numbers of the protocol's stop replies, which are GDB's own."""
Interrupted = Callable[[], bool]
"""Asked again and again while the machine runs: True when it is to stop."""


@dataclass(frozen=True)
class Stop:
    """Why the machine stands: a signal's number and the protocol's word for what was met, if any.

    ``kind``: "", "swbreak", "hwbreak", "watch", "rwatch", "awatch", "replaylog" or "exited"; ``value``: the watched
    address, or the exit status; ``text``: what a user should be told besides.
    """

    signal: int = SIGTRAP
    kind: str = ""
    value: int = 0
    text: str = ""


@dataclass(frozen=True)
class Watch:
    """``length`` bytes from ``address``; ``kind``: "watch" (writes), "rwatch" (reads) or "awatch" (both)."""

    address: int
    length: int
    kind: str


@dataclass(frozen=True)
class Points:
    """All there is to stop at."""

    breakpoints: frozenset[int] = frozenset()
    watches: frozenset[Watch] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.breakpoints or self.watches)


@dataclass(frozen=True)
class Context:
    """A thread of the client's: thread mode, or the handler of an exception that is active.

    ``registers``: those the processor has kept of it; None: it is the one that runs, and has them all.
    """

    number: int
    name: str
    registers: dict[str, int] | None = None


@dataclass(frozen=True)
class Area:
    """Addresses ``start`` to ``end`` (excluded) that can be read; ``kind``: "ram" or "flash"."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Features:
    """What a debuggee has besides what all have."""

    floats: bool = True
    reverse: bool = False
    areas: Sequence[Area] = field(default_factory=tuple)


class Debuggee(Protocol):
    """A machine that stands while it is asked.

    ``write_...`` and ``command`` change it. ``resume``, ``step``, ``back`` and ``step_back`` come back when there is
    something to tell.
    """

    def features(self) -> Features:
        """What this one has."""

    def registers(self) -> dict[str, int]:
        """All registers by name (``registers.NAMES``)."""

    def write_register(self, name: str, value: int) -> None:
        """Set one; CrosscamError when it cannot be set."""

    def read_memory(self, address: int, count: int) -> bytes:
        """``count`` bytes, fewer where nothing follows, none where nothing is."""

    def write_memory(self, address: int, data: bytes) -> bool:
        """False, and nothing is written, where not all of it is somewhere."""

    def set_points(self, points: Points) -> None:
        """Stop there, and only there, from the next ``resume`` on."""

    def contexts(self) -> list[Context]:
        """What the core does now, and below that what it has left for it."""

    def resume(self, interrupted: Interrupted) -> Stop:
        """Run on."""

    def step(self, first: int, end: int, interrupted: Interrupted) -> Stop:
        """Execute an instruction, and more while the next is one of ``first`` to ``end`` (excluded)."""

    def back(self, interrupted: Interrupted) -> Stop:
        """Run backwards; only where ``features().reverse``."""

    def step_back(self, interrupted: Interrupted) -> Stop:
        """Undo the last instruction; only where ``features().reverse``."""

    def command(self, text: str, interrupted: Interrupted) -> str:
        """A line typed behind ``monitor``; what it prints.

        Raises:
            CrosscamError: it is refused.
        """
