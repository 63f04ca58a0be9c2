"""One bank of up to 32 lines of an EXTI: edge selection, mask, pending bits, software trigger.

A configurable line latches its pending bit on the selected edge while it is unmasked, and drives its output until the
bit is cleared. A direct line has no pending bit: its level passes through (and, where the chip has it so, the mask).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.engine.devices.base import Line
from sim.engine.devices.registers import Mode, RegisterBank


@dataclass(frozen=True)
class Offsets:
    """Where a family has the registers of a bank."""

    rising: int
    falling: int
    software: int
    interrupt_mask: int
    event_mask: int
    pending: int


class ExtiLines:
    """``lines`` are the outputs, ``configurable`` has a bit for each line with an edge detector.

    Args:
        suffix: number of the bank in register names.
        mask_reset: lines unmasked after reset.
        mask_direct: whether the interrupt mask holds direct lines back.
    """

    def __init__(
        self,
        bank: RegisterBank,
        lines: Sequence[Line],
        configurable: int,
        offsets: Offsets,
        *,
        prefix: str = "",
        suffix: str = "",
        mask_reset: int = 0,
        mask_direct: bool = True,
    ) -> None:
        self._lines = lines
        self._all = (1 << len(lines)) - 1
        self._configurable = configurable & self._all
        self._mask_direct = mask_direct
        self._levels = 0
        self._rising = bank.register(offsets.rising, f"RTSR{suffix}").field(0, 32, "TR")
        self._falling = bank.register(offsets.falling, f"FTSR{suffix}").field(0, 32, "TR")
        swier = bank.register(offsets.software, f"SWIER{suffix}").after_write(self._trigger)
        self._software = swier.field(0, 32, "SWIER", Mode.WRITE_ONE_TO_SET)
        mask = bank.register(offsets.interrupt_mask, f"{prefix}IMR{suffix}", reset=mask_reset)
        self._mask = mask.after_write(lambda _: self.drive()).field(0, 32, "MR")
        bank.register(offsets.event_mask, f"{prefix}EMR{suffix}").storage()
        pending = bank.register(offsets.pending, f"{prefix}PR{suffix}").after_write(self._acknowledge)
        self._pending = pending.field(0, 32, "PR", Mode.WRITE_ONE_TO_CLEAR)

    def input(self, line: int, value: bool) -> None:
        """Input ``line`` now has level ``value``."""
        bit = 1 << line
        if value == bool(self._levels & bit):
            return
        self._levels ^= bit
        edges = self._rising if value else self._falling
        if self._configurable & edges.value & self._mask.value & bit:
            self._pending.value |= bit
        self.drive(bit)

    def listens(self, line: int) -> bool:
        """An edge of the line would be latched, or its level passes."""
        bit = 1 << line
        edges = self._rising.value | self._falling.value
        if self._configurable & bit:
            return bool(edges & self._mask.value & bit)
        return not self._mask_direct or bool(self._mask.value & bit)

    def drive(self, bits: int = 0xFFFFFFFF) -> None:
        """Set the outputs named in ``bits``."""
        passing = self._mask.value if self._mask_direct else 0xFFFFFFFF
        active = self._pending.value & self._configurable | self._levels & ~self._configurable & passing
        bits &= self._all
        while bits:
            line = (bits & -bits).bit_length() - 1
            bits &= bits - 1
            self._lines[line].set(bool(active >> line & 1))

    def _trigger(self, written: int) -> None:
        bits = written & self._configurable & self._mask.value
        self._pending.value |= bits
        self.drive(bits)

    def _acknowledge(self, written: int) -> None:
        self._software.value &= ~written
        self.drive(written)
