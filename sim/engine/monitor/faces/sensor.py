"""A member of every sensor of temperature or humidity."""

from __future__ import annotations

from sim.engine.devices.base import Device
from sim.engine.monitor.environments import Environment
from sim.engine.monitor.session import ObjectSession


class SensorFace:
    """A sensor may be moved to another environment."""

    RENODE_MEMBERS = ("SetEnvironment",)

    def __init__(self, monitor: ObjectSession, device: Device) -> None:
        self._monitor, self._device = monitor, device

    def set_environment(self, target_environment: Environment) -> None:
        """Measure what is there."""
        self._monitor.environments.put_sensor(target_environment, self._monitor.machine, self._device)
