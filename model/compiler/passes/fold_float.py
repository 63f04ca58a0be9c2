"""A float32 island behind a DEQUANTIZE is a function of one int8 value: it becomes a table, of int8 or of float32."""

from __future__ import annotations

import numpy as np

from model.compiler.ir import Dequantize, FloatTable, FloatUnary, Graph, Op, Quantize, Table, Tensor
from model.compiler.quantize import round_half_away

_FAR = 1 << 20  # beyond every clamp


def fold_float(graph: Graph) -> bool:
    """Replace every QUANTIZE at the end of such an island, and functions whose float32 results others may read; what
    nothing reads any more is left to drop_dead."""
    makers = {op.output: op for op in graph.ops}
    changed = False
    for number, op in enumerate(graph.ops):
        if isinstance(op, Quantize) and (island := _island(op.inputs[0], makers)) is not None:
            start, functions = island
            table = _table(start, op.output, functions)
            names = " of ".join(function.kind.lower() for function in functions) or "copy"
            graph.ops[number] = Table(op.kind, [start.inputs[0]], op.output, table=table, comment=names)
            changed = True
        elif isinstance(op, FloatUnary) and (island := _island(op.output, makers)) is not None:
            start, functions = island
            if all(function.exact for function in functions):
                real = _real(start, functions)
                if op.output.dtype == "bool":
                    truth = real.astype(np.int8)
                    graph.ops[number] = Table(op.kind, [start.inputs[0]], op.output, table=truth, comment="truth")
                else:
                    graph.ops[number] = FloatTable(op.kind, [start.inputs[0]], op.output, table=real)
                changed = True
    return changed


def _island(tensor: Tensor, makers: dict[Tensor, Op]) -> tuple[Dequantize, list[FloatUnary]] | None:
    """The DEQUANTIZE that ``tensor`` comes from, and the functions between, the last first."""
    functions: list[FloatUnary] = []
    while isinstance(maker := makers.get(tensor), FloatUnary):
        functions.append(maker)
        tensor = maker.inputs[0]
    return (maker, functions) if isinstance(maker, Dequantize) else None


def _real(start: Dequantize, functions: list[FloatUnary]) -> np.ndarray:
    """float32 (256,): what ``functions`` make of the bytes -128..127."""
    stored = np.arange(-128, 128)
    values = stored if start.inputs[0].dtype == "int8" else stored & 0xFF
    real = np.float32(start.scale) * (values - start.zero_point).astype(np.float32)
    with np.errstate(all="ignore"):
        for function in reversed(functions):
            real = function.function(real)
    return real


def _table(start: Dequantize, output: Tensor, functions: list[FloatUnary]) -> np.ndarray:
    with np.errstate(all="ignore"):
        scaled = _real(start, functions) / np.float32(output.scale)
    low, high = (-128, 127) if output.dtype == "int8" else (0, 255)
    scaled = np.clip(np.nan_to_num(scaled, nan=0.0, posinf=_FAR, neginf=-_FAR), -_FAR, _FAR)
    wide = [min(max(round_half_away(float(value)) + output.zero_point, low), high) for value in scaled]
    return np.array(wide).astype(np.uint8).view(np.int8)
