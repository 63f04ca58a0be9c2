"""Models that keep something from run to run; the tests run each several times in a row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.compiler.tests.cases_networks import Net
from model.compiler.tests.host import Case
from model.compiler.tests.maker import Kinds, Maker

_RUNS = 5


def _in_a_row(m: Maker, case: Case, shape: tuple[int, ...]) -> Case:
    return replace(case, images=[m.image(shape) for _ in range(_RUNS)])


def streaming(m: Maker) -> Case:
    """Streaming convolutions: the last rows of what came before, in a variable, joined with the new ones."""
    n = Net(m)
    shape = (1, m.number(1, 3), 1, m.number(1, 6))
    x = n.value(shape, name="x")
    y = x
    for layer in range(m.number(1, 3)):
        batch, rows, width, channels = n.shape_of(y)
        kept = m.number(1, 4)
        first = m.same(y, (batch, kept, width, channels), "first")
        values = m.image((batch, kept, width, channels))
        m.build.tensors[first].buffer = m.build.buffer(values)
        handle = m.build.handle(f"state{layer}", first)
        read = m.same(y, (batch, kept, width, channels), "read")
        m.build.op("READ_VARIABLE", [handle], [read])
        whole = n.join([read, y], 1)
        last = m.same(y, (batch, kept, width, channels), "last")
        sizes = [m.integers(v) for v in ([0, rows, 0, 0], [0, rows + kept, 0, 0], [1, 1, 1, 1])]
        m.build.op("STRIDED_SLICE", [whole, *sizes], [last], beginMask=13, endMask=13)
        m.build.op("ASSIGN_VARIABLE", [handle, last], [])
        y = n.conv(whole, m.number(1, 5), 1, rows=m.number(1, kept + rows))
        y = n.table(y) if m.flip() else y
    return _in_a_row(m, n.finish("streaming", x, [y]), shape)


def counter(m: Maker) -> Case:
    """A variable read, changed, read again before and after its assignment; the first value outlives it."""
    n = Net(m)
    shape = m.shape()
    x = n.value(shape, name="x")
    scale, zero = m.scale(), m.zero_point()

    def like(name: str, data: np.ndarray | None = None) -> int:
        return m.build.tensor(name, shape, scale=scale, zero_point=zero, data=data)

    handle = m.build.handle("sum", like("first", m.image(shape)))
    before, after, total, out = (like(name) for name in ("before", "after", "total", "out"))
    m.build.op("READ_VARIABLE", [handle], [before])
    m.build.op("ADD", [before, x], [total])
    m.build.op("ASSIGN_VARIABLE", [handle, total], [])
    if m.flip():
        m.build.op("ASSIGN_VARIABLE", [handle, like("fixed", m.image(shape))], [])
    m.build.op("READ_VARIABLE", [handle], [after])
    m.build.op("SUB", [after, before], [out])
    outputs = [out, before, after] if m.flip() else [out]
    return _in_a_row(m, m.several("counter", [shape], [x], outputs), shape)


def svdf(m: Maker) -> Case:
    """SVDF of any rank, with and without bias."""
    batch, inputs, units, rank, memory = m.number(1, 2), m.number(1, 12), m.number(1, 6), m.number(1, 3), m.number(1, 9)
    x = m.build.tensor("x", (batch, inputs), scale=m.scale(), zero_point=m.zero_point())
    filters = units * rank
    features, scales = m.symmetric((filters, inputs))
    state_scale = m.power(float(m.scale_of(x) * scales * 74 * 74 * np.sqrt(inputs) / m.number(500, 20000)))
    state = m.build.tensor("state", (batch, filters * memory), dtype=np.int16, scale=state_scale, variable=True)
    values = m.rng.integers(-(1 << 15), 1 << 15, size=(filters, memory)) >> m.number(2, 8)
    times = m.build.tensor("times", (filters, memory), dtype=np.int16, scale=m.scale() / 256, data=values)
    spread = float(np.abs(values).mean() + 1) * 8000 * np.sqrt(memory * rank)
    y_scale = m.power(state_scale * m.scale_of(times) * spread / m.number(20, 80))
    bias = -1 if m.flip(0.3) else m.bias(units, 100)
    y = m.build.tensor("y", (batch, units), scale=y_scale, zero_point=m.zero_point())
    m.build.op("SVDF", [x, features, times, bias, state], [y], rank=rank, fusedActivationFunction=1)
    return _in_a_row(m, m.finish("svdf", (batch, inputs), x, y), (batch, inputs))


def lstm(m: Maker) -> Case:
    """A plain LSTM, now and then with a coupled input gate or a clip, over times or batches first."""
    batch, time, inputs, cells = m.number(1, 2), m.number(1, 6), m.number(1, 8), m.number(1, 8)
    major = m.flip(0.3)
    lead = (time, batch) if major else (batch, time)
    x = m.build.tensor("x", (*lead, inputs), scale=m.scale(), zero_point=m.zero_point())
    hidden_scale, hidden_zero = m.power(1 / m.number(90, 200)), m.zero_point()

    def hidden(name: str, shape: tuple[int, ...], variable: bool = False) -> int:
        return m.build.tensor(name, shape, scale=hidden_scale, zero_point=hidden_zero, variable=variable)

    def weights(columns: int, source_scale: float) -> int:
        """Sums that reach the bends of the activations."""
        values = m.rng.integers(-127, 128, size=(cells, columns)).astype(np.int8)
        scale = m.power(m.number(1, 6) / (source_scale * 74 * 74 * np.sqrt(columns)))
        return m.build.tensor("w", (cells, columns), scale=scale, data=values)

    coupled = m.flip(0.2)
    direct = [weights(inputs, m.scale_of(x)) for _ in range(4)]
    back = [weights(cells, hidden_scale) for _ in range(4)]
    bias = [m.bias(cells, inputs) for _ in range(4)]
    for group in (direct, back, bias):
        group[0] = -1 if coupled else group[0]
    before = hidden("before", (batch, cells), variable=True)
    cell_scale = 2.0 ** -m.number(9, 15)
    cell = m.build.tensor("cell", (batch, cells), dtype=np.int16, scale=cell_scale, variable=True)
    y = hidden("y", (*lead, cells))
    operands = [x, *direct, *back, -1, -1, -1, *bias, -1, -1, before, cell]
    clip = float(m.rng.uniform(0.1, 1)) if m.flip(0.3) else 0.0
    m.build.op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [y], fusedActivationFunction=4, cellClip=clip, timeMajor=major)
    m.build.intermediates([*(m.build.tensor("i", (), scale=1.0) for _ in range(4)), hidden("hidden", ())])
    return _in_a_row(m, m.finish(f"lstm {lead}", (*lead, inputs), x, y), (*lead, inputs))


KINDS: Kinds = {
    "counter": counter,
    "lstm": lstm,
    "streaming": streaming,
    "svdf": svdf,
}
