"""A member of every sensor of temperature or humidity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine.devices.base import Device
from sim.engine.monitor.environments import Environment

if TYPE_CHECKING:
    from sim.engine.monitor.monitor import Monitor


class SensorFace:
    """A sensor may be moved to another environment."""

    RENODE_MEMBERS = ("SetEnvironment",)

    def __init__(self, monitor: Monitor, device: Device) -> None:
        self._monitor, self._device = monitor, device

    def set_environment(self, target_environment: Environment) -> None:
        """Measure what is there."""
        self._monitor.environments.put_sensor(target_environment, self._monitor.machine, self._device)
