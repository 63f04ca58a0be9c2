# mypy: disable-error-code="import-untyped"
"""Writes small int8 .tflite files for the tests: a flatbuffer by hand, no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_TYPES: dict[Any, int] = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.int32): schema.TensorType.INT32,
}


@dataclass
class TfliteBuilder:
    """Collects tensors and operators of one subgraph; ``finish`` packs them."""

    tensors: list[Any] = field(default_factory=list)
    operators: list[Any] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    buffers: list[Any] = field(default_factory=lambda: [schema.BufferT()])

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        *,
        dtype: Any = np.int8,
        scale: float | list[float] | np.ndarray | None = None,
        zero_point: int = 0,
        axis: int = 0,
        data: np.ndarray | None = None,
        signature: tuple[int, ...] | None = None,
    ) -> int:
        """Add a tensor and return its index; with ``data`` it is constant, with ``scale`` quantized."""
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.shape = list(shape)
        tensor.type = _TYPES[np.dtype(dtype)]
        if signature is not None:
            tensor.shapeSignature = list(signature)
        if data is not None:
            assert data.shape == tuple(shape), (name, data.shape, shape)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, dtype=dtype).tobytes(), dtype=np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, dtype=np.float32))
            quantization = schema.QuantizationParametersT()
            quantization.scale = scales
            quantization.zeroPoint = np.full(len(scales), zero_point, dtype=np.int64)
            quantization.quantizedDimension = axis
            tensor.quantization = quantization
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def op(self, name: str, inputs: list[int], outputs: list[int], **options: Any) -> None:
        """Add an operator by its schema name ("CONV_2D"); ``options`` are fields of its options table."""
        code = getattr(schema.BuiltinOperator, name)
        if code not in self.codes:
            self.codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes.index(code)
        operator.inputs, operator.outputs = inputs, outputs
        table = _OPTIONS.get(name)
        if table is not None:
            value = getattr(schema, table + "T")()
            for key, option in options.items():
                assert hasattr(value, key), (name, key)
                setattr(value, key, option)
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            operator.builtinOptions = value
        self.operators.append(operator)

    def finish(self, inputs: list[int], outputs: list[int]) -> bytes:
        """The .tflite file's bytes."""
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = inputs, outputs
        graph.name = b"main"
        model = schema.ModelT()
        model.version = 3
        model.subgraphs = [graph]
        model.buffers = self.buffers
        model.operatorCodes = []
        for code in self.codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode = code
            entry.deprecatedBuiltinCode = min(code, 127)
            entry.version = 1
            model.operatorCodes.append(entry)
        model.description = b"crosscam test"
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


_OPTIONS = {
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "MEAN": "ReducerOptions",
    "PAD": "PadOptions",
    "RESHAPE": "ReshapeOptions",
    "SOFTMAX": "SoftmaxOptions",
    "TANH": None,
}
