"""What a clock needs to know of the core whose instructions it counts."""

from __future__ import annotations

from typing import Protocol


class CoreObserver(Protocol):
    """Hears what software does to the core's caches and to what decides about them."""

    def configured(self, old: int, new: int) -> None:
        """CCR was written: its value before and now."""

    def mpu_changed(self) -> None:
        """A region of the MPU or its control register was written, and matters now."""

    def maintained(self, operation: str, value: int) -> None:
        """A cache maintenance register (such as ``DCCMVAC``) was written with ``value``."""


class ControlField(Protocol):
    """A field of a register."""

    @property
    def value(self) -> int: ...


class MpuSettings(Protocol):
    """The regions: ``bases`` and ``attributes`` (MPU_RASR) by number."""

    regions: int
    bases: list[int]
    attributes: list[int]

    @property
    def control(self) -> ControlField:
        """MPU_CTRL."""


class CoreSettings(Protocol):
    """The core's system registers; ``observers`` hear of what is written there, in order."""

    observers: list[CoreObserver]

    @property
    def mpu(self) -> MpuSettings: ...

    @property
    def ccr(self) -> int:
        """Configuration and control register."""
