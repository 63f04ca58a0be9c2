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
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int64): schema.TensorType.INT64,
    np.dtype(np.bool_): schema.TensorType.BOOL,
}


@dataclass
class TfliteBuilder:
    """Collects tensors and operators of one subgraph; ``finish`` packs them."""

    tensors: list[Any] = field(default_factory=list)
    operators: list[Any] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    buffers: list[Any] = field(default_factory=lambda: [schema.BufferT()])
    starts: list[tuple[str, int]] = field(default_factory=list)
    custom: bytes = b""
    """The name of the operator CUSTOM."""

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
        variable: bool = False,
    ) -> int:
        """Add a tensor and return its index; with ``data`` it is constant, with ``scale`` quantized."""
        tensor = schema.TensorT()
        tensor.isVariable = variable
        tensor.name = name.encode()
        tensor.shape = list(shape)
        tensor.type = _TYPES[np.dtype(dtype)]
        if signature is not None:
            tensor.shapeSignature = list(signature)
        if data is not None:
            assert data.shape == tuple(shape), (name, data.shape, shape)
            tensor.buffer = self.buffer(np.ascontiguousarray(data, dtype=dtype))
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, dtype=np.float32))
            quantization = schema.QuantizationParametersT()
            quantization.scale = scales
            quantization.zeroPoint = np.full(len(scales), zero_point, dtype=np.int64)
            quantization.quantizedDimension = axis
            tensor.quantization = quantization
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def buffer(self, data: np.ndarray) -> int:
        """Add a buffer with these bytes and return its number."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), dtype=np.uint8)
        self.buffers.append(buffer)
        return len(self.buffers) - 1

    def handle(self, name: str, first: int | None = None) -> int:
        """Add a VAR_HANDLE and return its tensor; ``first`` is the constant that CALL_ONCE assigns to it."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name.encode(), [], schema.TensorType.RESOURCE
        self.tensors.append(tensor)
        index = len(self.tensors) - 1
        self.op("VAR_HANDLE", [], [index], sharedName=name.encode(), container=b"")
        if first is not None:
            self.starts.append((name, first))
        return index

    def dtype(self, index: int) -> Any:
        """The numpy type of a tensor."""
        return next(kind for kind, code in _TYPES.items() if code == self.tensors[index].type)

    def op(self, name: str, inputs: list[int], outputs: list[int], **options: Any) -> None:
        """Add an operator by its schema name ("CONV_2D"); ``options`` are fields of its options table."""
        self.operators.append(self._operator(name, inputs, outputs, options))

    def intermediates(self, tensors: list[int]) -> None:
        """Give the operator added last the tensors whose scales it uses inside."""
        self.operators[-1].intermediates = tensors

    def _operator(self, name: str, inputs: list[int], outputs: list[int], options: dict[str, Any]) -> Any:
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
        return operator

    def _start(self) -> Any:
        """The subgraph that assigns every variable its first value."""
        graph = schema.SubGraphT()
        graph.name, graph.inputs, graph.outputs, graph.tensors, graph.operators = b"start", [], [], [], []
        for name, first in self.starts:
            handle = schema.TensorT()
            handle.name, handle.shape, handle.type = name.encode(), [], schema.TensorType.RESOURCE
            graph.tensors += [handle, self.tensors[first]]
            at = len(graph.tensors) - 2
            options = {"sharedName": name.encode(), "container": b""}
            graph.operators.append(self._operator("VAR_HANDLE", [], [at], options))
            graph.operators.append(self._operator("ASSIGN_VARIABLE", [at, at + 1], [], {}))
        return graph

    def finish(self, inputs: list[int], outputs: list[int]) -> bytes:
        """The .tflite file's bytes."""
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = inputs, outputs
        graph.name = b"main"
        model = schema.ModelT()
        model.version = 3
        model.subgraphs = [graph]
        if self.starts:
            graph.operators = [self._operator("CALL_ONCE", [], [], {"initSubgraphIndex": 1}), *self.operators]
            model.subgraphs.append(self._start())
        model.buffers = self.buffers
        model.operatorCodes = []
        for code in self.codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode = code
            entry.deprecatedBuiltinCode = min(code, 127)
            entry.customCode = self.custom if code == schema.BuiltinOperator.CUSTOM else None
            entry.version = 2 if code == schema.BuiltinOperator.BROADCAST_TO else 1  # there never was a first
            model.operatorCodes.append(entry)
        model.description = b"crosscam test"
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


_OPTIONS = {
    "ADD": "AddOptions",
    "ASSIGN_VARIABLE": "AssignVariableOptions",
    "CAST": "CastOptions",
    "CALL_ONCE": "CallOnceOptions",
    "READ_VARIABLE": "ReadVariableOptions",
    "VAR_HANDLE": "VarHandleOptions",
    "ARG_MAX": "ArgMaxOptions",
    "ARG_MIN": "ArgMinOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "DIV": "DivOptions",
    "EXPAND_DIMS": "ExpandDimsOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "GATHER": "GatherOptions",
    "GELU": "GeluOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "ONE_HOT": "OneHotOptions",
    "REVERSE_SEQUENCE": "ReverseSequenceOptions",
    "WHILE": "WhileOptions",
    "TOPK_V2": "TopKV2Options",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "MUL": "MulOptions",
    "PACK": "PackOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "RESHAPE": "ReshapeOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "SPLIT": "SplitOptions",
    "SPLIT_V": "SplitVOptions",
    "SQUEEZE": "SqueezeOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUB": "SubOptions",
    "SUM": "ReducerOptions",
    "SVDF": "SVDFOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "UNPACK": "UnpackOptions",
}
