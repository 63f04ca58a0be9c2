"""What a clock gives to the native engine."""

from __future__ import annotations

from typing import Protocol


class Timing(Protocol):
    """Addresses of native functions; ``hooks.on_block`` and ``hooks.on_access`` show what each has to do."""

    name: str

    @property
    def block_hook(self) -> int:
        """Called before each block; keeps NOW, the BLOCK slots and the deadline."""

    @property
    def access_hook(self) -> int:
        """Called before each access to a device window; sets ACCESS_NOW and ACCESS_PC."""

    def cycles_until(self, state: int, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address`` (a run that ended inside it)."""
