"""Puts straight-line code into the order a Cortex-M7 issues fastest: two instructions a cycle, in order.

A list scheduler: in every cycle, of the instructions whose operands are there, the two that are first in the order of
the source, as far as the core issues them together. It looks ahead a limited number of instructions, so the source's
order decides what a long kernel does when; registers stay as the source has them.

Latencies and pairs: jnk0le/random, "pipeline cycle test/doc/cortex_m7.md", and LLVM's ARMScheduleM7.td.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.compiler.fast.assembly import Instruction, Unit, Writer

LOOK_AHEAD = 40

_DISTANCE = {
    # cycles from the writer's to the reader's:   early factor late accumulator stored
    Writer.LATE: (2, 1, 1, 0, 0),
    Writer.WORD: (2, 2, 1, 0, 0),
    Writer.PRODUCT: (3, 2, 2, 1, 0),
}
_NEVER_TOGETHER = {
    frozenset(pair)
    for pair in (
        (Unit.MULTIPLY,),
        (Unit.BITS,),
        (Unit.STORE,),
        (Unit.LOAD,),  # unless their words lie in different banks, which only the addresses tell
        (Unit.SHIFTED,),
        (Unit.MULTIPLY, Unit.STORE),
        (Unit.BITS, Unit.SHIFTED),
    )
}


@dataclass(frozen=True)
class Schedule:
    """Instructions in their new order, and the cycles they take on this model of the core."""

    instructions: list[Instruction]
    cycles: int


@dataclass(frozen=True)
class _Edge:
    """``to`` issues at least ``cycles`` after the instruction that has this edge, and behind it."""

    to: int
    cycles: int


def schedule(source: Sequence[Instruction], look_ahead: int = LOOK_AHEAD) -> Schedule:
    """Reorder ``source``; what it computes stays the same."""
    followers = _dependences(source)
    waiting_for = [0] * len(source)
    for edges in followers:
        for edge in edges:
            waiting_for[edge.to] += 1
    earliest = [0] * len(source)
    left = list(range(len(source)))
    order: list[Instruction] = []
    cycle = 0
    while left:
        issued: list[int] = []
        for _ in range(2):
            ready = (at for at in left[:look_ahead] if not waiting_for[at] and earliest[at] <= cycle)
            chosen = next((at for at in ready if _together(source, followers, issued, at)), None)
            if chosen is None:
                break
            # A bit-field or SIMD operation issues from the older slot only.
            issued.insert(0 if source[chosen].unit is Unit.BITS else len(issued), chosen)
            left.remove(chosen)
            for edge in followers[chosen]:
                waiting_for[edge.to] -= 1
                earliest[edge.to] = max(earliest[edge.to], cycle + edge.cycles)
        order.extend(source[at] for at in issued)
        cycle += 1
    return Schedule(order, cycle)


def _together(
    source: Sequence[Instruction], followers: Sequence[Sequence[_Edge]], issued: Sequence[int], candidate: int
) -> bool:
    if not issued:
        return True
    units = frozenset((source[issued[0]].unit, source[candidate].unit))
    if units in _NEVER_TOGETHER:
        return False
    first = source[candidate].unit is Unit.BITS
    return not (first and any(edge.to == candidate for edge in followers[issued[0]]))


def _dependences(source: Sequence[Instruction]) -> list[list[_Edge]]:
    followers: list[list[_Edge]] = [[] for _ in source]
    writers: dict[str, tuple[int, Writer]] = {}
    readers: dict[str, list[int]] = {}
    for at, instruction in enumerate(source):
        for register, reader in instruction.reads:
            if register in writers:
                before, writer = writers[register]
                followers[before].append(_Edge(at, _DISTANCE[writer][reader]))
            readers.setdefault(register, []).append(at)
        for register, writer in instruction.writes:
            followers_of_reads = (each for each in readers.get(register, []) if each != at)
            for before in followers_of_reads:
                followers[before].append(_Edge(at, 0))
            if register in writers:
                followers[writers[register][0]].append(_Edge(at, 1))
            writers[register] = (at, writer)
            readers[register] = []
    return followers
