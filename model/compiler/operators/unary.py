# mypy: disable-error-code="import-untyped"
"""Operators on one int8 value: each becomes a table of 256 results."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from model.compiler import ir, tables
from model.compiler.ir import Op, Tensor
from model.compiler.quantize import INT8, activation_range
from model.compiler.raw import RawOp

_Maker = Callable[[RawOp, Tensor, Tensor], np.ndarray]


def _unary(raw: RawOp, make: _Maker, comment: str) -> Sequence[Op]:
    source, output = raw.activation_input(), raw.activation_output()
    raw.check_ratio(source.scale / output.scale)
    raw.shape(source.shape)
    return [ir.Table(raw.kind, [source], output, table=make(raw, source, output), comment=comment)]


def _float(function: Callable[[np.float32], float]) -> _Maker:
    return lambda raw, source, output: tables.float_table(source, output, function)


def _tensors(make: Callable[[Tensor, Tensor], np.ndarray]) -> _Maker:
    return lambda raw, source, output: make(source, output)


def _relu(raw: RawOp, source: Tensor, output: Tensor) -> np.ndarray:
    if raw.kind == "RELU_0_TO_1":
        low, _ = activation_range("RELU", output.scale, output.zero_point)
        one = output.zero_point + round(1.0 / output.scale)
        return tables.relu_table(source, output, (low, min(one, INT8[1])))
    return tables.relu_table(source, output, activation_range(raw.kind, output.scale, output.zero_point))


def _logistic(raw: RawOp, source: Tensor, output: Tensor) -> np.ndarray:
    if output.scale != 1 / 256 or output.zero_point != -128:
        raw.fail(f"has output scale {output.scale} and zero point {output.zero_point}, expected 1/256 and -128")
    return tables.float_table(source, output, tables.logistic)


def _leaky_relu(raw: RawOp, source: Tensor, output: Tensor) -> np.ndarray:
    options = raw.options("LeakyReluOptions")
    alpha = 0.0 if options is None else float(options.Alpha())
    raw.check_ratio(abs(alpha) * source.scale / output.scale)
    return tables.leaky_relu_table(source, output, alpha)


def _hard_swish(raw: RawOp, source: Tensor, output: Tensor) -> np.ndarray:
    if source.scale / 128 >= output.scale:
        raw.fail(f"scales {source.scale} to {output.scale}, expected less than 128 to 1")
    return tables.hard_swish_table(source, output)


def _gelu(raw: RawOp, source: Tensor, output: Tensor) -> np.ndarray:
    options = raw.options("GeluOptions")
    approximate = options is not None and options.Approximate()
    return tables.float_table(source, output, tables.gelu_by_tanh if approximate else tables.gelu)


def _log(raw: RawOp, source: Tensor, output: Tensor) -> np.ndarray:
    lowest = float(np.float32(INT8[0] - output.zero_point) * np.float32(output.scale))
    return tables.float_table(source, output, lambda real: math.log(float(real)) if real > 0 else lowest)


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "ABS": partial(_unary, make=_tensors(tables.abs_table), comment="magnitude"),
    "ELU": partial(_unary, make=_float(tables.elu), comment="elu"),
    "EXP": partial(_unary, make=_float(tables.exponential), comment="exponential"),
    "GELU": partial(_unary, make=_gelu, comment="gelu"),
    "HARD_SWISH": partial(_unary, make=_hard_swish, comment="hard swish"),
    "LEAKY_RELU": partial(_unary, make=_leaky_relu, comment="leaky rectifier"),
    "LOG": partial(_unary, make=_log, comment="logarithm"),
    "LOGISTIC": partial(_unary, make=_logistic, comment="sigmoid"),
    "RELU": partial(_unary, make=_relu, comment="rectifier"),
    "RELU6": partial(_unary, make=_relu, comment="rectifier"),
    "RELU_0_TO_1": partial(_unary, make=_relu, comment="rectifier"),
    "RELU_N1_TO_1": partial(_unary, make=_relu, comment="rectifier"),
    "RSQRT": partial(_unary, make=_tensors(tables.rsqrt_table), comment="one over the root"),
    "SQRT": partial(_unary, make=_tensors(tables.sqrt_table), comment="root"),
    "TANH": partial(_unary, make=_float(lambda real: math.tanh(float(real))), comment="hyperbolic tangent"),
}
