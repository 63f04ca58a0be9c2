"""Bus masters beside the core: what a device does to memory passes here before the bus does it.

Each device of the board gets services of its own, whose bus asks a judge about accesses to tracked pages and then goes
on as the machine's does. So any model that moves data itself is heard (DMAs, Ethernet, SDMMC, LTDC, DMA2D ...), those
to come included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sim.engine.bus import Bus
from sim.engine.devices.base import BusWindow, Device
from sim.engine.machine import Machine
from sim.engine.native import shared
from sim.engine.timing.clock import Clock

_SHIFT, _PAGES = shared.PAGE_SHIFT, (1 << 32 - shared.PAGE_SHIFT) - 1


class Judge(Protocol):
    """``tracked[page]`` is not 0 where an access has to be judged."""

    tracked: bytearray

    def master_reads(self, device: Device, address: int, size: int) -> None:
        """``device`` is about to read ``size`` bytes."""

    def master_writes(self, device: Device, address: int, data: bytes) -> None:
        """``device`` is about to write ``data``."""


class MasterBus:
    """The system bus as one device sees it (``BusService``)."""

    def __init__(self, device: Device, bus: Bus, judge: Judge) -> None:
        self._device, self._bus, self._judge = device, bus, judge
        self._tracked = judge.tracked
        self.window_at: Callable[[int], BusWindow | None] = bus.window_at
        self.is_unwatched: Callable[..., bool] = bus.is_unwatched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def read(self, address: int, width: int) -> int:
        """As the bus's."""
        if self._tracked[address >> _SHIFT & _PAGES]:
            self._judge.master_reads(self._device, address, width)
        return self._bus.read(address, width)

    def read_bytes(self, address: int, count: int) -> bytes:
        """As the bus's."""
        if count and self._tracked[address >> _SHIFT & _PAGES]:
            self._judge.master_reads(self._device, address, count)
        return self._bus.read_bytes(address, count)

    def write(self, address: int, width: int, value: int) -> None:
        """As the bus's."""
        if self._tracked[address >> _SHIFT & _PAGES]:
            data = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
            self._judge.master_writes(self._device, address, data)
        self._bus.write(address, width, value, True)

    def write_bytes(self, address: int, data: bytes) -> None:
        """As the bus's."""
        if data and self._tracked[address >> _SHIFT & _PAGES]:
            self._judge.master_writes(self._device, address, data)
        self._bus.write_bytes(address, data, True)


class MasterServices:
    """The machine as one device sees it (``Services``)."""

    def __init__(self, device: Device, machine: Machine, judge: Judge) -> None:
        self._machine = machine
        self.clock: Clock = machine.clock
        self.sysbus = MasterBus(device, machine.sysbus, judge)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._machine, name)

    def device(self, path: str) -> Device:
        """As the machine's."""
        return self._machine.device(path)

    def request_reset(self, reason: str) -> None:
        """As the machine's."""
        self._machine.request_reset(reason)


def listen_to(machine: Machine, judge: Judge, apart: tuple[type[Device], ...]) -> None:
    """Hear every device of ``machine`` that is not heard yet, but those of the types ``apart``."""
    for device in machine.devices.values():
        if device.services is machine and not isinstance(device, apart):
            device.services = MasterServices(device, machine, judge)
