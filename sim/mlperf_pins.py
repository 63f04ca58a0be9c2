"""Time stamps by pin: an Energy image of MLPerf Tiny prints none, it pulls a pin low for a microsecond and lets it go.

On a bench the monitor of the supply hears the falling edges (``io tm 0`` in the runner's logs). Which pin it is nobody
says to the runner, who has it wired; here it is the one that ``timestamp`` pulses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from sim.engine.devices.pins.gpio_pads import PINS, GpioPads
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.machine import Machine

SHOWN = 4


@dataclass(frozen=True)
class Pulse:
    """A pad that went low and high again; both in seconds of board time."""

    pin: str
    fell: Fraction
    rose: Fraction


class PinWatch:
    """Hears the pads of every GPIO port of ``machine``; ``pulses`` in the order in which they ended."""

    def __init__(self, machine: Machine) -> None:
        self.pulses: list[Pulse] = []
        for path, device in machine.devices.items():
            if isinstance(device, GpioPads):
                port = _Port(self.pulses, path.removeprefix("sysbus."), machine)
                for pin in range(PINS):
                    device.outputs[pin].connect(port, pin)

    def of(self, pin: str) -> list[Pulse]:
        """Those of one pin, such as ``gpioPortG.8``."""
        return [pulse for pulse in self.pulses if pulse.pin == pin]

    def only(self) -> str:
        """The pin that has pulsed, once, and no other.

        Raises:
            CrosscamError: none did, or several, or more than once.
        """
        pins = [pulse.pin for pulse in self.pulses]
        if len(pins) != 1:
            raise CrosscamError(
                f"timestamp: expected one pin of the board's GPIO ports to go low and high once, saw {_listed(pins)}"
            )
        return pins[0]


def _listed(pins: Iterable[str]) -> str:
    names = sorted(set(pins))
    return ", ".join(names[:SHOWN]) + (" and others" if len(names) > SHOWN else "") if names else "none"


class _Port:
    """The pads of one port."""

    def __init__(self, pulses: list[Pulse], name: str, machine: Machine) -> None:
        self._pulses, self._name, self._clock = pulses, name, machine.clock
        self._low: dict[int, Fraction | None] = {}  # pads that are low, and since when; None: from before anybody heard
        self._told: set[int] = set()

    def on_gpio(self, number: int, value: bool) -> None:
        """Pad ``number`` has another level, or is told its first."""
        first = number not in self._told
        self._told.add(number)
        now = self._clock.exact_seconds
        if not value:
            self._low[number] = None if first else now
        elif (fell := self._low.pop(number, None)) is not None:
            self._pulses.append(Pulse(f"{self._name}.{number}", fell, now))
