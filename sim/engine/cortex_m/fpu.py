"""FPU control registers (ARMv7-M B3.2.20..) and what exception entry and return do with them.

Floating-point state is stacked at exception entry already, not at the handler's first floating-point instruction:
the words reach the reserved frame earlier than on a chip, everything software can otherwise see is the same. LSPACT
therefore reads 1 from an entry with LSPEN until the handler has a floating-point context of its own. Without ASPEN
nothing tells of that, so the registers are then loaded from the frame at the return in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.engine.devices.registers import Mode, RegisterBank

ASPEN = 1 << 31
LSPEN = 1 << 30
MONRDY = 1 << 8
BFRDY = 1 << 6
MMRDY = 1 << 5
HFRDY = 1 << 4
THREAD = 1 << 3
USER = 1 << 1
LSPACT = 1 << 0
MEDIA_FEATURES = (0x10110221, 0x12000011, 0x00000040)  # MVFR0..2: single and double precision, FPv5
_RESERVED_FOR = MONRDY | BFRDY | MMRDY | HFRDY | THREAD | USER


@dataclass(frozen=True)
class Reservation:
    """What a lazily reserved frame is for: ``FPCCR``'s bits MONRDY to USER when the exception was taken."""

    address: int
    bits: int


class FpuControl:
    """FPCCR, FPCAR, FPDSCR, MVFR0..2. ``context_active`` tells whether CONTROL.FPCA is set.

    ``on_automatic(on)`` hears of ASPEN, ``on_default_status(value)`` of FPDSCR.
    """

    def __init__(self, bank: RegisterBank) -> None:
        self.context_active: Callable[[], bool] = lambda: False
        self.on_automatic: Callable[[bool], None] = lambda on: None
        self.on_default_status: Callable[[int], None] = lambda value: None
        self._settings = ASPEN | LSPEN
        self._lazy = False
        bank.register(0xF34, "FPCCR").value_from(self._read).after_write(self._write)
        self.frame_address = bank.register(0xF38, "FPCAR").field(3, 29, "ADDRESS")
        self._default_status = bank.register(0xF3C, "FPDSCR").field(
            22, 5, "MODES", on_change=lambda old, new: self.on_default_status(new << 22)
        )
        for index, value in enumerate(MEDIA_FEATURES):
            bank.register(0xF40 + 4 * index, f"MVFR{index}", reset=value).field(0, 32, "MVFR", Mode.READ)

    def reset(self) -> None:
        """Automatic and lazy state preservation on, the default FPSCR 0."""
        self._settings = ASPEN | LSPEN
        self._lazy = False
        self.on_automatic(True)
        self.on_default_status(0)

    @property
    def lazy_pending(self) -> bool:
        """A frame was reserved and the handlers since have not touched the FPU."""
        return self._lazy and not self.context_active()

    @property
    def lazy(self) -> bool:
        """LSPEN: exception entry only reserves room for floating-point state."""
        return bool(self._settings & LSPEN)

    def reserve(self, reservation: Reservation) -> None:
        """UpdateFPCCR (B1.5.7): exception entry has left room for floating-point state."""
        self._lazy = True
        self.frame_address.value = reservation.address >> 3
        self._settings = self._settings & ~_RESERVED_FOR | reservation.bits & _RESERVED_FOR

    def release(self) -> bool:
        """Exception return from a frame with floating-point state; whether the registers still hold its values."""
        untouched = self.lazy_pending and bool(self._settings & ASPEN)
        self._lazy = False
        return untouched

    def _read(self) -> int:
        return self._settings | self.lazy_pending

    def _write(self, value: int) -> None:
        self._settings = value & (ASPEN | LSPEN | _RESERVED_FOR)
        self._lazy = bool(value & LSPACT)
        self.on_automatic(bool(value & ASPEN))  # seen by code that is looked up anew: behind an ISB, as on a chip
