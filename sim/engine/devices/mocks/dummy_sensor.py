"""A sensor at no bus: only its values, which an environment or the monitor sets."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sim.engine.devices.base import Device, Services
from sim.engine.members import Int


@runtime_checkable
class TemperatureSensor(Protocol):
    """Anything that measures a temperature."""

    temperature: float
    """Degrees Celsius."""


@runtime_checkable
class HumiditySensor(Protocol):
    """Anything that measures a humidity."""

    humidity: float
    """Percent."""


class DummySensor(Device):
    """Temperature and humidity, and how often each has been set."""

    RENODE_TYPES = ("Sensors.DummySensor",)
    RENODE_MEMBERS = ("Temperature", "Humidity", "TemperatureUpdateCounter", "HumidityUpdateCounter")
    size = 4

    temperature_update_counter: Int
    humidity_update_counter: Int

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.temperature_update_counter = 0
        self.humidity_update_counter = 0
        self._temperature = self._humidity = 0.0

    @property
    def temperature(self) -> float:
        """Degrees Celsius."""
        return self._temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        self._temperature = value
        self.temperature_update_counter += 1

    @property
    def humidity(self) -> float:
        """Percent."""
        return self._humidity

    @humidity.setter
    def humidity(self, value: float) -> None:
        self._humidity = value
        self.humidity_update_counter += 1

    def reset(self) -> None:
        """Both values are 0 until somebody sets them."""
        super().reset()
        self.temperature = 0.0
        self.humidity = 0.0
