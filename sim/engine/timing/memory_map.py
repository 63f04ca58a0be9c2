"""Which memory a page belongs to and whether the caches may hold it: default map, MPU regions, cache enables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import shared
from sim.engine.timing import block_layout, m7_layout
from sim.engine.timing.chip import Memory, Place
from sim.engine.timing.core import CoreSettings

NOT_CACHED, WRITE_THROUGH, WRITE_BACK, WRITE_BACK_ALLOCATE = range(4)
PAGES = 1 << (32 - shared.PAGE_SHIFT)
CCR_DATA_CACHE = 1 << 16
CCR_CODE_CACHE = 1 << 17
MPU_ENABLE = 1
MPU_DEFAULT_MAP = 4
# ARMv7-M B3.1: memory type by the top three address bits.
_DEFAULT = (WRITE_THROUGH, WRITE_BACK_ALLOCATE, NOT_CACHED, WRITE_BACK_ALLOCATE, WRITE_THROUGH, 0, 0, 0)
_BY_BITS = (NOT_CACHED, WRITE_BACK_ALLOCATE, WRITE_THROUGH, WRITE_BACK)  # TEX 1xx, inner policy


def policy_of(attributes: int) -> int:
    """Data cache policy of an MPU_RASR value (ARMv7-M B3.5.9); shareable memory is not cached (Cortex-M7 TRM)."""
    tex, shareable = attributes >> 19 & 7, attributes >> 18 & 1
    bits = attributes >> 16 & 3  # C, B
    if shareable:
        return NOT_CACHED
    if tex & 4:
        return _BY_BITS[bits]
    if tex == 0:
        return (NOT_CACHED, NOT_CACHED, WRITE_THROUGH, WRITE_BACK)[bits]
    if tex == 1:
        return WRITE_BACK_ALLOCATE if bits == 3 else NOT_CACHED
    return NOT_CACHED


class PageMap:
    """Two byte maps, a byte a 4 KiB page: memory number | policy << 4; 0 where an access costs nothing extra.

    ``latencies``: a memory's record (``block_layout.MEMORY_WORDS``) by its number; ``traffic``: bytes read and written.
    """

    def __init__(self, memories: Sequence[Place]) -> None:
        self._memories = memories
        self.code: NDArray[np.uint8] = np.zeros(PAGES, np.uint8)
        self.data: NDArray[np.uint8] = np.zeros(PAGES, np.uint8)
        self.latencies: NDArray[np.int64] = np.zeros((16, block_layout.MEMORY_WORDS), np.int64)
        self.traffic: NDArray[np.int64] = np.zeros((16, block_layout.TRAFFIC_WORDS), np.int64)

    def moved(self) -> dict[int, tuple[int, int]]:
        """Bytes that core and caches have read and written, by the memories' first addresses."""
        columns = self.traffic[1 : len(self._memories) + 1].tolist()
        return {memory.base: (read, written) for memory, (read, written) in zip(self._memories, columns, strict=True)}

    def rebuild(self, core: CoreSettings | None) -> None:
        """Follow the core's settings; without a core: caches off."""
        for number, memory in enumerate(self._memories, 1):
            first, last = pages_of(memory)
            self.code[first:last] = self.data[first:last] = number


def pages_of(memory: Place) -> tuple[int, int]:
    """The first page of a memory, and that behind its last."""
    return memory.base >> shared.PAGE_SHIFT, (memory.base + memory.size - 1 >> shared.PAGE_SHIFT) + 1


class MemoryMap(PageMap):
    """What the caches of a Cortex-M7 may hold of memories that are no TCM.

    MPU regions count by whole pages: one smaller than a page, or the rest of one, is rounded outwards.
    """

    def __init__(self, memories: Sequence[Memory]) -> None:
        super().__init__([memory for memory in memories if not memory.tcm])
        self.retime(memories)

    def retime(self, memories: Sequence[Memory]) -> None:
        """The same memories with other latencies (``Chip.at``)."""
        for number, memory in enumerate((m for m in memories if not m.tcm), 1):
            figures = (
                memory.first, memory.beat, memory.write, memory.fill, memory.word, memory.busy,
                memory.held_first, memory.held_shift,
            )  # fmt: skip
            self.latencies[number, : len(figures)] = figures

    def written_back(self, address: int) -> None:
        """Cache maintenance has written the line at ``address`` back."""
        number = self.data[address >> shared.PAGE_SHIFT] & 15
        self.traffic[number, block_layout.BYTES_WRITTEN] += m7_layout.LINE_BYTES

    def rebuild(self, core: CoreSettings | None) -> None:
        """Follow the core's settings; without a core: caches off."""
        ccr = core.ccr if core is not None else 0
        policies = self._policies(core)
        for number, memory in enumerate(self._memories, 1):
            first, last = pages_of(memory)
            part = policies[first:last]
            self.data[first:last] = number | (part << 4 if ccr & CCR_DATA_CACHE else 0)
            self.code[first:last] = number | ((part != 0) << 4 if ccr & CCR_CODE_CACHE else 0)

    def _policies(self, core: CoreSettings | None) -> NDArray[np.uint8]:
        policies = np.repeat(np.array(_DEFAULT, np.uint8), PAGES // 8)
        if core is None or not core.mpu.control.value & MPU_ENABLE:
            return policies
        mpu = core.mpu
        if not mpu.control.value & MPU_DEFAULT_MAP:
            policies[:] = NOT_CACHED
        for index in range(mpu.regions):
            attributes = mpu.attributes[index]
            if not attributes & 1:
                continue
            size = 2 << (attributes >> 1 & 31)
            base = mpu.bases[index] & ~(size - 1)
            for part in range(8) if size >= 256 else (-1,):
                if part >= 0 and attributes >> (8 + part) & 1:
                    continue
                start = base + (size // 8 * part if part >= 0 else 0)
                length = size // 8 if part >= 0 else size
                first = start >> shared.PAGE_SHIFT
                last = (start + length - 1 >> shared.PAGE_SHIFT) + 1
                policies[first:last] = policy_of(attributes)
        return policies
