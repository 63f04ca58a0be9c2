# mypy: disable-error-code="import-untyped"
"""Reads a .tflite file (FlatBuffers schema 3) into raw tensors and operators, checking what it reads.

Nothing of the file is trusted: a truncated or scrambled file ends in one CrosscamError, never in a traceback.
Operators become graph nodes in operators.py.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from model.compiler.ir import Graph, Tensor
from model.compiler.limits import Constants, check_counts, check_tensor
from model.compiler.operators import RawOp, build_op
from model.errors import CrosscamError

_DTYPES = {
    tflite.TensorType.INT8: "int8",
    tflite.TensorType.INT32: "int32",
    tflite.TensorType.INT64: "int64",
    tflite.TensorType.UINT8: "uint8",
    tflite.TensorType.FLOAT32: "float32",
}
_NUMPY = {"int8": np.int8, "int32": np.int32, "int64": np.int64, "uint8": np.uint8, "float32": np.float32}
_TYPE_NAMES = {value: name for name, value in vars(tflite.TensorType).items() if isinstance(value, int)}
_OP_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, AssertionError)


@dataclass(frozen=True)
class _Tables:
    model: Any
    subgraph: Any
    path: Path
    constants: Constants


def read_graph(path: Path, blob: bytes) -> Graph:
    """The graph of the .tflite file ``blob``; ``path`` only names it in messages."""
    if len(blob) < 8 or blob[4:8] != b"TFL3":
        raise CrosscamError(
            f"{path}: not a .tflite file (identifier TFL3 missing in its first 8 bytes); give an int8 .tflite model"
        )
    try:
        return _read(path, blob)
    except CrosscamError:
        raise
    except _DAMAGE as error:
        raise CrosscamError(
            f"{path}: damaged or truncated .tflite ({len(blob)} bytes, {type(error).__name__} while reading); "
            "export or copy the file again"
        ) from error


def _read(path: Path, blob: bytes) -> Graph:
    model = tflite.Model.GetRootAs(bytearray(blob), 0)
    if model.Version() != 3:
        raise CrosscamError(f"{path}: .tflite schema version {model.Version()}, expected 3; convert the model again")
    if model.SubgraphsLength() != 1:
        raise CrosscamError(f"{path}: {model.SubgraphsLength()} subgraphs, expected 1; export one inference function")
    tables = _Tables(model, model.Subgraphs(0), path, Constants(path))
    check_counts(path, model, tables.subgraph)
    count = tables.subgraph.TensorsLength()
    cache: dict[int, Tensor] = {}

    def tensor(index: int) -> Tensor:
        if not 0 <= index < count:
            raise CrosscamError(f"{path}: an operator names tensor {index} of {count}; the file is damaged")
        if index not in cache:
            cache[index] = _tensor(tables, index)
        return cache[index]

    ops = []
    for number in range(tables.subgraph.OperatorsLength()):
        ops.append(build_op(_operator(tables, number, tensor)))
    graph = Graph(_single(tables, "input", tensor), _single(tables, "output", tensor), ops)
    _check_order(graph, path)
    return graph


def _single(tables: _Tables, what: str, tensor: Any) -> Tensor:
    indices = getattr(tables.subgraph, what.capitalize() + "sAsNumpy")()
    if not isinstance(indices, np.ndarray) or len(indices) != 1:
        number = len(indices) if isinstance(indices, np.ndarray) else 0
        raise CrosscamError(f"{tables.path}: the model has {number} {what}s, expected exactly 1 {what} tensor")
    found: Tensor = tensor(int(indices[0]))
    if found.dtype != "int8" or not len(found.scales):
        raise CrosscamError(
            f"{tables.path}: {what} tensor '{found.name}' is {found.dtype}, expected quantized int8; "
            "convert with int8 input and output (inference_input_type = tf.int8)"
        )
    return found


def _tensor(tables: _Tables, index: int) -> Tensor:
    raw = tables.subgraph.Tensors(index)
    check_tensor(tables.path, raw)
    name = (raw.Name() or b"").decode("utf-8", "replace") or f"tensor_{index}"
    code = raw.Type()
    dtype = _DTYPES.get(code, _TYPE_NAMES.get(code, str(code)).lower())
    shape = tuple(int(size) for size in raw.ShapeAsNumpy()) if raw.ShapeLength() else ()
    signature = raw.ShapeSignatureAsNumpy() if raw.ShapeSignatureLength() else np.zeros(0, np.int32)
    dynamic = [int(size) for position, size in enumerate(signature) if size < 0 and position > 0]
    if dynamic or any(size <= 0 for size in shape):
        shown = list(map(int, signature)) if len(signature) else list(shape)
        raise CrosscamError(
            f"{tables.path}: tensor '{name}' has the dynamic shape {shown}; "
            "export the model with fixed shapes (batch 1)"
        )
    scales, zero_point = _quantization(tables, raw, name)
    return Tensor(name, shape, dtype, scales, zero_point, _data(tables, raw, name, dtype, shape))


def _quantization(tables: _Tables, raw: Any, name: str) -> tuple[np.ndarray, int]:
    quantization = raw.Quantization()
    if quantization is None or not quantization.ScaleLength():
        return np.zeros(0, np.float32), 0
    scales = np.array(quantization.ScaleAsNumpy(), dtype=np.float32)
    if not np.all(np.isfinite(scales)) or np.any(scales <= 0):
        raise CrosscamError(f"{tables.path}: tensor '{name}' has a scale that is not a positive number")
    zeros = quantization.ZeroPointAsNumpy() if quantization.ZeroPointLength() else np.zeros(1, np.int64)
    zero_point = int(zeros[0])
    if np.any(zeros != zero_point) or not -128 <= zero_point <= 127:
        raise CrosscamError(f"{tables.path}: tensor '{name}' has zero points outside int8 or differing by channel")
    return scales, zero_point


def _data(tables: _Tables, raw: Any, name: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray | None:
    number = raw.Buffer()
    if number >= tables.model.BuffersLength():
        raise CrosscamError(f"{tables.path}: tensor '{name}' names buffer {number}, which the file does not have")
    buffer = tables.model.Buffers(number)
    if not buffer.DataLength():
        return None
    if dtype not in _NUMPY:
        raise CrosscamError(
            f"{tables.path}: constant tensor '{name}' is {dtype}, expected int8 or int32; quantize the model to int8"
        )
    if raw.Sparsity() is not None:
        raise CrosscamError(f"{tables.path}: constant tensor '{name}' is sparse; store it dense")
    tables.constants.add(buffer.DataLength())
    data = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype=_NUMPY[dtype])
    if data.size != prod(shape):
        raise CrosscamError(
            f"{tables.path}: constant tensor '{name}' holds {data.size} values, its shape {list(shape)} wants "
            f"{prod(shape)}; the file is damaged"
        )
    return data.reshape(shape)


def _operator(tables: _Tables, number: int, tensor: Any) -> RawOp:
    raw = tables.subgraph.Operators(number)
    code_index = raw.OpcodeIndex()
    if code_index >= tables.model.OperatorCodesLength():
        raise CrosscamError(f"{tables.path}: operator {number} names operator code {code_index}, which does not exist")
    code = tables.model.OperatorCodes(code_index)
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = _OP_NAMES.get(builtin, f"operator {builtin}")
    if kind == "CUSTOM":
        kind = "custom operator " + (code.CustomCode() or b"?").decode("utf-8", "replace")
    inputs = [None if int(index) < 0 else tensor(int(index)) for index in _indices(raw, "Inputs")]
    outputs = [tensor(int(index)) for index in _indices(raw, "Outputs")]
    return RawOp(tables.path, number, kind, inputs, outputs, raw.BuiltinOptions(), raw.BuiltinOptionsType())


def _indices(raw: Any, what: str) -> np.ndarray:
    if not getattr(raw, what + "Length")():
        return np.zeros(0, np.int32)
    indices: np.ndarray = getattr(raw, what + "AsNumpy")()
    return indices


def _check_order(graph: Graph, path: Path) -> None:
    """Every activation is written once, before it is read, and the output is reached."""
    known = {graph.input}
    for op in graph.ops:
        for source in op.inputs:
            if source.data is None and source not in known:
                raise CrosscamError(
                    f"{path}: {op.kind} '{op.output.name}' reads tensor '{source.name}', which nothing has written; "
                    "the file is damaged"
                )
        if op.output in known or op.output.data is not None:
            raise CrosscamError(f"{path}: tensor '{op.output.name}' is written twice; the file is damaged")
        known.add(op.output)
    if graph.output not in known:
        raise CrosscamError(f"{path}: nothing writes the output tensor '{graph.output.name}'")
