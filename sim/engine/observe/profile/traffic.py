"""Who moves how much over the bus: bytes by master and by memory or device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from sim.engine.bus import Bus, MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.devices.base import Device
from sim.engine.machine import Machine

CORE = "core"
_NO_MASTERS = (CortexM, Nvic, MappedMemory)
Count = Callable[[str, int, int, bool], None]
"""Called with the master's name, the address, the bytes, and whether they are written."""


class _CountingBus:
    """The bus as one master sees it."""

    def __init__(self, master: str, bus: Any, count: Count) -> None:
        self._master, self._bus, self._count = master, bus, count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def read(self, address: int, width: int) -> int:
        """As the bus's."""
        self._count(self._master, address, width, False)
        value: int = self._bus.read(address, width)
        return value

    def read_bytes(self, address: int, count: int) -> bytes:
        """As the bus's."""
        self._count(self._master, address, count, False)
        data: bytes = self._bus.read_bytes(address, count)
        return data

    def write(self, address: int, width: int, value: int) -> None:
        """As the bus's."""
        self._count(self._master, address, width, True)
        self._bus.write(address, width, value)

    def write_bytes(self, address: int, data: bytes) -> None:
        """As the bus's."""
        self._count(self._master, address, len(data), True)
        self._bus.write_bytes(address, data)


class _CountingServices:
    """The machine as one master sees it."""

    def __init__(self, device: Device, count: Count) -> None:
        self.inner: Any = device.services
        self.sysbus = _CountingBus(device.name, self.inner.sysbus, count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Traffic:
    """Counts from now on. ``moved``: bytes by (master, memory or device, whether written).

    Of the core only accesses to devices are seen; what its caches fetch and write is the clock's knowledge.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._bus: Bus = machine.sysbus
        self.moved: Counter[tuple[str, str, bool]] = Counter()
        self.on_moved: list[Callable[[str, str, int, bool], None]] = []
        """Called with master, memory or device, bytes, and whether they are written."""
        self._wrapped: list[tuple[Device, _CountingServices]] = []
        for device in machine.devices.values():
            if not isinstance(device, _NO_MASTERS) and not isinstance(device.services, _CountingServices):
                services = _CountingServices(device, self._count)
                device.services = services
                self._wrapped.append((device, services))
        self._before = machine.on_device_access
        machine.on_device_access = self._core_accesses

    def close(self) -> None:
        """Count nothing any more."""
        for device, services in self._wrapped:
            if device.services is services:
                device.services = services.inner
        if self._machine.on_device_access == self._core_accesses:
            self._machine.on_device_access = self._before

    def clear(self) -> None:
        """Begin anew."""
        self.moved.clear()

    def _core_accesses(self, address: int, width: int, write: bool) -> None:
        self._count(CORE, address, width, write)
        if self._before is not None:
            self._before(address, width, write)

    def _count(self, master: str, address: int, size: int, write: bool) -> None:
        memory = self._bus.memory_at(address)
        if memory is not None:
            name = memory[0].name
        else:
            window = self._bus.window_at(address)
            name = "nothing" if window is None else window.device.name
        self.moved[master, name, write] += size
        for hook in self.on_moved:
            hook(master, name, size, write)
