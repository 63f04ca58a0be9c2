"""Memories as numpy arrays, shared with the core."""

from __future__ import annotations

import mmap

import numpy as np
from numpy.typing import NDArray

from sim.engine.devices.base import Device, Services
from sim.engine.native import shared
from sim.errors import CrosscamError

PAGE = 1 << shared.PAGE_SHIFT
"""Bytes of a page, the least the core can be shown."""


class MappedMemory(Device):
    """RAM or flash of ``size`` bytes; ``array`` is its content, shared with the core."""

    RENODE_TYPES = ("Memory.MappedMemory", "Memory.ArrayMemory")

    def __init__(self, services: Services, name: str, *, size: int, initial_value: int = 0) -> None:
        super().__init__(services, name)
        if size <= 0:
            raise CrosscamError(f"memory {name}: size {size} bytes; give a size above 0")
        self.size = size
        # Anonymous pages: aligned as Unicorn wants them, zero, and free until touched; a process that is forked off
        # (sim/engine/observe/past) has its own.
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self._pages = mmap.mmap(-1, (size + PAGE - 1) // PAGE * PAGE, flags=flags)
        self.array: NDArray[np.uint8] = np.frombuffer(self._pages, dtype=np.uint8)[:size]
        self.view = memoryview(self._pages)[:size]
        if initial_value:
            self.array[:] = initial_value & 0xFF

    @property
    def host_address(self) -> int:
        """Where byte 0 lies in this process."""
        return int(self.array.ctypes.data)

    @property
    def mapped_size(self) -> int:
        """``size`` rounded up to whole pages."""
        return len(self._pages)

    def read(self, offset: int, width: int) -> int:
        return int.from_bytes(self.view[offset : offset + width], "little")

    def write(self, offset: int, width: int, value: int) -> None:
        self.view[offset : offset + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")

    def reset(self) -> None:
        """A reset leaves memory as it is."""
