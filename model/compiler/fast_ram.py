"""Tensors and scratch memory together in the core's own RAM (DTCM), where a network is small enough for that.

Nothing there misses a cache. The scratch memory of a layer lies where no tensor is alive then; a layer whose share is
too large for what is left gets bands of fewer rows. Where a depthwise convolution that is one with the convolution
behind it makes the arena larger, as both tensors have to be apart, the two are done one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from model.compiler.fast.call import FastCall, NoFastKernelError
from model.compiler.fast.choice import Selection, Selector, scratch_of, with_weights_in_ram
from model.compiler.ir import Graph, Op
from model.compiler.kernels import KernelCall
from model.compiler.lifetimes import ALIGNMENT
from model.compiler.memory import MemoryPlan, plan_memory

FAST_RAM_BYTES = 96 * 1024
"""Of the 128 KB of DTCM: what stack and data of a small firmware leave."""
_FEW_SHUFFLES = 10
_ROUNDS = 6
"""How often layers are given less scratch memory before the arena goes elsewhere."""


def place(
    graph: Graph, selector: Selector, fast_ram: int, shuffles: int
) -> tuple[list[KernelCall], dict[Op, str], MemoryPlan]:
    """The layers, why some have no generated kernel, and the plan: in ``fast_ram`` bytes of fast memory if possible.

    Else tensors are planned for a memory of their own, and only scratch memory is fast. Weights that flash is too slow
    for have what is left over.
    """
    selection = selector.select()
    small = _small_enough(graph, selector, selection, fast_ram)
    if small is not None and (fitted := _fitted(graph, small, fast_ram, shuffles)) is not None:
        calls, plan = fitted
        return with_weights_in_ram(calls, fast_ram - plan.arena_bytes), small.reasons, plan
    calls = with_weights_in_ram(selection.calls(), fast_ram - scratch_of(selection.calls()))
    return calls, selection.reasons, plan_memory(graph, calls, shuffles)


def _small_enough(graph: Graph, selector: Selector, selection: Selection, fast_ram: int) -> Selection | None:
    """``selection``, with pairs of layers apart where that makes the arena smaller, until it fits; None if never."""
    size = plan_memory(graph, selection.calls(), _FEW_SHUFFLES).arena_bytes
    apart: set[Op] = set()
    pairs = sorted(selection.pairs(), key=lambda op: -(op.inputs[0].bytes + op.output.bytes))
    for pair in pairs:
        if size <= fast_ram:
            break
        tried = selector.select(apart | {pair})
        its_size = plan_memory(graph, tried.calls(), _FEW_SHUFFLES).arena_bytes
        if its_size < size:
            apart, selection, size = apart | {pair}, tried, its_size
    return selection if size <= fast_ram else None


def _fitted(
    graph: Graph, selection: Selection, fast_ram: int, shuffles: int
) -> tuple[list[KernelCall], MemoryPlan] | None:
    limits: dict[Op, int] = {}
    for _ in range(_ROUNDS):
        try:
            calls = selection.calls(limits)
        except NoFastKernelError:
            return None
        plan = plan_memory(graph, calls, shuffles)
        if plan.arena_bytes > fast_ram:
            return None
        places = {
            number: gap
            for number, call in enumerate(calls)
            if isinstance(call, FastCall) and call.scratch and (gap := _gap(plan, number, call.scratch, fast_ram))
        }
        short = {number: gap for number, gap in places.items() if gap[1] < _scratch(calls, number)}
        if not short:
            offsets = {calls[number].op: start for number, (start, _) in places.items()}
            ends = [start + _scratch(calls, number) for number, (start, _) in places.items()]
            size = -(-max([plan.arena_bytes, *ends]) // ALIGNMENT) * ALIGNMENT
            return calls, replace(plan, arena_bytes=size, scratch=offsets, fast=True)
        limits |= {calls[number].op: size for number, (_, size) in short.items()}
    return None


def _scratch(calls: Sequence[KernelCall], number: int) -> int:
    call = calls[number]
    return call.scratch if isinstance(call, FastCall) else 0


def _gap(plan: MemoryPlan, layer: int, wanted: int, end: int) -> tuple[int, int]:
    """Start and bytes of the lowest place for ``wanted`` bytes beside the tensors of a layer, or the largest place."""
    alive = sorted(
        (plan.offsets[span.tensor], plan.offsets[span.tensor] + span.tensor.bytes)
        for span in plan.lifetimes
        if span.first <= layer <= span.last
    )
    gaps, start = [], 0
    for low, high in [*alive, (end, end)]:
        gaps.append((start, low - start))
        start = max(start, -(-high // ALIGNMENT) * ALIGNMENT)
    fitting = [gap for gap in gaps if gap[1] >= wanted]
    return fitting[0] if fitting else max(gaps, key=lambda gap: gap[1])
