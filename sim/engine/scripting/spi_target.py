"""A part on an SPI bus that a script plays: an object of its own class, on Renode's ``ISPIPeripheral``.

``machine["sysbus.spi1"].Register(part, NullRegistrationPoint.Instance)`` puts it on the bus, in Renode too. The engine
calls ``Transmit(byte)`` and ``FinishTransmission()``, and, which Renode never does, ``TransmitBlock(bytes)`` where the
part has that: many bytes at once whose answers nobody reads. What the part raises is logged in the script's name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engine.devices.base import Device


class ScriptedSpiTarget(Device):
    """``part`` on the bus of ``controller``.

    Args:
        controller: whose target it becomes.
        part: the script's object.
        report: told of exceptions.
    """

    def __init__(self, controller: Device, part: Any, report: Callable[[Exception], None]) -> None:
        super().__init__(controller.services, f"{controller.name}'s scripted target")
        self._part, self._report = part, report
        self._takes_blocks = hasattr(part, "TransmitBlock")

    def transmit(self, byte: int) -> int:
        """One byte each way; 0 where the script fails."""
        try:
            return int(self._part.Transmit(byte)) & 0xFF
        except Exception as error:
            self._report(error)
            return 0

    def transmit_block(self, data: bytes) -> None:
        """Bytes whose answers are not wanted."""
        if not self._takes_blocks:
            for byte in data:
                self.transmit(byte)
            return
        try:
            self._part.TransmitBlock(data)
        except Exception as error:
            self._report(error)

    def finish_transmission(self) -> None:
        """The transfer is over."""
        try:
            self._part.FinishTransmission()
        except Exception as error:
            self._report(error)
