# mypy: disable-error-code="attr-defined"
"""A fixed set of the core's registers."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from unicorn.unicorn_py3.unicorn import uclib

from sim.engine.native.engine import Engine


class Registers:
    """A fixed set of 32-bit core registers, read and written in one call."""

    def __init__(self, engine: Engine, identifiers: Sequence[int]) -> None:
        count = len(identifiers)
        self._engine = engine
        self._count = count
        self._ids = (ctypes.c_int * count)(*identifiers)
        self._values = (ctypes.c_uint32 * (2 * count))()  # every second word: Unicorn never writes more than 8 bytes
        base = ctypes.addressof(self._values)
        self._pointers = (ctypes.c_void_p * count)(*[base + 8 * index for index in range(count)])

    def read(self) -> list[int]:
        """The values, in the order of the identifiers."""
        uclib.uc_reg_read_batch(self._engine.handle, self._ids, self._pointers, self._count)
        return self._values[::2]

    def write(self, *values: int) -> None:
        """Set them, in the order of the identifiers."""
        self._values[::2] = list(values)
        uclib.uc_reg_write_batch(self._engine.handle, self._ids, self._pointers, self._count)
