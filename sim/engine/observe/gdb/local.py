"""A machine of this process as a debuggee."""

from __future__ import annotations

import time
from collections.abc import Callable

from sim.engine.machine import Machine
from sim.engine.native import shared
from sim.engine.observe.gdb.contexts import Contexts
from sim.engine.observe.gdb.debuggee import (
    SIGINT,
    SIGSEGV,
    Context,
    Features,
    Interrupted,
    Points,
    Stop,
)
from sim.engine.observe.gdb.memory_map import areas
from sim.engine.observe.gdb.points import Armed
from sim.engine.observe.gdb.register_access import RegisterAccess
from sim.errors import CrosscamError

_SHORTEST, _LONGEST = 1000, 10_000_000
"""Cycles between two looks at whether to stop."""
_WALL_A_LOOK = 0.02
"""Wall seconds, about."""
_STEPS_A_LOOK = 500
_BREAKPOINT_SIZE = 2
_NO_FLOATS = ("cortex-m3", "cortex-m0+", "cortex-m0")


class LocalDebuggee:
    """``machine``, standing between two packets. ``execute`` runs a monitor command and returns what it prints.

    Attributes:
        on_look: called whenever the machine stands for a moment, with whether it runs, or is walked by instructions.
        limit: gives the cycle to run to at most before the next look.
        stop: what was met since the machine was let go; None: nothing.
        recorder: where there is one, it hears of the points that are met, and nothing stops.
    """

    def __init__(self, machine: Machine, execute: Callable[[str], str]) -> None:
        self.machine = machine
        self._execute = execute
        cpu = machine.cpu
        self._registers = RegisterAccess(cpu)
        self._contexts = Contexts(machine, self._registers)
        self._armed = Armed(machine, self._found)
        self._wanted = Points()
        self.stop: Stop | None = None
        self._span = _SHORTEST
        self._at_program_breakpoint = -1
        self.on_look: Callable[[bool], None] = lambda running: None
        self.limit: Callable[[], int] = lambda: shared.NEVER
        self.recorder: Callable[[Stop], None] | None = None
        cpu.faults.on_breakpoint = self._program_breakpoint

    def _found(self, stop: Stop) -> None:
        if self.recorder is not None:
            self.recorder(stop)
            return
        if self.stop is None:
            self.stop = stop
        self.machine.pause()

    def _program_breakpoint(self) -> bool:
        """A BKPT of the firmware's own stops it, as with a probe."""
        self._at_program_breakpoint = self.machine.cpu.pc
        self._found(Stop(text=f"BKPT at {self.machine.symbols.describe(self.machine.cpu.pc)}"))
        return True

    # What there is

    def features(self) -> Features:
        """Of this board."""
        floats = self.machine.cpu.cpu_type not in _NO_FLOATS
        return Features(floats=floats, areas=tuple(areas(self.machine.sysbus)))

    def registers(self) -> dict[str, int]:
        """All of them now."""
        return self._registers.read()

    def write_register(self, name: str, value: int) -> None:
        """See ``Debuggee``."""
        self._registers.write(name, value)

    def contexts(self) -> list[Context]:
        """The handlers that are active, the running one first, and thread mode."""
        return self._contexts.present()

    def is_device(self, address: int) -> bool:
        """No memory answers there: to read may change something."""
        return self.machine.sysbus.memory_at(address) is None

    def read_memory(self, address: int, count: int) -> bytes:
        """Of memories as they are, of devices by a read of a word where that fits."""
        bus, found = self.machine.sysbus, bytearray()
        while len(found) < count:
            place, left = address + len(found), count - len(found)
            memory = bus.memory_at(place)
            if memory is not None:
                found += memory[0].view[memory[1] : memory[1] + left]
            elif bus.answers(place):
                width = 4 if place % 4 == 0 and left >= 4 else 2 if place % 2 == 0 and left >= 2 else 1
                found += bus.read_device(place, width).to_bytes(width, "little")
            else:
                break
        return bytes(found)

    def write_memory(self, address: int, data: bytes) -> bool:
        """Memory of any kind, flash too; devices by a write of a word where that fits."""
        bus = self.machine.sysbus
        end = address + len(data)
        if not data or not bus.leads_to(address, len(data)):
            return False
        while address < end:
            memory = bus.memory_at(address)
            if memory is not None:
                size = min(end - address, memory[0].size - memory[1])
                bus.write_bytes(address, data[:size], heard=True)
            else:
                left = end - address
                size = 4 if address % 4 == 0 and left >= 4 else 2 if address % 2 == 0 and left >= 2 else 1
                bus.write_device(address, size, int.from_bytes(data[:size], "little"))
            address, data = address + size, data[size:]
        return True

    def command(self, text: str, interrupted: Interrupted = lambda: False) -> str:
        """``reset``, ``halt`` and their like, as other servers have them; else a command of the monitor."""
        if text.split() in (["reset"], ["reset", "halt"], ["reset", "init"]):
            self.machine.reset()
            return f"reset: PC {self.machine.symbols.describe(self.machine.cpu.pc)}"
        if text in ("halt", ""):
            return ""
        return self._execute(text)

    # Running

    def set_points(self, points: Points) -> None:
        """See ``Debuggee``."""
        self._wanted = points

    def arm(self) -> None:
        """The points that are set hold from now on."""
        self._armed.fit(self._wanted)

    def end(self, status: int) -> None:
        """The program has ended itself, by semihosting."""
        self._found(Stop(kind="exited", value=status))

    def _begin(self) -> None:
        cpu = self.machine.cpu
        self.arm()
        self._armed.leaving()
        if self._at_program_breakpoint == cpu.pc and not cpu.idle:
            cpu.pc = cpu.pc + _BREAKPOINT_SIZE
        self._at_program_breakpoint = -1

    def resume(self, interrupted: Interrupted) -> Stop:
        """Until a point is met or ``interrupted`` says so."""
        self._begin()
        return self.go_on(interrupted)

    def go_on(self, interrupted: Interrupted) -> Stop:
        """``resume`` where ``interrupted`` has ended it."""
        machine = self.machine
        machine.cpu.hooking.stepping = False
        self.stop = None
        while self.stop is None:
            if interrupted():
                return Stop(SIGINT)
            if machine.cpu.locked_up:
                return self._locked_up()
            began = time.monotonic()
            machine.run_to(min(machine.clock.now + self._span, self.limit()))
            self._adapt(time.monotonic() - began)
            self.on_look(True)
        return self.stop

    def _adapt(self, wall: float) -> None:
        if wall > 2 * _WALL_A_LOOK:
            self._span = max(_SHORTEST, self._span // 2)
        elif wall < _WALL_A_LOOK / 2:
            self._span = min(_LONGEST, self._span * 2)

    def _locked_up(self) -> Stop:
        return Stop(SIGSEGV, text=f"locked up: {self.machine.cpu.locked_up}")

    def step(self, first: int, end: int, interrupted: Interrupted) -> Stop:
        """One instruction, and on while the next is one of ``first`` to ``end`` (excluded)."""
        cpu = self.machine.cpu
        self._begin()
        self.stop = None
        steps = 0
        while self.stop is None:
            if cpu.locked_up:
                return self._locked_up()
            self.step_once()
            steps += 1
            pc = cpu.pc
            if not first <= pc < end or pc in self._wanted.breakpoints:
                break
            if steps % _STEPS_A_LOOK == 0 and interrupted():
                return Stop(SIGINT)
            self._armed.leaving()
        return self.stop or Stop()

    def step_once(self) -> None:
        """An instruction, or the entry of a handler, behind which a core stops too (ARM DDI 0403E C1.5.4)."""
        if not self.machine.take_exception():
            self.machine.step()
        self.on_look(False)

    def back(self, interrupted: Interrupted) -> Stop:
        """A single machine has no past."""
        raise CrosscamError("this machine keeps no past: debug it with `crosscam debug` to go back")

    step_back = back
