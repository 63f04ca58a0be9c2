"""Layer names: from the converter's long tensor names to the names the network's author wrote."""

from __future__ import annotations

import re

from model.compiler.ir import Graph, Op

_COMPUTING = ("convolution", "depthwise", "MatMul", "separable_conv2d")


def assign_names(graph: Graph) -> None:
    """Give every operator a short, unique C identifier; e.g. "conv_pw_3" from ".../conv_pw_3_1/convolution;...".

    Keras numbers every name of an exported graph with the same suffix ("_1"): it is dropped when all names carry it.
    """
    pairs = [_scope_and_leaf(op) for op in graph.ops]
    if pairs and all(scope.endswith("_1") for scope, _ in pairs):
        pairs = [(scope.removesuffix("_1"), leaf) for scope, leaf in pairs]
    used: set[str] = set()
    for op, (scope, leaf) in zip(graph.ops, pairs, strict=True):
        base = _identifier(scope)
        name = base if base not in used else _identifier(f"{scope}_{leaf.lower()}")
        number = 2
        while name in used:
            name = f"{base}_{number}"
            number += 1
        used.add(name)
        op.name = name


def _scope_and_leaf(op: Op) -> tuple[str, str]:
    paths = [path.split("/") for path in op.output.name.split(";") if path]
    for path in paths:
        if len(path) > 1 and path[-1].rstrip("0123456789_").startswith(_COMPUTING):
            return path[-2], path[-1]
    if paths and len(paths[0]) > 1:
        return paths[0][-2], paths[0][-1]
    leaf = paths[0][0] if paths else op.kind
    return leaf, op.kind


def _identifier(text: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    return cleaned[:48] or "layer"
