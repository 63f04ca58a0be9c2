"""Kernels that move values: nested strided copies found in the index of a move, else a list of runs."""

from __future__ import annotations

import numpy as np

from model.compiler.ir import Move
from model.compiler.kernels.base import LEVELS, Access, Constant, KernelCall, walk

Level = tuple[int, int, int]  # count, input step, output step


def move(op: Move) -> list[KernelCall]:
    """nn_fill where the output has filled places, then nn_copy or nn_copy_runs for each input not in place already."""
    parts = [(position, *op.part(position)) for position in range(len(op.inputs))]
    parts = [part for part in parts if len(part[1]) and not _in_place(op, *part)]
    calls = []
    if np.any(op.sources < 0):
        fields = [("size", str(op.output.bytes)), ("value", str(op.fill))]
        calls.append(KernelCall(op, "nn_fill", "nn_fill_t", fields, [], sources=[]))
    alone = not calls and len(parts) == len(op.inputs) == 1
    for position, elements, places in parts:
        calls.append(_copy(op, position, elements, places, alone))
    return calls


def _in_place(op: Move, position: int, elements: np.ndarray, places: np.ndarray) -> bool:
    source = op.inputs[position]
    if source.root is not op.output.root or source.root.data is not None:
        return False
    starts = source.root_offset + elements * source.item
    ends = op.output.root_offset + places * op.output.item
    return bool(np.array_equal(starts, ends))


def _copy(op: Move, position: int, elements: np.ndarray, places: np.ndarray, alone: bool) -> KernelCall:
    source, item = op.inputs[position], op.output.item
    access = None
    if alone and source.data is None:  # places are 0, 1, 2, ...: the output is written forward
        access = Access(elements * item, (places + 1) * item)
    region = (int(places.min()) * item, (int(places.max()) + 1) * item)
    levels = nest(elements, places)
    block = item
    if levels and levels[0][1] == levels[0][2] == 1:
        block = item * levels.pop(0)[0]
    if levels == []:
        levels = [(1, 0, 0)]
    if levels is not None and len(levels) <= LEVELS:
        fields = [
            ("block", str(block)),
            ("walk", walk([(count, a * item, b * item) for count, a, b in levels], 2)),
            ("input_start", str(int(elements[0]) * item)),
            ("output_start", str(int(places[0]) * item)),
        ]
        return KernelCall(op, "nn_copy", "nn_copy_t", fields, [access], sources=[source], region=region)
    breaks = np.flatnonzero((np.diff(elements) != 1) | (np.diff(places) != 1)) + 1
    starts = np.concatenate([[0], breaks])
    lengths = np.diff(np.concatenate([starts, [len(places)]]))
    rows = [
        f"{{{elements[at] * item}, {places[at] * item}, {length * item}}}"
        for at, length in zip(starts.tolist(), lengths.tolist(), strict=True)
    ]
    runs = Constant("runs", "nn_run_t", rows, len(rows), 12 * len(rows), "input and output offset, bytes")
    fields = [("count", str(len(rows))), ("runs", "{runs}")]
    return KernelCall(op, "nn_copy_runs", "nn_copy_runs_t", fields, [access], [runs], sources=[source], region=region)


def nest(elements: np.ndarray, places: np.ndarray) -> list[Level] | None:
    """The two index lists as nested loops, innermost first; None where they are not of that kind."""
    levels: list[Level] = []
    while len(places) > 1:
        steps = (int(elements[1] - elements[0]), int(places[1] - places[0]))
        straight = np.append((np.diff(elements) == steps[0]) & (np.diff(places) == steps[1]), False)
        count = int(np.argmin(straight)) + 1  # a first run of at least two
        if len(places) % count or not straight.reshape(-1, count)[:, :-1].all():
            return None
        levels.append((count, *steps))
        elements, places = elements[::count], places[::count]
    return levels
