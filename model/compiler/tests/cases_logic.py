"""Operators that make and use truth values."""

from __future__ import annotations

from functools import partial

import numpy as np

from model.compiler.tests.cases_elementwise import broadcasting_shapes
from model.compiler.tests.host import Case
from model.compiler.tests.maker import Kinds, Maker

_COMPARISONS = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")


def _scale(m: Maker) -> float:
    return min(m.scale(), 0.9)  # LiteRT compares no others


def compare(m: Maker, name: str) -> Case:
    """Two computed operands, or one constant, now and then a single value; scales often equal."""
    left, right, out = broadcasting_shapes(m)
    right = () if m.flip(0.3) else right
    out = tuple(int(size) for size in np.broadcast_shapes(left, right))
    scale, zero, kind = _scale(m), m.zero_point(), m.number(0, 2)
    same = m.flip()
    data = [m.image(left) if kind == 1 else None, m.image(right) if kind == 2 else None]
    a = m.build.tensor("a", left, scale=scale, zero_point=zero, data=data[0])
    b_scale, b_zero = (scale, zero) if same else (_scale(m), m.zero_point())
    b = m.build.tensor("b", right, scale=b_scale, zero_point=b_zero, data=data[1])
    y = m.build.tensor("y", out, dtype=np.bool_)
    m.build.op(name, [a, b] if m.flip() else [b, a], [y])
    chosen = [(index, shape) for index, shape, values in ((a, left, data[0]), (b, right, data[1])) if values is None]
    return m.several(f"{name} {left} {right} kind {kind}", [s for _, s in chosen], [i for i, _ in chosen], [y])


def _truth(m: Maker, shape: tuple[int, ...]) -> np.ndarray:
    return m.rng.random(shape) < 0.5


def logical(m: Maker) -> Case:
    """LOGICAL_AND, LOGICAL_OR, and LOGICAL_NOT of what they give."""
    left, right, out = broadcasting_shapes(m)
    a, b = (m.build.tensor(name, shape, dtype=np.bool_) for name, shape in (("a", left), ("b", right)))
    y, no = (m.build.tensor(name, out, dtype=np.bool_) for name in ("y", "no"))
    name = "LOGICAL_AND" if m.flip() else "LOGICAL_OR"
    m.build.op(name, [a, b], [y])
    m.build.op("LOGICAL_NOT", [y], [no])
    blob = m.build.finish([a, b], [y, no])
    return Case(f"{name} {left} {right}", blob, [[_truth(m, left), _truth(m, right)] for _ in range(4)])


def select(m: Maker) -> Case:
    """SELECT of shapes that are equal, or by rows; SELECT_V2 of shapes that broadcast; int8 or float32."""
    old = m.flip(0.4)
    left, right, out = broadcasting_shapes(m)
    chosen = tuple(1 if m.flip(0.3) else size for size in out)
    if old:
        left = right = out
        chosen = () if m.flip(0.2) else out[:1] if m.flip() else out
    out = tuple(int(size) for size in np.broadcast_shapes(left, right, out if old else chosen))
    kind = np.int8 if m.flip(0.7) else np.float32
    scale, zero = (m.scale(), m.zero_point()) if kind is np.int8 else (None, 0)
    condition = m.build.tensor("c", chosen, dtype=np.bool_)
    fixed = m.image(right).astype(kind) if m.flip(0.4) else None
    a = m.build.tensor("a", left, dtype=kind, scale=scale, zero_point=zero)
    b = m.build.tensor("b", right, dtype=kind, scale=scale, zero_point=zero, data=fixed)
    y = m.build.tensor("y", out, dtype=kind, scale=scale, zero_point=zero)
    m.build.op("SELECT" if old else "SELECT_V2", [condition, a, b], [y])
    shapes = [left] if fixed is not None else [left, right]
    images = [[_truth(m, chosen), *(m.image(shape).astype(kind) for shape in shapes)] for _ in range(4)]
    blob = m.build.finish([condition, a] if fixed is not None else [condition, a, b], [y])
    return Case(f"SELECT {chosen} {left} {right} {kind.__name__}", blob, images)


def clipped(m: Maker) -> Case:
    """A comparison with a constant that chooses, as rectifiers with a threshold are written."""
    shape, scale, zero = m.shape(4), _scale(m), m.zero_point()
    x = m.build.tensor("x", shape, scale=scale, zero_point=zero)
    limit = m.build.tensor("limit", (), scale=_scale(m), zero_point=m.zero_point(), data=m.image(()))
    other = m.build.tensor("other", (), scale=scale, zero_point=zero, data=m.image(()))
    chosen = m.build.tensor("chosen", shape, dtype=np.bool_)
    y = m.build.tensor("y", shape, scale=scale, zero_point=zero)
    m.build.op(_COMPARISONS[m.number(0, 5)], [x, limit], [chosen])
    m.build.op("SELECT_V2", [chosen, x, other], [y])
    return m.finish(f"SELECT by comparison {shape}", shape, x, y)


def any_comparison(m: Maker) -> Case:
    """One of the six, which share a kernel."""
    return compare(m, _COMPARISONS[m.number(0, 5)])


KINDS: Kinds = {"compare": any_comparison, "logical": logical, "select": select, "clipped": clipped}
EACH: Kinds = {**KINDS, **{name.lower(): partial(compare, name=name) for name in _COMPARISONS}}
"""Every comparison for itself, too."""
