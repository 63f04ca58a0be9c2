"""What a clock gives to the native engine."""

from __future__ import annotations

from typing import Protocol


class Timing(Protocol):
    """Addresses of native functions, with the signatures of ``hooks.on_block`` and ``hooks.count_until``.

    A clock that looks at data accesses too adds its hooks in ``install``.
    """

    name: str

    @property
    def block_hook(self) -> int:
        """Called before each block; keeps NOW, the block slots and the deadline."""

    def cycles_until(self, state: int, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address`` (a run that ended inside it)."""
