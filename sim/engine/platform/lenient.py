"""``--lenient``: a .repl may name types, parameters, properties and outputs the engine lacks.

Such a type becomes a warning and a device that does nothing, anything else a warning; without it each is an error.
Nothing is silent here either: each access to the registers of such a device says that they are not modelled.
"""

from __future__ import annotations

import logging
from typing import Any

from sim.engine.devices.base import Device, GpioReceiver, Line, Services
from sim.engine.platform.registry import Registry, default_registry
from sim.engine.platform.syntax import Place
from sim.errors import CrosscamError

_LOG = logging.getLogger("sim.platform")


class _AnyOutput(dict[str | int, Line]):
    """Every output there could be, made when it is first asked for."""

    def __init__(self, owner: str) -> None:
        super().__init__()
        self._owner = owner

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str | int)

    def __missing__(self, key: str | int) -> Line:
        line = self[key] = Line(f"{self._owner}.{key}")
        return line


class Unmodelled(Device):
    """Takes any parameter, wiring and child; reads 0, forgets writes, never drives an output."""

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.outputs = _AnyOutput(name)

    @property
    def default_output(self) -> Line | None:
        """The output of ``-> nvic@39``: never driven."""
        return self.outputs["IRQ"]

    def local_receiver(self, index: int) -> GpioReceiver:
        """Any inner input group."""
        return self

    def region(self, name: str) -> Device:
        """Any part; as little modelled as the rest."""
        return Unmodelled(self.services, f"{self.name}.{name}")

    def on_gpio(self, number: int, value: bool) -> None:
        """Any input; nothing listens."""

    # What buses ask of their children

    def finish_transmission(self) -> None:
        """End of an I2C or SPI transfer."""

    def transmit(self, byte: int) -> int:
        """SPI: answers 0."""
        return 0

    # Registers; an I2C bus calls both with one argument.

    def read(self, offset: int, width: int = 0) -> Any:
        """0, with a warning. On I2C ``offset`` is the number of bytes wanted."""
        if not width:
            return bytes(offset)
        self.log.warning("not modelled: read of offset 0x%X gives 0", offset)
        return 0

    def write(self, offset: Any, width: int = 0, value: int = 0) -> None:
        """Nothing, with a warning. On I2C ``offset`` is the bytes sent."""
        if not width:
            return
        self.log.warning("not modelled: write of 0x%X to offset 0x%X is lost", value, offset)


class LenientRegistry(Registry):
    """The engine's types, and ``Unmodelled`` for every other; cores and interrupt controllers must be known."""

    def __init__(self) -> None:
        super().__init__(())
        self._known = default_registry()

    @property
    def names(self) -> list[str]:
        """The types the engine has."""
        return self._known.names

    def find(self, type_name: str, place: Place) -> type[Device]:
        """As ``Registry.find``, with a warning instead of an error unless it is a core."""
        try:
            return self._known.find(type_name, place)
        except CrosscamError as error:
            if type_name.rpartition("Antmicro.Renode.Peripherals.")[2].startswith("CPU."):
                raise
            _LOG.warning("%s; built as a device that does nothing", error)
            return type("Unmodelled", (Unmodelled,), {"RENODE_TYPES": (type_name,)})

    def refuse(self, error: CrosscamError) -> None:
        """A parameter, property or output of a newer Renode's form of the type."""
        _LOG.warning("%s; left out", error)
