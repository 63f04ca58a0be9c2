"""Time stamps by pin: an Energy image of MLPerf Tiny prints none, it pulls a pin low for a microsecond and lets it go.

On a bench the monitor of the supply hears the falling edges (``io tm 0`` in the runner's logs). Which pin it is nobody
says to the runner, who has it wired; here it is the one that ``timestamp`` pulses.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from sim.engine.devices.pins.gpio_pads import PINS, GpioPads
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.machine import Machine

SHOWN = 4


@dataclass(frozen=True)
class Edge:
    """A pad, such as ``gpioPortG.12``, that went high or low; seconds of board time."""

    pin: str
    high: bool
    at: Fraction


@dataclass(frozen=True)
class Pulse:
    """A pad that left its level and came back to it."""

    start: Fraction
    end: Fraction


class PinWatch:
    """Hears the pads of every GPIO port of ``machine``; ``edges`` in their order."""

    def __init__(self, machine: Machine) -> None:
        self.edges: list[Edge] = []
        for path, device in machine.devices.items():
            if isinstance(device, GpioPads):
                port = _Port(self.edges, path.removeprefix("sysbus."), machine)
                for pin in range(PINS):
                    device.outputs[pin].connect(port, pin)

    def pulses(self, pin: str, high: bool = False) -> list[Pulse]:
        """What one pin did: low and high again, or ``high`` and low again."""
        edges = [edge for edge in self.edges if edge.pin == pin]
        return [
            Pulse(first.at, second.at)
            for first, second in pairwise(edges)
            if first.high == high and second.high != high
        ]

    def pins(self) -> list[str]:
        """Those that went high or low, by name."""
        return sorted({edge.pin for edge in self.edges})

    def most(self, high: bool) -> list[Pulse]:
        """Those of the pin that pulsed most, of the pins that were low before, or high."""
        first: dict[str, bool] = {}
        for edge in self.edges:
            first.setdefault(edge.pin, edge.high)
        return max((self.pulses(pin, high) for pin in self.pins() if first[pin] == high), key=len, default=[])

    def only(self, command: str, high: bool = False) -> str:
        """The one pin that pulsed once.

        Raises:
            CrosscamError: none did, or several; ``command`` is what the image was told.
        """
        pins = [pin for pin in self.pins() if len(self.pulses(pin, high)) == 1]
        if len(pins) != 1:
            listed = ", ".join(pins[:SHOWN]) + (" and others" if len(pins) > SHOWN else "") if pins else "none"
            way = "high and low" if high else "low and high"
            raise CrosscamError(f"{command}: expected one pin of the board's GPIO ports to go {way} once, saw {listed}")
        return pins[0]


class _Port:
    """The pads of one port."""

    def __init__(self, edges: list[Edge], name: str, machine: Machine) -> None:
        self._edges, self._name, self._clock = edges, name, machine.clock
        self._told: set[int] = set()

    def on_gpio(self, number: int, value: bool) -> None:
        """Pad ``number`` has another level, or is told its first."""
        if number in self._told:
            self._edges.append(Edge(f"{self._name}.{number}", value, self._clock.exact_seconds))
        self._told.add(number)
