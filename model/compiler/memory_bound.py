"""Bytes that no memory plan can do without: what the arena found is held against."""

from __future__ import annotations

from collections.abc import Sequence

from model.compiler.ir import Tensor
from model.compiler.lifetimes import Leads, Lifetime, aligned

_PATHS = 4  # of a chain's ways to one tensor that are followed


def lower_bound(spans: Sequence[Lifetime], leads: Leads, layers: int) -> int:
    """The larger of two bounds: by what is alive in one layer, and by chains of outputs that grow into their inputs."""
    return max(_by_layer(spans, leads, layers), _by_chain(spans, leads))


def _by_layer(spans: Sequence[Lifetime], leads: Leads, layers: int) -> int:
    """The most that is alive in one layer, less what may overlap there."""
    bound = max(span.tensor.bytes for span in spans)
    for layer in range(layers):
        alive = [span.tensor for span in spans if span.first <= layer <= span.last]
        pads = [aligned(tensor.bytes) - tensor.bytes for tensor in alive]
        total = sum(tensor.bytes for tensor in alive) + sum(pads) - max(pads)
        here = set(alive)
        saved: dict[Tensor, int] = {}
        for (source, output), lead in leads.items():
            if source in here and output in here:
                shift = max(0, aligned(-lead))  # the output starts this far before the input
                together = aligned(source.bytes) + aligned(output.bytes)
                gain = max(0, together - max(source.bytes + shift, output.bytes))
                saved[output] = saved.get(output, 0) + gain
        # Inputs lie apart: an output that grows into two of them saves no more than itself.
        bound = max(bound, total - sum(min(gain, aligned(output.bytes)) for output, gain in saved.items()))
    return bound


def _by_chain(spans: Sequence[Lifetime], leads: Leads) -> int:
    """Along a chain each output starts before its input: the starts drift apart by the sum of the leads.

    Where two neighbours of a chain lie apart instead, the arena holds both in full; so the smallest such pair limits
    what the drift demands.
    """
    following: dict[Tensor, list[tuple[Tensor, int]]] = {}
    for (source, output), lead in leads.items():
        if lead <= 0:
            following.setdefault(source, []).append((output, aligned(-lead)))
    bound = 0
    for start in [span.tensor for span in spans if span.tensor in following]:
        ways: list[tuple[Tensor, int, int]] = [(start, 0, 1 << 62)]
        steps = 0
        while ways and steps <= len(spans):
            reached: dict[Tensor, list[tuple[int, int]]] = {}
            for tensor, drift, apart in ways:
                for output, shift in following.get(tensor, []):
                    pair = min(apart, aligned(tensor.bytes) + output.bytes, aligned(output.bytes) + tensor.bytes)
                    reached.setdefault(output, []).append((drift + shift, pair))
            ways = []
            for output, found in reached.items():
                for drift, pair in sorted(found, reverse=True)[:_PATHS]:
                    bound = max(bound, min(pair, max(drift + start.bytes, output.bytes)))
                    ways.append((output, drift, pair))
            steps += 1
    return bound
