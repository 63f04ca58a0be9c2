"""What is asked of a compiled region besides doing what its blocks do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``traced``: it keeps the fingerprint of ``trace.py``; ``polls``: its loads may be of devices; ``counted``: it
    counts the runs of each block and how often its branch is taken, where the entry says (``COUNTS_SHIFT``).
    """

    traced: bool = False
    polls: bool = False
    counted: bool = False

    @property
    def word(self) -> str:
        """For the names of functions."""
        traits = ("traced_" if self.traced else "") + ("counted_" if self.counted else "")
        return traits + ("polling" if self.polls else "loop")


COUNTS_SHIFT = 16
"""From this bit on an entry of a counted region is the address of its counts: runs and taken branches by block."""
