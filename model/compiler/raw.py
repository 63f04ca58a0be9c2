# mypy: disable-error-code="import-untyped"
"""One operator as the file has it, with the checks that every builder in ``operators`` needs."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import tflite

from model.compiler.ir import Tensor
from model.compiler.limits import MOST_ELEMENTS
from model.compiler.quantize import activation_range
from model.compiler.variables import Variables
from model.errors import CrosscamError

_ACTIVATIONS = {value: name for name, value in vars(tflite.ActivationFunctionType).items() if isinstance(value, int)}
_OPTION_TYPES = {value: name for name, value in vars(tflite.BuiltinOptions).items() if isinstance(value, int)}
_CONVERT = "convert the model with int8 weights and activations"
_SCALE_SLACK = 1e-6  # what the reference allows between scales that have to be equal (pooling.cc), here also relative


@dataclass(frozen=True)
class RawOp:
    """One operator of the file: its tensors (None where optional and absent), its undecoded options, the model's
    variables, and the tensors whose scales it uses inside."""

    path: Path
    number: int
    kind: str
    inputs: list[Tensor | None]
    outputs: list[Tensor]
    options_table: Any
    options_type: int
    variables: Variables
    intermediates: list[Tensor]

    @property
    def output(self) -> Tensor:
        """The only output; CrosscamError when there are several, or none."""
        if len(self.outputs) != 1:
            self.fail(f"has {len(self.outputs)} outputs, expected 1")
        return self.outputs[0]

    def fail(self, problem: str) -> NoReturn:
        """Raise the one-line error for this operator."""
        name = self.outputs[0].name if self.outputs else "?"
        raise CrosscamError(f"{self.path}: {self.kind} (operator {self.number}, tensor '{_cut(name)}') {problem}")

    def has(self, position: int) -> bool:
        """Whether an optional input is there."""
        return position < len(self.inputs) and self.inputs[position] is not None

    def input(self, position: int, what: str) -> Tensor:
        """A required input."""
        if position >= len(self.inputs) or (found := self.inputs[position]) is None:
            self.fail(f"lacks its {what}")
        return found

    def activation_input(self, position: int = 0) -> Tensor:
        """A required int8 input with one scale."""
        return self._int8(self.input(position, f"input {position}"))

    def activation_output(self) -> Tensor:
        """The int8 output with one scale."""
        return self._int8(self.output)

    def constant(self, position: int, what: str, *dtypes: str) -> np.ndarray:
        """The values of a required constant input of one of the types ``dtypes``."""
        tensor = self.input(position, what)
        if tensor.data is None:
            self.fail(f"has a computed {what} ('{_cut(tensor.name)}'), expected a constant")
        if tensor.dtype not in dtypes:
            self.fail(f"has {tensor.dtype} {what}, expected {' or '.join(dtypes)}; {_CONVERT}")
        return tensor.data

    def integers(self, position: int, what: str) -> list[int]:
        """The values of a required constant list of integers (axes, sizes, paddings), flat."""
        return [int(value) for value in self.constant(position, what, "int32", "int64").reshape(-1)]

    def axis(self, value: int, rank: int) -> int:
        """An axis counted from either end, as 0..rank-1."""
        if not -rank <= value < rank:
            self.fail(f"works on axis {value}, expected one of the {rank} axes of its input")
        return value % rank

    def options(self, name: str) -> Any:
        """The option table ``name``, or None when the file has none (all defaults)."""
        if self.options_table is None or self.options_type == 0:
            return None
        if _OPTION_TYPES.get(self.options_type) != name:
            self.fail(f"carries {_OPTION_TYPES.get(self.options_type)} instead of {name}; the file is damaged")
        options = getattr(tflite, name)()
        options.Init(self.options_table.Bytes, self.options_table.Pos)
        return options

    def clamp(self, activation: int) -> tuple[int, int]:
        """The int8 range of the fused activation."""
        name = _ACTIVATIONS.get(activation, str(activation))
        if name not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
            self.fail(f"has the fused activation {name}, expected NONE, RELU, RELU6 or RELU_N1_TO_1")
        return activation_range(name, self.activation_output().scale, self.output.zero_point)

    def check_ratio(self, ratio: float) -> None:
        """Ensure that a scale ratio is one the fixed-point scaling can express (left shifts stay within 30 bits)."""
        if not ratio < 1 << 30:
            self.fail(f"scales by {ratio:.3g}, expected less than 2**30; the quantization is damaged")

    def same_quantization(self, position: int = 0) -> None:
        """Ensure that an input and the output share type, scale (as closely as the reference asks) and zero point."""
        source, output = self.input(position, f"input {position}"), self.output
        if source.dtype != output.dtype:
            self.fail(f"turns {source.dtype} '{_cut(source.name)}' into {output.dtype}, expected one type")
        if source.dtype not in ("int8", "uint8", "int16"):
            return
        if not len(source.scales) or not len(output.scales):
            return  # moved untouched: nobody reads the scale here
        slack = _SCALE_SLACK * max(1.0, source.scale)
        if abs(source.scale - output.scale) > slack or source.zero_point != output.zero_point:
            self.fail(
                f"changes scale or zero point ('{_cut(source.name)}' to '{_cut(output.name)}'), "
                "expected the same on both"
            )

    def shape(self, shape: tuple[int, ...], output: Tensor | None = None) -> None:
        """Give the output its computed shape: what the file says of it is a hint, as it is to LiteRT."""
        target = output or self.output
        if prod(shape) > MOST_ELEMENTS:
            self.fail(f"makes {prod(shape):,} values, expected at most {MOST_ELEMENTS:,}")
        if any(size < 1 for size in shape):
            self.fail(f"has the output shape {list(shape)}, expected at least one element")
        target.shape = shape

    def _int8(self, tensor: Tensor) -> Tensor:
        if tensor.dtype != "int8":
            self.fail(f"works on {tensor.dtype} tensor '{_cut(tensor.name)}', expected int8; {_CONVERT}")
        if not len(tensor.scales):
            self.fail(f"works on tensor '{_cut(tensor.name)}', which has no scale; {_CONVERT}")
        if len(tensor.scales) != 1:
            self.fail(f"has {len(tensor.scales)} scales on tensor '{_cut(tensor.name)}', expected 1")
        if not tensor.scale > 0:
            self.fail(f"works on tensor '{_cut(tensor.name)}' of scale {tensor.scale}, expected a positive one")
        if not -128 <= tensor.zero_point <= 127:
            self.fail(f"works on tensor '{_cut(tensor.name)}' of zero point {tensor.zero_point}, expected -128 to 127")
        return tensor


def _cut(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "..."
