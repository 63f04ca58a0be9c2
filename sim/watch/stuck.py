"""A firmware that waits for what never comes.

Now and then, while the core neither sleeps nor anything is printed, it is looked whether it goes round in a loop
(``trace``). From then on whatever shows that it left the loop ends the suspicion: another loop, an access to a device
from elsewhere, a variable it waits for that changed, output, sleep, a reset. What is left is given up after
``seconds`` of board time; at once when no event is due that could change anything.

A loop that waits for time to pass (SysTick, CYCCNT, a timer) has ten times as long. Where a watchdog runs that nobody
feeds, nothing is given up: the reset will tell.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from fractions import Fraction

from sim.engine.cortex_m import exceptions as exc
from sim.engine.machine import Machine
from sim.engine.native import shared
from sim.watch.places import Places
from sim.watch.trace import Loop, trace
from sim.watch.waits import Kind, Wait, host_may_interrupt, interrupts_masked, is_watchdog, wait_of

SECONDS = 2.0
_TIME_FACTOR = 10  # how much longer a wait for time may take
_HOPELESS = 0.02
"""Seconds of board time after which a wait for what cannot change is given up: another thread may yet take over."""
_LOOKS = 3  # times the same loop must have been met
_QUIET = 2  # looks without a sign of life before the first trace
_WALL_BETWEEN = 0.2
"""Seconds of wall time between two traces, ..."""
_BOARD_BETWEEN = 0.2
"""... or part of the board time until it is given up; both are doubled while the traces find no loop."""
_PATIENCE_MOST = 16
_FAULTS = range(exc.NMI, exc.USAGE_FAULT + 1)


class End(enum.Enum):
    """How it ended."""

    STUCK = "stuck"
    DONE = "nothing more can happen"
    INPUT = "it waits for input"


@dataclass(frozen=True)
class Stuck:
    """``text``: what the core waits for and where; ``seconds``: of board time it has been seen there."""

    end: End
    text: str
    function: str
    line: str
    address: int | None
    seconds: float

    def __str__(self) -> str:
        if self.end is End.STUCK:
            return f"stuck: {self.text}, {self.seconds:.3g} s of board time"
        return f"{self.text}: {self.end.value}"


class StuckWatch:
    """Ask ``look`` between two spans of a run.

    Args:
        machine: what runs.
        places: names for what is found.
        seconds: board time after which a wait is given up.
    """

    def __init__(self, machine: Machine, places: Places, seconds: float = SECONDS) -> None:
        self._machine = machine
        self._places = places
        self._seconds = seconds
        self._loop: Loop | None = None
        self._wait: Wait | None = None
        self._since = Fraction(0)
        self._met = 0
        self._quiet = 0
        self._life = (-1, -1)
        self._patience = 1
        self._traced = 0.0, Fraction(0)  # when last: wall time, board time
        self._recorder: _Recorder | None = None
        self._watchdogs = [device for device in machine.devices.values() if is_watchdog(device)]
        machine.on_reset.append(self._forget)

    def look(self, output: int) -> Stuck | None:
        """``output``: characters the firmware has sent so far."""
        cpu = self._machine.cpu
        if cpu.idle:
            self._forget()
            return None
        life = (output, cpu.idle_cycles)
        if life != self._life or (self._recorder is not None and self._recorder.left):
            self._life = life
            self._forget()
            return None
        self._quiet += 1
        if self._quiet <= _QUIET or not self._trace_is_due():
            return None
        loop = trace(self._machine)
        self._patience = 1 if loop is not None else min(2 * self._patience, _PATIENCE_MOST)
        self._traced = time.monotonic(), self._machine.clock.exact_seconds
        if loop is None or self._is_at_work(loop):
            self._forget()
            self._quiet = _QUIET
            return None
        if loop != self._loop:
            self._suspect(loop)
        self._met += 1
        return self._judge() if not self._watchdog_decides() else None

    def describe(self) -> str:
        """What the core does now, for a progress line."""
        if self._wait is not None and self._loop is not None:
            return f"{self._wait.text} in {self._places.code(self._loop.reader_of(self._wait.address))}"
        cpu = self._machine.cpu
        return f"at {self._places.code(cpu.pc)}" if not cpu.sleeping else "asleep"

    def _trace_is_due(self) -> bool:
        wall, board = self._traced
        if time.monotonic() - wall >= self._patience * _WALL_BETWEEN:
            return True
        return self._machine.clock.exact_seconds - board >= self._patience * self._seconds * _BOARD_BETWEEN

    def _is_at_work(self, loop: Loop) -> bool:
        """A loop that writes to devices does something: blinks, sends, moves. Feeding a watchdog is not enough."""
        bus = self._machine.sysbus
        for access in loop.accesses:
            if access.write and bus.memory_at(access.address) is None:
                window = bus.window_at(access.address)
                if window is not None and not is_watchdog(window.device):
                    return True
        return False

    def _watchdog_decides(self) -> bool:
        """One is running, and nobody feeds it: it will end this."""
        if self._recorder is not None and self._recorder.fed:
            return False
        return any(getattr(device, "running", False) is True for device in self._watchdogs)

    def _suspect(self, loop: Loop) -> None:
        self._forget()
        self._quiet = _QUIET
        machine = self._machine
        self._loop, self._wait = loop, wait_of(machine, loop, self._places)
        self._since = machine.clock.exact_seconds
        self._recorder = _Recorder(machine, loop)

    def _forget(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
        self._recorder = self._loop = self._wait = None
        self._met = self._quiet = 0

    def _judge(self) -> Stuck | None:
        loop, wait, machine = self._loop, self._wait, self._machine
        assert loop is not None and wait is not None
        seconds = float(machine.clock.exact_seconds - self._since)
        nothing_due = machine.clock.next_due == shared.NEVER
        if wait.kind is Kind.NOTHING:
            return self._judge_endless(loop, seconds, nothing_due)
        if seconds < wait.certain:
            return None
        limit = self._seconds * (_TIME_FACTOR if wait.kind is Kind.TIME else 1)
        if wait.hopeless:
            limit = min(limit, _HOPELESS)
        if not nothing_due and (seconds < limit or self._met < _LOOKS):
            return None
        by_interrupt = wait.kind is Kind.VARIABLE and not loop.exception and host_may_interrupt(machine)
        if (wait.kind is Kind.INPUT or by_interrupt) and not interrupts_masked(machine):
            return self._stuck(End.INPUT, seconds)
        return self._stuck(End.STUCK, seconds)

    def _judge_endless(self, loop: Loop, seconds: float, nothing_due: bool) -> Stuck | None:
        if loop.exception in _FAULTS or (not loop.exception and interrupts_masked(self._machine)):
            return self._stuck(End.STUCK, seconds)
        if loop.exception:
            return self._stuck(End.STUCK, seconds) if nothing_due or seconds >= self._seconds else None
        return self._stuck(End.DONE, seconds) if nothing_due else None

    def _stuck(self, end: End, seconds: float) -> Stuck:
        loop, wait, places = self._loop, self._wait, self._places
        assert loop is not None and wait is not None
        place = loop.reader_of(wait.address)
        text = f"{wait.text} in {places.code(place)}"
        if loop.exception:
            text += f", the handler of {exc.name_of(loop.exception)}"
        elif wait.kind is Kind.NOTHING and end is End.STUCK:
            text += " with interrupts off"
        return Stuck(end, text, places.function(place), places.line(place), wait.address, seconds)


class _Recorder:
    """Notices that the core has left the loop, while nobody looks."""

    def __init__(self, machine: Machine, loop: Loop) -> None:
        self.left = False
        self.fed = False
        """Somebody wrote to a watchdog."""
        self._machine = machine
        self._loop = loop
        self._state = machine.engine.state
        self._before = machine.on_device_access
        written = {access.address for access in loop.accesses if access.write}
        bus = machine.sysbus
        self._inputs = [
            (access, bus.read(access.address, access.width))
            for access in loop.accesses
            if access.address not in written and bus.memory_at(access.address, access.width) is not None
        ]
        machine.on_device_access = self._access
        machine.cpu.on_interrupt_end.append(self._handler_ends)

    def close(self) -> None:
        """Look away."""
        machine = self._machine
        if machine.on_device_access == self._access:
            machine.on_device_access = self._before
        if self._handler_ends in machine.cpu.on_interrupt_end:
            machine.cpu.on_interrupt_end.remove(self._handler_ends)

    def _access(self, address: int, width: int, write: bool) -> None:
        if self._before is not None:
            self._before(address, width, write)
        if write and not self.fed:
            window = self._machine.sysbus.window_at(address)
            self.fed = window is not None and is_watchdog(window.device)
        if not self.left and self._state[shared.ACCESS_PC] not in self._loop.code:
            self.left = self._machine.cpu.exception_number == self._loop.exception

    def _handler_ends(self, number: int) -> None:
        bus = self._machine.sysbus
        if any(bus.read(access.address, access.width) != value for access, value in self._inputs):
            self.left = True
