"""Who writes to some bytes: the core, its exception entries, and every device that does so over the bus."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.core_hooks import WRITE
from sim.engine.machine import Machine
from sim.engine.observe.gdb.debuggee import Watch
from sim.engine.observe.gdb.place import place_of
from sim.engine.observe.gdb.points import overlapping
from sim.engine.observe.past.places import Written

_LARGEST = 8
"""Bytes of a write whose value is told."""


class Writes:
    """The ``last`` write to ``length`` bytes from ``address`` while the context ``heard`` lasts."""

    def __init__(self, machine: Machine, address: int, length: int) -> None:
        self._machine, self._address, self._length = machine, address, length
        self.last: Written | None = None
        self._stacked = -1  # address of the frame that the core is about to write over the bus

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Hear of writes. Board truth stands between devices and the bus; it calls the bus itself, as all others do."""
        bus, cpu = self._machine.sysbus, self._machine.cpu
        watch = overlapping(Watch(self._address, self._length, "watch"))
        for address, widths in watch:
            cpu.hooking.watch(address, widths, WRITE, self._stored)
        cpu.on_stacked.append(self._stacks)
        names = {"write": self._word_wise(bus.write), "write_bytes": self._bytes_wise(bus.write_bytes)}
        for name, replacement in names.items():
            setattr(bus, name, replacement)
        try:
            yield
        finally:
            for name in names:
                delattr(bus, name)  # the method shows again
            cpu.on_stacked.remove(self._stacks)
            for address, _ in watch:
                cpu.hooking.unwatch(address, self._stored)

    def _stored(self, core: Core, address: int, width: int, value: int) -> None:
        self.last = Written(place_of(self._machine), address, width, value)

    def _stacks(self, address: int, data: bytes) -> None:
        self._stacked = address

    def _word_wise(self, write: Callable[..., None]) -> Callable[..., None]:
        def heard_write(address: int, width: int, value: int, heard: bool = False) -> None:
            write(address, width, value, heard)
            self._moved(address, width)

        return heard_write

    def _bytes_wise(self, write: Callable[..., None]) -> Callable[..., None]:
        def heard_write(address: int, data: bytes, heard: bool = False) -> None:
            write(address, data, heard)
            self._moved(address, len(data))

        return heard_write

    def _moved(self, address: int, count: int) -> None:
        stacked, self._stacked = self._stacked, -1
        if stacked == address or address >= self._address + self._length or self._address >= address + count:
            return
        value = int.from_bytes(self._machine.sysbus.read_bytes(address, min(count, _LARGEST)), "little")
        self.last = Written(place_of(self._machine), address, count, value, self._mover())

    def _mover(self) -> str:
        for path, device in self._machine.devices.items():
            if device.moving:
                return f"{path.removeprefix('sysbus.')} {device.moving}"
        return "a device or script"
