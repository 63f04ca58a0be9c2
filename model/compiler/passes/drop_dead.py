"""Operators whose results nobody reads."""

from __future__ import annotations

from model.compiler.ir import Graph


def drop_dead(graph: Graph) -> bool:
    """Keep what the output needs, in the order it had."""
    wanted = {graph.output.root}
    kept = []
    for op in reversed(graph.ops):
        if op.output in wanted:
            wanted.update(source.root for source in op.inputs)
            kept.append(op)
    changed = len(kept) != len(graph.ops)
    graph.ops = kept[::-1]
    return changed
