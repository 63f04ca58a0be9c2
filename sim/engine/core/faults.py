"""Faults: which bits are set, and which handler takes them (ARMv7-M B1.5.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from sim.engine.core import exceptions as exc
from sim.engine.core import scb

if TYPE_CHECKING:
    from sim.engine.cpu import CortexM

_BITS = {
    scb.IACCVIOL: "instruction fetch from a region that forbids it",
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

    def __init__(self, cpu: CortexM) -> None:
        self._cpu = cpu

    def fault(self, kind: int, bits: int, address: int | None = None) -> None:
        """Fault ``kind`` (an exception number) with CFSR ``bits``; ``address`` goes to BFAR or MMFAR."""
        cpu = self._cpu
        control = cpu.nvic.scb
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
        cpu.log.warning(what, exc.name_of(kind), cpu.pc, where)
        self._take(kind)

    def imprecise(self, address: int) -> None:
        """The bus has refused a store that the core had left behind: pending until its priority allows it.

        Where BusFault is not enabled it becomes a hard fault (ARMv7-M B1.5.14); BFAR says nothing.
        """
        cpu = self._cpu
        nvic = cpu.nvic
        nvic.scb.cfsr.value |= scb.IMPRECISERR
        cpu.log.warning("BusFault before PC 0x%08X: store where nothing is mapped, address 0x%08X", cpu.pc, address)
        if nvic.exceptions.enabled >> exc.BUS_FAULT & 1:
            nvic.pend(exc.BUS_FAULT)
        else:
            nvic.scb.hfsr.value |= scb.HFSR_FORCED
            nvic.pend(exc.HARD_FAULT)

    def supervisor_call(self) -> None:
        """SVC: taken now or, where its priority does not allow that, a hard fault."""
        self._take(exc.SV_CALL)

    def breakpoint(self) -> None:
        """BKPT without a debugger: semihosting where somebody serves it, the debug monitor when enabled, else a hard
        fault."""
        cpu = self._cpu
        if cpu.semihosting is not None and cpu.core_services.sysbus.read(cpu.pc, 2) == _BKPT_SEMIHOSTING:
            r0, r1 = int(cpu.get_register(0)), int(cpu.get_register(1))
            cpu.set_register(0, cpu.semihosting.semihosting_call(r0, r1))
            cpu.set_register("pc", cpu.pc + 2)
            return
        cpu.nvic.scb.dfsr.value |= scb.DFSR_BKPT
        if cpu.nvic.debug.monitor_enabled and self._may_preempt(exc.DEBUG_MONITOR):
            cpu.unit.enter(exc.DEBUG_MONITOR)
            return
        cpu.log.warning("BKPT at PC 0x%08X and no debugger", cpu.pc)
        cpu.nvic.scb.hfsr.value |= scb.HFSR_DEBUGEVT
        self._hard_fault()

    def resolve(self, kind: int) -> int:
        """The exception that takes a fault of ``kind`` now: itself, HardFault, or 0 when the core locks up."""
        nvic = self._cpu.nvic
        if nvic.exceptions.enabled >> kind & 1 and self._may_preempt(kind):
            return kind
        nvic.scb.hfsr.value |= scb.HFSR_FORCED
        return exc.HARD_FAULT if self._may_preempt(exc.HARD_FAULT) else 0

    def _may_preempt(self, number: int) -> bool:
        nvic = self._cpu.nvic
        exceptions = nvic.exceptions
        return exceptions.group(exceptions.base_priority(number)) < nvic.execution_priority()

    def _take(self, kind: int) -> None:
        number = self.resolve(kind)
        if number == 0:
            self._cpu.lock_up(f"{exc.name_of(kind)} in a handler of fixed priority")
        else:
            self._cpu.unit.enter(number)

    def _hard_fault(self) -> None:
        if self._may_preempt(exc.HARD_FAULT):
            self._cpu.unit.enter(exc.HARD_FAULT)
        else:
            self._cpu.lock_up("hard fault in a handler of fixed priority")
