"""Environments: the temperature and humidity that a group of sensors measures (``emulation CreateEnvironment``).

A machine put into an environment brings its sensors along, those it gets later too; a sensor may be moved alone. A
sensor takes over the environment's values when it comes in, when they change, and when its machine is reset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sim.engine.devices.base import Device
from sim.engine.devices.mocks.dummy_sensor import HumiditySensor, TemperatureSensor
from sim.engine.monitor.kinds import External
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.machine import Machine


class Environment(External):
    """One group.

    Attributes:
        sensors: path of each sensor in it (``machine-0:sysbus.thermometer``) and the sensor.
        machines: names of the machines whose new sensors belong here.
    """

    RENODE_MEMBERS = ("Temperature", "Humidity", "GetRegisteredSensorsNames", "GetRegisteredMachineNames")

    def __init__(self) -> None:
        self.sensors: dict[str, Device] = {}
        self.machines: list[str] = []
        self._temperature = self._humidity = 0.0

    @property
    def temperature(self) -> float:
        """Degrees Celsius."""
        return self._temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        self._temperature = value
        self._update()

    @property
    def humidity(self) -> float:
        """Percent."""
        return self._humidity

    @humidity.setter
    def humidity(self, value: float) -> None:
        self._humidity = value
        self._update()

    def get_registered_sensors_names(self) -> list[str]:
        """Paths of the sensors in it."""
        return list(self.sensors)

    def get_registered_machine_names(self) -> list[str]:
        """Machines whose new sensors come here."""
        return list(self.machines)

    def add(self, path: str, sensor: Device) -> None:
        """Let ``sensor`` measure what is here; nothing happens when it does already."""
        if path not in self.sensors:
            self.sensors[path] = sensor
            self.set_values(sensor)

    def _update(self) -> None:
        for sensor in self.sensors.values():
            self.set_values(sensor)

    def set_values(self, sensor: Device) -> None:
        """Hand ``sensor`` the values it can measure."""
        if isinstance(sensor, TemperatureSensor):
            sensor.temperature = self._temperature
        if isinstance(sensor, HumiditySensor):
            sensor.humidity = self._humidity


class Environments:
    """Which sensor is in which environment. ``everything`` gives the externals of the emulation."""

    def __init__(self, everything: Callable[[], Iterable[External]]) -> None:
        self._everything = everything

    @property
    def _all(self) -> list[Environment]:
        return [each for each in self._everything() if isinstance(each, Environment)]

    def put_machine(self, target: Environment, machine: Machine) -> None:
        """All sensors of ``machine``, present and future, measure what is in ``target``."""
        for each in self._all:
            each.machines = [other for other in each.machines if other != machine.name]
        target.machines.append(machine.name)
        for path, sensor in _sensors(machine).items():
            self._move(path, sensor, target)
        self._follow_resets(machine)

    def put_sensor(self, target: Environment, machine: Machine, sensor: Device) -> None:
        """``sensor`` alone measures what is in ``target``."""
        found = [path for path, device in _sensors(machine).items() if device is sensor]
        if not found:
            raise CrosscamError(f"{sensor.name} ({type(sensor).__name__}) is no sensor: expected one")
        self._move(found[0], sensor, target)
        self._follow_resets(machine)

    def devices_changed(self, machine: Machine) -> None:
        """Take in sensors ``machine`` has got and forget those it has lost."""
        present = _sensors(machine)
        for each in self._all:
            for path in list(each.sensors):
                if path.startswith(f"{machine.name}:") and present.get(path) is not each.sensors[path]:
                    del each.sensors[path]
        for each in self._all:
            if machine.name in each.machines:
                for path, sensor in present.items():
                    if not any(path in other.sensors for other in self._all):
                        each.add(path, sensor)

    def machine_removed(self, name: str) -> None:
        """Forget machine ``name`` and its sensors."""
        for each in self._all:
            each.machines = [other for other in each.machines if other != name]
            for path in [path for path in each.sensors if path.startswith(f"{name}:")]:
                del each.sensors[path]

    def _move(self, path: str, sensor: Device, target: Environment) -> None:
        for each in self._all:
            if each is not target:
                each.sensors.pop(path, None)
        target.add(path, sensor)

    def _follow_resets(self, machine: Machine) -> None:
        if self._after_reset not in machine.on_reset:
            machine.on_reset.append(self._after_reset)

    def _after_reset(self) -> None:
        for each in self._all:
            for sensor in each.sensors.values():
                each.set_values(sensor)


def _sensors(machine: Machine) -> dict[str, Device]:
    return {
        f"{machine.name}:{path}": device
        for path, device in machine.devices.items()
        if isinstance(device, TemperatureSensor | HumiditySensor)
    }
