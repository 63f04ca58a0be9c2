"""Graph passes, in the order they run. Each changes the graph in place and says whether it changed anything."""

from __future__ import annotations

from model.compiler.ir import Graph
from model.compiler.passes.cut_edges import cut_edges
from model.compiler.passes.drop_dead import drop_dead
from model.compiler.passes.drop_noops import drop_noops
from model.compiler.passes.fold_float import fold_float
from model.compiler.passes.fold_pad import fold_pad
from model.compiler.passes.idle_channels import put_idle_channels_last
from model.compiler.passes.join_in_place import join_in_place
from model.compiler.passes.place_outputs import place_outputs
from model.compiler.passes.view_moves import view_moves


def run_passes(graph: Graph) -> None:
    """Optimise ``graph`` in place; results stay bit for bit the same."""
    fold_float(graph)
    view_moves(graph)
    drop_noops(graph)
    fold_pad(graph)
    drop_dead(graph)
    join_in_place(graph)
    place_outputs(graph)


__all__ = ["cut_edges", "put_idle_channels_last", "run_passes"]
