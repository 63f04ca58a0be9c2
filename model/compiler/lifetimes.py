"""When each tensor is alive, and which outputs may grow into an input that dies: what every memory plan has to keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.compiler.ir import Graph, Tensor
from model.compiler.kernels import KernelCall

ALIGNMENT = 16  # bytes, of every tensor and of the arena: enough for any load a kernel may use later

Leads = dict[tuple[Tensor, Tensor], int]
"""(input, output) -> largest allowed output start minus input start, for inputs that die in their layer."""


def aligned(size: int) -> int:
    """``size`` up to the next multiple of the alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class Lifetime:
    """A tensor is alive from layer ``first`` (-1: before the network runs) to layer ``last``, both included."""

    tensor: Tensor
    first: int
    last: int


def lifetimes(graph: Graph, calls: Sequence[KernelCall]) -> list[Lifetime]:
    """Lifetimes of all tensors in the arena: the model's inputs, and every layer's output but a state.

    A tensor that several layers write, each its part, lives from the first of them.
    """
    first = {tensor.root: -1 for tensor in graph.inputs}
    last = dict(first)
    for number, call in enumerate(calls):
        for source in call.inputs:
            if source.in_arena:
                last[source.root] = number
        output = call.output.root
        if output.in_arena:
            first.setdefault(output, number)
            last[output] = number
    for output in graph.outputs:
        if output.in_arena:
            last[output.root] = len(calls)
    return [Lifetime(tensor, first[tensor], last[tensor]) for tensor in first]


def leads_of(spans: Iterable[Lifetime], calls: Sequence[KernelCall]) -> Leads:
    """The leads of all layers.

    The output must be written in this layer for the first time: then no other part of it holds anything yet.
    """
    first = {span.tensor: span.first for span in spans}
    last = {span.tensor: span.last for span in spans}
    leads: Leads = {}
    forbidden: set[tuple[Tensor, Tensor]] = set()
    for number, call in enumerate(calls):
        output = call.output.root
        if not output.in_arena:
            continue
        for source, access in zip(call.inputs, call.access, strict=True):
            if not source.in_arena or last[source.root] != number or first[output] != number:
                continue
            pair = (source.root, output)
            if access is None:
                forbidden.add(pair)
                continue
            lead = access.lead() + source.root_offset - call.output.root_offset
            leads[pair] = min(leads.get(pair, 1 << 30), lead)
    return {pair: lead for pair, lead in leads.items() if pair not in forbidden}
