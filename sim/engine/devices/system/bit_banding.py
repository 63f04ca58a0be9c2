"""Bit-band alias of Cortex-M3 and M4 (ARMv7-M: PM0214 section 2.2.5): a word for each bit of a region.

As Renode's ``Miscellaneous.BitBanding``: word n of the window is bit n of the region at ``peripheralBase``; a read
gives 0 or 1, a write reads, changes one bit and writes back with the width of the access.
"""

from __future__ import annotations

from sim.engine.devices.base import Device, Services
from sim.errors import CrosscamError


class BitBanding(Device):
    """The window's length comes from the board description: 32 bytes for each byte of the region."""

    RENODE_TYPES = ("Miscellaneous.BitBanding",)
    size = 0x02000000

    def __init__(self, services: Services, name: str, *, peripheral_base: int) -> None:
        super().__init__(services, name)
        if peripheral_base % 4:
            raise CrosscamError(f"{name}: peripheralBase is 0x{peripheral_base:X}, expected a multiple of 4")
        self._base = peripheral_base

    def read(self, offset: int, width: int) -> int:
        address, bit = self._place(offset, width)
        return self.services.sysbus.read(address, width) >> bit & 1

    def write(self, offset: int, width: int, value: int) -> None:
        address, bit = self._place(offset, width)
        bus = self.services.sysbus
        bus.write(address, width, bus.read(address, width) & ~(1 << bit) | (value & 1) << bit)

    def _place(self, offset: int, width: int) -> tuple[int, int]:
        """Address of the ``width`` bytes that hold the bit, and its place in them."""
        bit = offset >> 2
        return self._base + (bit >> 3) // width * width, bit % (8 * width)
