"""Faults the core took: which, where, and why (ARMv7-M B3.2.15 to B3.2.18)."""

from __future__ import annotations

from dataclasses import dataclass

from sim.engine.cortex_m import exceptions as exc
from sim.engine.machine import Machine
from sim.watch.places import Places

_KINDS = (exc.HARD_FAULT, exc.MEM_MANAGE, exc.BUS_FAULT, exc.USAGE_FAULT)
_KEPT = 100  # faults remembered in full
_MMARVALID, _BFARVALID = 1 << 7, 1 << 15
_CAUSES = {
    0: "instruction fetch from a region that forbids it (IACCVIOL)",
    1: "access to a region that forbids it (DACCVIOL)",
    3: "unstacking into a region that forbids it (MUNSTKERR)",
    4: "stacking into a region that forbids it (MSTKERR)",
    8: "instruction fetch where nothing is mapped (IBUSERR)",
    9: "access where nothing is mapped (PRECISERR)",
    10: "an earlier write where nothing is mapped (IMPRECISERR)",
    11: "unstacking where nothing is mapped (UNSTKERR)",
    12: "stacking where nothing is mapped: stack overflow? (STKERR)",
    16: "undefined instruction (UNDEFINSTR)",
    17: "branch to an address with bit 0 clear (INVSTATE)",
    18: "exception return with a wrong value (INVPC)",
    19: "floating-point or coprocessor instruction while CPACR forbids it (NOCP)",
    24: "unaligned access (UNALIGNED)",
    25: "division by zero (DIVBYZERO)",
}
_VECTTBL, _DEBUGEVT = 1 << 1, 1 << 31
_SEMIHOSTING = 0xBEAB


@dataclass(frozen=True)
class Fault:
    """``kind``: HardFault, ...; ``place``: function and line; ``cause``: in words; ``seconds``: of board time."""

    kind: str
    pc: int
    place: str
    cause: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}: {self.cause}"


class FaultLog:
    """Listens to one machine. ``all``: the first faults; ``count``: of all; ``last``: the latest since a reset."""

    def __init__(self, machine: Machine, places: Places) -> None:
        self._machine = machine
        self._places = places
        self.all: list[Fault] = []
        self.count = 0
        self.last: Fault | None = None
        machine.cpu.on_interrupt_begin.append(self._begins)
        machine.on_reset.append(self._reset)

    def lock_up(self) -> str:
        """Why the core has locked up and where; empty when it has not."""
        cpu = self._machine.cpu
        if not cpu.locked_up:
            return ""
        text = f"lock-up in {self._places.code(cpu.pc)}: {cpu.locked_up}"
        reasons = self._cause(cpu.pc)
        if self.last is not None:
            return f"{text}; before it, {self.last}"
        return f"{text}: {reasons}" if reasons else text

    def _reset(self) -> None:
        self.last = None

    def _begins(self, number: int) -> None:
        if number not in _KINDS:
            return
        pc = self._machine.cpu.pc
        cause = self._cause(pc) or "no cause is noted"
        seconds = float(self._machine.clock.exact_seconds)
        self.last = Fault(exc.name_of(number), pc, self._places.code(pc), cause, seconds)
        self.count += 1
        if len(self.all) < _KEPT:
            self.all.append(self.last)

    def _cause(self, pc: int) -> str:
        scb = self._machine.nvic.scb
        status, hard = scb.cfsr.value, scb.hfsr.value
        found = [text for bit, text in _CAUSES.items() if status >> bit & 1]
        if hard & _VECTTBL:
            found.append("the vector table cannot be read (VECTTBL)")
        if hard & _DEBUGEVT:
            found.append(self._breakpoint(pc))
        text = ", ".join(found)
        if status & _BFARVALID:
            text += f", address {self._places.data(scb.bfar.value)}"
        elif status & _MMARVALID:
            text += f", address {self._places.data(scb.mmfar.value)}"
        return text

    def _breakpoint(self, pc: int) -> str:
        if self._machine.sysbus.memory_at(pc, 2) and self._machine.sysbus.read(pc, 2) == _SEMIHOSTING:
            return "BKPT 0xAB, a semihosting call that nobody answers: link without rdimon.specs"
        return "BKPT without a debugger (DEBUGEVT)"
