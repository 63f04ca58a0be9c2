"""Renode's mocks that suites about the system bus use: registers and nothing else."""

from __future__ import annotations

from sim.engine.devices.base import Device, Services
from sim.engine.wording import no_region_access
from sim.errors import CrosscamError


class MockBytePeripheral(Device):
    """Eight bytes that keep what is written, and eight more in a part named ``region``."""

    RENODE_TYPES = ("Mocks.MockBytePeripheralWithoutTranslations",)
    size = 8

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._bytes = bytearray(self.size)
        self._region: MockBytePeripheral | None = None

    def region(self, name: str) -> Device:
        """``region``: bytes of its own."""
        if name != "region":
            return super().region(name)
        if self._region is None:
            self._region = MockBytePeripheral(self.services, f"{self.name}.{name}")
        return self._region

    def read(self, offset: int, width: int) -> int:
        """One byte at a time; a wider access is unhandled."""
        if width != 1 or offset >= self.size:
            return super().read(offset, width)
        return self._bytes[offset]

    def write(self, offset: int, width: int, value: int) -> None:
        """As ``read``."""
        if width != 1 or offset >= self.size:
            super().write(offset, width, value)
            return
        self._bytes[offset] = value

    def reset(self) -> None:
        """All bytes 0."""
        super().reset()
        self._bytes[:] = bytes(self.size)
        if self._region is not None:
            self._region.reset()


class MockWithHalfARegion(Device):
    """Reads give 0; its part ``region`` cannot be written and is therefore refused."""

    RENODE_TYPES = ("Mocks.MockDoubleWordPeripheralWithOnlyRegionReadMethod",)

    def region(self, name: str) -> Device:
        """Always refused."""
        if name != "region":
            return super().region(name)
        raise CrosscamError(
            f"{self.name}: region {name} can be read and not written: expected a region that takes both",
            renode=no_region_access("WriteDoubleWord", name),
        )

    def read(self, offset: int, width: int) -> int:
        """0."""
        return 0

    def write(self, offset: int, width: int, value: int) -> None:
        """Forgotten."""
