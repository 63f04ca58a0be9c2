"""A UART that only sends: whatever word is written goes out as a byte. Renode's test suites use it."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.base import Device, Services
from sim.engine.members import Byte


class TrivialUart(Device):
    """No speed, no interrupt, no receiver. ``on_char`` gets each byte."""

    RENODE_TYPES = ("UART.TrivialUart",)
    RENODE_MEMBERS = ("WriteChar",)
    size = 4

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.on_char: list[Callable[[int], None]] = []

    def write(self, offset: int, width: int, value: int) -> None:
        """The low byte is sent."""
        for listener in tuple(self.on_char):
            listener(value & 0xFF)

    def write_char(self, byte: Byte) -> None:
        """Nothing receives what is typed."""
