"""Keywords about the core."""
# ruff: noqa: N803 - argument names are Renode's, suites pass them by name

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from sim.engine.wording import no_breakpoint
from sim.robot.patterns import integer
from sim.robot.session import Keywords, renode_keyword
from sim.robot.waiting import run_until_seen

if TYPE_CHECKING:
    from sim.engine.cortex_m.cpu import CortexM

_NUMBERED = (*(f"r{number}" for number in range(13)), "sp", "lr", "pc")
_ALIASES = {"r13": "sp", "r14": "lr", "r15": "pc"}


class CpuKeywords(Keywords):
    """One machine, one core: ``machine`` and ``cpuName`` are taken and not needed."""

    @renode_keyword("Pc Should Be Equal")
    def pc_should_be_equal(self, value: int | str, machine: str | None = None, cpuName: str | None = None) -> None:
        """Fails unless the program counter is ``value``."""
        _should_be("PC", self.session.machine.cpu.pc, integer(value), None)

    @renode_keyword("Register Should Be Equal")
    def register_should_be_equal(
        self,
        register: int | str,
        value: int | str,
        machine: str | None = None,
        cpuName: str | None = None,
        message: str | None = None,
    ) -> None:
        """Fails unless the register, by number or name, is ``value``."""
        name = str(register).lower()
        name = _NUMBERED[int(name)] if name.isdecimal() and int(name) < len(_NUMBERED) else _ALIASES.get(name, name)
        registers = {key.lower(): number for key, number in self.session.machine.cpu.registers.items()}
        if name not in registers:
            raise AssertionError(f"there is no register {register}: expected 0 to 15 or {', '.join(registers)}")
        _should_be(f"register {register}", registers[name], integer(value), message)

    @renode_keyword("Run Until Breakpoint")
    def run_until_breakpoint(
        self,
        timeout: float,
        machine: str | None = None,
        cpuName: str | None = None,
        address: int | str | None = None,
    ) -> None:
        """Run until a hook pauses the machine or, with ``address``, until the core is about to execute what is there.

        Fails after ``timeout`` seconds of virtual time. (Renode waits for breakpoints that were set before; here
        ``address`` sets one for this keyword.)
        """
        target = self.session.machine
        reached: list[int] = []

        def stop(_: CortexM, place: int) -> None:
            reached.append(place)
            target.pause()

        end = target.clock.exact_seconds + Fraction(timeout).limit_denominator(10**9)
        self.session.monitor.execute("start")
        if address is None:
            run_until_seen(target, lambda: False, timeout)
        else:
            target.cpu.hooking.add(integer(address), stop)
            try:
                run_until_seen(target, lambda: bool(reached), timeout)
            finally:
                target.cpu.hooking.remove(integer(address), stop)
        if not reached and (address is not None or target.clock.exact_seconds >= end):
            raise AssertionError(no_breakpoint(timeout))


def _should_be(what: str, actual: int, expected: int, message: str | None) -> None:
    if actual != expected:
        prefix = f"{message}: " if message else ""
        raise AssertionError(f"{prefix}{what} is 0x{actual:X}: expected 0x{expected:X}")
