"""What may stand between an initiator and a device: locked ranges, hooks on what is read and written, an access log.

The bus asks these rules only once there is one. They hold for whoever goes through the bus: scripts, DMA, the monitor,
and the core where devices answer; memory the core reaches directly, unless its pages are sent through the bus
(``Machine.send_through_bus``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sim.engine.devices.base import Device
from sim.engine.devices.registers import RegisterBank
from sim.engine.wording import LOCKED_READ, LOCKED_WRITE

LOG = logging.getLogger("sim.sysbus")
_TYPES = {1: "Byte", 2: "UInt16", 4: "UInt32", 8: "UInt64"}
"""C#'s names of numbers, which Renode's access log says."""

ValueHook = Callable[[int, int], int]
"""``hook(value, offset)`` gives the value to go on with."""


@dataclass(frozen=True)
class AccessHook:
    """A hook for offsets ``first`` to ``last`` of a device."""

    hook: ValueHook
    first: int = 0
    last: int = (1 << 64) - 1


class BusRules:
    """All of them for one bus. ``core_pc`` tells where the core stands while it accesses a device, else None."""

    def __init__(self, core_pc: Callable[[], int | None]) -> None:
        self._core_pc = core_pc
        self._locked: list[tuple[int, int]] = []  # first, last; rising, apart
        self.after_read: dict[Device, AccessHook] = {}
        self.before_write: dict[Device, AccessHook] = {}
        self.logged: set[Device] = set()

    @property
    def any(self) -> bool:
        """There is something to ask for."""
        return bool(self._locked or self.after_read or self.before_write or self.logged)

    # Locks

    def is_locked(self, first: int, last: int) -> bool:
        """Whether any byte from ``first`` to ``last`` is locked."""
        return any(start <= last and first <= end for start, end in self._locked)

    def lock(self, first: int, last: int) -> None:
        """Reads of these addresses give 0, writes are dropped."""
        self.unlock(first, last)
        self._locked = sorted([*self._locked, (first, last)])

    def unlock(self, first: int, last: int) -> None:
        """They answer again."""
        kept = []
        for start, end in self._locked:
            if start < first:
                kept.append((start, min(end, first - 1)))
            if end > last:
                kept.append((max(start, last + 1), end))
        self._locked = sorted(kept)

    def refuses_read(self, address: int, width: int) -> bool:
        """Whether a read must not happen; says so in the log."""
        if self._locked and self.is_locked(address, address + width - 1):
            LOG.warning("%s", LOCKED_READ % (width, address))
            return True
        return False

    def refuses_write(self, address: int, width: int, value: int) -> bool:
        """Whether a write must not happen; says so in the log."""
        if self._locked and self.is_locked(address, address + width - 1):
            LOG.warning("%s", LOCKED_WRITE % (width, value, address))
            return True
        return False

    # Accesses

    def value_read(self, device: Device, offset: int, width: int, value: int) -> int:
        """``device`` has answered: the value its initiator gets."""
        if device in self.logged:
            name = f"Read{_TYPES[width]} from 0x{offset:X} ({_register(device, offset)})"
            device.log.info("%s%s, returned 0x%X", self._who(), name, value)
        hook = self.after_read.get(device)
        if hook is not None and hook.first <= offset <= hook.last:
            value = hook.hook(value, offset)
        return value & ((1 << 8 * width) - 1)

    def value_to_write(self, device: Device, offset: int, width: int, value: int) -> int:
        """``device`` is about to get ``value``: what it really gets."""
        hook = self.before_write.get(device)
        if hook is not None and hook.first <= offset <= hook.last:
            value = hook.hook(value, offset) & ((1 << 8 * width) - 1)
        if device in self.logged:
            name = f"Write{_TYPES[width]} to 0x{offset:X} ({_register(device, offset)})"
            device.log.info("%s%s, value 0x%X", self._who(), name, value)
        return value

    def _who(self) -> str:
        pc = self._core_pc()
        return "" if pc is None else f"[cpu: 0x{pc:X}] "


def _register(device: Device, offset: int) -> str:
    """The register at ``offset``, where the device declares its registers."""
    banks = [part for part in vars(device).values() if isinstance(part, RegisterBank)]
    return next((name for bank in banks if (name := bank.name_at(offset))), "unknown")
