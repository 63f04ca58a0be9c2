"""A machine that can be gone back in, as a debuggee."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sim.engine.native import shared
from sim.engine.observe.gdb.debuggee import SIGINT, Context, Features, Interrupted, Points, Stop
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.place import Place
from sim.engine.observe.past.commands import PastCommands
from sim.engine.observe.past.history import History, Snapshot
from sim.engine.observe.past.places import Approached, Outside, Typed
from sim.engine.observe.past.process import INTERRUPT, Event, Process, start
from sim.engine.observe.past.searching import OVERSHOT
from sim.engine.observe.past.worker import LOGGED, SENT, TYPE, TYPED, MachineWorker, Speaker
from sim.errors import CrosscamError

INTERVAL = 0.3
"""Wall seconds of running between two snapshots: what it takes at most to run there again."""
_MARGIN = 256
"""Cycles before a place from which on instructions are counted; more where blocks are longer."""
_NEAR = 30_000
"""Cycles before the present in which a search looks first."""
_GROWTH = 8
_MOST_WALKED = 1 << 40
_NOT_REPEATED = "the run has not repeated itself: something of this board does not do the same again"


class InterruptedSearch(Exception):  # noqa: N818 - no error: the user wants something else
    """The client has sent Ctrl-C while something was looked for."""


class Timeline:
    """The debuggee of a session that goes backwards too.

    Args:
        debuggee: the machine, not yet run; this process keeps it as it is.
        uarts: its UARTs by name.
        sent: hears what a UART has sent, once, in whatever order the past is visited.
        logged: hears lines of the log in the same way.
        frames: counts the frames captured.
        typed: asked again and again while the machine runs what was typed, and on which UART.
        source_line: that of an address, for messages.
        begin: called in the machine's process, before anything else.
        interval: wall seconds between two snapshots.
    """

    def __init__(
        self,
        debuggee: LocalDebuggee,
        uarts: Mapping[str, Speaker],
        sent: Callable[[str, bytes], None],
        logged: Callable[[str], None] = lambda text: None,
        frames: Callable[[], int] = lambda: 0,
        typed: Callable[[], tuple[str, bytes] | None] = lambda: None,
        source_line: Callable[[int], str] = lambda address: "",
        begin: Callable[[MachineWorker], None] = lambda worker: None,
        interval: float = INTERVAL,
    ) -> None:
        self._sent, self._logged, self._type = sent, logged, typed
        self._interval = interval
        self._outside = Outside()
        self._logged_until = -1
        self._points = Points()
        self._edited_at: Place | None = None
        self._behind = Place(-1, 0), Place(-1, 0)  # behind a watched access, and before it
        self._furthest = 0  # the cycle up to which everything has been seen
        self.worker = MachineWorker(debuggee, uarts, frames, begin)
        beginning = start(self.worker, self._heard)
        self._process = beginning.fork()
        place = self.place
        self._history = History(Snapshot(place, beginning, 0, 0.0, place))
        self._cost = 0.0
        self._commands = PastCommands(self, debuggee.machine.symbols, source_line)

    def close(self) -> None:
        """End all processes."""
        self._process.close()
        self._history.close()

    @property
    def place(self) -> Place:
        """Where the machine stands."""
        return Place(*self._process.ask("place"))

    @property
    def snapshots(self) -> int:
        """How many there are."""
        return len(self._history.all)

    def _heard(self, event: Event) -> None:
        if event[0] == SENT:
            _, name, before, data = event
            shown = self._outside.shown.get(name, 0)
            if before + len(data) > shown:
                self._sent(name, data[max(0, shown - before) :])
                self._outside.shown[name] = before + len(data)
        elif event[0] == TYPED:
            typed = Typed(Place(*event[1].place), event[1].uart, event[1].data)
            kept = [each for each in self._outside.typed if each.place.cycle < typed.place.cycle]
            self._outside.typed = [*kept, typed]
        elif event[0] == LOGGED and event[1] > self._logged_until:
            self._logged_until = event[1]
            self._logged(event[2])

    # What there is now

    def features(self) -> Features:
        """As the machine's, and backwards."""
        found: Features = self._process.ask("features")
        return Features(found.floats, True, found.areas)

    def registers(self) -> dict[str, int]:
        """All of them now."""
        found: dict[str, int] = self._process.ask("registers")
        return found

    def contexts(self) -> list[Context]:
        """See ``Debuggee``."""
        found: list[Context] = self._process.ask("contexts")
        return found

    def read_memory(self, address: int, count: int) -> bytes:
        """Devices are read in a copy of the machine: a look at them changes nothing."""
        if self._process.ask("is_memory", address):
            found: bytes = self._process.ask("read_memory", address, count)
            return found
        copy = self._process.fork()
        try:
            found = copy.ask("read_memory", address, count)
            return found
        finally:
            copy.close()

    def write_register(self, name: str, value: int) -> None:
        """See ``Debuggee``. What comes from here on is another story."""
        self._edits()
        self._process.ask("write_register", name, value)

    def write_memory(self, address: int, data: bytes) -> bool:
        """See ``Debuggee``. What comes from here on is another story."""
        self._edits()
        return bool(self._process.ask("write_memory", address, data))

    def command(self, text: str) -> str:
        """What goes about in time, else a command of the machine."""
        found = self._commands.perform(text)
        if found is not None:
            return found
        self._edits()
        return str(self._process.ask("command", text))

    def set_points(self, points: Points) -> None:
        """See ``Debuggee``."""
        self._points = points

    def _edits(self) -> None:
        if self._edited_at is None:
            self._edited_at = self.place

    def _settle(self) -> None:
        """Something was changed: what was known of the future does not hold, and the past begins anew here."""
        if self._edited_at is None:
            return
        self._history.forget_after(self._edited_at)
        self._keep(self._process.fork(), ends=self._edited_at, edited=True)
        self._outside.typed = [each for each in self._outside.typed if each.place.cycle < self._edited_at.cycle]
        self._outside.shown = self._process.ask("counts")
        self._furthest = self._edited_at.cycle
        self._process.ask("replay", [], self._furthest)
        self._edited_at = None

    def _keep(self, process: Process, ends: Place | None = None, edited: bool = False) -> None:
        place = Place(*process.ask("place"))
        self._history.add(Snapshot(place, process, process.ask("frames"), self._cost, ends or place, edited))

    # Forward

    def resume(self, interrupted: Interrupted) -> Stop:
        """See ``Debuggee``; a snapshot is kept every ``interval`` seconds."""
        self._settle()
        fresh = True
        while True:
            began = time.monotonic()
            stop: Stop | None = self._process.ask(
                "go", self._points, fresh, self._interval, meanwhile=self._while_running(interrupted)
            )
            if stop is not None:
                return stop
            fresh = False
            self._cost += time.monotonic() - began
            self._keep(self._process.fork())

    def step(self, first: int, end: int, interrupted: Interrupted) -> Stop:
        """See ``Debuggee``."""
        self._settle()
        meanwhile = self._while_running(interrupted)
        stop: Stop = self._process.ask("step", self._points, first, end, meanwhile=meanwhile)
        return stop

    def _while_running(self, interrupted: Interrupted) -> Callable[[], Event | None]:
        def meanwhile() -> Event | None:
            if interrupted():
                return (INTERRUPT, ())
            typed = self._type()
            return None if typed is None else (TYPE, *typed)

        return meanwhile

    # Backwards

    def step_back(self, interrupted: Interrupted) -> Stop:
        """The instruction before: from the snapshot before, as many instructions as it takes, less one."""
        self._settle()
        end = self.place
        for snapshot in self._history.before(end):
            near, steps = self._counted(snapshot, end, interrupted)
            if steps > 0:
                near.ask("walk", steps - 1)
                self._stand(near)
                return Stop()
            near.close()
        return Stop(kind="replaylog", text="this is where it began")

    def _counted(self, snapshot: Snapshot, end: Place, interrupted: Interrupted) -> tuple[Process, int]:
        """A copy of the machine before ``end``, and how many instructions there are to it."""
        margin = _MARGIN
        while True:
            near, asleep_since = self._near(snapshot, end, interrupted, margin)
            copy = near.fork()
            steps: int = self._ask(copy, interrupted, "count", end)
            copy.close()
            if steps != 1 or asleep_since < 0:
                return near, steps
            near.close()  # nothing but sleep between: the instruction before is that which fell asleep
            margin = end.cycle - asleep_since + _MARGIN

    def back(self, interrupted: Interrupted) -> Stop:
        """The last point that was met before."""
        self._settle()
        place = self.place
        end = self._behind[1] if self._behind[0] == place else place
        try:
            found = self._search(end, interrupted, "last_hit", self._points)
        except InterruptedSearch:
            return Stop(SIGINT)
        if found is None:
            self.go_to(self._history.all[0].place)
            return Stop(kind="replaylog", text="this is where it began")
        self.go_to(found.place)
        if found.kind.endswith("watch"):  # on the way back it is met behind its instruction
            self._behind = Place(*self._process.ask("walk", 1)), found.place
        return Stop(kind=found.kind, value=found.value)

    def last_write(self, address: int, length: int) -> Any:
        """Who wrote these bytes last; None: nobody since the beginning."""
        self._settle()
        return self._search(self.place, lambda: False, "last_write", address, length)

    def go_to(self, place: Place) -> None:
        """Stand at ``place``, or behind it where the core never stands there."""
        before = self._history.before(place)
        if not before:
            self._stand(self._history.all[0].process.fork())
            return
        near, _ = self._near(before[0], place, lambda: False)
        near.ask("walk_to", place)
        self._stand(near)

    def go_to_cycle(self, cycle: int) -> None:
        """Stand at the first instruction from ``cycle`` on, back or forth."""
        self._settle()
        place = self.place
        if cycle > place.cycle:
            self._process.ask("approach", cycle - _MARGIN)
        else:
            before = self._history.before(Place(cycle, -1))
            self._stand(self._near(before[0], Place(cycle, -1), lambda: False)[0] if before else self._beginning())
        self._process.ask("walk_past", cycle)

    def go_to_frame(self, number: int) -> None:
        """Stand where frame ``number`` has just been captured, back or forth."""
        self._settle()
        if self._process.ask("frames") >= number:
            earlier = [each for each in self._history.all if each.frames < number]
            self._stand(earlier[-1].process.fork() if earlier else self._beginning())
        while not self._process.ask("until_frame", number, self._interval):
            self._keep(self._process.fork())

    def _beginning(self) -> Process:
        return self._history.all[0].process.fork()

    def _near(
        self, snapshot: Snapshot, end: Place, interrupted: Interrupted, margin: int = _MARGIN
    ) -> tuple[Process, int]:
        """A copy of the machine a little before ``end``, which comes after ``snapshot``; ``margin`` cycles, if it can.

        And the cycle at which it fell asleep, where it sleeps now; else -1.
        """
        while True:
            copy = self._copy(snapshot)
            if end.cycle - margin <= snapshot.place.cycle:
                return copy, -1
            found: Approached = self._ask(copy, interrupted, "approach", end.cycle - margin)
            if found.place.cycle < end.cycle or found.place == end:
                return copy, found.asleep_since
            margin *= _GROWTH
            copy.close()
            if margin > _MOST_WALKED:
                raise CrosscamError(_NOT_REPEATED)

    def _copy(self, snapshot: Snapshot) -> Process:
        """A copy that will hear again what was typed behind the snapshot."""
        copy = snapshot.process.fork()
        copy.ask("replay", self._later(snapshot.place), shared.NEVER)
        return copy

    def _ask(self, process: Process, interrupted: Interrupted, name: str, *arguments: object) -> Any:
        return process.ask(name, *arguments, meanwhile=lambda: (INTERRUPT, ()) if interrupted() else None)

    def _stand(self, process: Process) -> None:
        """This is the machine from now on."""
        self._furthest = max(self._furthest, self.place.cycle)
        self._process.close()
        self._process = process
        self._edited_at = None
        place = self.place
        self._process.ask("replay", self._later(place), self._furthest)
        self._history.forget_after(place)

    def _later(self, place: Place) -> list[Typed]:
        return [each for each in self._outside.typed if each.place.cycle >= place.cycle]

    def _search(self, end: Place, interrupted: Interrupted, name: str, *what: object) -> Any:
        """Ask for the last of something before ``end``: in the cycles just before, then between snapshots."""
        before = self._history.before(end)
        if before and end.cycle - before[0].place.cycle > _NEAR:
            near = self._copy(before[0])
            place = self._ask(near, interrupted, "approach", end.cycle - _NEAR).place
            found = self._asked(near, interrupted, name, *what, end) if place.cycle < end.cycle else None
            near.close()
            if found is not None:
                return found
            end = place if place.cycle < end.cycle else end
        for snapshot in before:
            if snapshot.place != end:
                found = self._asked(snapshot, interrupted, name, *what, end)
                if found is not None:
                    return found
            end = snapshot.ends
        return None

    def _asked(self, source: Snapshot | Process, interrupted: Interrupted, name: str, *arguments: object) -> Any:
        walked = _MARGIN
        while True:
            copy = self._copy(source) if isinstance(source, Snapshot) else source.fork()
            found = self._ask(copy, interrupted, name, *arguments, walked)
            copy.close()
            if interrupted():
                raise InterruptedSearch
            if found != OVERSHOT:
                return found
            walked *= _GROWTH
            if walked > _MOST_WALKED:
                raise CrosscamError(_NOT_REPEATED)
