# mypy: disable-error-code="import-untyped"
"""ELU, for which LiteRT has no reference kernel, as operators for which it has: a table looked up.

Where an ELU sees values of one byte it has 256 results. LiteRT's own kernel computes them once, alone; then CAST, ADD
and GATHER look them up, and the whole model runs on the reference kernels.
"""

from __future__ import annotations

import copy
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

_KINDS = schema.BuiltinOperator
_BYTES = 256


def replace_elu(model: Any) -> str | None:
    """Replace every ELU of int8 values in ``model`` (a ModelT); what was done, None where there was nothing to do."""
    replaced = 0
    for graph in model.subgraphs:
        for operator in list(graph.operators):
            if _kind(model, operator) == _KINDS.ELU and (chain := _chain(model, graph, operator)) is not None:
                _look_up(model, graph, operator, chain)
                replaced += 1
    used = {operator.opcodeIndex for graph in model.subgraphs for operator in graph.operators}
    for number, code in enumerate(model.operatorCodes):  # the interpreter wants a kernel for unused ones, too
        if number not in used and code.builtinCode == _KINDS.ELU:
            code.builtinCode = code.deprecatedBuiltinCode = _KINDS.CAST
    return f"{replaced} ELU looked up in tables of LiteRT's optimised kernel" if replaced else None


def _kind(model: Any, operator: Any) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return int(max(code.builtinCode, code.deprecatedBuiltinCode))


def _chain(model: Any, graph: Any, elu: Any) -> list[Any] | None:
    """The operators from an int8 tensor to the ELU's output: the ELU, perhaps with the DEQUANTIZE before it."""
    chain = [elu]
    if graph.tensors[elu.inputs[0]].type == schema.TensorType.FLOAT32:
        makers = [op for op in graph.operators if elu.inputs[0] in op.outputs]
        if len(makers) != 1 or _kind(model, makers[0]) != _KINDS.DEQUANTIZE:
            return None
        chain.insert(0, makers[0])
    return chain if graph.tensors[chain[0].inputs[0]].type == schema.TensorType.INT8 else None


def _look_up(model: Any, graph: Any, elu: Any, chain: list[Any]) -> None:
    source, output = graph.tensors[chain[0].inputs[0]], graph.tensors[elu.outputs[0]]
    table = _tensor(model, graph, "elu_table", output.type, [_BYTES], _results(model, graph, chain))
    graph.tensors[table].quantization = output.quantization
    half = _tensor(model, graph, "elu_half", schema.TensorType.INT32, [], np.array(_BYTES // 2, np.int32))
    wide, index = (
        _tensor(model, graph, name, schema.TensorType.INT32, list(source.shape)) for name in ("elu_wide", "elu_index")
    )
    steps = [
        _operator(model, _KINDS.CAST, [chain[0].inputs[0]], [wide], "CastOptions"),
        _operator(model, _KINDS.ADD, [wide, half], [index], "AddOptions"),
        _operator(model, _KINDS.GATHER, [table, index], list(elu.outputs), "GatherOptions"),
    ]
    at = graph.operators.index(elu)
    graph.operators[at : at + 1] = steps


def _results(model: Any, graph: Any, chain: list[Any]) -> np.ndarray:
    """What LiteRT's optimised kernels make of -128 to 127."""
    alone = copy.copy(model)
    part = schema.SubGraphT()
    part.name, part.operators, part.tensors = b"elu", chain, [copy.copy(tensor) for tensor in graph.tensors]
    for operator in chain:
        for number in (*operator.inputs, *operator.outputs):
            part.tensors[number].shape, part.tensors[number].shapeSignature = [1, _BYTES], None
    part.inputs, part.outputs = [chain[0].inputs[0]], list(chain[-1].outputs)
    alone.subgraphs, alone.signatureDefs = [part], []
    builder = flatbuffers.Builder(1024)
    builder.Finish(alone.Pack(builder), b"TFL3")
    interpreter = Interpreter(
        model_content=bytes(builder.Output()),
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    values = np.arange(-(_BYTES // 2), _BYTES // 2).astype(np.int8).reshape(1, _BYTES)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    results: np.ndarray = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return results.reshape(-1)


def _tensor(model: Any, graph: Any, name: str, kind: int, shape: list[int], data: np.ndarray | None = None) -> int:
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.shape, tensor.buffer = name.encode(), kind, shape, 0
    if data is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        model.buffers.append(buffer)
        tensor.buffer = len(model.buffers) - 1
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _operator(model: Any, kind: int, inputs: list[int], outputs: list[int], options: str) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, kind, 1
    model.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = len(model.operatorCodes) - 1, inputs, outputs
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
    operator.builtinOptions = getattr(schema, options + "T")()
    return operator
