"""Memories of chips that networks are compiled for, by ``crosscam compile --chip``."""

from __future__ import annotations

from dataclasses import dataclass

from model.errors import CrosscamError

_STACK_AND_DATA = 32 * 1024
"""Of the core's RAM: what a small firmware has for itself."""
_PLAIN_KERNELS = 20 * 1024
"""Of the RAM for code, at most, and no more than a quarter of it."""


@dataclass(frozen=True)
class Chip:
    """Bytes: ``ram`` the largest run of SRAM, ``core_ram`` of DTCM, ``code_ram`` of ITCM."""

    name: str
    flash: int
    ram: int
    core_ram: int
    code_ram: int

    @property
    def fast_ram(self) -> int:
        """For tensors, scratch memory and weights."""
        return self.core_ram - _STACK_AND_DATA

    @property
    def code(self) -> int:
        """For generated kernels."""
        return self.code_ram - min(_PLAIN_KERNELS, self.code_ram // 4)


_KB = 1024
CHIPS = {
    chip.name: chip
    for chip in (
        Chip("stm32f746", 1024 * _KB, 256 * _KB, 64 * _KB, 16 * _KB),  # RM0385 rev 8, 2.2.2
        Chip("stm32h743", 2048 * _KB, 512 * _KB, 128 * _KB, 64 * _KB),  # RM0433 rev 8, 2.3
        Chip("stm32h7a3", 2048 * _KB, 1024 * _KB, 128 * _KB, 64 * _KB),  # RM0455 rev 9, 2.3
    )
}


def chip_named(name: str) -> Chip:
    """Raises CrosscamError, which lists those there are, for another name."""
    if name not in CHIPS:
        raise CrosscamError(f"--chip {name!r}: expected one of {', '.join(CHIPS)}; or give --ram and --flash")
    return CHIPS[name]
