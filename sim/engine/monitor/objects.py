"""What commands can name: the machine and its devices, the emulation and its externals."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from sim.engine.bus import MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.devices.base import Device
from sim.engine.devices.mocks.dummy_sensor import HumiditySensor, TemperatureSensor
from sim.engine.machine import Machine
from sim.engine.machine.lockstep import Lockstep
from sim.engine.monitor import analyzers
from sim.engine.monitor.environments import Environments
from sim.engine.monitor.faces.core import CoreFace, NvicFace
from sim.engine.monitor.faces.device import DeviceFace
from sim.engine.monitor.faces.emulation import ConnectorFace, EmulationFace
from sim.engine.monitor.faces.line import LineFace
from sim.engine.monitor.faces.machine import MachineFace
from sim.engine.monitor.faces.memory import MemoryFace
from sim.engine.monitor.faces.sensor import SensorFace
from sim.engine.monitor.faces.system_bus import SystemBusFace
from sim.engine.monitor.faces.uart import UartFace, is_uart
from sim.engine.monitor.kinds import External
from sim.engine.monitor.session import ObjectSession
from sim.engine.monitor.symbol_hooks import SymbolHooks
from sim.engine.monitor.uart_files import UartFile, UartRecording
from sim.engine.observe.block_log import BlockFollower
from sim.engine.platform.registry import Registry, near_names
from sim.engine.truth import BoardTruth
from sim.engine.wording import NAME_TAKEN
from sim.errors import CrosscamError, shown

Owners = tuple[str, Sequence[object], Sequence[object]]
"""Name of an object, what declares its members, the arguments behind its name."""


@dataclass(frozen=True)
class _Place:
    """One machine and what the monitor keeps of it."""

    machine: Machine
    follower: BlockFollower
    fixed: dict[str, object] = field(default_factory=dict)


class Objects(ObjectSession):
    """One emulation's objects: the base of the monitor.

    Attributes:
        registry: types a description may name; None: the engine's own.
        externals: what ``emulation Create...`` made, by name.
        usings: prefixes that names may go without.
        environments: what groups of sensors measure.
        uart_files: files that UARTs write, by path.
    """

    def __init__(self, timing: str, registry: Registry | None) -> None:
        self.registry = registry
        self._timing = timing
        self._machine: Machine | None = None
        self._places: dict[str, _Place] = {}
        self._lockstep = Lockstep()
        self.externals: dict[str, External] = {}
        self.usings: list[str] = ["sysbus"]  # as Renode starts
        self.environments = Environments(lambda: self.externals.values())
        self.uart_files: dict[str, UartFile | UartRecording] = {}
        self._levels: dict[str, int] = {}
        self._faces: dict[Device, tuple[object, ...]] = {}
        self._fixed: dict[str, object] = {}  # faces of sysbus and machine, for as long as there is this machine
        self._emulation = EmulationFace(self)
        self._connector = ConnectorFace(self)

    # Machine

    @property
    def has_machine(self) -> bool:
        """Whether ``mach create`` has been executed."""
        return self._machine is not None

    @property
    def machine(self) -> Machine:
        """The machine; CrosscamError when there is none yet."""
        if self._machine is None:
            raise CrosscamError('there is no machine yet: expected `mach create "name"` first')
        return self._machine

    @property
    def machine_names(self) -> list[str]:
        """Names of all machines, in the order they were made."""
        return list(self._places)

    def create_machine(self, name: str) -> None:
        """Make the machine ``name`` and turn to it; CrosscamError when there is one of that name already."""
        if name in self._places:
            raise CrosscamError(f"mach create {shown(name)}: there is a machine of that name already: expected another")
        if not self._places:
            self._restore_log_levels()
        machine = Machine(name=name, timing=self._timing)
        self._places[name] = _Place(machine, BlockFollower(machine))
        if len(self._places) > 1:
            for place in self._places.values():
                if place.machine.lockstep is None:
                    self._lockstep.join(place.machine)
                    place.machine.lockstep = self._lockstep
        self.select_machine(name)
        self.machine_made()
        if len(self._places) == 1:
            for external in self.externals.values():
                external.time_began()

    def select_machine(self, name: str) -> None:
        """Turn to the machine ``name``, which there is."""
        place = self._places[name]
        self._machine, self.follower, self._fixed = place.machine, place.follower, place.fixed

    def remove_machine(self, name: str) -> None:
        """Drop the machine ``name``, which there is, and turn to the first of those left."""
        if len(self._places) == 1:
            self.forget_machine()
            return
        machine = self._places.pop(name).machine
        machine.lockstep = None
        self._lockstep.leave(machine)
        if machine.attached is not None:
            machine.attached.close()
        self.environments.machine_removed(name)
        if machine is self._machine:
            self.select_machine(next(iter(self._places)))

    def set_quantum(self, seconds: Fraction) -> None:
        """How far several machines may be ahead of each other."""
        self._lockstep.quantum = seconds

    def machine_made(self) -> None:
        """A new machine is there."""

    def forget_machine(self) -> None:
        """Drop all machines."""
        for name, place in self._places.items():
            self.environments.machine_removed(name)
            place.machine.lockstep = None
            if place.machine.attached is not None:
                place.machine.attached.close()
        self._places.clear()
        self._lockstep = Lockstep()
        self._machine = None
        for file in self.uart_files.values():
            file.close()
        self.uart_files.clear()
        self._forget_faces()

    def _forget_faces(self) -> None:
        self._faces.clear()
        self._fixed = {}

    @property
    def machine_face(self) -> object:
        """What declares the members of ``machine``."""
        return self._face("machine", MachineFace)

    def _face(self, name: str, make: type) -> object:
        face = self._fixed.get(name)
        if face is None:
            face = self._fixed[name] = make(self)
        return face

    @property
    def symbol_hooks(self) -> SymbolHooks:
        """Hooks at symbols of the machine's core."""
        found = self._fixed.get("symbols")
        if not isinstance(found, SymbolHooks):
            found = self._fixed["symbols"] = SymbolHooks(self.machine.cpu, self.symbol_addresses)
        return found

    def symbol_addresses(self, name: str) -> list[int]:
        """Addresses of the symbols of that name in what is loaded."""
        return [symbol.address for symbol in self.machine.symbols.symbols if symbol.name == name]

    def symbols_changed(self) -> None:
        """Firmware or symbols were loaded."""
        if "symbols" in self._fixed:
            self.symbol_hooks.symbols_changed()

    # Devices

    def device(self, name: str) -> Device:
        """The device ``name``, with prefixes of ``using`` tried; CrosscamError with near names."""
        found = self._find_device(name)
        if found is None:
            near = near_names(name, self.device_names) or "the command `peripherals` lists them"
            raise CrosscamError(f"no device {shown(name)}: {near}")
        return found

    def _find_device(self, name: str) -> Device | None:
        if self._machine is None:
            return None
        devices = self._machine.devices
        found = devices.get(name)
        if found is None:
            for prefix in self.usings:
                found = devices.get(f"{prefix}.{name}")
                if found is not None:
                    break
        return found

    @property
    def device_names(self) -> list[str]:
        """Paths of all devices, with and without the prefixes of ``using``."""
        paths = list(self._machine.devices) if self._machine is not None else []
        return paths + [path.removeprefix(f"{prefix}.") for path in paths for prefix in self.usings]

    @property
    def object_names(self) -> list[str]:
        """What there is besides devices."""
        return ["sysbus", "machine", "emulation", "connector", *self.externals]

    def path_of(self, device: Device) -> str:
        """Where ``device`` is, such as ``sysbus.usart3``; its own name where it is nowhere."""
        return next((path for path, each in self.machine.devices.items() if each is device), device.name)

    def devices_changed(self) -> None:
        """A description was loaded, or a device taken away."""
        BoardTruth.attach(self.machine)
        self.environments.devices_changed(self.machine)

    def unregister(self, device: Device) -> None:
        """Take ``device`` away; CrosscamError when others depend on it."""
        machine = self.machine
        if isinstance(device, MappedMemory | CortexM) or device.children:
            kind = type(device).__name__
            raise CrosscamError(f"cannot unregister {device.name} ({kind}): expected a device without children")
        for path in [path for path, each in machine.devices.items() if each is device]:
            del machine.devices[path]
        for parent in machine.devices.values():
            parent.unregister_child(device)
        machine.sysbus.remove_windows(device)
        self._faces.pop(device, None)
        self.devices_changed()

    def show_analyzer(self, device: Device, analyzer: str | None) -> None:
        """``showAnalyzer``."""
        analyzers.show(self.machine, device, analyzer)

    # Externals

    def refuse_taken(self, name: str) -> None:
        """CrosscamError when there is an external, device or other object of that name."""
        if name in self.object_names or self._find_device(name) is not None:
            raise CrosscamError(f"{NAME_TAKEN}: {shown(name)}: expected another one")

    def add_external(self, name: str, external: External) -> None:
        """Keep ``external`` under a name of its own."""
        self.refuse_taken(name)
        self.externals[name] = external

    def forget_externals(self) -> None:
        """Drop all externals."""
        for external in self.externals.values():
            external.close()
        self.externals.clear()

    # Names in commands

    def owners(self, name: str, arguments: Sequence[object]) -> Owners | None:
        """What declares the members of the object ``name``; None when there is no such object."""
        if name == "sysbus":
            return name, [self._face(name, SystemBusFace)], arguments
        if name == "machine":
            return name, [self.machine_face], arguments
        if name == "emulation":
            return name, [self._emulation], arguments
        if name == "connector":
            return name, [self._connector], arguments
        external = self.externals.get(name)
        if external is not None:
            return name, [external], arguments
        device = self._find_device(name)
        return None if device is None else self._owners_of(device, arguments)

    def _owners_of(self, device: Device, arguments: Sequence[object]) -> Owners:
        path = self.path_of(device)
        if arguments and isinstance(arguments[0], str):
            line = device.outputs.get(arguments[0]) if not isinstance(device, CortexM) else None
            if line is not None:
                face = LineFace(self, device, line)
                if len(arguments) == 1:
                    return f"{path} {arguments[0]}", [face], ["State"]
                return f"{path} {arguments[0]}", [face], arguments[1:]
        faces = self._faces.get(device)
        if faces is None:
            faces = self._faces[device] = _faces_of(self, device)
        return path, faces, arguments

    # Logging levels are the process' own: what one machine's script set must not outlive it.

    def set_log_level(self, name: str, level: int) -> None:
        """Set the level of the logger ``name``, remembering what it was."""
        logger = logging.getLogger(name)
        self._levels.setdefault(name, logger.level)
        logger.setLevel(level)

    def _restore_log_levels(self) -> None:
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        self._levels.clear()


def _faces_of(monitor: Objects, device: Device) -> tuple[object, ...]:
    """What declares the members of ``device``, what comes first counts."""
    faces: list[object] = []
    if isinstance(device, CortexM):
        faces.append(CoreFace(monitor, device))
    faces.append(device)
    if isinstance(device, Nvic):
        faces.append(NvicFace(monitor))
    if is_uart(device):
        faces.append(UartFace(monitor, device))
    if isinstance(device, TemperatureSensor | HumiditySensor):
        faces.append(SensorFace(monitor, device))
    if isinstance(device, MappedMemory):
        faces.append(MemoryFace(monitor, device))
    return (*faces, DeviceFace(monitor, device))
