"""Graph passes, in the order they run. Each changes the graph in place and says whether it changed anything."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from model.compiler.ir import Graph
from model.compiler.passes.cut_edges import cut_edges
from model.compiler.passes.drop_dead import drop_dead
from model.compiler.passes.drop_noops import drop_noops
from model.compiler.passes.fold_float import fold_float
from model.compiler.passes.fold_pad import fold_pad
from model.compiler.passes.idle_channels import put_idle_channels_last
from model.compiler.passes.join_in_place import join_in_place
from model.compiler.passes.join_scores import join_scores
from model.compiler.passes.place_outputs import place_outputs
from model.compiler.passes.view_moves import view_moves

Pass = Callable[[Graph], bool]
PASSES: dict[str, Pass] = {
    "fold-float": fold_float,
    "view-moves": view_moves,
    "drop-noops": drop_noops,
    "fold-pad": fold_pad,
    "drop-dead": drop_dead,
    "join-in-place": join_in_place,
}
"""Those that may be left out, by name."""
FOR_SPEED: dict[str, Pass] = {"idle-channels": put_idle_channels_last}
"""Those that plain kernels would not gain by."""


@dataclass(frozen=True)
class Effect:
    """What a pass did."""

    name: str
    text: str


def run_passes(graph: Graph, without: Collection[str] = ()) -> list[Effect]:
    """Optimise ``graph`` in place, but for passes in ``without``; results stay bit for bit the same."""
    effects = [_run(name, function, graph, without) for name, function in PASSES.items()]
    place_outputs(graph)
    return effects


def run_passes_for_speed(graph: Graph, without: Collection[str] = ()) -> list[Effect]:
    """The same with ``FOR_SPEED``."""
    return [_run(name, function, graph, without) for name, function in FOR_SPEED.items()]


def _run(name: str, function: Pass, graph: Graph, without: Collection[str]) -> Effect:
    if name in without:
        return Effect(name, "left out")
    before = len(graph.ops), _channels(graph), _work(graph)
    if not function(graph):
        return Effect(name, "nothing to do")
    operators, channels, work = (
        was - now for was, now in zip(before, (len(graph.ops), _channels(graph), _work(graph)), strict=True)
    )
    parts = []
    if operators:
        parts.append(f"{operators:,} operators fewer")
    elif channels:
        parts.append(f"{channels:,} channels fewer")
    if work:
        parts.append(f"{work:,} MACs not done")
    return Effect(name, ", ".join(parts) or "done")


def _channels(graph: Graph) -> int:
    return sum(op.output.hwc[2] for op in graph.ops)


def _work(graph: Graph) -> int:
    return sum(op.macs - getattr(op, "left_out", 0) for op in graph.ops)


__all__ = [
    "FOR_SPEED",
    "PASSES",
    "Effect",
    "cut_edges",
    "join_scores",
    "put_idle_channels_last",
    "run_passes",
    "run_passes_for_speed",
]
