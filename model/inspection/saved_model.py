"""SavedModel folders: the protocol buffer is read, no graph is run and no variable loaded."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from model.card import MODEL_AT_MOST
from model.errors import CrosscamError, shown
from model.extras import missing
from model.inspection.facts import End, Facts, digest, not_compiled
from model.inspection.quiet import quiet_stderr
from model.reading import UnreadableError, plain_bytes, reason_of

FILE = "saved_model.pb"
SIGNATURE = "serving_default"
_OUTSIDE = frozenset({
    *("PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "DebugIdentity"),
    *("PrintV2", "Print", "SendTPUEmbeddingGradients", "LookupTableFindV2", "InitializeTableFromTextFileV2"),
    *("TextLineReaderV2", "WholeFileReaderV2", "TFRecordReaderV2", "DecodeProtoV2", "EncodeProto", "Send", "Recv"),
})  # fmt: skip
"""Operators that reach files, other processes or Python, or need what is not in the graph."""
_PLUMBING = frozenset({"Identity", "NoOp", "ReadVariableOp", "VarHandleOp", "Placeholder", "Const"})
_MULTIPLY = frozenset({
    *("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "Conv3D", "Conv2DBackpropInput"),
})  # fmt: skip
_MOST_NODES = 200_000
_MOST_FILES = 1000


def inspect_saved_model(folder: Path) -> Facts:
    """Facts of the folder's serving signature.

    Raises:
        CrosscamError: as ``read_signature``.
    """
    signature, graph = read_signature(folder)
    walk = _Walk(folder, graph)
    walk.from_outputs([each.name for each in signature.outputs.values()])
    size, sha256 = digest(_files(folder))
    return Facts(
        file=str(folder),
        kind="saved model",
        bytes=size,
        sha256=sha256,
        inputs=_ends(signature.inputs),
        outputs=_ends(signature.outputs),
        operators=dict(walk.operators.most_common()),
        tensors=len(walk.variables),
        parameters=walk.parameters,
        macs=walk.macs,
        board=not_compiled("saved"),
    )


def read_signature(folder: Path) -> tuple[Any, Any]:
    """The serving signature and the graph, once nothing in it reaches outside.

    Raises:
        CrosscamError: TensorFlow is missing; no SavedModel, a damaged one, one without the signature, or with an
            operator that reaches files, processes or Python.
    """
    document = _document(folder)
    for meta in document.meta_graphs:
        if SIGNATURE in meta.signature_def:
            _check_nodes(folder / FILE, meta.graph_def)
            return meta.signature_def[SIGNATURE], meta.graph_def
    names = sorted({name for meta in document.meta_graphs for name in meta.signature_def})
    raise CrosscamError(f"{folder / FILE}: no signature '{SIGNATURE}', it has {shown(', '.join(names) or 'none', 100)}")


def without_optimizer(folder: Path, scratch: Path) -> Path:
    """The SavedModel in ``scratch``, its variables by a link, without the slots of an optimizer it was saved with: TF
    2.16 and later has no class for those that older versions wrote, and fails.

    Raises:
        CrosscamError: as ``read_signature``.
    """
    document = _document(folder)
    for meta in document.meta_graphs:
        for node in meta.object_graph_def.nodes:
            node.ClearField("slot_variables")
    (scratch / FILE).write_bytes(document.SerializeToString())
    for name in ("variables", "assets"):
        if (folder / name).is_dir():
            (scratch / name).symlink_to((folder / name).resolve())
    return scratch


def _document(folder: Path) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet_stderr():
            from google.protobuf.message import DecodeError
            from tensorflow.core.protobuf import saved_model_pb2
    except ImportError as error:
        raise missing(error.name or "tensorflow") from None
    path = folder / FILE
    document = saved_model_pb2.SavedModel()
    try:
        document.ParseFromString(plain_bytes(path, MODEL_AT_MOST))
    except FileNotFoundError as error:
        raise CrosscamError(f"{folder}: no {FILE} in it; give the folder of a SavedModel") from error
    except (OSError, UnreadableError) as error:
        raise CrosscamError(f"{path}: cannot be read ({reason_of(error)})") from error
    except (DecodeError, RecursionError) as error:
        raise CrosscamError(f"{path}: no SavedModel, or a damaged one; export it again") from error
    return document


def _check_nodes(path: Path, graph: Any) -> None:
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    if len(nodes) > _MOST_NODES:
        raise CrosscamError(f"{path}: {len(nodes):,} operators, expected at most {_MOST_NODES:,}")
    for node in nodes:
        if node.op in _OUTSIDE:
            raise CrosscamError(
                f"{path}: operator {node.op} ('{shown(node.name, 40)}') reaches outside the model; export it without"
            )


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if len(found) > _MOST_FILES:
        raise CrosscamError(f"{folder}: {len(found):,} files, expected at most {_MOST_FILES:,} of a SavedModel")
    return found


def _ends(infos: Any) -> tuple[End, ...]:
    from tensorflow.dtypes import as_dtype

    return tuple(
        End(name, as_dtype(info.dtype).name, _shape(info.tensor_shape)) for name, info in sorted(infos.items())
    )


def _shape(proto: Any) -> tuple[int | None, ...]:
    return tuple(None if each.size < 0 else int(each.size) for each in proto.dim)


@dataclass
class _Walk:
    """Back from the signature's outputs, into the functions that are called."""

    folder: Path
    graph: Any
    operators: Counter[str] = field(default_factory=Counter)
    variables: dict[str, int] = field(default_factory=dict)
    macs: int | None = 0
    constants: int = 0

    @property
    def parameters(self) -> int:
        """Elements of variables and floating-point constants."""
        return sum(self.variables.values()) + self.constants

    def from_outputs(self, names: list[str]) -> None:
        """Count what the tensors ``names`` of the main graph are made of."""
        nodes = {node.name: node for node in self.graph.node}
        stack, seen = [_node_of(name) for name in names], set()
        while stack:
            name = stack.pop()
            if name in seen or name not in nodes:
                continue
            seen.add(name)
            self._count(nodes[name], nodes)
            stack += [_node_of(each) for each in nodes[name].input]
        functions = {each.signature.name: each for each in self.graph.library.function}
        called = [name for node in sorted(seen) for name in _called(nodes[node])]
        entered: set[str] = set()
        while called:
            name = called.pop()
            if name in entered or name not in functions:
                continue
            entered.add(name)
            inside = {node.name: node for node in functions[name].node_def}
            for node in inside.values():
                self._count(node, inside)
                called += _called(node)

    def _count(self, node: Any, nodes: dict[str, Any]) -> None:
        if node.op == "VarHandleOp":
            self.variables[node.attr["shared_name"].s.decode() or node.name] = _product(
                _shape(node.attr["shape"].shape)
            )
        elif node.op == "Const" and _is_real(node):
            self.constants += _product(_shape(node.attr["value"].tensor.tensor_shape))
        if node.op not in _PLUMBING and not _called(node):
            self.operators[node.op] += 1
        if node.op in _MULTIPLY:
            count = _macs(node, nodes)
            self.macs = None if count is None or self.macs is None else self.macs + count


def _macs(node: Any, nodes: dict[str, Any]) -> int | None:
    """Of a convolution or matrix product, from the shapes that TensorFlow writes beside its nodes."""
    shapes = node.attr["_output_shapes"].list.shape
    if not shapes:
        return None
    output = _shape(shapes[0])
    second = nodes.get(_node_of(node.input[1]))
    known = second.attr["_output_shapes"].list.shape if second is not None else ()
    if not known or node.op == "Conv2DBackpropInput":
        return None
    weights = _shape(known[0])
    if node.op in ("MatMul", "BatchMatMulV2"):
        return _product((output[0] or 1, *output[1:], weights[-2]))
    return _product((output[0] or 1, *output[1:-1], *weights))


def _product(sizes: tuple[int | None, ...]) -> int:
    return prod(size or 0 for size in sizes)


def _is_real(node: Any) -> bool:
    from tensorflow.dtypes import as_dtype

    return bool(as_dtype(node.attr["value"].tensor.dtype).is_floating)


def _node_of(name: str) -> str:
    return name.lstrip("^").partition(":")[0]


def _called(node: Any) -> list[str]:
    return [node.attr["f"].func.name] if "f" in node.attr and node.attr["f"].func.name else []
