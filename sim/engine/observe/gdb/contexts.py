"""What the core has left for the handler it runs, as threads: their registers are kept as each handler is entered."""

from __future__ import annotations

from sim.engine.cortex_m import exceptions as exc
from sim.engine.machine import Machine
from sim.engine.observe.gdb.debuggee import Context
from sim.engine.observe.gdb.register_access import RegisterAccess

_Left = tuple[int, dict[str, int]]
"""An exception's number (0: thread mode) and the registers it had."""
RUNNING = 1
"""The number of whatever runs: a client that steps out of a handler is to see one thread go on."""
_LEFT = 2
"""The number of thread mode while a handler runs; an exception's handler that another one interrupts: that and its
exception's number."""


class Contexts:
    """Follows the exceptions of one machine's core."""

    def __init__(self, machine: Machine, registers: RegisterAccess) -> None:
        self._core, self._registers = machine.cpu, registers
        self._left: list[_Left] = []
        self._returned: tuple[int, _Left] | None = None  # the handler that ended last, and what it went back to
        self._core.on_interrupt_begin.append(self._begins)
        self._core.on_interrupt_end.append(self._ends)
        machine.on_reset.append(self._left.clear)

    def _begins(self, number: int) -> None:
        present = self._core.exception_number
        if self._returned is not None and self._returned[0] == present:  # a tail chain: nothing was gone back to
            self._left.append(self._returned[1])
        else:
            self._left.append((present, self._registers.read()))
        self._returned = None

    def _ends(self, number: int) -> None:
        self._returned = (number, self._left.pop()) if self._left else None

    def present(self) -> list[Context]:
        """The running one first."""
        now = self._core.exception_number
        left = [Context(number + _LEFT, self._name(number), values) for number, values in reversed(self._left)]
        return [Context(RUNNING, f"{self._name(now)}, running"), *left]

    def _name(self, number: int) -> str:
        if number == 0:
            return "thread mode"
        exceptions = self._core.nvic.exceptions
        return f"handler of {exc.name_of(number)}, priority {exceptions.base_priority(number)}"
