"""One finding, and the list of them."""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from dataclasses import dataclass

LOG = logging.getLogger("sim.truth")


class Kind(enum.Enum):
    """What is wrong."""

    STALE_READ = "stale cache line"
    DMA_UNREACHABLE = "DMA out of reach"
    UNALIGNED_DEVICE = "unaligned device access"
    CLOCK_OFF = "peripheral clock off"
    FLASH_TOO_FAST = "flash wait states too few"


@dataclass(frozen=True)
class Finding:
    """``address``: what was accessed; ``pc`` and ``where``: by which instruction; ``cycle``: when it was first seen."""

    kind: Kind
    address: int
    pc: int
    where: str
    cycle: int
    text: str

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.text} at 0x{self.address:08X}, by {self.where}, cycle {self.cycle}"


class Findings:
    """Each kind once for an instruction and a thing (device, line, stream); later ones are counted.

    ``locate()`` gives (pc, description, cycle) of the access in progress.
    """

    def __init__(self, locate: Callable[[], tuple[int, str, int]]) -> None:
        self._locate = locate
        self._counts: dict[tuple[Kind, int, object], int] = {}
        self.all: list[Finding] = []

    def add(self, kind: Kind, address: int, text: str, thing: object = None) -> None:
        """Note one occurrence; the first is logged as a warning."""
        pc, where, cycle = self._locate()
        key = (kind, pc, thing)
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count > 1:
            return
        finding = Finding(kind, address, pc, where, cycle, text)
        self.all.append(finding)
        LOG.warning("%s", finding)

    @property
    def occurrences(self) -> int:
        """All of them, repetitions counted."""
        return sum(self._counts.values())
