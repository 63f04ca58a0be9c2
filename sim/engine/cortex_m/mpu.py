"""MPU registers (ARMv7-M PMSA, B3.5); ``protection.py`` holds the core's accesses to what they say."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.registers import RegisterBank


class Mpu:
    """``regions`` region descriptors behind RNR/RBAR/RASR and their aliases.

    ``on_change()`` hears of the control register, and of regions while the MPU is on; ``version`` counts changes.
    """

    def __init__(self, bank: RegisterBank, regions: int, on_change: Callable[[], None] = lambda: None) -> None:
        self.regions = regions
        self._on_change = on_change
        self.version = 0
        bank.register(0xD90, "MPU_TYPE").value_from(lambda: self.regions << 8)
        self.control = bank.register(0xD94, "MPU_CTRL").field(
            0, 3, "CTRL", on_change=lambda old, new: self._now_changed()
        )
        self._number = bank.register(0xD98, "MPU_RNR").field(0, 8, "REGION")
        self.bases: list[int] = []
        self.attributes: list[int] = []
        for alias in range(4):
            suffix = f"_A{alias}" if alias else ""
            bank.register(0xD9C + 8 * alias, f"MPU_RBAR{suffix}").value_from(self._read_base).after_write(
                self._write_base
            )
            bank.register(0xDA0 + 8 * alias, f"MPU_RASR{suffix}").value_from(self._read_attributes).after_write(
                self._write_attributes
            )
        self.reset()

    def reset(self) -> None:
        """All regions off."""
        self.bases = [0] * 256
        self.attributes = [0] * 256
        self.version += 1

    def _read_base(self) -> int:
        return self.bases[self._number.value] | self._number.value & 0xF

    def _write_base(self, value: int) -> None:
        if value & 1 << 4:  # VALID: the region field selects
            self._number.value = value & 0xF
        self.bases[self._number.value] = value & ~0x1F
        self._changed()

    def _read_attributes(self) -> int:
        return self.attributes[self._number.value]

    def _write_attributes(self, value: int) -> None:
        self.attributes[self._number.value] = value
        self._changed()

    def _changed(self) -> None:
        if self.control.value & 1:
            self._now_changed()

    def _now_changed(self) -> None:
        self.version += 1
        self._on_change()
