"""A push button, wired to a GPIO input by ``-> gpioPortC@13``."""

from __future__ import annotations

from typing import Annotated

from sim.engine.devices.base import Device, Services
from sim.engine.devices.event import EventHandlers
from sim.engine.members import ReadOnly


class Button(Device):
    """Drives its line high while pressed (``invert``: low). ``state_changed(pressed)``.

    Unlike Renode's, a reset lets go of the button without pressing it first, so no edge is made up.
    """

    RENODE_TYPES = ("Miscellaneous.Button",)
    RENODE_MEMBERS = ("Press", "Release", "PressAndRelease", "Toggle", "Pressed", "Inverted", "ReleaseOnReset")
    SCRIPT_MEMBERS = ("StateChanged",)

    inverted: Annotated[bool, ReadOnly()]
    pressed: Annotated[bool, ReadOnly()]

    def __init__(self, services: Services, name: str, *, invert: bool = False) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.inverted = invert
        self.pressed = False
        self.release_on_reset = True
        self.state_changed: EventHandlers[[bool]] = EventHandlers()
        self.irq.set(invert)

    def press(self) -> None:
        """Push and hold."""
        self._set(True)

    def release(self) -> None:
        """Let go."""
        self._set(False)

    def press_and_release(self) -> None:
        """A click that takes no virtual time."""
        self.press()
        self.release()

    def toggle(self) -> None:
        """The other of press and release."""
        self._set(not self.pressed)

    def reset(self) -> None:
        if self.release_on_reset and self.pressed:
            self.release()

    def _set(self, pressed: bool) -> None:
        self.pressed = pressed
        self.irq.set(pressed != self.inverted)
        self.state_changed(pressed)
