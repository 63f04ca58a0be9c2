"""FPU control registers (ARMv7-M B3.2.20..).

Floating-point state is stacked at exception entry already, not at the handler's first floating-point instruction:
the words reach the reserved frame earlier than on a chip, everything software can otherwise see is the same. LSPACT
therefore reads 1 from an entry with LSPEN until the handler has a floating-point context of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.registers import Mode, RegisterBank

ASPEN = 1 << 31
LSPEN = 1 << 30
LSPACT = 1 << 0
MEDIA_FEATURES = (0x10110221, 0x12000011, 0x00000040)  # MVFR0..2: single and double precision, FPv5


class FpuControl:
    """FPCCR, FPCAR, FPDSCR, MVFR0..2. ``context_active`` tells whether CONTROL.FPCA is set."""

    def __init__(self, bank: RegisterBank) -> None:
        self.context_active: Callable[[], bool] = lambda: False
        self._settings = ASPEN | LSPEN
        self._lazy = False
        bank.register(0xF34, "FPCCR").value_from(self._read).after_write(self._write)
        self.frame_address = bank.register(0xF38, "FPCAR").field(0, 32, "ADDRESS")
        bank.register(0xF3C, "FPDSCR").storage(0x07C00000)
        for index, value in enumerate(MEDIA_FEATURES):
            bank.register(0xF40 + 4 * index, f"MVFR{index}", reset=value).field(0, 32, "MVFR", Mode.READ)

    def reset(self) -> None:
        """Automatic and lazy state preservation on."""
        self._settings = ASPEN | LSPEN
        self._lazy = False

    @property
    def automatic(self) -> bool:
        """ASPEN: exception entry keeps floating-point state."""
        return bool(self._settings & ASPEN)

    @property
    def lazy_pending(self) -> bool:
        """A frame was reserved and the handlers since have not touched the FPU."""
        return self._lazy and not self.context_active()

    @property
    def lazy(self) -> bool:
        """LSPEN: exception entry only reserves room for floating-point state."""
        return bool(self._settings & LSPEN)

    def reserve(self, address: int) -> None:
        """Exception entry reserved the floating-point part of a frame at ``address``."""
        if self._settings & LSPEN:
            self._lazy = True
            self.frame_address.value = address

    def release(self) -> bool:
        """Exception return from such a frame; whether the registers still hold its values."""
        untouched = self.lazy_pending
        self._lazy = False
        return untouched

    def _read(self) -> int:
        return self._settings | self.lazy_pending

    def _write(self, value: int) -> None:
        self._settings = value & (ASPEN | LSPEN)
        self._lazy = bool(value & LSPACT)
