# mypy: disable-error-code="import-untyped"
"""The tensors of a .tflite file: shape, type, quantization and constant values, each read once and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from model.compiler.ir import DTYPES, Tensor
from model.compiler.limits import Constants, check_tensor
from model.compiler.variables import Variables
from model.errors import CrosscamError

TYPE_NAMES = {value: name for name, value in vars(tflite.TensorType).items() if isinstance(value, int)}


@dataclass(frozen=True)
class FileTables:
    """A file's model, the subgraph that is read, and what all subgraphs share."""

    model: Any
    subgraph: Any
    path: Path
    constants: Constants
    variables: Variables


def tensor_reader(tables: FileTables) -> Callable[[int], Tensor]:
    """The subgraph's tensors by index, each read once."""
    count = tables.subgraph.TensorsLength()
    cache: dict[int, Tensor] = {}

    def tensor(index: int) -> Tensor:
        if not 0 <= index < count:
            raise CrosscamError(f"{tables.path}: an operator names tensor {index} of {count}; the file is damaged")
        if index not in cache:
            cache[index] = _tensor(tables, index)
        return cache[index]

    return tensor


def _tensor(tables: FileTables, index: int) -> Tensor:
    raw = tables.subgraph.Tensors(index)
    check_tensor(tables.path, raw)
    name = (raw.Name() or b"").decode("utf-8", "replace") or f"tensor_{index}"
    code = raw.Type()
    dtype = TYPE_NAMES.get(code, str(code)).lower()
    shape = tuple(int(size) for size in raw.ShapeAsNumpy()) if raw.ShapeLength() else ()
    scales, zero_point = _quantization(tables, raw, name)
    axis = raw.Quantization().QuantizedDimension() if raw.Quantization() is not None else 0
    data = _data(tables, raw, name, dtype, shape)
    initial = None
    if raw.IsVariable() and data is None and dtype in DTYPES:
        # Interpreter::ResetVariableTensors starts int8 states at their zero point, all others at 0.
        initial = np.full(shape, zero_point if dtype == "int8" else 0, DTYPES[dtype])
    return Tensor(name, shape, dtype, scales, zero_point, data, axis=axis, initial=initial)


def _quantization(tables: FileTables, raw: Any, name: str) -> tuple[np.ndarray, int]:
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


def _data(tables: FileTables, raw: Any, name: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray | None:
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
