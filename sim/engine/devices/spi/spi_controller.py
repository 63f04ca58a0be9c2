"""What the SPI controllers of all STM32 families share: the target on their lines and frames of up to 32 bits."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sim.engine.devices.base import Device, Services
from sim.engine.devices.registers import RegisterDevice
from sim.errors import CrosscamError


@runtime_checkable
class SpiTarget(Protocol):
    """What an SPI controller asks of the device on its lines."""

    def transmit(self, byte: int) -> int:
        """One byte each way."""

    def finish_transmission(self) -> None:
        """The transfer is over (chip select goes inactive)."""


@runtime_checkable
class SpiBlockTarget(Protocol):
    """A target that takes many bytes at once where nobody looks at its answers."""

    def transmit_block(self, data: bytes) -> None:
        """What ``transmit`` of each byte does."""


class SpiController(RegisterDevice):
    """A controller with one target, its child; without one, reads give 0."""

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._target: SpiTarget | None = None
        self._block_target: SpiBlockTarget | None = None

    def register_child(self, child: Device, point: int) -> None:
        """Attach the target."""
        if not isinstance(child, SpiTarget):
            raise CrosscamError(f"{self.name}: {child.name} is no SPI target (transmit, finish_transmission)")
        super().register_child(child, point)
        self._target = child
        self._block_target = child if isinstance(child, SpiBlockTarget) else None

    def unregister_child(self, child: Device) -> None:
        super().unregister_child(child)
        if not self.children:
            self._target = self._block_target = None

    def exchange_frame(self, value: int, bits: int, lsb_first: bool) -> int:
        """Send ``value`` in whole bytes, the most significant first unless ``lsb_first``; what came back."""
        length = (bits + 7) // 8
        answer = 0
        if self._target is not None:
            for shift in range(0, 8 * length, 8) if lsb_first else range(8 * (length - 1), -8, -8):
                answer |= (self._target.transmit(value >> shift & 0xFF) & 0xFF) << shift
        return answer

    def send_bytes(self, data: bytes) -> None:
        """Send ``data``; nothing is received."""
        if self._block_target is not None:
            self._block_target.transmit_block(data)
        elif self._target is not None:
            for byte in data:
                self._target.transmit(byte)

    def release_target(self) -> None:
        """Chip select goes inactive."""
        if self._target is not None:
            self._target.finish_transmission()
