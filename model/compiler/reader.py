# mypy: disable-error-code="import-untyped"
"""Reads a .tflite file (FlatBuffers schema 3) into raw tensors and operators, checking what it reads.

Nothing of the file is trusted: a truncated or scrambled file ends in one CrosscamError, never in a traceback.
Operators become graph nodes in ``operators``; what depends on no input is evaluated here (constants.py).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from model.compiler.constants import evaluate
from model.compiler.ir import DTYPES, Graph, Op, Tensor
from model.compiler.limits import Constants, check_counts, check_tensor
from model.compiler.operators import build_ops
from model.compiler.raw import RawOp
from model.errors import CrosscamError

_END_TYPES = ("int8", "uint8", "int32", "int64", "float32", "bool")
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

    inputs = _ends(tables, "input", tensor)
    ops: list[Op] = []
    known = set(inputs)
    for number in range(tables.subgraph.OperatorsLength()):
        raw = _operator(tables, number, tensor)
        _check_order(raw, known)
        if not evaluate(raw):
            built = build_ops(raw)
            ops += built
            known.update(op.output for op in built)
    outputs = _ends(tables, "output", tensor)
    for output in outputs:
        if output not in known and output.data is None:
            raise CrosscamError(f"{path}: nothing writes the output tensor '{output.name}'")
    return Graph(inputs, outputs, ops)


def _ends(tables: _Tables, what: str, tensor: Callable[[int], Tensor]) -> list[Tensor]:
    """The model's inputs or outputs, in the file's order."""
    indices = getattr(tables.subgraph, what.capitalize() + "sAsNumpy")()
    if not isinstance(indices, np.ndarray) or not len(indices):
        raise CrosscamError(f"{tables.path}: the model has no {what}s, expected at least 1")
    found = []
    for index in indices:
        end = tensor(int(index))
        if end.dtype not in _END_TYPES or (end.dtype in ("int8", "uint8") and len(end.scales) > 1):
            raise CrosscamError(
                f"{tables.path}: {what} tensor '{end.name}' is {end.dtype}, expected int8, uint8 or float32; "
                "convert the model with int8 weights and activations"
            )
        if what == "input":
            _check_fixed(tables, end, int(index))
        found.append(end)
    return found


def _check_fixed(tables: _Tables, tensor: Tensor, index: int) -> None:
    """An input's sizes have to be known, but for the batch, which is 1 where it is free."""
    raw = tables.subgraph.Tensors(index)
    signature = [int(size) for size in raw.ShapeSignatureAsNumpy()] if raw.ShapeSignatureLength() else []
    sizes = list(tensor.shape)
    if sizes and sizes[0] < 1:
        sizes[0] = 1
    if any(size < 0 for size in signature[1:]) or any(size < 1 for size in sizes):
        raise CrosscamError(
            f"{tables.path}: tensor '{tensor.name}' has the dynamic shape {signature or sizes}; "
            "export the model with fixed shapes (batch 1)"
        )
    tensor.shape = tuple(sizes)


def _tensor(tables: _Tables, index: int) -> Tensor:
    raw = tables.subgraph.Tensors(index)
    check_tensor(tables.path, raw)
    name = (raw.Name() or b"").decode("utf-8", "replace") or f"tensor_{index}"
    code = raw.Type()
    dtype = _TYPE_NAMES.get(code, str(code)).lower()
    shape = tuple(int(size) for size in raw.ShapeAsNumpy()) if raw.ShapeLength() else ()
    scales, zero_point = _quantization(tables, raw, name)
    axis = raw.Quantization().QuantizedDimension() if raw.Quantization() is not None else 0
    return Tensor(name, shape, dtype, scales, zero_point, _data(tables, raw, name, dtype, shape), axis=axis)


def _quantization(tables: _Tables, raw: Any, name: str) -> tuple[np.ndarray, int]:
    quantization = raw.Quantization()
    if quantization is None or not quantization.ScaleLength():
        return np.zeros(0, np.float32), 0
    scales = np.array(quantization.ScaleAsNumpy(), dtype=np.float32)
    if not np.all(np.isfinite(scales)) or np.any(scales < 0):
        raise CrosscamError(f"{tables.path}: tensor '{name}' has a scale that is not a positive number")
    zeros = quantization.ZeroPointAsNumpy() if quantization.ZeroPointLength() else np.zeros(1, np.int64)
    zero_point = int(zeros[0])
    if np.any(zeros != zero_point):
        raise CrosscamError(f"{tables.path}: tensor '{name}' has zero points that differ by channel")
    return scales, zero_point


def _data(tables: _Tables, raw: Any, name: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray | None:
    number = raw.Buffer()
    if number >= tables.model.BuffersLength():
        raise CrosscamError(f"{tables.path}: tensor '{name}' names buffer {number}, which the file does not have")
    buffer = tables.model.Buffers(number)
    if not buffer.DataLength():
        return None
    if dtype not in DTYPES:
        raise CrosscamError(
            f"{tables.path}: constant tensor '{name}' is {dtype}, expected int8 or int32; quantize the model to int8"
        )
    if raw.Sparsity() is not None:
        raise CrosscamError(f"{tables.path}: constant tensor '{name}' is sparse; store it dense")
    tables.constants.add(buffer.DataLength())
    data = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype=DTYPES[dtype])
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


def _check_order(raw: RawOp, known: set[Tensor]) -> None:
    """Every activation is written once, before it is read."""
    for source in raw.inputs:
        if source is not None and source.data is None and source not in known:
            raise CrosscamError(
                f"{raw.path}: {raw.kind} '{raw.outputs[0].name if raw.outputs else '?'}' reads tensor "
                f"'{source.name}', which nothing has written; the file is damaged"
            )
    for output in raw.outputs:
        if output in known or output.data is not None:
            raise CrosscamError(f"{raw.path}: tensor '{output.name}' is written twice; the file is damaged")
