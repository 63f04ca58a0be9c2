"""All registers of a core at once, and one at a time."""

from __future__ import annotations

from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.register_file import RegisterFile
from sim.engine.cortex_m.special_registers import XPSR_EXCEPTION, XPSR_THUMB
from sim.engine.native.registers import FLOATS, GENERAL, Registers
from sim.engine.observe.gdb.registers import DOUBLES
from sim.errors import CrosscamError

_MASKS = ("primask", "basepri", "faultmask")
_PLAIN = (*GENERAL, "sp", "lr", "msp", "psp", "control", "fpscr")


class RegisterAccess:
    """Of one core, by the names of ``registers.NAMES``."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._file = RegisterFile(core)
        self._all = Registers(core.engine, *_PLAIN, *FLOATS)
        self._flags = Registers(core.engine, "xpsr")

    def read(self) -> dict[str, int]:
        """All of them."""
        core = self._core
        values = self._all.read()
        found = dict(zip(_PLAIN, values, strict=False))
        singles = values[len(_PLAIN) :]
        found |= {name: singles[2 * n] | singles[2 * n + 1] << 32 for n, name in enumerate(DOUBLES)}
        found |= dict(zip(_MASKS, core.masks(), strict=True))
        return found | {"pc": core.pc, "xpsr": core.xpsr}

    def write(self, name: str, value: int) -> None:
        """Set one; of xPSR the exception number stays, and the Thumb state.

        Raises:
            CrosscamError: the core's present privilege keeps it from being set.
        """
        core = self._core
        if name == "xpsr":
            kept = core.xpsr & XPSR_EXCEPTION | XPSR_THUMB
            self._flags.write(value & ~(XPSR_EXCEPTION | XPSR_THUMB) | kept)
            core.engine.rebuild_mode(core.xpsr)
            return
        self._file.write(name, value)
        if name != "pc" and int(self._file.read(name)) != value:
            raise CrosscamError(f"{name} stays 0x{int(self._file.read(name)):X}: the core does not take 0x{value:X}")
