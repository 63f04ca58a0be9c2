"""What is asked of a compiled region besides doing what its blocks do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``traced``: it keeps the fingerprint of ``trace.py``; ``polls``: its loads may be of devices."""

    traced: bool = False
    polls: bool = False

    @property
    def word(self) -> str:
        """For the names of functions."""
        return ("traced_" if self.traced else "") + ("polling" if self.polls else "loop")
