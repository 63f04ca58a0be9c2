"""Several outputs of one scale become one, laid end to end, for callers that know a model's scores as one list."""

from __future__ import annotations

import numpy as np

from model.compiler.ir import Graph, Move, Tensor
from model.errors import CrosscamError


def join_scores(graph: Graph, sizes: tuple[int, ...]) -> None:
    """Make one output of the first outputs, whose numbers of values have to be ``sizes``; the others go.

    Raises:
        CrosscamError: there are fewer outputs, or they have other sizes, types or scales.
    """
    parts = graph.outputs[: len(sizes)]
    found = tuple(part.size for part in parts)
    if found != sizes:
        raise CrosscamError(f"its outputs have {list(found)} values, its card says [output] sizes {list(sizes)}")
    first = parts[0]
    for part in parts:
        if part.dtype != "int8" or part.scales.tolist() != first.scales.tolist() or part.zero_point != first.zero_point:
            raise CrosscamError(
                f"outputs '{first.name}' and '{part.name}' differ in type or scale, expected int8 scores of one scale"
            )
    joined = Tensor("scores", (1, sum(sizes)), first.dtype, first.scales, first.zero_point)
    graph.ops.append(Move("CONCATENATION", list(parts), joined, sources=np.arange(sum(sizes))))
    graph.outputs = [joined]
