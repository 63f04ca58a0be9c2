"""Bit-band alias: a word for each bit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.devices.system.bit_banding import BitBanding
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

BASE = 0x20000000


@given(st.integers(0, 0x3FF), st.integers(0, 7), st.sampled_from((1, 2, 4)), st.integers(0, 255), st.booleans())
def test_a_word_is_a_bit_of_its_byte(byte: int, bit: int, width: int, content: int, value: bool) -> None:
    """The alias of bit n of byte b is word 32 b + 4 n (ARMv7-M), whatever the width of the access."""
    services = FakeServices()
    alias = BitBanding(services, "bitband", peripheral_base=BASE)
    services.sysbus.write_bytes(BASE + byte, bytes((content,)))
    offset = byte * 32 + bit * 4
    assert alias.read(offset, width) == content >> bit & 1
    alias.write(offset, width, 0xFE | value)
    wanted = content & ~(1 << bit) | value << bit
    assert services.sysbus.read_bytes(BASE + byte, 1) == bytes((wanted,))
    assert {address: data for address, data in services.sysbus.bytes.items() if data} == (
        {BASE + byte: wanted} if wanted else {}
    )


def test_the_region_is_accessed_with_the_width_and_alignment_of_the_access() -> None:
    services = FakeServices()
    alias = BitBanding(services, "bitband", peripheral_base=BASE)
    alias.write(0x27 * 32 + 4, 4, 1)
    alias.write(0x27 * 32 + 4, 2, 0)
    assert services.sysbus.writes == [(BASE + 0x24, 4, 1 << 25), (BASE + 0x26, 2, 0)]


def test_the_base_is_aligned() -> None:
    with pytest.raises(CrosscamError, match="peripheralBase is 0x2, expected a multiple of 4"):
        BitBanding(FakeServices(), "bitband", peripheral_base=2)
