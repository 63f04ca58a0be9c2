# mypy: disable-error-code="import-untyped"
"""Makes LiteRT's reference kernels take files they could compute but refuse for a formality. Nothing computed changes.

- An operator's version above what the reference resolver has registered: versions say which features a file may use,
  and the kernels are the same. TILE 3, for example, which converters write.
- ELU, which only the optimised kernels have: its 256 results are looked up (elu.py).
- Another operator that only the optimised kernels have: then these compute the whole model, without delegates.
- A bias whose ``quantized_dimension`` is not 0 (TFLM's person_detect has 3): a bias has one dimension only.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from model.errors import CrosscamError
from model.evaluation.elu import replace_elu

_VERSION = re.compile(r"Didn't find op for builtin opcode '(\w+)' version '(\d+)'")
_BIAS_AT = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, AssertionError)
_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}


def reference_interpreter(
    path: Path, blob: bytes, *, preserve_all_tensors: bool = False
) -> tuple[Interpreter, list[str]]:
    """An interpreter with reference kernels only, its tensors allocated, and what had to be repaired for it.

    Raises:
        CrosscamError: LiteRT cannot load the model, repaired or not; ``path`` names it.
    """
    if _has_flat_softmax(blob):
        raise CrosscamError(
            f"{path}: a SOFTMAX whose input has a scale below 2**-26, at which LiteRT ends the program; is the network "
            "trained?"
        )
    repairs: list[str] = []
    model: Any = None
    resolver = OpResolverType.BUILTIN_REF
    while True:
        try:
            interpreter = Interpreter(
                model_content=blob,
                experimental_op_resolver_type=resolver,
                num_threads=1,
                experimental_preserve_all_tensors=preserve_all_tensors,
            )
            interpreter.allocate_tensors()
            return interpreter, repairs
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
        model = model or _parse(blob)
        if model is None:
            raise CrosscamError(f"{path}: LiteRT cannot load it as a .tflite model ({reason[:160]})")
        repair = (
            _lower_version(model, reason)
            or _elu(model, reason)
            or (_bias_axes(model) if len(repairs) < len(_NAMES) else None)
        )
        if repair is None and resolver is OpResolverType.BUILTIN_REF and _VERSION.search(reason):
            resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            repair = "computed by LiteRT's optimised kernels: it has no reference kernel for one operator"
        if repair is None:
            raise CrosscamError(f"{path}: LiteRT cannot load it as a .tflite model ({reason[:160]})")
        repairs.append(repair)
        builder = flatbuffers.Builder(len(blob))
        builder.Finish(model.Pack(builder), b"TFL3")
        blob = bytes(builder.Output())


def _has_flat_softmax(blob: bytes) -> bool:
    """Whether LiteRT would abort: its int8 SOFTMAX checks that ``beta * scale`` fits a multiplier above 1 (TensorFlow
    Lite's ``PreprocessSoftmaxScaling``, 26 bits behind the point), and a failed check there ends the process."""
    try:
        model = schema.Model.GetRootAs(blob, 0)
        kinds = [model.OperatorCodes(at).BuiltinCode() for at in range(model.OperatorCodesLength())]
        for number in range(model.SubgraphsLength()):
            graph = model.Subgraphs(number)
            for at in range(graph.OperatorsLength()):
                operator = graph.Operators(at)
                if kinds[operator.OpcodeIndex()] != schema.BuiltinOperator.SOFTMAX:
                    continue
                source = graph.Tensors(operator.Inputs(0))
                options = schema.SoftmaxOptions()
                options.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
                if source.Type() in (schema.TensorType.INT8, schema.TensorType.UINT8):
                    scale = source.Quantization().Scale(0)
                    if 0 < scale * options.Beta() <= 2.0**-26:
                        return True
    except _DAMAGE:
        pass  # LiteRT says what is wrong with it
    return False


def _parse(blob: bytes) -> Any:
    """The file as objects; None where it is too damaged."""
    try:
        return schema.ModelT.InitFromObj(schema.Model.GetRootAs(blob, 0)) if blob[4:8] == b"TFL3" else None
    except _DAMAGE:
        return None


def _lower_version(model: Any, reason: str) -> str | None:
    found = _VERSION.search(reason)
    if found is None or int(found[2]) < 2:
        return None
    changed = False
    for code in model.operatorCodes:
        if _NAMES.get(max(code.builtinCode, code.deprecatedBuiltinCode)) == found[1] and code.version == int(found[2]):
            code.version -= 1
            changed = True
    return f"{found[1]} {found[2]} read as {found[1]} {int(found[2]) - 1}" if changed else None


def _elu(model: Any, reason: str) -> str | None:
    found = _VERSION.search(reason)
    return replace_elu(model) if found is not None and found[1] == "ELU" else None


def _bias_axes(model: Any) -> str | None:
    changed = 0
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            at = _BIAS_AT.get(_NAMES.get(max(code.builtinCode, code.deprecatedBuiltinCode), ""))
            if at is None or len(operator.inputs) <= at or operator.inputs[at] < 0:
                continue
            quantization = graph.tensors[operator.inputs[at]].quantization
            if quantization is not None and quantization.quantizedDimension != 0:
                quantization.quantizedDimension = 0
                changed += 1
    return f"the quantized_dimension of {changed} biases read as 0" if changed else None
