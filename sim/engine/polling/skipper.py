"""Finds turns of a waiting loop that change nothing, and lets time pass by whole turns."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Protocol

from sim.engine.bus import Bus
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.devices.base import Device
from sim.engine.native import shared
from sim.engine.native.counter import NativeCounter
from sim.engine.native.engine import Engine
from sim.engine.native.registers import FLOATS, Registers
from sim.engine.polling.state import Counting, Polled, state_of
from sim.engine.timing.base import Timing
from sim.engine.timing.clock import Clock

READS = 192
"""Reads of one address, without a write to any device between them, from which on it is looked at."""
SOON, LATE = 4, 4096
"""Reads after which a loop that did change something is looked at once more: at first, and at last."""
NATIVE_READS = 1 << 16
"""Reads of a register that are answered natively before Python is asked again."""
LONGEST = 32
"""Device reads a turn may have."""
MOST_MEMORY = 16 << 20
"""Bytes of memory that are compared; with more nothing is skipped."""
REGISTER_BYTES, FLAG_BYTES = 60, 20
_OTHERS = (*FLOATS, "fpscr", "msp", "psp", "control", "primask", "basepri", "faultmask", "xpsr")
_LIBC = ctypes.CDLL(None)


@dataclass
class Turn:
    """From one read to the next by the same instruction: how things were at its beginning."""

    address: int
    width: int
    pc: int
    now: int
    registers: tuple[bytes, bytes, list[int]]
    progress: object
    devices: list[tuple[Device, list[object]]] = field(default_factory=list)
    answers: dict[tuple[int, int], int | NativeCounter] = field(default_factory=dict)
    reads: int = 0


@dataclass(frozen=True)
class Wait:
    """What firmware waits for: ``address`` is read at ``pc``, since cycle ``since``."""

    address: int
    pc: int
    since: int


class PollingMachine(Protocol):
    """The machine whose core polls."""

    @property
    def engine(self) -> Engine: ...

    @property
    def timing(self) -> Timing: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def sysbus(self) -> Bus: ...

    @property
    def cpu(self) -> CortexM: ...


class PollSkipper:
    """Stands between the core's device reads and the bus of ``machine``."""

    def __init__(self, machine: PollingMachine) -> None:
        self._machine = machine
        self._state = machine.engine.state
        self._counts: dict[int, int] = {}
        self._patience: dict[int, int] = {}
        self._answered = False  # natively, some of the reads
        self._turn: Turn | None = None
        self.limit = READS
        """Reads of an address from which on ``read`` has to be asked."""
        self.active = True
        """Switched off, each turn is run; what firmware sees is the same."""
        self.skipped = 0
        """Turns that were not run, so far."""
        self._wait: Wait | None = None
        self._others = Registers(machine.engine, *_OTHERS)
        self._copies: list[tuple[int, int, ctypes.Array[ctypes.c_char]]] = []  # where, how much, as it was

    @property
    def waiting(self) -> Wait | None:
        """The loop the core was last found in, as long as nothing else was done; None when it does not wait."""
        return self._wait

    def count(self, address: int) -> int:
        """One more read of ``address`` that Python answers; how many there have been."""
        count = self._counts[address] = self._counts.get(address, 0) + 1
        if self._answered:
            self._drop()
        return count

    def written(self) -> None:
        """A device was written to: no turn of a waiting loop."""
        if self._counts:
            self._counts.clear()
            self._patience.clear()
            self._wait = None
        self._drop()

    def left(self) -> None:
        """The core's run has ended: an event, an interrupt or the host may change everything."""
        if self.limit != READS or self._answered:
            self._drop()

    def _drop(self) -> None:
        self._turn = None
        self.limit = READS
        if self._answered:
            self._answered = False
            self._machine.engine.answer_natively({}, 0)

    def read(self, address: int, width: int) -> int:
        """A device read in what looks like a waiting loop."""
        turn, state = self._turn, self._state
        pc = state[shared.ACCESS_PC]
        if turn is not None and (turn.address, turn.width, turn.pc) == (address, width, pc):
            self._turn = None
            if not self._unchanged(turn):
                self._later(address)
                self._answer(turn)
            elif self._skip(turn):
                self._patience.pop(address, None)
                self.limit = shared.NEVER  # until the run ends: soon
                return self._machine.sysbus.read_device(address, width)
            else:
                self._later(address)
            turn = None
        if turn is None:
            if self._counts.get(address, 0) < READS or not self._possible():
                self.limit = READS
                return self._machine.sysbus.read_device(address, width)
            turn = self._begin(address, width, pc)
        value, repeatable = self._read(turn, address, width)
        if not repeatable:
            self._later(turn.address)
            self._turn, self.limit = None, READS
            self._answer(turn)
        return value

    def _later(self, address: int) -> None:
        patience = self._patience[address] = min(4 * self._patience.get(address, 0) + SOON, LATE)
        self._counts[address] = READS - patience

    def _answer(self, turn: Turn) -> None:
        """Not every turn is like the others, but what the devices answer is known for some time: until an event, a
        write or another read they need not be asked by way of Python."""
        if self._patience[turn.address] >= LATE and turn.answers:
            self._answered = True
            self._counts[turn.address] = READS
            self._machine.engine.answer_natively(turn.answers, NATIVE_READS)

    def _possible(self) -> bool:
        """Nobody watches what would not be done."""
        machine = self._machine
        cpu, engine = machine.cpu, machine.engine
        return self.active and not (
            cpu.hooking.armed
            or engine.observed
            or engine.traced
            or machine.sysbus.special
            or sum(memory.size for _, _, memory in machine.sysbus.memories) > MOST_MEMORY
            or not engine.find_core()
        )

    def _registers(self) -> tuple[bytes, bytes, list[int]]:
        state = self._state
        general = ctypes.string_at(state[shared.CORE_REGISTERS], REGISTER_BYTES)
        flags = ctypes.string_at(state[shared.CORE_FLAGS], FLAG_BYTES)
        return general, flags, self._others.read()

    def _copy_memories(self) -> None:
        memories = [memory for _, _, memory in self._machine.sysbus.memories]
        if len(memories) != len(self._copies):
            self._copies = [
                (memory.host_address, memory.size, ctypes.create_string_buffer(memory.size)) for memory in memories
            ]
        for place, size, copy in self._copies:
            ctypes.memmove(copy, place, size)

    def _memories_are_the_same(self) -> bool:
        return all(
            _LIBC.memcmp(ctypes.c_void_p(place), copy, ctypes.c_size_t(size)) == 0 for place, size, copy in self._copies
        )

    def _begin(self, address: int, width: int, pc: int) -> Turn:
        machine = self._machine
        self._copy_memories()
        now, progress = self._state[shared.ACCESS_NOW], machine.timing.progress()
        turn = self._turn = Turn(address, width, pc, now, self._registers(), progress)
        self.limit = self._state[shared.TIME_SHOWN] = 0
        return turn

    def _read(self, turn: Turn, address: int, width: int) -> tuple[int, bool]:
        """The value, and whether the same read would give it again: it did nothing, and does not ask for the time."""
        machine = self._machine
        window = machine.sysbus.window_at(address)
        device = None if window is None else window.device
        turn.reads += 1
        if isinstance(device, Counting) and window is not None:
            counter = device.native_counter(address - window.start, width)
            if counter is not None:
                turn.answers[address, width] = counter
                return machine.sysbus.read_device(address, width), False
        before = None if device is None else _state(device)
        clock = machine.clock
        clock.consulted = False
        value = machine.sysbus.read_device(address, width)
        asked = clock.consulted
        if turn.reads > LONGEST or (device is not None and (before is None or _state(device) != before)):
            turn.answers.clear()
            return value, False
        if asked:
            return value, False
        if device is not None and before is not None:
            turn.devices.append((device, before))
        turn.answers[address, width] = value
        return value, True

    def _unchanged(self, turn: Turn) -> bool:
        """The turn has left everything as it was."""
        return (
            not self._state[shared.TIME_SHOWN]
            and self._registers() == turn.registers
            and (turn.reads == 1 or all(_state(device) == before for device, before in turn.devices))
            and self._memories_are_the_same()
        )

    def _skip(self, turn: Turn) -> bool:
        """Let time pass by whole turns; False when this clock cannot."""
        state, machine = self._state, self._machine
        cycles = state[shared.ACCESS_NOW] - turn.now
        until = min(state[shared.DEADLINE], machine.clock.next_due)
        if self._wait is None or (self._wait.address, self._wait.pc) != (turn.address, turn.pc):
            self._wait = Wait(turn.address, turn.pc, turn.now)
        turns = (until - state[shared.NOW]) // cycles - 1 if cycles > 0 and until != shared.NEVER else 0
        if turns <= 0:
            return True
        if not machine.timing.repeat(turn.progress, turns, cycles):
            return False
        for slot in (shared.NOW, shared.BLOCK_START, shared.ACCESS_NOW):
            state[slot] += turns * cycles
        for device, _ in turn.devices:
            if isinstance(device, Polled):
                device.polled(turns)
        self.skipped += turns
        return True


def _state(device: Device) -> list[object] | None:
    return device.poll_state() if isinstance(device, Polled) else state_of(device)
