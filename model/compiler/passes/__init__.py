"""Graph passes, in the order they run. Each changes the graph in place and says whether it changed anything."""

from __future__ import annotations

from model.compiler.ir import Graph
from model.compiler.passes.drop_dead import drop_dead
from model.compiler.passes.drop_noops import drop_noops
from model.compiler.passes.fold_pad import fold_pad
from model.compiler.passes.fold_reshape import fold_reshape


def run_passes(graph: Graph) -> None:
    """Optimise ``graph`` in place; results stay bit for bit the same."""
    fold_reshape(graph)
    drop_noops(graph)
    fold_pad(graph)
    drop_dead(graph)
