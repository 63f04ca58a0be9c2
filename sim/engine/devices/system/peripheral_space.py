"""Which parts of the peripheral address space a bus answers at all.

Inside a bridge, an address where no peripheral is reads 0 (or keeps silent about a write); where the bus matrix leads
nowhere, the core gets a bus fault. Without such an entry a machine answers everywhere from 0x40000000 to 0x5FFFFFFF, as
Renode does. Devices registered elsewhere still have their own addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from sim.engine.devices.base import Device, Services
from sim.errors import CrosscamError

_PAGE = 0x1000


@runtime_checkable
class SpaceOwner(Protocol):
    """A machine that can leave addresses without an answer."""

    def limit_peripherals(self, answered: Sequence[tuple[int, int]]) -> None:
        """Of the peripheral space, only the ranges (first, end) answer."""


class PeripheralSpace(Device):
    """``answers``: ranges ``[first, end]`` of whole pages, in rising order, the end not included."""

    RENODE_TYPES = ("Bus.PeripheralSpace",)

    def __init__(self, services: Services, name: str, *, answers: Sequence[Sequence[int]]) -> None:
        super().__init__(services, name)
        ranges: list[tuple[int, int]] = []
        end = 0
        for each in answers:
            first, last = each if len(each) == 2 else (0, 0)
            if first < end or last <= first or first % _PAGE or last % _PAGE:
                wanted = f"expected [first, end] of whole pages of 0x{_PAGE:X} bytes, in order"
                raise CrosscamError(f"{name}: answers: {[hex(item) for item in each]}: {wanted}")
            ranges.append((first, last))
            end = last
        if isinstance(services, SpaceOwner):
            services.limit_peripherals(ranges)
