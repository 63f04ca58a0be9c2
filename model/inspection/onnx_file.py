# mypy: disable-error-code="import-untyped,import-not-found"
"""ONNX files: the graph with its shapes inferred. Weights beside the file are not looked at."""

from __future__ import annotations

from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

from model.card import model_bytes
from model.errors import CrosscamError, shown
from model.extras import missing
from model.inspection.facts import End, Facts, digest, not_compiled

_STANDARD = frozenset({"", "ai.onnx"})
_CONSTANT = frozenset({"value", "value_float", "value_floats", "value_int", "value_ints"})
"""Of the ways a Constant node says its value, those that are tensors."""
_MULTIPLY = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})

Shapes = dict[str, tuple["int | None", ...]]


def inspect_onnx(path: Path) -> Facts:
    """Facts of the .onnx at ``path``.

    Raises:
        CrosscamError: as ``read_onnx``.
    """
    model = read_onnx(path)
    graph = model.graph
    shapes = shapes_of(graph)
    weights = {each.name: tuple(each.dims) for each in graph.initializer}
    macs = [_macs(node, shapes, weights) for node in graph.node if node.op_type in _MULTIPLY]
    size, sha256 = digest([path])
    versions = ", ".join(f"{each.domain or 'ai.onnx'} {each.version}" for each in model.opset_import)
    return Facts(
        file=str(path),
        kind="onnx",
        bytes=size,
        sha256=sha256,
        inputs=tuple(_end(each) for each in graph.input if each.name not in weights),
        outputs=tuple(_end(each) for each in graph.output),
        operators=dict(Counter(_kind(node) for node in graph.node).most_common()),
        tensors=len(graph.initializer),
        parameters=sum(prod(dims) for dims in weights.values()),
        macs=None if None in macs else sum(count or 0 for count in macs),
        board=not_compiled("ONNX"),
        notes=(f"opset {versions}; by {shown(model.producer_name or 'unknown', 40)}",),
    )


def read_onnx(path: Path) -> Any:
    """The ``onnx.ModelProto`` with inferred shapes.

    Raises:
        CrosscamError: the package ``onnx`` is missing; the file is none, damaged, or has its weights in other files.
    """
    try:
        import onnx
    except ImportError:
        raise missing("onnx", "onnx") from None
    try:
        model = onnx.load_model_from_string(model_bytes(path))
        outside = [each.name for each in model.graph.initializer if each.external_data]
        if not model.graph.node or not model.graph.output:
            raise CrosscamError(f"{path}: no ONNX model, or an empty one; export it again")
        if outside:
            raise CrosscamError(
                f"{path}: weights ('{shown(outside[0], 40)}') lie in another file; save the model as one file"
            )
        _lift_constants(model.graph)
        return onnx.shape_inference.infer_shapes(model)
    except CrosscamError:
        raise
    except Exception as error:  # protobuf and onnx raise anything at a damaged file
        reason = " ".join(str(error).split())[:140]
        raise CrosscamError(f"{path}: not a readable ONNX model ({type(error).__name__}: {reason})") from error


def _lift_constants(graph: Any) -> None:
    """Weights that an exporter wrote as Constant nodes become initializers, which mean the same."""
    import numpy as np
    import onnx

    kept = []
    for node in graph.node:
        value = node.attribute[0] if node.op_type == "Constant" and node.attribute else None
        if value is None or value.name not in _CONSTANT:
            kept.append(node)
        elif value.name == "value":
            graph.initializer.add().CopyFrom(value.t)
            graph.initializer[-1].name = node.output[0]
        else:
            kind = np.float32 if "float" in value.name else np.int64
            array = np.array(onnx.helper.get_attribute_value(value), kind)
            graph.initializer.append(onnx.numpy_helper.from_array(array, node.output[0]))
    del graph.node[:]
    graph.node.extend(kept)


def shapes_of(graph: Any) -> Shapes:
    """What is known of each tensor's shape."""
    infos = [*graph.input, *graph.value_info, *graph.output]
    return {each.name: _shape(each) for each in infos} | {each.name: tuple(each.dims) for each in graph.initializer}


def _shape(info: Any) -> tuple[int | None, ...]:
    sizes = info.type.tensor_type.shape.dim
    # PaddlePaddle writes -1 for a free size.
    return tuple(int(each.dim_value) if each.HasField("dim_value") and each.dim_value >= 0 else None for each in sizes)


def _end(info: Any) -> End:
    import onnx

    kind = onnx.TensorProto.DataType.Name(info.type.tensor_type.elem_type).lower()
    return End(info.name, {"float": "float32", "double": "float64"}.get(kind, kind), _shape(info))


def _kind(node: Any) -> str:
    return str(node.op_type) if node.domain in _STANDARD else f"{node.domain}.{node.op_type}"


def _macs(node: Any, shapes: Shapes, weights: Shapes) -> int | None:
    output, second = shapes.get(node.output[0]), shapes.get(node.input[1])
    if output is None or second is None or None in second:
        return None
    if node.op_type in ("Conv", "ConvTranspose"):
        places = shapes.get(node.input[0]) if node.op_type == "ConvTranspose" else output
        if places is None or None in places[2:]:
            return None
        return (places[0] or 1) * prod(size or 0 for size in (*places[2:], *second))
    if node.op_type == "Gemm":
        rows = output[0] or 1
        return rows * prod(size or 0 for size in second)
    if None in output[1:]:
        return None
    return (output[0] or 1 if output else 1) * prod(size or 0 for size in output[1:]) * (second[-2] or 0)
