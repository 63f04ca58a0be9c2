"""Conditional execution: the IT state and the condition codes (ARMv7-M A7.3)."""

from __future__ import annotations

ALWAYS = 14


def it_state(xpsr: int) -> int:
    """The eight bits of EPSR.IT: bits 7 to 2 lie in xPSR bits 15 to 10, bits 1 and 0 in 26 and 25."""
    return xpsr >> 8 & 0xFC | xpsr >> 25 & 3


def passes(condition: int, xpsr: int) -> bool:
    """Whether condition code ``condition`` (0 to 15) holds with the flags of ``xpsr``."""
    n, z, c, v = (bool(xpsr >> bit & 1) for bit in (31, 30, 29, 28))
    base = (z, c, n, v, c and not z, n == v, n == v and not z, True)[condition >> 1 & 7]
    return base if condition & 1 == 0 or condition == 15 else not base


def holds_next(xpsr: int) -> bool:
    """Whether the next instruction executes: outside of an IT block always."""
    state = it_state(xpsr)
    return state & 0xF == 0 or passes(state >> 4, xpsr)
