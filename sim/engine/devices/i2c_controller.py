"""What the I2C controllers of all STM32 families share: slaves at 7-bit addresses, two interrupt lines."""

from __future__ import annotations

from sim.engine.devices.base import Device, Services
from sim.engine.devices.dummy_i2c_slave import I2CTarget
from sim.engine.devices.registers import RegisterDevice
from sim.errors import CrosscamError


class I2cController(RegisterDevice):
    """A bus master; ``_target`` is the slave of the transfer under way, ``_transmit`` the bytes for it."""

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.event_interrupt = self.add_output("EventInterrupt")
        self.error_interrupt = self.add_output("ErrorInterrupt")
        self._targets: dict[int, I2CTarget] = {}
        self._target: I2CTarget | None = None
        self._transmit = bytearray()

    def register_child(self, child: Device, point: int) -> None:
        """Attach an I2C slave at 7-bit address ``point``."""
        if not isinstance(child, I2CTarget):
            raise CrosscamError(f"{self.name}: {child.name} is no I2C slave (write, read, finish_transmission)")
        super().register_child(child, point)
        self._targets[point] = child

    def _select(self, address: int) -> bool:
        """The slave at ``address`` takes part from here on; whether there is one."""
        self._target = self._targets.get(address)
        if self._target is None:
            self.log.warning("no slave answers at address 0x%02X", address)
        return self._target is not None

    def _flush(self) -> None:
        """Hand the slave the bytes of a write in one piece."""
        data = bytes(self._transmit)
        self._transmit.clear()
        if data and self._target is not None:
            self._target.write(data)
