"""What the data cache may do with an address: default memory map, MPU regions, and the core's own settings.

ARMv7-M B3.1 (default map), B3.5 (regions: of those that overlap the highest number counts; outside all of them the
default map if PRIVDEFENA), table B3-13 (TEX, C, B). Shareable memory is not cached by a Cortex-M7, or written through
with CACR.SIWT; CACR.FORCEWT writes everything through (DDI 0489 3.3.7).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from sim.engine.nvic import Nvic

CCR_DATA_CACHE = 1 << 16
_CACR = 0xF9C
_SIWT, _FORCEWT = 1 << 0, 1 << 2
_SHAREABLE = 1 << 18
_BY_REGION = (WRITE_THROUGH, WRITE_BACK_ALLOCATE, NOT_CACHED, WRITE_BACK_ALLOCATE, WRITE_THROUGH, 0, 0, 0)
_BITS = {
    NOT_CACHED: 0,
    WRITE_THROUGH: layout.CACHEABLE,
    WRITE_BACK: layout.CACHEABLE | layout.WRITE_BACK,
    WRITE_BACK_ALLOCATE: layout.CACHEABLE | layout.WRITE_BACK | layout.ALLOCATE,
}


def cache_spans(nvic: Nvic, first: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Spans of ``first`` to ``end``: (start, end, bits of ``layout.POLICY``), rising and without gaps."""
    edges = {first, end}
    mpu = nvic.mpu
    if mpu.control.value & MPU_ENABLE:
        for number in range(mpu.regions):
            attributes = mpu.attributes[number]
            if attributes & 1:
                size = 2 << (attributes >> 1 & 0x1F)
                base = mpu.bases[number] & ~(size - 1)
                parts = 8 if size >= 256 and attributes >> 8 & 0xFF else 1  # subregions matter where one is off
                edges.update(base + size * part // parts for part in range(parts + 1))
    inside = sorted(edge for edge in edges if first <= edge <= end)
    for start, stop in itertools.pairwise(inside):
        yield start, stop, cache_bits(nvic, start)


def cache_bits(nvic: Nvic, address: int) -> int:
    """Bits of ``layout.POLICY`` for an address, as if the data cache were on."""
    mpu = nvic.mpu
    control = nvic.scb.bank[_CACR].raw
    if mpu.control.value & MPU_ENABLE:
        for number in range(mpu.regions - 1, -1, -1):
            attributes = mpu.attributes[number]
            if not attributes & 1:
                continue
            size = 2 << (attributes >> 1 & 0x1F)
            base = mpu.bases[number] & ~(size - 1)
            if base <= address < base + size and not _disabled(attributes, size, address - base):
                return _limited(_policy(attributes, control), control)
        if not mpu.control.value & MPU_DEFAULT_MAP:
            return 0
    return _limited(_BY_REGION[address >> 29], control)


def _policy(attributes: int, control: int) -> int:
    if attributes & _SHAREABLE and control & _SIWT:
        return WRITE_THROUGH if policy_of(attributes & ~_SHAREABLE) else NOT_CACHED
    return policy_of(attributes)


def _limited(policy: int, control: int) -> int:
    return _BITS[WRITE_THROUGH if policy and control & _FORCEWT else policy]


def _disabled(attributes: int, size: int, offset: int) -> bool:
    return size >= 256 and bool(attributes >> 8 >> (offset * 8 // size) & 1)
