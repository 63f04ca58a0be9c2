"""RESHAPE moves no byte: its output becomes a view of its input."""

from __future__ import annotations

from model.compiler.ir import Graph, Reshape


def fold_reshape(graph: Graph) -> bool:
    """Drop every Reshape; readers of its output keep that shape and find the bytes through ``Tensor.alias``."""
    reshapes = [op for op in graph.ops if isinstance(op, Reshape)]
    for op in reshapes:
        op.output.alias = op.inputs[0]
    graph.ops = [op for op in graph.ops if not isinstance(op, Reshape)]
    return bool(reshapes)
