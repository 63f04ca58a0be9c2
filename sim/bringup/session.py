"""One watched run of a first boot, from power-on to the first thing that decides it."""

from __future__ import annotations

import enum
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from sim.bringup.board import FirstBoot
from sim.bringup.uarts import Expectation, Uart
from sim.errors import CrosscamError
from sim.stopping import run_for
from sim.text import printable
from sim.uart_ports import FilePort, UartPort
from sim.wall_time import limit_for
from sim.watch.guard import Guard
from sim.watch.stuck import SECONDS as STUCK_SECONDS
from sim.watch.stuck import End, Stuck

DEFAULT_SECONDS = Fraction(10)
"""Board time of a run that nobody sits at, unless told otherwise."""
_WALL_A_SPAN = 0.05  # seconds of wall time a span should take
_SHORTEST, _FIRST, _LONGEST = Fraction(1, 10**6), Fraction(1, 1000), Fraction(1, 4)
_LOOKS = 10  # at a firmware while it is stuck
_WITH_TERMINAL = Fraction(1, 50)  # the longest span while somebody may type
_BETWEEN_LOOKS = Fraction(1, 100)
_RESETS_TOLD = 3  # at once, when there were many since the last look


_ESCAPE = re.compile(rb"\\([nrt\\]|x[0-9A-Fa-f]{2})")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}


def _escaped(name: bytes) -> bytes:
    return _ESCAPED.get(name) or bytes.fromhex(name[1:].decode())


class Reason(enum.Enum):
    """What decided a run, and the exit status that means."""

    FOUND = ("the text came", 0)
    TIME = ("the time is over", 0)
    DONE = ("nothing more can happen", 0)
    MISSING = ("an expected text did not come", 1)
    FAILED = ("a text came that must not", 1)
    STUCK = ("stuck", 1)
    LOCK_UP = ("lock-up", 1)
    RESET_LOOP = ("reset loop", 1)
    WALL = ("the wall time is over", 1)

    @property
    def status(self) -> int:
        """Exit status."""
        return self.value[1]


@dataclass(frozen=True)
class Outcome:
    """``text``: in words, for the user; ``seconds``: of board time at the end."""

    reason: Reason
    text: str
    seconds: float


@dataclass(frozen=True)
class Typing:
    """Type ``text`` and Enter once ``after`` has come."""

    after: str
    text: str

    @classmethod
    def parse(cls, spelling: str) -> Typing:
        """``AFTER=>TEXT``, TEXT with the escapes ``\\n \\r \\t \\xNN`` and a doubled backslash; else CrosscamError."""
        after, arrow, text = spelling.partition("=>")
        if not (after and arrow):
            raise CrosscamError(f"--type {spelling}: expected AFTER=>TEXT, such as '>>> =>print(1)'")
        return cls(after, text)

    @property
    def characters(self) -> bytes:
        """What goes to the UART."""
        plain = self.text.encode("utf-8", "surrogateescape")
        return _ESCAPE.sub(lambda found: _escaped(found[1]), plain) + b"\r"


@dataclass
class Goals:
    """What a run is to show.

    ``seconds``: of board time, None: until every expected text has come, ``DEFAULT_SECONDS`` at most, and without an
    end while somebody sits at a port. ``wall``: limit of wall time, None: what ``limit_for`` says, and none where
    ``seconds`` has no limit. ``stuck_seconds``: see ``StuckWatch``, 0: nothing is given up.
    """

    until: Sequence[str] = ()
    expect: Sequence[str] = ()
    fail: Sequence[str] = ()
    typing: Sequence[Typing] = ()
    seconds: Fraction | None = None
    wall: float | None = None
    stuck_seconds: float = STUCK_SECONDS


@dataclass
class Faces:
    """Where a run shows itself. ``idle``: nothing has come for a span; ``tell``: what the user should know now;
    ``look``: whoever looks at the board often."""

    idle: Callable[[], None] = lambda: None
    tell: Callable[[str], None] = lambda text: None
    look: Callable[[], object] | None = None


@dataclass
class Session:
    """``run`` once; what was seen stays in ``guard``.

    ``ports``: host ends, each with the name of its UART; an empty name stands for the first UART that speaks.
    """

    boot: FirstBoot
    goals: Goals
    faces: Faces = field(default_factory=Faces)
    ports: Sequence[tuple[str, UartPort]] = ()

    def __post_init__(self) -> None:
        uarts = self.boot.uarts
        self.guard = Guard(self.boot.machine, self.goals.stuck_seconds)
        self._told_resets = 0
        self._until = [Expectation(text) for text in self.goals.until]
        self._expect = [Expectation(text) for text in self.goals.expect]
        self._fail = [Expectation(text) for text in self.goals.fail]
        self._typing = list(self.goals.typing)
        self._awaited = self._next_awaited()
        self._ports = [(uarts.named(name) if name else None, port) for name, port in self.ports]
        self._interactive = any(not isinstance(port, FilePort) for _, port in self.ports)
        self._limit = self.goals.seconds
        if self._limit is None and not self._interactive:
            self._limit = DEFAULT_SECONDS
        self._wall_limit = self.goals.wall
        if self._wall_limit is None and self._limit is not None:
            self._wall_limit = limit_for(float(self._limit))
        self._first: Uart | None = uarts.all[0] if len(uarts.all) == 1 else None
        self._held_back = bytearray()
        uarts.on_char.append(self._take)

    def run(self) -> Outcome:
        """Until something decides it. ``sim.stopping.Interrupted`` when the user ends it."""
        machine, clock, uarts = self.boot.machine, self.boot.machine.clock, self.boot.uarts
        sent, span = 0, _FIRST
        longest = _WITH_TERMINAL if self._interactive else _LONGEST
        if self.faces.look is not None:
            longest = _BETWEEN_LOOKS
        if self.goals.stuck_seconds:
            longest = min(longest, Fraction(self.goals.stuck_seconds) / _LOOKS)
        while True:
            outcome = self._decided()
            if outcome is not None:
                return outcome
            self._receive()
            left = self._limit - clock.exact_seconds if self._limit is not None else longest
            before, asleep = time.monotonic(), machine.cpu.idle
            run_for(machine, min(span, left))
            span = _adapted(span, time.monotonic() - before, longest)
            if self.faces.look is not None:
                self.faces.look()
            if uarts.sent == sent:
                self.faces.idle()
                if asleep and machine.cpu.idle and self._interactive:
                    _keep_pace(clock.seconds, self.guard.wall_seconds)
            sent = uarts.sent
            progress = self.guard.progress(sent)
            if progress:
                self.faces.tell(progress)

    # What decides

    def _decided(self) -> Outcome | None:
        for came in self._fail:
            if came.uart is not None:
                return self._outcome(Reason.FAILED, f'"{printable(came.text)}" came on {came.uart.name}')
        for came in self._until:
            if came.uart is not None:
                return self._at_end(Reason.FOUND, f'"{printable(came.text)}" came on {came.uart.name}')
        open_ended = not self._until and self.goals.seconds is None
        if self._expect and open_ended and all(each.uart is not None for each in self._expect):
            return self._outcome(Reason.FOUND, "every expected text came")
        self._tell_resets()
        if self.guard.resets.loop:
            return self._outcome(Reason.RESET_LOOP, self.guard.resets.loop)
        lock_up = self.guard.faults.lock_up()
        if lock_up:
            return self._outcome(Reason.LOCK_UP, lock_up)
        stuck = self.guard.look(self.boot.uarts.sent)
        if stuck is not None:
            outcome = self._stuck(stuck)
            if outcome is not None:
                return outcome
            self.guard.look_again()
        if self._limit is not None and self.boot.machine.clock.exact_seconds >= self._limit:
            return self._at_end(Reason.TIME, f"{float(self._limit):g} s of board time are over")
        wall = self.guard.wall_seconds
        if self._wall_limit is not None and wall >= self._wall_limit:
            return self._outcome(Reason.WALL, f"{wall:.0f} s of wall time are over; {self.guard.describe()}")
        return None

    def _stuck(self, stuck: Stuck) -> Outcome | None:
        if stuck.end is End.STUCK:
            return self._outcome(Reason.STUCK, self.guard.stuck_text())
        if self._interactive or self._awaited is not None:
            return None
        return self._at_end(Reason.DONE, str(stuck))

    def _at_end(self, reason: Reason, text: str) -> Outcome:
        """The end of a run in order, if what was expected came."""
        waited = self._expect if reason is Reason.FOUND else [*self._expect, *self._until]
        missing = [f'"{printable(each.text)}"' for each in waited if each.uart is None]
        if missing:
            return self._outcome(Reason.MISSING, f"{' and '.join(missing)} did not come: {text}")
        return self._outcome(reason, text)

    def _outcome(self, reason: Reason, text: str) -> Outcome:
        return Outcome(reason, text, self.boot.machine.clock.seconds)

    def _tell_resets(self) -> None:
        for reset in self.guard.resets.all[self._told_resets :][:_RESETS_TOLD]:
            self.faces.tell(str(reset))
        self._told_resets = len(self.guard.resets.all)

    # UARTs

    def _take(self, uart: Uart, byte: int) -> None:
        if self._first is None:
            self._first = uart
        self.guard.resets.take_byte(byte)
        for wanted, port in self._ports:
            if (wanted or self._first) is uart:
                port.send(byte)
        if self._awaited is not None and self._awaited.take(uart, byte):
            self.boot.uarts.type(uart, self._typing.pop(0).characters)
            self._awaited = self._next_awaited()
        # No generator that stops early: each has to see every character.
        found = [each for each in (*self._fail, *self._until, *self._expect) if each.take(uart, byte)]
        if found:
            self.boot.machine.pause()

    def _next_awaited(self) -> Expectation | None:
        return Expectation(self._typing[0].after) if self._typing else None

    def _receive(self) -> None:
        for wanted, port in self._ports:
            typed = port.receive()
            uart = wanted or self._first
            if uart is None:
                self._held_back += typed
                continue
            if wanted is None and self._held_back:
                typed, self._held_back = bytes(self._held_back) + typed, bytearray()
            for byte in typed:
                uart.speaker.write_char(byte)


def _adapted(span: Fraction, wall: float, longest: Fraction) -> Fraction:
    """The next span, after one that took ``wall`` seconds."""
    if wall < _WALL_A_SPAN / 2:
        return min(longest, 2 * span)
    return max(_SHORTEST, span / 2) if wall > 2 * _WALL_A_SPAN else span


def _keep_pace(board: float, wall: float) -> None:
    """A sleeping board that somebody sits at need not run ahead of them."""
    if board > wall:
        time.sleep(min(board - wall, _WALL_A_SPAN))
