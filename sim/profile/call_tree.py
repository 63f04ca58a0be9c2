"""The call stacks of a profile: their names, their cycles, the functions they are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sim.engine.observe.record.function_map import FunctionMap
from sim.engine.observe.record.names import node_name
from sim.engine.observe.record.recorder import EXCEPTION, BlockRecorder, Counts


@dataclass(frozen=True)
class FunctionTime:
    """One function: ``cycles`` of its own, ``total`` with those of what it called and what interrupted it."""

    name: str
    address: int
    cycles: int
    total: int
    calls: int


@dataclass(frozen=True)
class CallStack:
    """Functions from the outermost to the one that ran, for ``cycles``."""

    names: tuple[str, ...]
    cycles: int


class CallTree:
    """What ``counts`` says of the stacks that ``recorder`` has followed; cycles add up to ``counts.cycle``.

    Args:
        apart: exceptions are roots of their own instead of standing on what they interrupted.
    """

    def __init__(self, recorder: BlockRecorder, counts: Counts, names: FunctionMap, apart: bool = False) -> None:
        self._nodes = recorder.nodes[: len(counts.nodes)]
        self._counts = counts
        self._names = names
        self._named: dict[int, str] = {}
        self._apart = apart
        self._below = [int(each) for each in counts.nodes[:, 0]]
        for node in range(len(self._nodes) - 1, 0, -1):  # a child comes after its parent
            self._below[self._nodes[node][0]] += self._below[node]

    def name(self, node: int) -> str:
        """What the node stands for."""
        function = self._nodes[node][1]
        if function not in self._named:
            self._named[function] = node_name(function, self._names)
        return self._named[function]

    def _path(self, node: int) -> Iterator[int]:
        """The node and those above it, up to where its stack begins."""
        while node:
            yield node
            if self._apart and self._nodes[node][1] >= EXCEPTION:
                return
            node = self._nodes[node][0]

    def stacks(self) -> list[CallStack]:
        """Every stack that took time, by name."""
        cycles: dict[tuple[str, ...], int] = defaultdict(int)
        for node, spent in enumerate(self._counts.nodes[:, 0].tolist()):
            if spent:
                names = tuple(self.name(each) for each in self._path(node))[::-1]
                cycles[names or ("[start]",)] += spent
        return [CallStack(names, spent) for names, spent in sorted(cycles.items())]

    def functions(self) -> list[FunctionTime]:
        """Every function that ran, dearest first; their own cycles add up to all."""
        own: dict[int, int] = defaultdict(int)
        total: dict[int, int] = defaultdict(int)
        calls: dict[int, int] = defaultdict(int)
        names: dict[int, str] = {}
        for node, (spent, called) in enumerate(self._counts.nodes.tolist()):
            function = self._nodes[node][1]
            names.setdefault(function, self.name(node) if node else "[start]")
            own[function] += spent
            calls[function] += called
            above = (self._nodes[each][1] for each in self._above(node))
            if function not in above:  # a recursive call is in its caller's total
                total[function] += self._below[node]
        found = [
            FunctionTime(names[function], function, own[function], total[function], calls[function])
            for function in own
            if own[function] or calls[function]
        ]
        return sorted(found, key=lambda each: (-each.cycles, each.address))

    def _above(self, node: int) -> Iterator[int]:
        while node:
            node = self._nodes[node][0]
            yield node
