"""Environments: the temperature and humidity that a group of sensors measures (``emulation CreateEnvironment``).

A machine put into an environment brings its sensors along, those it gets later too; a sensor may be moved alone. A
sensor takes over the environment's values when it comes in, when they change, and when its machine is reset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine.devices.base import Device
from sim.engine.devices.dummy_sensor import HumiditySensor, TemperatureSensor
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.machine import Machine
    from sim.engine.monitor.objects import Member


class Environment:
    """One group.

    Attributes:
        sensors: path of each sensor in it (``machine-0:sysbus.thermometer``) and the sensor.
        machines: names of the machines whose new sensors belong here.
    """

    def __init__(self) -> None:
        self.sensors: dict[str, Device] = {}
        self.machines: list[str] = []
        self._temperature = self._humidity = 0.0

    def temperature(self, value: float | None = None) -> float | None:
        """``Temperature``, or ``Temperature value`` in degrees Celsius."""
        if value is None:
            return self._temperature
        self._temperature = value
        self._update()
        return None

    def humidity(self, value: float | None = None) -> float | None:
        """``Humidity``, or ``Humidity value`` in percent."""
        if value is None:
            return self._humidity
        self._humidity = value
        self._update()
        return None

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

    @property
    def members(self) -> dict[str, Member]:
        """What a monitor command may name behind the environment's name."""
        return {
            "Temperature": self.temperature,
            "Humidity": self.humidity,
            "GetRegisteredSensorsNames": lambda: list(self.sensors),
            "GetRegisteredMachineNames": lambda: list(self.machines),
        }


class Environments:
    """All environments of an emulation, by name."""

    def __init__(self) -> None:
        self._all: dict[str, Environment] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def __getitem__(self, name: str) -> Environment:
        if name not in self._all:
            known = ", ".join(self._all) or 'none yet: `emulation CreateEnvironment "name"` makes one'
            raise CrosscamError(f"no environment {name}: there are {known}")
        return self._all[name]

    def create(self, name: str) -> None:
        """Make an empty one; CrosscamError when the name is taken."""
        if name in self._all:
            raise CrosscamError(f"there is an environment {name} already: expected another name")
        self._all[name] = Environment()

    def put_machine(self, name: str, machine: Machine) -> None:
        """All sensors of ``machine``, present and future, measure what is in environment ``name``."""
        target = self[name]
        for each in self._all.values():
            each.machines = [other for other in each.machines if other != machine.name]
        target.machines.append(machine.name)
        for path, sensor in _sensors(machine).items():
            self._move(path, sensor, target)
        self._follow_resets(machine)

    def put_sensor(self, name: str, machine: Machine, sensor: Device) -> None:
        """``sensor`` alone measures what is in environment ``name``."""
        target = self[name]
        found = [path for path, device in _sensors(machine).items() if device is sensor]
        if not found:
            raise CrosscamError(f"{sensor.name} ({type(sensor).__name__}) is no sensor: expected one")
        self._move(found[0], sensor, target)
        self._follow_resets(machine)

    def devices_changed(self, machine: Machine) -> None:
        """Take in sensors ``machine`` has got and forget those it has lost."""
        present = _sensors(machine)
        for each in self._all.values():
            for path in list(each.sensors):
                if path.startswith(f"{machine.name}:") and present.get(path) is not each.sensors[path]:
                    del each.sensors[path]
        for each in self._all.values():
            if machine.name in each.machines:
                for path, sensor in present.items():
                    if not any(path in other.sensors for other in self._all.values()):
                        each.add(path, sensor)

    def machine_removed(self, name: str) -> None:
        """Forget machine ``name`` and its sensors."""
        for each in self._all.values():
            each.machines = [other for other in each.machines if other != name]
            for path in [path for path in each.sensors if path.startswith(f"{name}:")]:
                del each.sensors[path]

    def _move(self, path: str, sensor: Device, target: Environment) -> None:
        for each in self._all.values():
            if each is not target:
                each.sensors.pop(path, None)
        target.add(path, sensor)

    def _follow_resets(self, machine: Machine) -> None:
        if self._after_reset not in machine.on_reset:
            machine.on_reset.append(self._after_reset)

    def _after_reset(self) -> None:
        for each in self._all.values():
            for sensor in each.sensors.values():
                each.set_values(sensor)


def _sensors(machine: Machine) -> dict[str, Device]:
    return {
        f"{machine.name}:{path}": device
        for path, device in machine.devices.items()
        if isinstance(device, TemperatureSensor | HumiditySensor)
    }
