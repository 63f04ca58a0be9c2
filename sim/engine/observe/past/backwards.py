"""What was before a place: found by running again from the snapshots before it, in copies of the machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engine.native import shared
from sim.engine.observe.gdb.debuggee import Interrupted
from sim.engine.observe.gdb.place import Place
from sim.engine.observe.past.history import History, Snapshot
from sim.engine.observe.past.places import Approached, Typed
from sim.engine.observe.past.process import INTERRUPT, Event, Process
from sim.engine.observe.past.searching import OVERSHOT
from sim.errors import CrosscamError

MARGIN = 256
"""Cycles before a place from which on instructions are counted; more where blocks are longer."""
_NEAR = 30_000
"""Cycles before the present in which a search looks first."""
_GROWTH = 8
_MOST_WALKED = 1 << 40
_NOT_REPEATED = "the run has not repeated itself: something of this board does not do the same again"


class InterruptedSearch(Exception):  # noqa: N818 - no error: the user wants something else
    """The client has sent Ctrl-C, or has gone, while something was looked for."""


def never() -> bool:
    """Nobody interrupts."""
    return False


class Backwards:
    """Looks into ``history``. ``later``: what was typed from a place on, to be typed again."""

    def __init__(self, history: History, later: Callable[[Place], list[Typed]]) -> None:
        self._history, self._later = history, later

    def copy(self, snapshot: Snapshot) -> Process:
        """A copy that will hear again what was typed behind the snapshot."""
        copy = snapshot.process.fork()
        copy.ask("replay", self._later(snapshot.place), shared.NEVER)
        return copy

    def before(self, end: Place, interrupted: Interrupted) -> Process | None:
        """The machine one instruction before ``end``; None: it begins there. As many instructions from the snapshot
        before as it takes, less one."""
        for snapshot in self._history.before(end):
            near, steps = self._counted(snapshot, end, interrupted)
            if steps > 0:
                near.ask("walk", steps - 1)
                return near
            near.close()
        return None

    def _counted(self, snapshot: Snapshot, end: Place, interrupted: Interrupted) -> tuple[Process, int]:
        """A copy of the machine before ``end``, and how many instructions there are to it."""
        margin = MARGIN
        while True:
            near, asleep_since = self._near(snapshot, end, interrupted, margin)
            copy = near.fork()
            steps: int = _ask(copy, interrupted, "count", end)
            copy.close()
            if steps != 1 or asleep_since < 0:
                return near, steps
            near.close()  # nothing but sleep between: the instruction before is that which fell asleep
            margin = end.cycle - asleep_since + MARGIN

    def at(self, place: Place, interrupted: Interrupted) -> Process:
        """The machine at ``place``, or behind it where the core never stands there."""
        before = self._history.before(place)
        if not before:
            return self.copy(self._history.all[0])
        near, _ = self._near(before[0], place, interrupted, MARGIN)
        _ask(near, interrupted, "count", place)
        return near

    def at_cycle(self, cycle: int, interrupted: Interrupted) -> Process:
        """The machine before the first instruction from ``cycle`` on."""
        before = self._history.before(Place(cycle, -1))
        if not before:
            return self.copy(self._history.all[0])
        near, _ = self._near(before[0], Place(cycle, -1), interrupted, MARGIN)
        _ask(near, interrupted, "walk_past", cycle)
        return near

    def _near(self, snapshot: Snapshot, end: Place, interrupted: Interrupted, margin: int) -> tuple[Process, int]:
        """A copy of the machine before ``end``, ``margin`` cycles if blocks allow it; ``snapshot`` is before ``end``.

        And the cycle at which it fell asleep, where it sleeps now; else -1.
        """
        while True:
            copy = self.copy(snapshot)
            if end.cycle - margin <= snapshot.place.cycle:
                return copy, -1
            found: Approached = _ask(copy, interrupted, "approach", end.cycle - margin)
            if found.place.cycle < end.cycle or found.place == end:
                return copy, found.asleep_since
            copy.close()
            margin = _more(margin)

    def last(self, end: Place, interrupted: Interrupted, name: str, *what: object) -> Any:
        """Ask for the last of something before ``end``: in the cycles just before, then between snapshots.

        Raises:
            InterruptedSearch: the client wants something else.
        """
        before = self._history.before(end)
        if before and end.cycle - before[0].place.cycle > _NEAR:
            near = self.copy(before[0])
            place = _ask(near, interrupted, "approach", end.cycle - _NEAR).place
            found = self._asked(near.fork, interrupted, name, *what, end) if place.cycle < end.cycle else None
            near.close()
            if found is not None:
                return found
            end = place if place.cycle < end.cycle else end
        for snapshot in before:
            if snapshot.place != end:
                found = self._asked(lambda snapshot=snapshot: self.copy(snapshot), interrupted, name, *what, end)  # type: ignore[misc]
                if found is not None:
                    return found
            end = snapshot.ends
        return None

    def _asked(self, source: Callable[[], Process], interrupted: Interrupted, name: str, *arguments: object) -> Any:
        walked = MARGIN
        while True:
            copy = source()
            found = _ask(copy, interrupted, name, *arguments, walked)
            copy.close()
            if found != OVERSHOT:
                return found
            walked = _more(walked)


def _more(margin: int) -> int:
    if margin > _MOST_WALKED:
        raise CrosscamError(_NOT_REPEATED)
    return margin * _GROWTH


def _ask(process: Process, interrupted: Interrupted, name: str, *arguments: object) -> Any:
    told = False

    def meanwhile() -> Event | None:
        nonlocal told
        if not told and interrupted():
            told = True
            return (INTERRUPT, ())
        return None

    answer = process.ask(name, *arguments, meanwhile=meanwhile)
    if told:
        process.close()
        raise InterruptedSearch
    return answer
