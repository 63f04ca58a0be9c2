"""What the data cache may do with an address: MPU, default map, the core's own settings."""

from __future__ import annotations

import pytest

from sim.engine.cortex_m.nvic import Nvic
from sim.engine.truth import layout
from sim.engine.truth.attributes import CacheAttributes
from sim.tests.truth_bench import AXI, board

THROUGH = layout.CACHEABLE
BACK = layout.CACHEABLE | layout.WRITE_BACK
BACK_ALLOCATE = BACK | layout.ALLOCATE
TEX1, C, B, S = 1 << 19, 1 << 17, 1 << 16, 1 << 18
FLASH, PERIPHERAL, EXTERNAL, EXTERNAL_THROUGH, EXTERNAL_DEVICE = (
    0x08000000, 0x40000000, 0x60000000, 0x90000000, 0xC0000000,
)  # fmt: skip


@pytest.fixture
def nvic() -> Nvic:
    return board().machine.nvic


def region(nvic: Nvic, number: int, base: int, log2: int, attributes: int, subregions_off: int = 0) -> None:
    nvic.write(0xD98, 4, number)  # RNR
    nvic.write(0xD9C, 4, base)  # RBAR
    nvic.write(0xDA0, 4, attributes | subregions_off << 8 | log2 - 1 << 1 | 1)  # RASR
    nvic.write(0xD94, 4, 5)  # enable, PRIVDEFENA


def test_the_default_map(nvic: Nvic) -> None:
    for address, expected in (
        (AXI, BACK_ALLOCATE), (EXTERNAL, BACK_ALLOCATE), (FLASH, THROUGH), (EXTERNAL_THROUGH, THROUGH),
        (PERIPHERAL, 0), (EXTERNAL_DEVICE, 0),
    ):  # fmt: skip
        assert CacheAttributes(nvic).at(address) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (TEX1 | C | B, BACK_ALLOCATE),
        (C | B, BACK),
        (C, THROUGH),
        (TEX1, 0),  # normal, not cached
        (B, 0),  # device
        (0, 0),  # strongly ordered
        (2 * TEX1, 0),  # device, not shared
        (5 * TEX1 | B, BACK_ALLOCATE),  # inner policy 01
        (6 * TEX1 | C, THROUGH),
        (5 * TEX1 | C | B, BACK),
        (4 * TEX1, 0),
        (TEX1 | C | B | S, 0),  # shareable: a Cortex-M7 does not cache it
        (C | S, 0),
    ],
)
def test_the_mpu_says_what_the_cache_may_do(attributes: int, expected: int, nvic: Nvic) -> None:
    region(nvic, 3, AXI, 19, attributes)
    assert CacheAttributes(nvic).at(AXI + 0x40000) == expected
    assert CacheAttributes(nvic).at(AXI + 0x80000) == BACK_ALLOCATE
    region(nvic, 3, AXI, 19, attributes, subregions_off=2)
    assert CacheAttributes(nvic).at(AXI + 0x10000) == BACK_ALLOCATE
    region(nvic, 7, AXI + 0x20000, 12, TEX1)  # a higher number wins
    assert CacheAttributes(nvic).at(AXI + 0x20FFF) == 0 and CacheAttributes(nvic).at(AXI + 0x21000) == expected


def test_without_the_default_map_nothing_else_is_cached(nvic: Nvic) -> None:
    region(nvic, 0, AXI, 12, C)
    nvic.write(0xD94, 4, 1)
    assert CacheAttributes(nvic).at(AXI) == THROUGH and CacheAttributes(nvic).at(AXI + 0x1000) == 0


def test_the_core_may_write_everything_through(nvic: Nvic) -> None:
    nvic.write(0xF9C, 4, 1 << 2)  # CACR.FORCEWT
    assert CacheAttributes(nvic).at(AXI) == THROUGH and CacheAttributes(nvic).at(PERIPHERAL) == 0
    region(nvic, 0, AXI, 12, TEX1)
    assert CacheAttributes(nvic).at(AXI) == 0


def test_shareable_memory_may_be_written_through(nvic: Nvic) -> None:
    nvic.write(0xF9C, 4, 1 << 0)  # CACR.SIWT
    region(nvic, 0, AXI, 12, TEX1 | C | B | S)
    region(nvic, 1, AXI + 0x1000, 12, TEX1 | S)
    assert CacheAttributes(nvic).at(AXI) == THROUGH and CacheAttributes(nvic).at(AXI + 0x1000) == 0


def test_spans_are_what_asking_line_by_line_gives(nvic: Nvic) -> None:
    nvic.mpu.control.value = 5
    for number, (base, size, attributes) in enumerate(
        [(AXI, 0x80000, TEX1 | C | B), (AXI + 0x1000, 0x100, C | 0xA5 << 8), (AXI + 0x1080, 0x20, TEX1)]
    ):
        nvic.mpu.bases[number] = base
        nvic.mpu.attributes[number] = attributes | size.bit_length() - 2 << 1 | 1
    first, end = AXI + 0xF00, AXI + 0x1200
    spans = list(CacheAttributes(nvic).spans(first, end))
    assert [start for start, _, _ in spans[1:]] == [stop for _, stop, _ in spans[:-1]]
    found = [bits for start, stop, bits in spans for _ in range(start, stop, layout.LINE)]
    assert found == [CacheAttributes(nvic).at(address) for address in range(first, end, layout.LINE)]
    assert len(set(found)) == 3
