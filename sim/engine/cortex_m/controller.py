"""What the parts behind the system control space ask of the interrupt controller they stand beside."""

from __future__ import annotations

import logging
from typing import Protocol

from sim.engine.cortex_m.exceptions import Exceptions
from sim.engine.timing.core import CoreObserver


class Controller(Protocol):
    """The pending and active exceptions, and who hears of settings (``observers``)."""

    log: logging.Logger
    exceptions: Exceptions
    observers: list[CoreObserver]

    def current_exception(self) -> int:
        """Number of the handler being run, 0 in thread mode."""

    def pend(self, number: int) -> None:
        """Make exception ``number`` pending."""

    def recheck(self) -> None:
        """Pending exceptions or priorities changed: have the core look at them at the next block boundary."""
