"""Resets: why, where the core stood, and whether they go on for ever."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.engine.machine import Machine
from sim.text import printable
from sim.watch.faults import FaultLog
from sim.watch.places import Places

SAME = 3
"""Lives in a row that end alike and say the same: a loop."""
SIMILAR = 5
"""The same, but for the figures they print."""
_KEPT = 100
_SAID = 65536  # characters of a life that are compared
_DIGITS = re.compile(rb"[0-9]+")


@dataclass(frozen=True)
class Reset:
    """``reason``: IWDG1, AIRCR.SYSRESETREQ, ...; ``place``: where the core stood; ``fault``: the last one before it."""

    reason: str
    function: str
    place: str
    fault: str
    seconds: float

    def __str__(self) -> str:
        after = f" after {self.fault}" if self.fault else ""
        return f"reset by {self.reason}{after}, the core was {self.place}"


class ResetWatch:
    """Listens to one machine. ``all``: the first resets; ``count``: of all; ``loop``: in words, empty while there is
    none."""

    def __init__(self, machine: Machine, places: Places, faults: FaultLog) -> None:
        self._machine = machine
        self._places = places
        self._faults = faults
        self._said = bytearray()
        self._lives: list[tuple[str, str, bytes]] = []
        self._asked: Reset | None = None
        self.all: list[Reset] = []
        self.count = 0
        self.loop = ""
        machine.on_reset_request.append(self._requested)
        machine.on_reset.insert(0, self._happened)

    def take_byte(self, byte: int) -> None:
        """The firmware has sent a character."""
        if len(self._said) < _SAID:
            self._said.append(byte)

    def _requested(self, reason: str) -> None:
        if self._asked is not None:
            return
        cpu = self._machine.cpu
        function = self._places.function(cpu.pc)
        place = "asleep in" if cpu.sleeping else "locked up in" if cpu.locked_up else "in"
        fault = str(self._faults.last) if self._faults.last is not None else ""
        seconds = float(self._machine.clock.exact_seconds)
        self._asked = Reset(
            printable(reason, 80), function, f"{place} {self._places.code(cpu.pc)}", fault, round(seconds, 9)
        )

    def _happened(self) -> None:
        reset, self._asked = self._asked, None
        if reset is None:
            return
        self.count += 1
        if len(self.all) < _KEPT:
            self.all.append(reset)
        self._lives.append((reset.reason, reset.function, bytes(self._said)))
        self._said.clear()
        del self._lives[:-SIMILAR]
        if not self.loop:
            self._look_for_loop(reset)

    def _look_for_loop(self, reset: Reset) -> None:
        similar = [(reason, function, _DIGITS.sub(b"0", said)) for reason, function, said in self._lives]
        for count, lives in ((SAME, self._lives), (SIMILAR, similar)):
            if len(lives) >= count and len(set(lives[-count:])) == 1:
                self.loop = f"reset loop: {count} times alike, {reset}"
                self._machine.pause()
                return
