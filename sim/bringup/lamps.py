"""LEDs of a board: each change told, the first ones only where it blinks fast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.engine.devices.parts.led import Led
from sim.engine.machine import Machine

SHOWN = 50
"""Changes of a LED that are shown."""


@dataclass
class Lamp:
    """A LED: whether it is lit, how often that changed."""

    lit: bool
    changes: int = 0


class Lamps:
    """All LEDs of ``machine`` by name; ``show`` gets a line for each change, None: nobody looks."""

    def __init__(self, machine: Machine, show: Callable[[str], None] | None) -> None:
        self._machine = machine
        self._show = show
        self.all: dict[str, Lamp] = {}
        for path, device in machine.devices.items():
            if isinstance(device, Led):
                self._add(path.removeprefix("sysbus."), device)

    def _add(self, name: str, led: Led) -> None:
        lamp = self.all[name] = Lamp(led.state)

        def changed(_: Led, lit: bool) -> None:
            lamp.lit = lit
            lamp.changes += 1
            if self._show is not None and lamp.changes <= SHOWN:
                rest = ", further changes are counted" if lamp.changes == SHOWN else ""
                self._show(f"[{name} {'on' if lit else 'off'}, {self._machine.clock.seconds:.6f} s{rest}]")

        led.state_changed += changed
