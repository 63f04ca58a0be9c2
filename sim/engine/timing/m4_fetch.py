"""The prefetch unit of the Cortex-M4: words of code on their way to the decoder.

Three words (Cortex-M4 TRM): one is asked for each cycle while fewer than three are there or under way, and can be
decoded two cycles later. What follows from it is on no list of the manual, and seen on silicon: 32-bit instructions
that lie across two words come two in three cycles, unless something else keeps the core busy meanwhile.
"""

from __future__ import annotations

from typing import NamedTuple

from sim.engine.timing.microops import MicroOp

WORDS = 3
FETCH_CYCLES = 2
LONG_AGO = -8


class Queue(NamedTuple):
    """The queue between two blocks, relative to the cycle the next instruction executes in at the earliest.

    ``executed``: when the last instruction began to; ``asked``: when the last word that was needed had been asked for;
    ``left``: when each of the last words had gone to the decoder, the oldest first; ``half``: the last word's second
    half is still to come.
    """

    executed: int = LONG_AGO
    asked: int = LONG_AGO
    left: tuple[int, ...] = (LONG_AGO,) * WORDS
    half: bool = False


class Fetch:
    """The queue while a block runs whose code begins at ``address``."""

    def __init__(self, queue: Queue, address: int) -> None:
        self._executed, self._asked, left, self._half = queue
        self._left = list(left)
        self._word = address >> 2 if self._half else (address >> 2) - 1

    def branch(self, address: int, now: int) -> None:
        """All is dropped; the target's first word comes in time for an instruction that executes at ``now``."""
        self._word = (address >> 2) - 1
        self._asked = now - 2 - FETCH_CYCLES
        self._left = [LONG_AGO] * WORDS
        self._executed = now - 2

    def ready(self, op: MicroOp) -> int:
        """When ``op``, the next instruction, can execute for its code's sake."""
        end = op.address + op.size
        last = (end - 1) >> 2
        while self._word < last:
            self._word += 1
            self._asked = max(self._asked + 1, self._left[-WORDS] + 1)
            self._left.append(LONG_AGO)
        decoded = max(self._executed, self._asked + FETCH_CYCLES)
        for word in range(op.address >> 2, last + 1):
            if end >= (word + 1) << 2:
                self._left[word - self._word - 1] = decoded
        self._half = bool(end & 2)
        return decoded + 1

    def executes(self, now: int) -> None:
        """That instruction executes from ``now`` on: the decoder takes the next one."""
        self._executed = now

    def behind(self, now: int) -> Queue:
        """What is left when the block ends at ``now``."""
        left = tuple(max(LONG_AGO, when - now) for when in self._left[-WORDS:])
        return Queue(max(LONG_AGO, self._executed - now), max(LONG_AGO, self._asked - now), left, self._half)
