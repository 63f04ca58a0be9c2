"""A move of a whole run of values moves no byte: its output becomes a view of its input.

So RESHAPE, SQUEEZE, SPLIT and STRIDED_SLICE over the outermost axis, TRANSPOSE of axes of size 1 cost nothing.
"""

from __future__ import annotations

import numpy as np

from model.compiler.ir import Graph, Move, Op


def view_moves(graph: Graph) -> bool:
    """Drop every Move that is one run of one input; readers of its output find the bytes through ``Tensor.alias``."""
    kept: list[Op] = []
    for op in graph.ops:
        if isinstance(op, Move) and (view := _view(op)) is not None:
            position, start = view
            op.output.alias = op.inputs[position]
            op.output.alias_offset = start * op.output.item
        else:
            kept.append(op)
    changed = len(kept) != len(graph.ops)
    graph.ops = kept
    return changed


def _view(op: Move) -> tuple[int, int] | None:
    """(input, first element) when the output is one run of one computed input.

    A state is copied: what was read of it has to outlive its next assignment.
    """
    first = int(op.sources[0])
    if first < 0 or not np.array_equal(op.sources, np.arange(first, first + len(op.sources))):
        return None
    position = int(np.searchsorted(op.starts(), first, side="right")) - 1
    start = first - op.starts()[position]
    source = op.inputs[position]
    if start + op.output.size > source.size or not source.in_arena or not op.output.in_arena:
        return None
    return position, start
