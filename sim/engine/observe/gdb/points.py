"""Breakpoints and watchpoints of a client as the core's hooks."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.core_hooks import READ, WRITE
from sim.engine.machine import Machine
from sim.engine.observe.gdb.debuggee import Points, Stop, Watch
from sim.engine.observe.gdb.place import Place, place_of

_ACCESSES = {"watch": WRITE, "rwatch": READ, "awatch": READ | WRITE}
_WIDTHS = (1, 2, 4, 8)
_LARGEST_ACCESS = 8


class Armed:
    """What the core stops at; ``found`` hears of it while the core stands before the instruction."""

    def __init__(self, machine: Machine, found: Callable[[Stop], None]) -> None:
        self._machine, self._found = machine, found
        self._points = Points()
        self._watch_hooks: dict[Watch, Callable[[Core, int, int, int], None]] = {}
        self._left = Place(-1, -1)

    def fit(self, points: Points) -> None:
        """Make the core's hooks those of ``points``; what stays is not touched."""
        hooking = self._machine.cpu.hooking
        for address in self._points.breakpoints - points.breakpoints:
            hooking.remove(address, self._met)
        for address in points.breakpoints - self._points.breakpoints:
            hooking.add(address, self._met)
        for watch in self._points.watches - points.watches:
            hook = self._watch_hooks.pop(watch)
            for address, _ in overlapping(watch):
                hooking.unwatch(address, hook)
        for watch in points.watches - self._points.watches:
            hook = self._watch_hooks[watch] = self._accessed(watch)
            for address, widths in overlapping(watch):
                hooking.watch(address, widths, _ACCESSES[watch.kind], hook)
        self._points = points

    def leaving(self) -> None:
        """The core goes on from here: a breakpoint at this very instruction has been told of."""
        self._left = place_of(self._machine)

    def _met(self, core: Core, address: int) -> None:
        if place_of(self._machine) != self._left:
            self._found(Stop(kind="hwbreak"))

    def _accessed(self, watch: Watch) -> Callable[[Core, int, int, int], None]:
        def tell(core: Core, address: int, width: int, value: int) -> None:
            self._found(Stop(kind=watch.kind, value=max(address, watch.address)))

        return tell


def overlapping(watch: Watch) -> list[tuple[int, int]]:
    """Addresses of the accesses that reach into ``watch``, each with the widths (1, 2, 4, 8 added up) that do."""
    end = watch.address + watch.length
    found = []
    for address in range(max(0, watch.address - _LARGEST_ACCESS + 1), end):
        widths = sum(width for width in _WIDTHS if address + width > watch.address)
        found.append((address, widths))
    return found
