# mypy: disable-error-code="import-untyped"
"""Reads a .tflite file (FlatBuffers schema 3) into raw tensors and operators, checking what it reads.

Nothing of the file is trusted: a truncated or scrambled file ends in one CrosscamError, never in a traceback.
Operators become graph nodes in ``operators``; what depends on no input is evaluated here (constants.py).
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from model.compiler.constants import evaluate
from model.compiler.file_tensors import FileTables, tensor_reader
from model.compiler.ir import Graph, Op, Tensor
from model.compiler.limits import Constants, check_counts
from model.compiler.operators import build_ops
from model.compiler.raw import RawOp
from model.compiler.variables import Variables
from model.errors import CrosscamError

_END_TYPES = ("int8", "uint8", "int16", "int32", "int64", "float32", "bool")
_OP_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
_CUSTOM = "custom operator "
_MADE_FOR = {"ethos-u": "an Arm Ethos-U", "edgetpu": "an Edge TPU", "XC_": "an xcore.ai", "Neutron": "an NXP Neutron"}
"""By the beginning of its name, what a custom operator has been compiled for."""
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, AssertionError)


def read_graph(path: Path, blob: bytes) -> Graph:
    """The graph of the .tflite file ``blob``; ``path`` only names it in messages."""
    with told_damage(path, blob):
        return _read(path, blob)


@contextlib.contextmanager
def told_damage(path: Path, blob: bytes) -> Iterator[None]:
    """Whatever the reading of a damaged ``blob`` raises becomes one CrosscamError."""
    try:
        yield
    except CrosscamError:
        raise
    except _DAMAGE as error:
        raise CrosscamError(
            f"{path}: damaged or truncated .tflite ({len(blob)} bytes, {type(error).__name__} while reading); "
            "export or copy the file again"
        ) from error


def file_model(path: Path, blob: bytes) -> Any:
    """The file's tables (``tflite.Model``), once it is known to be a .tflite with a subgraph of bearable length."""
    if len(blob) < 8 or blob[4:8] != b"TFL3":
        raise CrosscamError(
            f"{path}: not a .tflite file (identifier TFL3 missing in its first 8 bytes); give an int8 .tflite model"
        )
    model = tflite.Model.GetRootAs(bytearray(blob), 0)
    if model.Version() != 3:
        raise CrosscamError(f"{path}: .tflite schema version {model.Version()}, expected 3; convert the model again")
    if model.SubgraphsLength() < 1:
        raise CrosscamError(f"{path}: no subgraph, expected 1; the file is damaged")
    check_counts(path, model, model.Subgraphs(0))
    return model


def _read(path: Path, blob: bytes) -> Graph:
    model = file_model(path, blob)
    main = FileTables(model, model.Subgraphs(0), path, Constants(path), Variables())
    _start(main)
    tensor = tensor_reader(main)
    inputs = _ends(main, "input", tensor)
    ops, known = _operators(main, tensor, set(inputs))
    outputs = _ends(main, "output", tensor)
    for output in outputs:
        if output not in known and output.data is None:
            raise CrosscamError(f"{path}: nothing writes the output tensor '{output.name}'")
    return Graph(inputs, outputs, ops)


def _start(main: FileTables) -> None:
    """Evaluate what CALL_ONCE runs before the first inference: constants assigned to variables."""
    subgraphs = main.model.SubgraphsLength()
    called = [index for at in range(main.subgraph.OperatorsLength()) if (index := _called_once(main, at)) is not None]
    if subgraphs != 1 + len(set(called)):
        raise CrosscamError(
            f"{main.path}: {subgraphs} subgraphs, expected 1 and what CALL_ONCE calls; " + _why_several(main)
        )
    main.variables.starting = True
    for index in called:
        if not 0 < index < subgraphs:
            raise CrosscamError(f"{main.path}: CALL_ONCE calls subgraph {index} of {subgraphs}; the file is damaged")
        tables = replace(main, subgraph=main.model.Subgraphs(index))
        check_counts(main.path, main.model, tables.subgraph)
        _operators(tables, tensor_reader(tables), set())
    main.variables.starting = False


def _why_several(main: FileTables) -> str:
    """What to do about subgraphs: most often they are a recurrent layer's loop."""
    operators = range(main.subgraph.OperatorsLength())
    if any(operator_kind(main.path, main.model, main.subgraph.Operators(at)) == "WHILE" for at in operators):
        return "WHILE loops over time (GRU, LSTM, SimpleRNN): make these layers with unroll=True and a fixed batch"
    return "export one inference function"


def _called_once(tables: FileTables, number: int) -> int | None:
    """The subgraph that operator ``number`` calls; None where it is no CALL_ONCE."""
    raw = tables.subgraph.Operators(number)
    if operator_kind(tables.path, tables.model, raw) != "CALL_ONCE":
        return None
    options = tflite.CallOnceOptions()
    table = raw.BuiltinOptions()
    if table is None:
        raise CrosscamError(f"{tables.path}: CALL_ONCE (operator {number}) lacks its options; the file is damaged")
    options.Init(table.Bytes, table.Pos)
    return int(options.InitSubgraphIndex())


def _operators(tables: FileTables, tensor: Callable[[int], Tensor], known: set[Tensor]) -> tuple[list[Op], set[Tensor]]:
    """The subgraph's graph nodes in order, and the tensors that are known after them."""
    ops: list[Op] = []
    for number in range(tables.subgraph.OperatorsLength()):
        raw = _operator(tables, number, tensor)
        _check_builtin(raw)
        _check_order(raw, known)
        if raw.kind != "CALL_ONCE" and not evaluate(raw):
            ops += build_ops(raw)
        known.update(raw.outputs)
    return ops, known


def _ends(tables: FileTables, what: str, tensor: Callable[[int], Tensor]) -> list[Tensor]:
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


def _check_fixed(tables: FileTables, tensor: Tensor, index: int) -> None:
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


def _operator(tables: FileTables, number: int, tensor: Any) -> RawOp:
    raw = tables.subgraph.Operators(number)
    kind = operator_kind(tables.path, tables.model, raw)
    inputs = [None if int(index) < 0 else tensor(int(index)) for index in _indices(raw, "Inputs")]
    outputs = [tensor(int(index)) for index in _indices(raw, "Outputs")]
    options = (raw.BuiltinOptions(), raw.BuiltinOptionsType())
    intermediates = [tensor(int(index)) for index in _indices(raw, "Intermediates")]
    return RawOp(tables.path, number, kind, inputs, outputs, *options, tables.variables, intermediates)


def operator_kind(path: Path, model: Any, raw: Any) -> str:
    """The name in the schema of an operator of the file; of a custom one "custom operator NAME"."""
    code_index = raw.OpcodeIndex()
    if code_index >= model.OperatorCodesLength():
        raise CrosscamError(f"{path}: an operator names operator code {code_index}, which does not exist")
    code = model.OperatorCodes(code_index)
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = str(_OP_NAMES.get(builtin, f"operator {builtin}"))
    if kind == "CUSTOM":
        kind = _CUSTOM + (code.CustomCode() or b"?").decode("utf-8", "replace")
    return kind


def _indices(raw: Any, what: str) -> np.ndarray:
    if not getattr(raw, what + "Length")():
        return np.zeros(0, np.int32)
    indices: np.ndarray = getattr(raw, what + "AsNumpy")()
    return indices


def _check_builtin(raw: RawOp) -> None:
    """Refuse custom operators by what is known of them, before their tensors are looked at: those have own rules."""
    if not raw.kind.startswith(_CUSTOM):
        return
    name = raw.kind.removeprefix(_CUSTOM)
    made_for = next((chip for start, chip in _MADE_FOR.items() if name.startswith(start)), None)
    if made_for:
        raw.fail(f"is code for {made_for}; give the int8 .tflite this file was made from")
    if name.startswith("Flex"):
        raw.fail("is TensorFlow's own; convert the model with TFLITE_BUILTINS_INT8 alone")
    raw.fail("is not supported; end the model before it, and do what it does in the application")


def _check_order(raw: RawOp, known: set[Tensor]) -> None:
    """Every activation is written once, before it is read."""
    for source in raw.inputs:
        if source is not None and source.data is None and source.initial is None and source not in known:
            raise CrosscamError(
                f"{raw.path}: {raw.kind} '{raw.outputs[0].name if raw.outputs else '?'}' reads tensor "
                f"'{source.name}', which nothing has written; the file is damaged"
            )
    for output in raw.outputs:
        if output in known or output.data is not None:
            raise CrosscamError(f"{raw.path}: tensor '{output.name}' is written twice; the file is damaged")
