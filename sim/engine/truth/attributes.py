"""What the data cache may do with an address: default memory map, MPU regions, and the core's own settings.

ARMv7-M B3.1 (default map), B3.5 (regions: of those that overlap the highest number counts; outside all of them the
default map if PRIVDEFENA), table B3-13 (TEX, C, B). Shareable memory is not cached by a Cortex-M7, or written through
with CACR.SIWT; CACR.FORCEWT writes everything through (DDI 0489 3.3.7).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from sim.engine.cortex_m.nvic import Nvic
from sim.engine.timing.memory_map import (
    MPU_DEFAULT_MAP,
    MPU_ENABLE,
    NOT_CACHED,
    WRITE_BACK,
    WRITE_BACK_ALLOCATE,
    WRITE_THROUGH,
    policy_of,
)
from sim.engine.truth import layout

CCR_DATA_CACHE = 1 << 16
CACR = 0xF9C
_SIWT, _FORCEWT = 1 << 0, 1 << 2
_SHAREABLE = 1 << 18
_BY_REGION = (WRITE_THROUGH, WRITE_BACK_ALLOCATE, NOT_CACHED, WRITE_BACK_ALLOCATE, WRITE_THROUGH, 0, 0, 0)
_BITS = {
    NOT_CACHED: 0,
    WRITE_THROUGH: layout.CACHEABLE,
    WRITE_BACK: layout.CACHEABLE | layout.WRITE_BACK,
    WRITE_BACK_ALLOCATE: layout.CACHEABLE | layout.WRITE_BACK | layout.ALLOCATE,
}


@dataclass(frozen=True)
class Region:
    """Of the MPU: ``size`` bytes from ``base``, without the eighths whose bits are set in ``off``; ``bits`` of
    ``layout.POLICY``."""

    base: int
    size: int
    off: int
    bits: int

    def holds(self, address: int) -> bool:
        """Whether the region says what ``address`` is."""
        place = address - self.base
        return 0 <= place < self.size and not self.off >> (place * 8 // self.size) & 1

    def edges(self) -> Iterator[int]:
        """Where it may begin or end."""
        parts = 8 if self.off else 1
        return (self.base + self.size * part // parts for part in range(parts + 1))


class CacheAttributes:
    """The settings of a core as they are now, as if its data cache were on."""

    def __init__(self, nvic: Nvic) -> None:
        mpu, control = nvic.mpu, nvic.scb.bank[CACR].raw
        self._through = bool(control & _FORCEWT)
        self._enabled = bool(mpu.control.value & MPU_ENABLE)
        self._default_map = not self._enabled or bool(mpu.control.value & MPU_DEFAULT_MAP)
        self._regions = [
            self._region(mpu.bases[number], mpu.attributes[number], control)
            for number in range(mpu.regions - 1, -1, -1)
            if self._enabled and mpu.attributes[number] & 1
        ]

    def _region(self, base: int, attributes: int, control: int) -> Region:
        size = 2 << (attributes >> 1 & 0x1F)
        off = attributes >> 8 & 0xFF if size >= 256 else 0
        if attributes & _SHAREABLE and control & _SIWT:
            policy = WRITE_THROUGH if policy_of(attributes & ~_SHAREABLE) else NOT_CACHED
        else:
            policy = policy_of(attributes)
        return Region(base & ~(size - 1), size, off, self._limited(policy))

    def _limited(self, policy: int) -> int:
        return _BITS[WRITE_THROUGH if policy and self._through else policy]

    def at(self, address: int) -> int:
        """Bits of ``layout.POLICY``."""
        for region in self._regions:
            if region.holds(address):
                return region.bits
        return self._limited(_BY_REGION[address >> 29]) if self._default_map else 0

    def spans(self, first: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Spans of ``first`` to ``end``: (start, end, bits), rising and without gaps."""
        edges = {first, end}
        for region in self._regions:
            if region.base < end and first < region.base + region.size:
                edges.update(region.edges())
        inside = sorted(edge for edge in edges if first <= edge <= end)
        for start, stop in itertools.pairwise(inside):
            yield start, stop, self.at(start)
