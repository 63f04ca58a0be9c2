"""Faults: which bits are set, and which handler takes them (ARMv7-M B1.5.14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m import scb
from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.entry import ExceptionUnit
from sim.engine.cortex_m.register_file import RegisterFile

_BITS = {
    scb.IACCVIOL: "instruction fetch from a region that forbids it",
    scb.DACCVIOL: "access to a region that forbids it",
    scb.IBUSERR: "instruction fetch where nothing is mapped",
    scb.PRECISERR: "access where nothing is mapped",
    scb.UNDEFINSTR: "undefined instruction",
    scb.INVSTATE: "instruction fetch in ARM state (bit 0 of a branch target was 0)",
    scb.NOCP: "floating-point or coprocessor instruction while CPACR forbids it",
    scb.UNALIGNED: "unaligned access",
}


_BKPT_SEMIHOSTING = 0xBEAB


@runtime_checkable
class SemihostingHost(Protocol):
    """Who serves ``BKPT 0xAB``."""

    def semihosting_call(self, operation: int, parameter: int) -> int:
        """R0 and R1 as the firmware left them; what R0 becomes."""


class Faults:
    """Turns what the core ran into into exceptions."""

    def __init__(self, core: Core, unit: ExceptionUnit, registers: RegisterFile) -> None:
        self._core, self._unit, self._registers = core, unit, registers
        self.semihosting: SemihostingHost | None = None
        """Who serves semihosting, if anybody does."""
        self.on_breakpoint: Callable[[], bool] | None = None
        """A debugger, asked about a BKPT: True when the core halts there."""

    def fault(self, kind: int, bits: int, address: int | None = None) -> None:
        """Fault ``kind`` (an exception number) with CFSR ``bits``; ``address`` goes to BFAR or MMFAR."""
        core = self._core
        control = core.nvic.scb
        control.cfsr.value |= bits
        where = ""
        if address is not None:
            where = f", address 0x{address:08X}"
            if kind == exc.BUS_FAULT:
                control.bfar.value = address
                control.cfsr.value |= scb.BFARVALID
            else:
                control.mmfar.value = address
                control.cfsr.value |= scb.MMARVALID
        what = f"%s at PC 0x%08X: {_BITS.get(bits, f'CFSR 0x{bits:X}')}%s"  # each cause is counted by itself
        core.log.warning(what, exc.name_of(kind), core.pc, where)
        self._take(kind)

    def imprecise(self, address: int) -> None:
        """The bus has refused a store that the core had left behind: pending until its priority allows it.

        Where BusFault is not enabled it becomes a hard fault (ARMv7-M B1.5.14); BFAR says nothing.
        """
        core = self._core
        nvic = core.nvic
        nvic.scb.cfsr.value |= scb.IMPRECISERR
        core.log.warning("BusFault before PC 0x%08X: store where nothing is mapped, address 0x%08X", core.pc, address)
        if nvic.exceptions.enabled >> exc.BUS_FAULT & 1:
            nvic.pend(exc.BUS_FAULT)
        else:
            nvic.scb.hfsr.value |= scb.HFSR_FORCED
            nvic.pend(exc.HARD_FAULT)

    def supervisor_call(self) -> None:
        """SVC: taken now or, where its priority does not allow that, a hard fault."""
        self._take(exc.SV_CALL)

    def breakpoint(self) -> None:
        """BKPT: semihosting where somebody serves it, else it halts for a debugger; without one the debug monitor when
        enabled, else a hard fault."""
        core, registers = self._core, self._registers
        if self.semihosting is not None and core.core_services.sysbus.read(core.pc, 2) == _BKPT_SEMIHOSTING:
            r0, r1 = int(registers.read(0)), int(registers.read(1))
            registers.write(0, self.semihosting.semihosting_call(r0, r1))
            registers.write("pc", core.pc + 2)
            return
        if self.on_breakpoint is not None and self.on_breakpoint():
            return
        core.nvic.scb.dfsr.value |= scb.DFSR_BKPT
        if core.nvic.debug.monitor_enabled and self._core.nvic.may_preempt(exc.DEBUG_MONITOR):
            self._unit.enter(exc.DEBUG_MONITOR)
            return
        core.log.warning("BKPT at PC 0x%08X and no debugger", core.pc)
        core.nvic.scb.hfsr.value |= scb.HFSR_DEBUGEVT
        self._hard_fault()

    def _take(self, kind: int) -> None:
        number = self._core.nvic.resolve(kind)
        if number == 0:
            self._core.lock_up(f"{exc.name_of(kind)} in a handler of fixed priority")
        else:
            self._unit.enter(number)

    def _hard_fault(self) -> None:
        if self._core.nvic.may_preempt(exc.HARD_FAULT):
            self._unit.enter(exc.HARD_FAULT)
        else:
            self._core.lock_up("hard fault in a handler of fixed priority")
