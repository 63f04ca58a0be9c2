"""Kernels that take values by computed numbers, or give the numbers of values."""

from __future__ import annotations

from math import prod

import numpy as np

from model.compiler.ir import Gather, OneHot, Tensor, Top
from model.compiler.kernels.base import KernelCall


def _wide(numbers: Tensor) -> tuple[str, str]:
    return ("wide", "1" if numbers.dtype == "int64" else "0")


def gather(op: Gather) -> KernelCall:
    """nn_gather."""
    source, numbers = op.inputs
    outer, extent = prod(source.shape[: op.axis]), source.shape[op.axis]
    fields = [
        ("outer", str(outer)),
        ("extent", str(extent)),
        ("row", str(prod(source.shape[op.axis + 1 :]) * source.item)),
        ("count", str(numbers.size // outer if op.by_row else numbers.size)),
        _wide(numbers),
        ("by_row", "1" if op.by_row else "0"),
    ]
    return KernelCall(op, "nn_gather", "nn_gather_t", fields, [None, None])


def one_hot(op: OneHot) -> KernelCall:
    """nn_one_hot."""
    (numbers,) = op.inputs
    on, off = ("{" + ", ".join(map(str, np.frombuffer(value.tobytes(), np.uint8))) + "}" for value in op.values)
    fields = [("outer", str(numbers.size // op.inner)), ("depth", str(op.depth)), ("inner", str(op.inner))]
    fields += [("item", str(op.output.item)), _wide(numbers), ("on", on), ("off", off)]
    return KernelCall(op, "nn_one_hot", "nn_one_hot_t", fields, [None])


def top(op: Top) -> KernelCall:
    """nn_top_s8."""
    size, count = op.inputs[0].shape[-1], op.output.shape[-1]
    fields = [("rows", str(op.output.size // count)), ("size", str(size)), ("count", str(count))]
    return KernelCall(op, "nn_top_s8", "nn_top_t", fields, [None])
