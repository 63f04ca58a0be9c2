# mypy: disable-error-code="attr-defined"
"""The core's registers by name."""

from __future__ import annotations

import ctypes

from unicorn import arm_const as reg
from unicorn.unicorn_py3.unicorn import uclib

from sim.engine.native.engine import Engine

GENERAL = tuple(f"r{number}" for number in range(13))
FLOATS = tuple(f"s{number}" for number in range(32))
_IDENTIFIERS = {
    **{name: reg.UC_ARM_REG_R0 + number for number, name in enumerate(GENERAL)},
    **{name: reg.UC_ARM_REG_S0 + number for number, name in enumerate(FLOATS)},
    "sp": reg.UC_ARM_REG_SP,
    "lr": reg.UC_ARM_REG_LR,
    "pc": reg.UC_ARM_REG_PC,
    "msp": reg.UC_ARM_REG_MSP,
    "psp": reg.UC_ARM_REG_PSP,
    "xpsr": reg.UC_ARM_REG_XPSR,
    "xpsr_ge": reg.UC_ARM_REG_XPSR_G,  # its GE bits, which a write of xPSR leaves alone
    "control": reg.UC_ARM_REG_CONTROL,
    "primask": reg.UC_ARM_REG_PRIMASK,
    "basepri": reg.UC_ARM_REG_BASEPRI,
    "faultmask": reg.UC_ARM_REG_FAULTMASK,
    "fpscr": reg.UC_ARM_REG_FPSCR,
}


class Registers:
    """A fixed set of 32-bit core registers, read and written in one call.

    ``names``: of GENERAL and FLOATS, sp, lr, pc, msp, psp, xpsr, xpsr_ge, control, primask, basepri, faultmask, fpscr.
    """

    def __init__(self, engine: Engine, *names: str) -> None:
        identifiers = [_IDENTIFIERS[name] for name in names]
        count = len(identifiers)
        self._engine = engine
        self._count = count
        self._ids = (ctypes.c_int * count)(*identifiers)
        self._values = (ctypes.c_uint32 * (2 * count))()  # every second word: Unicorn never writes more than 8 bytes
        base = ctypes.addressof(self._values)
        self._pointers = (ctypes.c_void_p * count)(*[base + 8 * index for index in range(count)])

    def read(self) -> list[int]:
        """The values, in the order of the names."""
        uclib.uc_reg_read_batch(self._engine.handle, self._ids, self._pointers, self._count)
        return self._values[::2]

    def write(self, *values: int) -> None:
        """Set them, in the order of the names."""
        self._values[::2] = list(values)
        uclib.uc_reg_write_batch(self._engine.handle, self._ids, self._pointers, self._count)
