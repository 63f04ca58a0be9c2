"""What the reader takes of a .tflite file at most: more is damage, or no model for a microcontroller."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

from model.errors import CrosscamError, shown

MOST_OPERATORS = 4096
MOST_TENSORS = 1 << 16
MOST_OPERANDS = 1024
"""Inputs of one operator, and outputs."""
MOST_DIMENSIONS = 8
MOST_ELEMENTS = 1 << 23
"""Of one tensor: more than a Cortex-M has memory for; what looks at each of them takes under a second."""
MOST_CONSTANTS = 128 << 20
"""Bytes of all constants; several tensors may name one buffer of the file."""
LONGEST_NAME = 4000


def check_counts(path: Path, model: Any, subgraph: Any) -> None:
    """Refuse vectors that are longer than any model's before they are walked."""
    counts = {
        "operators": (subgraph.OperatorsLength(), MOST_OPERATORS),
        "tensors": (subgraph.TensorsLength(), MOST_TENSORS),
        "buffers": (model.BuffersLength(), MOST_TENSORS),
        "inputs": (subgraph.InputsLength(), MOST_OPERANDS),
        "outputs": (subgraph.OutputsLength(), MOST_OPERANDS),
    }
    for number in range(min(subgraph.OperatorsLength(), MOST_OPERATORS)):
        operator = subgraph.Operators(number)
        counts[f"inputs of operator {number}"] = (operator.InputsLength(), MOST_OPERANDS)
        counts[f"outputs of operator {number}"] = (operator.OutputsLength(), MOST_OPERANDS)
    for what, (count, most) in counts.items():
        if count > most:
            raise CrosscamError(f"{path}: {count:,} {what}, expected at most {most:,}; the file is damaged")


def check_tensor(path: Path, raw: Any) -> None:
    """Refuse shapes and names that are too large to compute with."""
    if raw.ShapeLength() > MOST_DIMENSIONS or raw.ShapeSignatureLength() > MOST_DIMENSIONS:
        count = max(raw.ShapeLength(), raw.ShapeSignatureLength())
        raise CrosscamError(f"{path}: a tensor of {count:,} dimensions, expected at most {MOST_DIMENSIONS}")
    name = raw.Name() or b""
    if len(name) > LONGEST_NAME:
        raise CrosscamError(f"{path}: a tensor with a name of {len(name):,} bytes, expected at most {LONGEST_NAME:,}")
    sizes = [int(size) for size in raw.ShapeAsNumpy()] if raw.ShapeLength() else []
    if abs(prod(sizes)) > MOST_ELEMENTS:
        raise CrosscamError(
            f"{path}: tensor '{shown(name.decode('utf-8', 'replace'))}' of shape {sizes} is too large for this target"
        )


class Constants:
    """Counts the bytes of constants as they are read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes = 0

    def add(self, count: int) -> None:
        """``count`` bytes more; CrosscamError when that is too many."""
        self._bytes += count
        if self._bytes > MOST_CONSTANTS:
            raise CrosscamError(
                f"{self._path}: its constants have more than {MOST_CONSTANTS:,} bytes, too many for this target"
            )
