# mypy: disable-error-code="import-untyped"
"""A .tflite as it is, whether the compiler takes it or not; and what the compiler says to it."""

from __future__ import annotations

from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from model.card import model_bytes
from model.compiler.chips import CHIPS
from model.compiler.compile import Options, build
from model.compiler.file_tensors import TYPE_NAMES
from model.compiler.firmware_needs import check_firmware_needs
from model.compiler.fit import check_fit, flash_bytes, ram_bytes
from model.compiler.operators import supported
from model.compiler.reader import file_model, operator_kind, told_damage
from model.errors import CrosscamError
from model.inspection.facts import End, Facts, OnBoard, digest

CHIP = CHIPS["stm32h743"]
_WEIGHTS = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1, "CONV_3D": 1}
"""Operators that multiply with weights, and the operand these are."""


def inspect_tflite(path: Path) -> Facts:
    """Facts of the .tflite at ``path``.

    Raises:
        CrosscamError: it cannot be read, is none, or is damaged.
    """
    blob = model_bytes(path)
    with told_damage(path, blob):
        return _Walk(path, blob).facts()


def on_board(path: Path, blob: bytes, kinds: set[str] | None = None) -> OnBoard:
    """What compiler, chip and firmware say to a .tflite; ``kinds``: its operators, for what all is unsupported."""
    unsupported = tuple(sorted((kinds or set()) - set(supported())))
    try:
        program = build(path, blob, Options(core=True))
    except CrosscamError as error:
        return OnBoard(False, False, obstacle=_without_path(error, path), unsupported=unsupported)
    arena, ram, flash = program.plan.arena_bytes, ram_bytes(program), flash_bytes(program)
    try:
        check_fit(path, program, CHIP.ram, CHIP.flash)
    except CrosscamError as error:
        return OnBoard(False, False, arena, ram, flash, _without_path(error, path))
    try:
        check_firmware_needs(path, program.graph, program.plan, sum(call.weight_bytes for call in program.calls))
    except CrosscamError as error:
        return OnBoard(False, True, arena, ram, flash, _without_path(error, path))
    return OnBoard(True, True, arena, ram, flash)


def _without_path(error: CrosscamError, path: Path) -> str:
    return str(error).removeprefix(f"{path}: ")


class _Walk:
    """Once through the file's first subgraph, by its tables alone."""

    def __init__(self, path: Path, blob: bytes) -> None:
        self.path, self.blob = path, blob
        self.model = file_model(path, blob)
        self.graph = self.model.Subgraphs(0)

    def facts(self) -> Facts:
        """Everything."""
        operators = [self.graph.Operators(number) for number in range(self.graph.OperatorsLength())]
        kinds = [operator_kind(self.path, self.model, each) for each in operators]
        macs = [self._macs(kind, each) for kind, each in zip(kinds, operators, strict=True)]
        size, sha256 = digest([self.path])
        notes = []
        if self.model.SubgraphsLength() > 1:
            notes.append(f"{self.model.SubgraphsLength()} subgraphs; what is told is of the first")
        description = (self.model.Description() or b"").decode("utf-8", "replace")
        if description:
            notes.append(f"made by: {description}")
        return Facts(
            file=str(self.path),
            kind="tflite",
            bytes=size,
            sha256=sha256,
            inputs=self._ends(self.graph.InputsAsNumpy()),
            outputs=self._ends(self.graph.OutputsAsNumpy()),
            operators=dict(Counter(kinds).most_common()),
            tensors=self.graph.TensorsLength(),
            parameters=self._parameters(operators),
            macs=None if None in macs else sum(count for count in macs if count is not None),
            board=on_board(self.path, self.blob, set(kinds)),
            notes=tuple(notes),
        )

    def _tensor(self, index: int) -> Any:
        if not 0 <= index < self.graph.TensorsLength():
            raise CrosscamError(f"{self.path}: tensor {index} of {self.graph.TensorsLength()}; the file is damaged")
        return self.graph.Tensors(index)

    def _shape(self, index: int) -> tuple[int | None, ...]:
        raw = self._tensor(index)
        sizes = raw.ShapeSignatureAsNumpy() if raw.ShapeSignatureLength() else raw.ShapeAsNumpy()
        if not isinstance(sizes, np.ndarray):
            return ()
        return tuple(int(size) if size >= 0 else None for size in sizes)

    def _ends(self, indices: Any) -> tuple[End, ...]:
        return tuple(self._end(int(index)) for index in indices) if isinstance(indices, np.ndarray) else ()

    def _end(self, index: int) -> End:
        raw = self._tensor(index)
        quantization = raw.Quantization()
        scale = zero_point = None
        if quantization is not None and quantization.ScaleLength() == 1:
            scale = float(quantization.Scale(0))
            zero_point = int(quantization.ZeroPoint(0)) if quantization.ZeroPointLength() else 0
        name = (raw.Name() or b"").decode("utf-8", "replace")
        return End(name, _type(raw), self._shape(index), scale, zero_point)

    def _parameters(self, operators: list[Any]) -> int:
        """Elements of the constants that operators read, each once; indices (int32 lists without a scale) left out."""
        read = {int(index) for each in operators for index in _list(each.InputsAsNumpy()) if index >= 0}
        count = 0
        for index in sorted(read):
            raw = self._tensor(index)
            buffer = self.model.Buffers(raw.Buffer()) if 0 <= raw.Buffer() < self.model.BuffersLength() else None
            has_scale = raw.Quantization() is not None and raw.Quantization().ScaleLength()
            if buffer is None or not (buffer.DataLength() or buffer.Size() > 1):
                continue
            if has_scale or _type(raw).startswith(("float", "bfloat", "int8", "int4", "uint8")):
                count += prod(size or 0 for size in self._shape(index))
        return count

    def _macs(self, kind: str, raw: Any) -> int | None:
        """Of one operator; None where a size is free."""
        inputs, outputs = _list(raw.InputsAsNumpy()), _list(raw.OutputsAsNumpy())
        if kind == "BATCH_MATMUL":
            adjoint = False
            if (table := raw.BuiltinOptions()) is not None:
                options = tflite.BatchMatMulOptions()
                options.Init(table.Bytes, table.Pos)
                adjoint = bool(options.AdjX())
            left = self._shape(int(inputs[0]))
            return _product((*self._shape(int(outputs[0])), left[-2 if adjoint else -1]))
        if kind not in _WEIGHTS:
            return 0
        weights = _product(self._shape(int(inputs[_WEIGHTS[kind]])))
        source = int(inputs[2]) if kind == "TRANSPOSE_CONV" else None
        places = self._shape(source if source is not None else int(outputs[0]))
        spatial = _product((places[0] or 1, *places[1:-1])) if places else 1
        return None if weights is None or spatial is None else weights * spatial


def _product(sizes: tuple[int | None, ...]) -> int | None:
    return None if None in sizes[1:] else (sizes[0] or 1 if sizes else 1) * prod(size or 0 for size in sizes[1:])


def _list(values: Any) -> list[int]:
    return [int(value) for value in values] if isinstance(values, np.ndarray) else []


def _type(raw: Any) -> str:
    return str(TYPE_NAMES.get(raw.Type(), raw.Type())).lower()
