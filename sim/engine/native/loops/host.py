"""What native loops ask of the engine they speed up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sim.engine.native.loops.blocks import Block


class LoopCounter(Protocol):
    """Who wants to know which blocks ran in native loops."""

    def accepts(self, start: int, block: Block) -> bool:
        """Whether ``block`` may be part of the loop around the block at ``start``."""

    def room(self, blocks: Sequence[Block], head: int) -> int:
        """Address of 2 words for each block, which runs that begin at ``head`` count up: runs and taken branches."""


class LoopHost(Protocol):
    """The engine's blocks: where they are, what they hold, and where a loop may be entered."""

    state: memoryview[int]
    traced: bool
    loop_counter: LoopCounter | None

    def block_size(self, address: int) -> int:
        """Bytes of the block last counted at ``address``; 0 when there is none, or another has its place."""

    def block_flags(self, address: int, size: int) -> int:
        """The FLAG_ bits of a block."""

    def count(self, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address``."""

    def code(self, address: int, size: int) -> bytes:
        """Bytes of memory; none where there is no plain memory."""

    def host_pointer(self, address: int) -> int:
        """Where a byte of memory lies in this process; 0 when no memory is there."""

    def mark_loop(self, address: int, index: int) -> None:
        """Let the block hook enter native loop ``index`` at the block at ``address``."""
