"""How much of each memory a firmware takes: what it was linked for, and what it has changed while it ran."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.bus import MappedMemory
from sim.engine.machine import Machine

LARGEST = 1 << 26
"""Bytes of a memory that is compared; of a larger one only what is linked is told."""


@dataclass(frozen=True)
class MemoryUse:
    """Bytes. ``linked``: what of sections lies there; ``changed``: bytes that have had another value since the start;
    ``lowest`` and ``highest``: the first and the last of them, None where there is none."""

    name: str
    start: int
    size: int
    linked: int
    changed: int
    lowest: int | None
    highest: int | None


class MemoryWatch:
    """Compares the memories of ``machine`` with what they hold now, whenever it is told to look.

    A byte that was written with the value it had, or changed and changed back between two looks, is not seen.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._before = [self._content(memory) for _, _, memory in machine.sysbus.memories]
        self._changed: list[NDArray[np.bool_]] = [np.zeros(len(each), np.bool_) for each in self._before]

    @staticmethod
    def _content(memory: MappedMemory) -> NDArray[np.uint8]:
        return np.frombuffer(memory.view, np.uint8, MemoryWatch._compared(memory)).copy()

    @staticmethod
    def _compared(memory: MappedMemory) -> int:
        return memory.size if memory.size <= LARGEST else 0

    def look(self) -> None:
        """Note what differs from the start."""
        for (_, _, memory), before, changed in zip(
            self._machine.sysbus.memories, self._before, self._changed, strict=False
        ):
            changed |= np.frombuffer(memory.view, np.uint8, self._compared(memory)) != before

    def use(self) -> list[MemoryUse]:
        """Every memory in which something lies or has changed."""
        self.look()
        image = self._machine.symbols
        found = []
        for (start, end, memory), changed in zip(self._machine.sysbus.memories, self._changed, strict=False):
            linked = sum(
                max(0, min(end, image.sections[name] + size) - max(start, image.sections[name]))
                for name, size in image.sizes.items()
                if name in image.sections
            )
            places = np.flatnonzero(changed)
            if linked or len(places):
                lowest, highest = (start + int(places[0]), start + int(places[-1])) if len(places) else (None, None)
                found.append(MemoryUse(memory.name, start, end - start, linked, len(places), lowest, highest))
        return sorted(found, key=lambda each: each.start)


def flash_bytes(machine: Machine) -> int:
    """Bytes of the loaded file: what has to be programmed."""
    return sum(len(data) for _, data in machine.symbols.segments)
