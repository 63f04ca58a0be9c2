"""A network ready to be emitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from model.compiler.ir import Graph, Op
from model.compiler.kernels import KernelCall
from model.compiler.memory import MemoryPlan
from model.compiler.passes import Effect


@dataclass(frozen=True)
class Program:
    """A graph, optimised, with kernels chosen and memory planned.

    ``slow``: where speed was asked for, why a layer has no generated kernel; ``effects`` of the passes;
    ``plain_bytes`` of constants with plain kernels.
    """

    graph: Graph
    calls: Sequence[KernelCall]
    plan: MemoryPlan
    slow: dict[Op, str] = field(default_factory=dict)
    effects: Sequence[Effect] = ()
    plain_bytes: int = 0
