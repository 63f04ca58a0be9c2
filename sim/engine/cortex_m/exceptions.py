"""Which exceptions are pending, active and enabled, and which of them the core takes next (ARMv7-M B1.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

RESET = 1
NMI = 2
HARD_FAULT = 3
MEM_MANAGE = 4
BUS_FAULT = 5
USAGE_FAULT = 6
SV_CALL = 11
DEBUG_MONITOR = 12
PEND_SV = 14
SYS_TICK = 15
EXTERNAL = 16  # exception number of interrupt 0

NAMES = {
    RESET: "Reset",
    NMI: "NMI",
    HARD_FAULT: "HardFault",
    MEM_MANAGE: "MemManage",
    BUS_FAULT: "BusFault",
    USAGE_FAULT: "UsageFault",
    SV_CALL: "SVCall",
    DEBUG_MONITOR: "DebugMonitor",
    PEND_SV: "PendSV",
    SYS_TICK: "SysTick",
}

THREAD_PRIORITY = 256  # lower than anything pending
_FIXED_PRIORITY = {RESET: -3, NMI: -2, HARD_FAULT: -1}
_ALWAYS_ENABLED = sum(1 << number for number in (NMI, HARD_FAULT, SV_CALL, DEBUG_MONITOR, PEND_SV, SYS_TICK))


def name_of(number: int) -> str:
    """A readable name: ``SysTick``, ``IRQ 39``."""
    return NAMES.get(number) or (f"IRQ {number - EXTERNAL}" if number >= EXTERNAL else f"exception {number}")


class Masks(NamedTuple):
    """The core's mask registers."""

    primask: int
    basepri: int
    faultmask: int


class Exceptions:
    """Bookkeeping of all exceptions. Bit n of a bit set stands for exception n (16 + interrupt number).

    ``priority_mask``: which bits of a priority byte exist (0xF0 on an STM32H7).
    """

    def __init__(self, interrupts: int, priority_mask: int) -> None:
        self.count = EXTERNAL + interrupts
        self.priority_mask = priority_mask
        self.on_pend: list[Callable[[int], None]] = []
        """Called with the number of what becomes pending; also when it was already."""
        self.reset()

    def reset(self) -> None:
        """Nothing pending, active or enabled beyond what cannot be disabled; all priorities 0."""
        self.pending = 0
        self.active = 0
        self.enabled = _ALWAYS_ENABLED
        self.priority = bytearray(self.count)
        self.priority_group = 0
        self.level = 0  # external input lines that are high

    # State changes

    def pend(self, number: int) -> None:
        """Latch ``number`` as pending."""
        self.pending |= 1 << number
        for hook in self.on_pend:
            hook(number)

    def clear_pending(self, number: int) -> None:
        """Forget a pending ``number``; an input still high stays pending."""
        if not self.level >> number & 1:
            self.pending &= ~(1 << number)

    def set_level(self, number: int, high: bool) -> None:
        """The input of ``number`` is ``high``: a rising edge is latched, a level is seen again on return."""
        bit = 1 << number
        if not high:
            self.level &= ~bit
        elif not self.level & bit:
            self.level |= bit
            self.pend(number)

    def activate(self, number: int) -> None:
        """The core enters the handler of ``number``."""
        bit = 1 << number
        self.pending &= ~bit
        self.active |= bit

    def deactivate(self, number: int) -> None:
        """The core leaves the handler of ``number``; an input still high pends again."""
        bit = 1 << number
        self.active &= ~bit
        if self.level & bit:
            self.pend(number)

    # Priorities

    def base_priority(self, number: int) -> int:
        """The programmed priority; negative for the fixed ones."""
        fixed = _FIXED_PRIORITY.get(number)
        return self.priority[number] if fixed is None else fixed

    def group(self, priority: int) -> int:
        """The part of a priority that decides preemption."""
        if priority < 0 or priority >= THREAD_PRIORITY:
            return priority
        return priority >> (self.priority_group + 1) << (self.priority_group + 1)

    def active_priority(self) -> int:
        """Preemption priority of what is active; THREAD_PRIORITY in thread mode."""
        best = THREAD_PRIORITY
        active = self.active
        while active:
            low = active & -active
            priority = self.group(self.base_priority(low.bit_length() - 1))
            best = min(best, priority)
            active ^= low
        return best

    def execution_priority(self, masks: Masks) -> int:
        """Priority the core runs at: what is active, raised by the mask registers."""
        best = self.active_priority()
        if masks.basepri & self.priority_mask:
            best = min(best, self.group(masks.basepri & self.priority_mask))
        if masks.primask & 1:
            best = min(best, 0)
        if masks.faultmask & 1:
            best = min(best, -1)
        return best

    def highest_pending(self) -> tuple[int, int]:
        """(number, preemption priority) of the pending, enabled exception to take first; (0, THREAD_PRIORITY) if none.

        Order: priority with subpriority, then the lower number.
        """
        candidates = self.pending & self.enabled
        best_number, best_priority = 0, THREAD_PRIORITY
        while candidates:
            low = candidates & -candidates
            number = low.bit_length() - 1
            priority = self.base_priority(number)
            if priority < best_priority:
                best_number, best_priority = number, priority
            candidates ^= low
        return best_number, self.group(best_priority)
