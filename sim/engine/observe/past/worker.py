"""What the process of a machine does when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sim.engine.native import shared
from sim.engine.observe.gdb.debuggee import SIGINT, Points, Stop
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.place import Place
from sim.engine.observe.past.digest import digest
from sim.engine.observe.past.places import Typed
from sim.engine.observe.past.process import INTERRUPT, Event
from sim.engine.observe.past.searching import Searcher

SENT, TYPED, LOGGED = "sent", "typed", "logged"
"""Events: (SENT, uart, bytes before, bytes); (TYPED, Typed); (LOGGED, cycle, text)."""
TYPE = "type"
_FRAME_LOOK = 50_000
"""Cycles between two looks at how many frames there are: much less than one takes."""


class Speaker(Protocol):
    """A UART."""

    on_char: list[Callable[[int], None]]

    def write_char(self, byte: int) -> None: ...


class MachineWorker:
    """One machine.

    Args:
        debuggee: it.
        uarts: its UARTs by name.
        frames: the number of frames captured so far.
        begin: called once in the process of the machine, before anything else.
    """

    def __init__(
        self,
        debuggee: LocalDebuggee,
        uarts: Mapping[str, Speaker],
        frames: Callable[[], int],
        begin: Callable[[MachineWorker], None] = lambda worker: None,
    ) -> None:
        self.emit: Callable[[Event], None] = lambda event: None
        self.asked: Callable[[], Event | None] = lambda: None
        self._debuggee, self._uarts, self._frames = debuggee, uarts, frames
        self._machine = debuggee.machine
        self._counts = dict.fromkeys(uarts, 0)
        self._sent: dict[str, bytearray] = {}
        self._replayed: list[Typed] = []  # to be typed again, next first
        self._held_back: list[tuple[str, bytes]] = []  # typed, but the core stands in the middle of a block
        self._cycle = self._machine.engine.state
        self._live_from = 0
        self._begin = begin
        debuggee.on_look = self._look
        debuggee.limit = lambda: self._replayed[0].place.cycle if self._replayed else shared.NEVER
        for name, uart in uarts.items():
            uart.on_char.append(self._sender(name))
        self._searcher = Searcher(debuggee, self._look, self._is_interrupted)
        searcher = self._searcher
        self._requests: dict[str, Callable[..., object]] = {
            "go": self._go,
            "step": self._step,
            "place": lambda: searcher.place,
            "digest": lambda: digest(debuggee),
            "frames": frames,
            "until_frame": self._until_frame,
            "replay": self._replay,
            "counts": lambda: dict(self._counts),
            "is_memory": lambda address: not debuggee.is_device(address),
            "approach": searcher.approach,
            "count": searcher.count_to,
            "walk": searcher.walk,
            "walk_past": searcher.walk_past,
            "last_hit": searcher.last_hit,
            "last_write": searcher.last_write,
        }
        for name in ("features", "registers", "write_register", "read_memory", "write_memory", "contexts", "command"):
            self._requests[name] = getattr(debuggee, name)

    def begin(self) -> None:
        """See ``Worker``."""
        self._begin(self)

    @property
    def is_live(self) -> bool:
        """What happens now has not happened before."""
        return self._cycle[shared.NOW] >= self._live_from

    def perform(self, name: str, arguments: tuple[Any, ...]) -> object:
        """One request."""
        answer = self._requests[name](*arguments)
        self._tell()
        return answer

    def log(self, text: str) -> None:
        """A line that somebody should see."""
        self.emit((LOGGED, self._cycle[shared.NOW], text))

    # Running

    def _go(self, points: Points, fresh: bool, seconds: float) -> Stop | None:
        """Run for ``seconds`` of wall time at most; None: they are over. ``fresh``: from where it was left standing."""
        debuggee = self._debuggee
        debuggee.recorder = None
        debuggee.set_points(points)
        until = time.monotonic() + seconds
        interrupted = False

        def is_over() -> bool:
            nonlocal interrupted
            self._tell()
            interrupted = self._is_interrupted()
            return interrupted or time.monotonic() >= until

        stop = (debuggee.resume if fresh else debuggee.go_on)(is_over)
        return None if stop.signal == SIGINT and not interrupted else stop

    def _step(self, points: Points, first: int, end: int) -> Stop:
        self._debuggee.recorder = None
        self._debuggee.set_points(points)
        return self._debuggee.step(first, end, self._is_interrupted)

    def _until_frame(self, number: int, seconds: float) -> bool | None:
        """Until so many frames have been captured; None: interrupted, False: ``seconds`` of wall time are over."""
        self._searcher.forget_points()
        until = time.monotonic() + seconds
        while self._frames() < number:
            if self._is_interrupted():
                return None
            if time.monotonic() >= until:
                return False
            self._machine.run_to(min(self._debuggee.limit(), self._cycle[shared.NOW] + _FRAME_LOOK))
            self._look(True)
        return True

    def _is_interrupted(self) -> bool:
        said = self.asked()
        if said is not None:
            self.hear_late(said)
        return said is not None and bool(said[0] == INTERRUPT)

    def hear_late(self, said: Event) -> None:
        """What was typed waits for the next moment it can be; an interrupt has nothing to end any more."""
        if said[0] == TYPE:
            self._held_back.append((said[1], said[2]))

    # What comes and goes

    def _sender(self, name: str) -> Callable[[int], None]:
        def take(byte: int) -> None:
            self._counts[name] += 1
            self._sent.setdefault(name, bytearray()).append(byte)

        return take

    def _tell(self) -> None:
        for name, data in self._sent.items():
            self.emit((SENT, name, self._counts[name] - len(data), bytes(data)))
        self._sent.clear()

    def _replay(self, typed: list[Typed], live_from: int) -> None:
        """Type this again, at the same places; what happens before cycle ``live_from`` has happened before."""
        self._replayed, self._live_from = list(typed), live_from

    def _look(self, running: bool) -> None:
        """The machine stands for a moment: type what is due. Somebody who types anew is heard only where a run stands
        (``running``), after all that is due: there every repetition stands too."""
        while self._replayed and self._is_due(self._replayed[0].place, running):
            typed = self._replayed.pop(0)
            self._type(typed.uart, typed.data)
        if running and self._held_back and not self._machine.cpu.inside_block:
            for name, data in self._held_back:
                self._replayed.clear()  # what was to come is another story
                self.emit((TYPED, Typed(self._searcher.place, name, data)))
                self._type(name, data)
            self._held_back.clear()

    def _is_due(self, place: Place, running: bool) -> bool:
        if running or self._cycle[shared.NOW] > place.cycle:
            return self._cycle[shared.NOW] >= place.cycle
        if self._searcher.place != place:
            return False
        self._machine.take_exception()
        return self._searcher.place == place

    def _type(self, name: str, data: bytes) -> None:
        for byte in data:
            self._uarts[name].write_char(byte)
