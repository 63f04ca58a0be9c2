"""A machine that can be gone back in, as a debuggee."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sim.engine.observe.gdb.debuggee import SIGINT, Context, Features, Interrupted, Points, Stop
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.place import Place
from sim.engine.observe.past.backwards import MARGIN, Backwards, InterruptedSearch, never
from sim.engine.observe.past.commands import PastCommands
from sim.engine.observe.past.history import History, Snapshot
from sim.engine.observe.past.places import Outside, Typed
from sim.engine.observe.past.process import INTERRUPT, Event, Process, start
from sim.engine.observe.past.worker import LOGGED, SENT, TYPE, TYPED, MachineWorker, Speaker
from sim.errors import CrosscamError

INTERVAL = 0.3
"""Wall seconds of running between two snapshots: what it takes at most to run there again."""
_BEGINNING = Stop(kind="replaylog", text="this is where it began")


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
        frames: Callable[[], int] = lambda: -1,
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
        self._backwards = Backwards(self._history, self._later)
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
    def digest(self) -> str:
        """What the machine holds (see ``digest``)."""
        return str(self._process.ask("digest"))

    def recall(self, typed: Sequence[Typed]) -> None:
        """From the beginning on, this is typed again."""
        self._outside.typed = list(typed)
        self._process.ask("replay", self._later(self.place), 0)

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
            kept = [each for each in self._outside.typed if each.place.cycle <= typed.place.cycle]
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

    def command(self, text: str, interrupted: Interrupted = never) -> str:
        """What goes about in time, else a command of the machine."""
        try:
            found = self._commands.perform(text, interrupted)
        except InterruptedSearch:
            return "interrupted"
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
            self._passed(time.monotonic() - began)

    def _passed(self, seconds: float) -> None:
        """So much running again is worth a snapshot."""
        self._cost += seconds
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
        """See ``Debuggee``."""
        self._settle()
        try:
            found = self._backwards.before(self.place, interrupted)
        except InterruptedSearch:
            return Stop(SIGINT)
        if found is None:
            return _BEGINNING
        self._stand(found)
        return Stop()

    def back(self, interrupted: Interrupted) -> Stop:
        """See ``Debuggee``: the last point that was met before."""
        self._settle()
        place = self.place
        end = self._behind[1] if self._behind[0] == place else place
        try:
            found = self._backwards.last(end, interrupted, "last_hit", self._points) if self._points else None
        except InterruptedSearch:
            return Stop(SIGINT)
        if found is None:
            self.go_to(self._history.all[0].place)
            return _BEGINNING
        self.go_to(found.place)
        if found.kind.endswith("watch"):  # on the way back it is met behind its instruction
            self._behind = Place(*self._process.ask("walk", 1)), found.place
        return Stop(kind=found.kind, value=found.value)

    def last_write(self, address: int, length: int, interrupted: Interrupted) -> Any:
        """Who wrote these bytes last; None: nobody since the beginning."""
        self._settle()
        return self._backwards.last(self.place, interrupted, "last_write", address, length)

    def go_to(self, place: Place, interrupted: Interrupted = never) -> None:
        """Stand at ``place``, which is past, or behind it where the core never stands there."""
        self._stand(self._backwards.at(place, interrupted))

    def go_to_cycle(self, cycle: int, interrupted: Interrupted = never) -> None:
        """Stand before the first instruction from ``cycle`` on, back or forth."""
        self._settle()
        if cycle < self.place.cycle:
            self._stand(self._backwards.at_cycle(cycle, interrupted))
            return
        meanwhile = self._while_running(interrupted)
        while self._process.ask("approach", cycle - MARGIN, self._interval, meanwhile=meanwhile).is_early:
            if interrupted():
                return
            self._passed(self._interval)
        self._process.ask("walk_past", cycle, meanwhile=meanwhile)

    def go_to_frame(self, number: int, interrupted: Interrupted = never) -> None:
        """Stand where frame ``number`` has just been captured, back or forth.

        Raises:
            CrosscamError: the board has no camera that tells.
        """
        self._settle()
        present = self._process.ask("frames")
        if present < 0:
            raise CrosscamError("goto-frame: this board has no camera that counts frames: go by goto-cycle")
        if present >= number:
            earlier = [each for each in self._history.all if each.frames < number]
            self._stand(self._backwards.copy(earlier[-1] if earlier else self._history.all[0]))
        meanwhile = self._while_running(interrupted)
        while not self._process.ask("until_frame", number, self._interval, meanwhile=meanwhile):
            if interrupted():
                return
            self._passed(self._interval)

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
