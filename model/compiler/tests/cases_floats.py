"""What converters leave in float32 between int8 operators, and conversions between types."""

from __future__ import annotations

from typing import Any

import numpy as np

from model.compiler.tests.cases_elementwise import ALL_BYTES
from model.compiler.tests.host import Case
from model.compiler.tests.maker import IMAGES, Kinds, Maker

_EXACT = ("ABS", "FLOOR", "LOGISTIC", "NEG", "RELU", "RELU6", "SIGN", "SQUARE")
_CLOSE = ("CEIL", "COS", "ROUND", "SIN", "TANH")  # CEIL and ROUND: LiteRT has no reference kernel, so all is computed
# by its optimised ones, whose DEQUANTIZE differs by a last bit
_POSITIVE = ("LOG", "RSQRT", "SQRT")
_WITH_CONSTANT = ("ADD", "DIV", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "MUL", "SUB")
_TRUTHS = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")


def _floats(m: Maker, x: int, kinds: tuple[str, ...], count: int) -> int:
    """``count`` operators in a row, every third one with a constant."""
    for _ in range(count):
        y = m.build.tensor("real", (1, 256), dtype=np.float32)
        if m.flip(0.3):
            constant = np.array(m.rng.choice([-1, 1]) * np.exp2(m.rng.uniform(-2, 2)), np.float32)
            other = m.build.tensor("constant", (), dtype=np.float32, data=constant)
            kind = str(m.rng.choice(_WITH_CONSTANT))
            turned = m.flip(0.3) and kind not in ("DIV", "FLOOR_DIV", "FLOOR_MOD")
            m.build.op(kind, [other, x] if turned else [x, other], [y])
        else:
            m.build.op(str(m.rng.choice(kinds)), [x], [y])
        x = y
    return x


def _start(m: Maker, zero: int) -> tuple[int, int]:
    x = m.build.tensor("x", (1, 256), scale=m.scale(), zero_point=zero)
    real = m.build.tensor("real", (1, 256), dtype=np.float32)
    m.build.op("DEQUANTIZE", [x], [real])
    return x, real


def float_island(m: Maker) -> Case:
    """Functions between a DEQUANTIZE and a QUANTIZE, over all 256 values; what QUANTIZE gets fits an int32."""
    rooted = m.flip(0.2)
    x, real = _start(m, -128 if rooted else m.zero_point())
    kinds = _POSITIVE if rooted else (*_EXACT, *_CLOSE)
    last = _floats(m, real, kinds, 1 if rooted else m.number(1, 3))
    y = m.build.tensor("y", (1, 256), scale=m.scale(), zero_point=m.zero_point())
    m.build.op("QUANTIZE", [last], [y])
    images = [np.maximum(ALL_BYTES, -127) if rooted else ALL_BYTES]
    return Case("float island", m.build.finish([x], [y]), images)


def float_results(m: Maker) -> Case:
    """Functions behind a DEQUANTIZE whose results are the model's, in float32: to the last bit."""
    x, real = _start(m, m.zero_point())
    last = _floats(m, real, (*_EXACT, "EXP"), m.number(1, 3))
    outputs = [last, real] if m.flip() else [last]
    return Case("float results", m.build.finish([x], outputs), [ALL_BYTES])


def float_truths(m: Maker) -> Case:
    """Comparisons of float32 with a constant or with itself (which tells what is no number), and what they choose."""
    x, real = _start(m, m.zero_point())
    last = _floats(m, real, _EXACT, m.number(0, 2))
    truth = m.build.tensor("truth", (1, 256), dtype=np.bool_)
    limit = m.build.tensor("limit", (), dtype=np.float32, data=np.array(m.rng.normal(), np.float32))
    other = last if m.flip(0.3) else limit
    m.build.op(str(m.rng.choice(_TRUTHS)), [last, other] if m.flip() else [other, last], [truth])
    zero = m.same(x, (1, 256), "zero")
    m.build.op("SELECT_V2", [truth, x, x], [zero])
    return Case("float truths", m.build.finish([x], [truth, zero]), [ALL_BYTES])


def cast_wide(m: Maker) -> Case:
    """CAST among all types, back and forth."""
    types: list[Any] = [np.bool_, np.int8, np.uint8, np.int16, np.int32, np.int64, np.float32]
    source, target = (types[m.number(0, len(types) - 1)] for _ in range(2))
    x = m.build.tensor("x", (3, 40), dtype=source)
    y = m.build.tensor("y", (3, 40), dtype=target)
    m.build.op("CAST", [x], [y])

    def values() -> np.ndarray:
        if source is np.float32:
            most = 120.0 if target in (np.int8, np.uint8, np.int16) else 1e9
            drawn: np.ndarray = m.rng.uniform(0 if target is np.uint8 else -most, most, (3, 40)).astype(np.float32)
            return np.where(m.rng.random((3, 40)) < 0.2, np.float32(0), drawn)
        if source is np.bool_:
            return m.rng.random((3, 40)) < 0.5
        ends = np.iinfo(source)
        return m.rng.integers(ends.min, ends.max, (3, 40), endpoint=True).astype(source)

    images = [values() for _ in range(IMAGES)]
    return Case(f"CAST {source.__name__} {target.__name__}", m.build.finish([x], [y]), images)


KINDS: Kinds = {
    "float_island": float_island,
    "float_results": float_results,
    "cast_wide": cast_wide,
    "float_truths": float_truths,
}
