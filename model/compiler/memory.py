"""Static memory plan: where in one arena each tensor lives.

Tensors alive at the same time get disjoint places, with one exception: an output may grow into an input that dies with
the same layer, as far as the kernel's order of reads and writes allows (``Access.lead``). A 1x1 convolution then needs
hardly more than the larger of its two tensors.

The planner places tensors one by one, each where the arena grows least, in several orders, and keeps the best result;
``verify`` checks a finished plan against the kernels' step lists without sharing code with the planner.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from model.compiler.ir import Graph, Op, Tensor
from model.compiler.kernels import Access, KernelCall
from model.compiler.lifetimes import ALIGNMENT, Leads, Lifetime, aligned, leads_of, lifetimes
from model.compiler.memory_bound import lower_bound

_SHUFFLES = 200  # of the order in which tensors are placed


@dataclass(frozen=True)
class MemoryPlan:
    """Offsets of all root tensors in bytes; ``peak`` is the largest sum of tensors alive in one layer, and where.

    ``bound_bytes``: no plan of these layers, in this order and with these overlaps, is smaller. ``tries``: orders of
    placing that were tried, until one reached the bound. ``states``: the offsets
    of what is kept from run to run, one behind the other in a memory of their own. ``scratch``: where in the arena
    layers have their scratch memory; those that are not there share one of their own. ``fast``: the arena is for the
    core's own RAM.
    """

    offsets: dict[Tensor, int]
    lifetimes: list[Lifetime]
    arena_bytes: int
    peak_bytes: int
    peak_layer: int
    bound_bytes: int
    tries: int
    states: dict[Tensor, int]
    scratch: dict[Op, int] = field(default_factory=dict)
    fast: bool = False

    def offset(self, tensor: Tensor) -> int:
        """Where in the arena the bytes of ``tensor`` begin, also of a view; of a state, where in the states' memory."""
        places = self.offsets if tensor.in_arena else self.states
        return places[tensor.root] + tensor.root_offset

    @property
    def state_bytes(self) -> int:
        """Of all states together, each aligned."""
        return aligned(max((start + state.bytes for state, start in self.states.items()), default=0))


def plan_memory(graph: Graph, calls: Sequence[KernelCall], shuffles: int = _SHUFFLES) -> MemoryPlan:
    """The plan with the smallest arena found, after at most ``shuffles`` orders drawn by chance; deterministic."""
    spans = lifetimes(graph, calls)
    leads = leads_of(spans, calls)
    bound = lower_bound(spans, leads, len(calls))
    best: dict[Tensor, int] | None = None
    best_size = 0
    tries = 0
    for order in _orders(spans, len(calls), shuffles):
        tries += 1
        offsets = _place(order, leads)
        size = _extent(offsets)
        if best is None or size < best_size:
            best, best_size = offsets, size
        if aligned(best_size) <= aligned(bound):
            break
    assert best is not None
    lowest = min(best.values())
    shifted = {tensor: offset - lowest for tensor, offset in best.items()}
    peak_bytes, peak_layer = _peak(spans, len(calls))
    arena_bytes = aligned(best_size)
    plan = MemoryPlan(
        shifted, spans, arena_bytes, peak_bytes, peak_layer, min(aligned(bound), arena_bytes), tries, _states(calls)
    )
    verify(plan, calls)
    return plan


def _states(calls: Sequence[KernelCall]) -> dict[Tensor, int]:
    places: dict[Tensor, int] = {}
    end = 0
    for call in calls:
        for tensor in (*call.inputs, call.output):
            if tensor.root.initial is not None and tensor.root not in places:
                places[tensor.root] = end
                end += aligned(tensor.root.bytes)
    return places


def _orders(spans: list[Lifetime], layers: int, shuffles: int) -> Iterable[list[Lifetime]]:
    by_size = sorted(spans, key=lambda span: -span.tensor.bytes)
    yield by_size
    yield spans
    yield spans[::-1]
    if len(spans) < 4:
        return
    sums = _alive(spans, layers)
    peaks = {span.tensor: max(sums[max(span.first, 0) : span.last + 1], default=0) for span in spans}
    by_peak = sorted(spans, key=lambda span: (-peaks[span.tensor], -span.tensor.bytes))
    yield by_peak
    yield sorted(spans, key=lambda span: -span.tensor.bytes * (span.last - span.first + 1))
    random_source = random.Random(0)
    for number in range(shuffles):
        order = list(by_peak if number % 2 else by_size)
        for _ in range(4):
            i, j = (random_source.randrange(min(len(order), 8)) for _ in range(2))
            order[i], order[j] = order[j], order[i]
        yield order


def _place(order: list[Lifetime], leads: Leads) -> dict[Tensor, int]:
    """Each tensor in turn where the whole extends least; among such places the lowest. Offsets may be negative."""
    placed: list[Lifetime] = []
    offsets: dict[Tensor, int] = {}
    for span in order:
        forbidden = sorted(
            _forbidden(span.tensor, other.tensor, offsets[other.tensor], leads)
            for other in placed
            if other.first <= span.last and span.first <= other.last
        )
        low = min(offsets.values(), default=0)
        high = max((offset + tensor.bytes for tensor, offset in offsets.items()), default=0)
        offsets[span.tensor] = min(
            _free_starts(forbidden, low),
            key=lambda start: (max(high, start + span.tensor.bytes) - min(low, start), start),
        )
        placed.append(span)
    return offsets


def _forbidden(tensor: Tensor, other: Tensor, other_offset: int, leads: Leads) -> tuple[int, int]:
    """The open interval of starts of ``tensor`` that would disturb ``other``."""
    low, high = other_offset - tensor.bytes, other_offset + other.bytes
    if (other, tensor) in leads:  # other is the input: starting early enough is allowed
        low = max(low, min(high, other_offset + leads[other, tensor]))
    elif (tensor, other) in leads:
        high = min(high, max(low, other_offset - leads[tensor, other]))
    return low, high


def _free_starts(forbidden: list[tuple[int, int]], low: int) -> list[int]:
    """Aligned starts outside all open intervals, next to their ends; both sides of everything are among them."""
    candidates = {low if not forbidden else -(-low // ALIGNMENT) * ALIGNMENT}
    for start, end in forbidden:
        candidates.add(start // ALIGNMENT * ALIGNMENT)
        candidates.add(-(-end // ALIGNMENT) * ALIGNMENT)
    return [start for start in candidates if all(not low_end < start < high_end for low_end, high_end in forbidden)]


def _extent(offsets: dict[Tensor, int]) -> int:
    return max(offset + tensor.bytes for tensor, offset in offsets.items()) - min(offsets.values())


def _alive(spans: list[Lifetime], layers: int) -> list[int]:
    """Bytes alive in each layer."""
    return [sum(span.tensor.bytes for span in spans if span.first <= n <= span.last) for n in range(layers)]


def _peak(spans: list[Lifetime], layers: int) -> tuple[int, int]:
    sums = _alive(spans, layers)
    peak = max(sums)
    return peak, sums.index(peak)


def verify(plan: MemoryPlan, calls: Sequence[KernelCall]) -> None:
    """Raise AssertionError unless running ``calls`` in order keeps every byte until its last reader had it.

    Works on addresses: each layer's writes, step by step, against what later steps and later layers still read.
    """
    for span in plan.lifetimes:
        offset = plan.offsets[span.tensor]
        if offset < 0 or offset % ALIGNMENT or offset + span.tensor.bytes > plan.arena_bytes:
            raise AssertionError(f"'{span.tensor.name}' at {offset} leaves the arena of {plan.arena_bytes} bytes")
    parts: dict[Tensor, list[tuple[int, int, Tensor]]] = {}
    for number, call in enumerate(calls):
        output = call.output
        if not output.in_arena:
            continue
        start, end = (plan.offset(output) + at for at in call.written)
        if end > plan.offsets[output.root] + output.root.bytes:
            raise AssertionError(f"'{output.name}' leaves '{output.root.name}', which it is a part of")
        for span in plan.lifetimes:
            if span.tensor is output.root or not span.first < number <= span.last:
                continue
            other = plan.offsets[span.tensor]
            if end <= other or other + span.tensor.bytes <= start:
                continue
            if span.last > number:
                raise AssertionError(f"'{output.name}' overwrites '{span.tensor.name}', which is still needed")
            for source, access in zip(call.inputs, call.access, strict=True):
                if source.root is span.tensor:
                    _verify_steps(call, source, access, plan.offset(output), plan.offset(source))
        read = [(plan.offset(s), plan.offset(s) + s.bytes, s) for s in call.inputs if s.root is output.root]
        for low, high, other_part in [*read, *parts.get(output.root, [])]:
            if start < high and low < end and other_part is not output:
                raise AssertionError(f"'{output.name}' overwrites '{other_part.name}', another part of its tensor")
        parts.setdefault(output.root, []).append((start, end, output))


def _verify_steps(call: KernelCall, source: Tensor, access: Access | None, output_at: int, input_at: int) -> None:
    if access is None:
        raise AssertionError(f"'{call.output.name}' overlaps '{source.name}', which {call.function} forbids")
    written = access.written
    begin, end = output_at + np.concatenate(([0], written[:-1])), output_at + written
    # The lowest input byte that steps after each one read
    reads_from = np.minimum.accumulate(access.lowest_read[::-1])[::-1]
    needed = np.minimum(np.concatenate((reads_from[1:], [source.bytes])), source.bytes)
    wrong = np.maximum(begin, input_at + needed) < np.minimum(end, input_at + source.bytes)
    if wrong.any():
        step = int(np.flatnonzero(wrong)[-1])
        raise AssertionError(f"'{call.output.name}' overwrites '{source.name}' at step {step} of {call.function}")
