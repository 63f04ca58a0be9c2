"""What the engine asks of the clock it runs by."""

from __future__ import annotations

from typing import Protocol


class BlockClock(Protocol):
    """Addresses of native functions, and what blocks cost; ``hooks.on_block`` and ``hooks.on_access`` show what each
    function has to do."""

    name: str

    @property
    def block_hook(self) -> int:
        """Called before each block; keeps NOW, the BLOCK slots and the deadline."""

    @property
    def access_hook(self) -> int:
        """Called before each access to a device window; sets ACCESS_NOW and ACCESS_PC."""

    def cycles_until(self, state: int, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address`` (a run that ended inside it)."""

    def cycles_into(self, state: int, address: int, offset: int) -> int:
        """Cycles from the start of the block at ``address``, the one counted last, to its instruction at ``offset``."""

    def block_entered(self, state: memoryview[int]) -> int:
        """The cycle at which the block counted last was come to, before anything of it was counted."""

    def discontinuity(self) -> None:
        """The next block does not follow from the last one's branch (exception entry or return)."""
