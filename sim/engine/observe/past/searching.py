"""Finding places again in a run that repeats itself, and what was last met before one."""

from __future__ import annotations

import time
from collections.abc import Callable

from sim.engine.native import shared
from sim.engine.observe.gdb.debuggee import Points, Stop
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.place import Place, place_of
from sim.engine.observe.past.places import Approached, Hit, Written
from sim.engine.observe.past.writes import Writes

OVERSHOT = "overshot"
"""The answer of a search that has run past its end: the last block before it was longer than what was to be walked."""
_LOOK_STEPS = 500
_SPAN = 5_000_000
"""Cycles between two looks at whether to stop."""


class Searcher:
    """In one machine. ``look`` is called where it stands for a moment, ``interrupted`` asked now and then."""

    def __init__(self, debuggee: LocalDebuggee, look: Callable[[bool], None], interrupted: Callable[[], bool]) -> None:
        self._debuggee, self._look, self._interrupted = debuggee, look, interrupted
        self._machine = debuggee.machine
        self._state = debuggee.machine.engine.state
        self._asleep_since = -1
        self._machine.cpu.on_sleep.append(self._sleeps)

    def _sleeps(self, asleep: bool) -> None:
        self._asleep_since = self._state[shared.NOW] if asleep else -1

    @property
    def place(self) -> Place:
        """Where the machine stands."""
        return place_of(self._machine)

    def forget_points(self) -> None:
        """Nothing stops the machine."""
        self._debuggee.recorder = None
        self._debuggee.set_points(Points())
        self._debuggee.arm()

    def approach(self, cycle: int, seconds: float = 1e9) -> Approached:
        """Run to the first block from ``cycle`` on, for ``seconds`` of wall time at most."""
        self.forget_points()
        self._run_to(cycle, time.monotonic() + seconds)
        asleep_since = self._asleep_since if self._machine.cpu.sleeping else -1
        is_early = self._state[shared.NOW] < cycle and not self._machine.cpu.locked_up
        return Approached(self.place, asleep_since, is_early)

    def _run_to(self, cycle: int, until: float = float("inf")) -> None:
        machine = self._machine
        machine.cpu.hooking.stepping = False
        while self._state[shared.NOW] < cycle and time.monotonic() < until and not self._interrupted():
            machine.run_to(min(cycle, self._debuggee.limit(), self._state[shared.NOW] + _SPAN))
            self._look(True)
            if machine.cpu.locked_up:
                return

    # Instruction by instruction

    def walk(self, steps: int) -> Place:
        """Execute so many instructions."""
        for _ in range(steps):
            self._debuggee.step_once()
        return self.place

    def count_to(self, place: Place) -> int:
        """Instructions from here to ``place``; -1 when it is passed without having been met.

        A moment in which the core sleeps is met when the core has slept through it.
        """
        place, steps = Place(*place), 0
        while self.place != place:
            if self._state[shared.NOW] > place.cycle or (steps % _LOOK_STEPS == 0 and self._interrupted()):
                return -1
            before, asleep = self.place, bool(self._machine.cpu.sleeping)
            self._debuggee.step_once()
            steps += 1
            if self.place == before:
                return -1  # a core that does not go on
            if asleep and before.pc == place.pc == self.place.pc and place.cycle < self.place.cycle:
                return steps
        return steps

    def walk_past(self, cycle: int) -> Place:
        """Go to the first instruction from ``cycle`` on."""
        while self._state[shared.NOW] < cycle and not self._machine.cpu.is_halted:
            before = self.place
            self._debuggee.step_once()
            if self.place == before:
                break
        return self.place

    # Searches

    def last_hit(self, points: Points, end: Place, walked: int) -> Hit | str | None:
        """The last point met before ``end``; the last ``walked`` cycles are walked instruction by instruction."""
        found: Hit | None = None

        def record(stop: Stop) -> None:
            nonlocal found
            found = Hit(self.place, stop.kind, stop.value)

        self._debuggee.recorder = record
        self._debuggee.set_points(points)
        self._debuggee.arm()
        reached = self._to_end(end, walked)
        self.forget_points()
        return found if reached else OVERSHOT

    def last_write(self, address: int, length: int, end: Place, walked: int) -> Written | str | None:
        """As ``last_hit``: the last write to these bytes, by the core or over the bus."""
        self.forget_points()
        writes = Writes(self._machine, address, length)
        with writes.heard():
            reached = self._to_end(end, walked)
        return writes.last if reached else OVERSHOT

    def _to_end(self, end: Place, walked: int) -> bool:
        end = Place(*end)
        self._run_to(end.cycle - walked)
        return self.place == end or (self._state[shared.NOW] <= end.cycle and self.count_to(end) >= 0)
