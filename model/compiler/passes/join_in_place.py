"""A join that lays whole tensors end to end needs no copy: what makes a part writes it to its place at once.

So CONCATENATION and PACK over the outermost axis cost nothing, where their inputs are computed and joined only once.
"""

from __future__ import annotations

import numpy as np

from model.compiler.ir import Graph, Move, Op, Tensor


def join_in_place(graph: Graph) -> bool:
    """Make whole inputs of a joining Move views of its output; a Move that has nothing left to copy goes."""
    ends = {tensor.root for tensor in graph.inputs}  # their places are the caller's to fill
    kept: list[Op] = []
    changed = False
    for op in graph.ops:
        if not isinstance(op, Move) or np.any(op.sources < 0):
            kept.append(op)
            continue
        copied = [position for position in range(len(op.inputs)) if not _settle(op, position, ends)]
        changed = changed or len(copied) < len(op.inputs)
        if copied:
            kept.append(op)
    graph.ops = kept
    return changed


def _settle(op: Move, position: int, ends: set[Tensor]) -> bool:
    """Whether input ``position`` lies in its place in the output, by making its root a view where that is possible."""
    source, root = op.inputs[position], op.inputs[position].root
    elements, places = op.part(position)
    if not len(places):
        return True
    whole = len(places) == source.size and np.array_equal(elements, np.arange(source.size))
    if not whole or places[-1] - places[0] != len(places) - 1 or not root.in_arena or not op.output.in_arena:
        return False
    if root in ends or root is op.output.root or root.bytes != source.bytes:
        return False
    root.alias = op.output
    root.alias_offset = int(places[0]) * op.output.item
    return True
