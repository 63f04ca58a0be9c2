"""What Renode calls a terminal tester: it collects a UART's lines and waits for one in virtual time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from sim.console import Line, LineAssembler

if TYPE_CHECKING:
    from sim.engine.machine import Machine

SLICE = Fraction(1, 1000)
"""Virtual seconds between two looks at the lines received: bounds how far past a match the machine runs."""


@dataclass(frozen=True)
class Result:
    """What a wait returns to the suite; attribute names are Renode's."""

    Line: str
    Timestamp: float
    Groups: list[str] = field(default_factory=list)


class TerminalTester:
    """Waits on one UART. A match consumes every line up to and including it, as in Renode.

    Args:
        machine: the machine that runs while waiting.
        uart: Renode path of the UART, for example ``sysbus.usart3``.
        timeout: default limit of a wait, in seconds of virtual time.
    """

    def __init__(self, machine: Machine, uart: str, timeout: float) -> None:
        self.uart = uart
        self.timeout = timeout
        self._machine = machine
        self._device = machine[uart]
        self._lines: list[Line] = []
        self.report: list[Line] = []
        self.received = bytearray()
        self._assembler = LineAssembler(lambda: machine.clock.now, self._take)
        self._device.on_char.append(self._take_byte)  # type: ignore[attr-defined]

    def _take_byte(self, byte: int) -> None:
        self.received.append(byte)
        self._assembler.feed(byte)

    def _take(self, line: Line) -> None:
        self._lines.append(line)
        self.report.append(line)

    def write(self, text: str) -> None:
        """Type ``text``."""
        for byte in text.encode("latin-1"):
            self._device.write_char(byte)  # type: ignore[attr-defined]

    def wait_for(
        self, content: str, timeout: float | None, *, regex: bool, unfinished: bool, next_line: bool = False
    ) -> Result | None:
        """The first line that contains ``content`` (or matches it, when ``regex``); None when the time is over.

        ``unfinished`` also looks at the line still being sent (a prompt); ``next_line`` only accepts the first line.
        """
        pattern = re.compile(content if regex else re.escape(content))
        clock = self._machine.clock
        deadline = clock.now + int((self.timeout if timeout is None else timeout) * clock.frequency)
        looked = 0
        while True:
            while looked < len(self._lines):
                line = self._lines[looked]
                found = pattern.search(line.text)
                if found:
                    del self._lines[: looked + 1]
                    return self._result(line, found)
                if next_line:
                    return None
                looked += 1
            if unfinished:
                found = pattern.search(self._assembler.pending)
                if found:
                    self._lines.clear()
                    return self._result(Line(self._assembler.pending, clock.now), found)
            if clock.now >= deadline:
                return None
            self._machine.run_for(SLICE)

    def next_line(self, timeout: float | None) -> Result | None:
        """The next finished line, whatever it says."""
        return self.wait_for("", timeout, regex=False, unfinished=False)

    def is_idle(self, timeout: float) -> bool:
        """True when not one byte arrives within ``timeout`` seconds of virtual time."""
        before = len(self.received)
        self._machine.run_for(Fraction(timeout).limit_denominator(10**9))
        return len(self.received) == before

    def _result(self, line: Line, found: re.Match[str]) -> Result:
        return Result(line.text, line.cycle / self._machine.clock.frequency, [group or "" for group in found.groups()])

    def transcript(self) -> str:
        """Every line seen, for the message of a failed test."""
        frequency = self._machine.clock.frequency
        rows = [f"[{line.cycle / frequency:10.6f} s] {line.text}" for line in self.report]
        if self._assembler.pending:
            rows.append(f"[  unfinished] {self._assembler.pending}")
        return "\n".join(rows) or "(nothing was received)"
