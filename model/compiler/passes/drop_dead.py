"""Operators whose results nobody reads."""

from __future__ import annotations

from model.compiler.ir import Graph


def drop_dead(graph: Graph) -> bool:
    """Keep what the outputs need, and what the next run finds in a state, in the order it had."""
    wanted = {output.root for output in graph.outputs}
    kept = []
    for op in reversed(graph.ops):
        if op.output.root in wanted or op.output.root.initial is not None:
            wanted.update(source.root for source in op.inputs)
            kept.append(op)
    changed = len(kept) != len(graph.ops)
    graph.ops = kept[::-1]
    return changed
