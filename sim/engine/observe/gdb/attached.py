"""``machine StartGdbServer``: GDB on a machine that its host goes on to run, as Renode has it.

The client is served by a thread. It and the host take turns by one lock: the host runs the machine in short spans while
the client lets it, and waits while the client has it stand. There is no going back here: `crosscam debug` does that.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction

from sim.engine.machine import Machine
from sim.engine.observe.gdb.debuggee import SIGINT, Interrupted, Points, Stop
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.server import GdbServer, Session

_SPAN = 1_000_000
"""Cycles that the host runs before it looks whether the client wants something."""
_LOOK_SECONDS = 0.02
_END_SECONDS = 2.0


class AttachedServer:
    """Serves ``machine`` on ``port`` (0 picks one) until ``close``. ``execute``: see ``LocalDebuggee``.

    Raises:
        CrosscamError: the port is taken.
    """

    def __init__(self, machine: Machine, port: int, execute: Callable[[str], str]) -> None:
        self._machine = machine
        self._turns = threading.Condition()
        self._asking = 0
        self._stands = False  # the client has the machine stand
        self._closed = False
        self._debuggee = _InTurns(machine, execute, self._let_run)
        self._server = GdbServer(port, self._debuggee)
        self.port = self._server.port
        self._thread = threading.Thread(target=self._serve, daemon=True, name="gdb")
        self._thread.start()

    def close(self) -> None:
        """Serve no more; the machine runs on without it."""
        self._closed = True
        self._thread.join(_END_SECONDS)
        self._server.close()
        self._machine.attached = None
        self._debuggee.set_points(Points())
        self._debuggee.arm()

    # The host's side

    def run(self, seconds: Fraction, reached: Callable[[], bool]) -> int:
        """As ``Machine.run_for`` and ``run_until``, while the client lets it."""
        machine, clock = self._machine, self._machine.clock
        end = clock.exact_seconds + seconds
        while not reached() and (left := clock.cycles(end - clock.exact_seconds)) > 0:
            with self._turns:
                while (self._stands or self._asking) and not self._closed:
                    self._turns.wait(_LOOK_SECONDS)
                machine.run_to(clock.now + min(left, _SPAN))
                if self._debuggee.stop is not None:
                    self._stands = not self._closed
                    self._turns.notify_all()
                elif machine.stopping:
                    return clock.now
        return clock.now + clock.cycles(end - clock.exact_seconds)

    # The client's side

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        self._asking += 1
        with self._turns:
            self._asking -= 1
            yield

    def _serve(self) -> None:
        while not self._closed:
            connection = self._server.accept(_LOOK_SECONDS)
            if connection is None:
                continue
            with connection:
                with self._turn():
                    self._stands = True
                    session = Session(connection, self._debuggee)
                session.run(self._turn, lambda: self._closed)
            with self._turn():
                self._stands, self._debuggee.stop = False, None
                self._debuggee.set_points(Points())
                self._debuggee.arm()

    def _let_run(self, interrupted: Interrupted) -> Stop:
        """In the client's turn: hand over until there is something to tell."""
        self._debuggee.stop = None
        self._stands = False
        while self._debuggee.stop is None:
            self._turns.notify_all()
            self._turns.wait(_LOOK_SECONDS)
            if self._closed or (self._debuggee.stop is None and interrupted()):
                self._debuggee.stop = Stop(SIGINT)
        self._stands = True
        return self._debuggee.stop


class _InTurns(LocalDebuggee):
    """Lets somebody else run the machine."""

    def __init__(self, machine: Machine, execute: Callable[[str], str], let_run: Callable[[Interrupted], Stop]) -> None:
        super().__init__(machine, execute)
        self._let_run = let_run

    def go_on(self, interrupted: Interrupted) -> Stop:
        """By the host."""
        self.machine.cpu.hooking.stepping = False
        return self._let_run(interrupted)
