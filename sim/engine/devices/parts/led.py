"""A light-emitting diode on a GPIO pin."""

from __future__ import annotations

from typing import Annotated

from sim.engine.devices.base import Device, Services
from sim.engine.devices.event import EventHandlers
from sim.engine.members import ReadOnly


class Led(Device):
    """Input 0 is the pin; ``invert`` for a LED that is lit by a low level. ``state_changed(led, lit)``."""

    RENODE_TYPES = ("Miscellaneous.LED",)
    RENODE_MEMBERS = ("State",)
    SCRIPT_MEMBERS = ("StateChanged",)

    state: Annotated[bool, ReadOnly()]

    def __init__(self, services: Services, name: str, *, invert: bool = False) -> None:
        super().__init__(services, name)
        self.inverted = invert
        self.state = invert
        self.state_changed: EventHandlers[[Led, bool]] = EventHandlers()

    def on_gpio(self, number: int, value: bool) -> None:
        """Level of the pin."""
        if number != 0:
            self.log.error("signal on input %d: a LED has input 0 only", number)
            return
        lit = value != self.inverted
        if lit != self.state:
            self.state = lit
            self.state_changed(self, lit)

    def reset(self) -> None:
        """Nothing to forget: the pin that drives the LED is reset by its port."""
