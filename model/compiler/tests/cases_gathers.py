"""Operators that take values by computed numbers, or give the numbers of values."""

from __future__ import annotations

from typing import Any

import numpy as np

from model.compiler.tests.cases_elementwise import broadcasting_shapes
from model.compiler.tests.host import Case
from model.compiler.tests.maker import IMAGES, Kinds, Maker


def _kind(m: Maker) -> Any:
    return np.int32 if m.flip(0.7) else np.int64


def gather(m: Maker) -> Case:
    """GATHER along any axis, or EMBEDDING_LOOKUP; the values computed or a constant table."""
    shape, table, kind = m.shape(m.number(1, 4)), m.flip(0.4), _kind(m)
    lookup = len(shape) > 1 and m.flip(0.25)
    axis = 0 if lookup else m.number(0, len(shape) - 1)
    kind = np.int32 if lookup else kind
    counts = (m.number(1, 5),) if lookup or m.flip() else (m.number(1, 3), m.number(1, 3))
    source = m.build.tensor(
        "x", shape, scale=m.scale(), zero_point=m.zero_point(), data=m.image(shape) if table else None
    )
    numbers = m.build.tensor("numbers", counts, dtype=kind)
    y = m.same(source, (*shape[:axis], *counts, *shape[axis + 1 :]))
    if lookup:
        m.build.op("EMBEDDING_LOOKUP", [numbers, source], [y])
    else:
        m.build.op("GATHER", [source, numbers], [y], axis=axis)

    def drawn() -> list[np.ndarray]:
        chosen = m.rng.integers(0, shape[axis], counts).astype(kind)
        return [chosen] if table else [m.image(shape), chosen]

    blob = m.build.finish([numbers] if table else [source, numbers], [y])
    return Case(f"GATHER {shape} {counts} axis {axis}", blob, [drawn() for _ in range(IMAGES)])


def one_hot(m: Maker) -> Case:
    """Of int32 or int64 numbers, some of them beyond; int8 or float32 values."""
    shape, depth, kind = m.shape(m.number(1, 3)), m.number(1, 7), _kind(m)
    axis = m.number(0, len(shape))
    of: Any = np.int8 if m.flip() else np.float32
    numbers = m.build.tensor("numbers", shape, dtype=kind)
    size = m.build.tensor("depth", (), dtype=np.int32, data=np.array(depth, np.int32))
    on, off = (m.build.tensor(name, (), dtype=of, data=np.array(m.number(-128, 127), of)) for name in ("on", "off"))
    y = m.build.tensor("y", (*shape[:axis], depth, *shape[axis:]), dtype=of)
    m.build.op("ONE_HOT", [numbers, size, on, off], [y], axis=-1 if axis == len(shape) and m.flip() else axis)
    images = [m.rng.integers(-1, depth + 1, shape).astype(kind) for _ in range(IMAGES)]
    return Case(f"ONE_HOT {shape} {depth} axis {axis}", m.build.finish([numbers], [y]), images)


def top(m: Maker) -> Case:
    """TOPK_V2 with many equal values; both outputs, or the numbers alone as they choose rows of a table."""
    shape = m.shape(m.number(1, 4), 12)
    count = m.number(1, shape[-1])
    source = m.activation_tensor(shape)
    number = m.build.tensor("k", (), dtype=np.int32, data=np.array(count, np.int32))
    values = m.same(source, (*shape[:-1], count), "values")
    places = m.build.tensor("places", (*shape[:-1], count), dtype=np.int32)
    m.build.op("TOPK_V2", [source, number], [values, places])
    images = [(m.image(shape) // 32 * 32 if m.flip() else m.image(shape)) for _ in range(IMAGES)]
    return Case(f"TOPK_V2 {shape} {count}", m.build.finish([source], [values, places]), images)


_WHOLE = ("ADD", "SUB", "MUL", "FLOOR_DIV", "FLOOR_MOD", "MINIMUM", "MAXIMUM", "EQUAL", "LESS", "GREATER_EQUAL")


def whole(m: Maker) -> Case:
    """Arithmetic and comparisons of int32, either side broadcast; no division by 0, at which LiteRT stops."""
    left, right, out = broadcasting_shapes(m)
    name = _WHOLE[m.number(0, len(_WHOLE) - 1)]
    a, b = (m.build.tensor(what, shape, dtype=np.int32) for what, shape in (("a", left), ("b", right)))
    y = m.build.tensor("y", out, dtype=np.bool_ if name in ("EQUAL", "LESS", "GREATER_EQUAL") else np.int32)
    m.build.op(name, [a, b], [y])
    most = int(m.rng.choice([3, 1000, 30000]))

    def values(shape: tuple[int, ...]) -> np.ndarray:
        drawn: np.ndarray = m.rng.integers(-most, most, shape, endpoint=True).astype(np.int32)
        return drawn

    def divisors(shape: tuple[int, ...]) -> np.ndarray:
        drawn = values(shape)
        return np.where(drawn == 0, np.int32(1), drawn)

    second = divisors if name in ("FLOOR_DIV", "FLOOR_MOD") else values
    images = [[values(left), second(right)] for _ in range(IMAGES)]
    return Case(f"{name} int32 {left} {right}", m.build.finish([a, b], [y]), images)


KINDS: Kinds = {"gather_computed": gather, "one_hot": one_hot, "top": top, "whole": whole}
