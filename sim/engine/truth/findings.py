"""One finding, and the list of them."""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from dataclasses import dataclass

LOG = logging.getLogger("sim.truth")
_LONGEST = 200


class Kind(enum.Enum):
    """What is wrong."""

    STALE_READ = "stale cache line"
    UNCLEANED = "uncleaned cache line"
    DMA_DATA_LOST = "DMA data under a dirty line"
    WRITE_LOST = "written data invalidated"
    DMA_UNREACHABLE = "DMA out of reach"
    UNALIGNED_DEVICE = "unaligned device access"
    CLOCK_OFF = "peripheral clock off"
    MEMORY_CLOCK_OFF = "memory clock off"
    FLASH_TOO_FAST = "flash wait states too few"


@dataclass
class Finding:
    """``address``: what was accessed, ``symbol``: the variable there, "" where none is known; ``pc`` and ``where``: by
    which instruction, or where the core was when another master did it; ``cycle``: when it was first seen; ``master``:
    which one, such as "dma2 stream 0", "" for the core; ``count``: how often."""

    kind: Kind
    address: int
    symbol: str
    pc: int
    where: str
    cycle: int
    text: str
    master: str = ""
    count: int = 1

    def __str__(self) -> str:
        what = f"0x{self.address:08X}" + (f" {self.symbol}" if self.symbol else "")
        who = f"while the core was at {self.where}" if self.master else f"by {self.where}"
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.kind.value}: {self.text} at {what}, {who}, cycle {self.cycle}{times}"

    def as_dict(self) -> dict[str, str | int]:
        """For JSON."""
        return {**vars(self), "kind": self.kind.value}


def shown(text: str) -> str:
    """Names come from the firmware's file: control characters escaped, a long text cut."""
    escaped = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
    return escaped if len(escaped) <= _LONGEST else escaped[: _LONGEST - 3] + "..."


class Findings:
    """Each kind once for a function, or another master, and a thing (device, variable, stream); later ones count.

    Args:
        describe: names an instruction.
        function: where the function begins that holds an instruction, or the instruction itself.
        symbol: names a variable.
    """

    def __init__(
        self, describe: Callable[[int], str], function: Callable[[int], int], symbol: Callable[[int], str]
    ) -> None:
        self._describe, self._function, self._symbol = describe, function, symbol
        self._known: dict[tuple[Kind, object, object], Finding] = {}
        self.all: list[Finding] = []

    def add(self, kind: Kind, address: int, text: str, thing: object, pc: int, cycle: int, master: str = "") -> None:
        """Note one occurrence; the first is logged as a warning."""
        key = (kind, master or self._function(pc), thing)
        known = self._known.get(key)
        if known is not None:
            known.count += 1
            return
        symbol, where = shown(self._symbol(address)), shown(self._describe(pc))
        finding = Finding(kind, address, symbol, pc, where, cycle, shown(text), master)
        self._known[key] = finding
        self.all.append(finding)
        LOG.warning("%s", finding)

    @property
    def occurrences(self) -> int:
        """All of them, repetitions counted."""
        return sum(finding.count for finding in self.all)
