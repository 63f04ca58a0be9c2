"""The memory plan: never two owners of a byte, small, and a checker that notices when it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from model.compiler.compile import build
from model.compiler.ir import Tensor
from model.compiler.kernels import Access
from model.compiler.lifetimes import ALIGNMENT
from model.compiler.memory import MemoryPlan, verify
from model.compiler.program import Program
from model.compiler.tests.cases_networks import chain
from model.compiler.tests.cases_weighted import depthwise_x1, pointwise
from model.compiler.tests.host import Case
from model.compiler.tests.maker import Maker
from model.compiler.tests.tflite_builder import TfliteBuilder


def _pointwise_net(channels: list[int], size: int = 16) -> Program:
    """1x1 convolutions in a row."""
    build_file = TfliteBuilder()
    tensors = [build_file.tensor(f"t{i}", (1, size, size, count), scale=0.1) for i, count in enumerate(channels)]
    for (source, before), (output, after) in pairwise(zip(tensors, channels, strict=True)):
        weights = build_file.tensor("w", (after, 1, 1, before), scale=0.1, data=np.ones((after, 1, 1, before), np.int8))
        bias = build_file.tensor("b", (after,), dtype=np.int32, scale=0.01, data=np.zeros(after, np.int32))
        build_file.op("CONV_2D", [source, weights, bias], [output], padding=0, strideH=1, strideW=1)
    return build(Path("net.tflite"), build_file.finish([tensors[0]], [tensors[-1]]))


def test_output_grows_into_the_dying_input() -> None:
    program = _pointwise_net([8, 16, 16, 4])
    largest = 16 * 16 * 16
    assert program.plan.peak_bytes == 2 * largest
    # Without overlap 2 * 4096 bytes are needed; growing into the input costs a pixel or two more than one tensor.
    assert largest < program.plan.arena_bytes <= largest + 4 * ALIGNMENT


def test_tensor_with_a_later_reader_is_left_alone() -> None:
    program = build(Path("chain.tflite"), chain(Maker(3)).blob)  # ADD reads the convolution and its successor
    first, second = program.calls[0].op.output, program.calls[1].op.output
    a, b = program.plan.offset(first), program.plan.offset(second)
    assert a + first.size <= b or b + second.size <= a


@pytest.mark.parametrize("maker", [pointwise, depthwise_x1])
def test_one_step_closer_is_caught(maker: Callable[[Maker], Case]) -> None:
    """Moving an overlapping output up by one alignment step past its allowance must not pass the checker."""
    caught = 0
    for seed in range(40):
        program = build(Path("case.tflite"), maker(Maker(seed)).blob)
        verify(program.plan, program.calls)
        call = program.calls[0]
        source, output, access = program.graph.input, call.op.output, call.access[0]
        lead = access.lead() if access is not None else 0
        if program.plan.lifetimes[0].last != 0 or lead >= source.size or -lead >= output.size or lead > 1 << 20:
            continue
        input_at = -(-max(0, -lead) // ALIGNMENT) * ALIGNMENT
        allowed = (input_at + lead) // ALIGNMENT * ALIGNMENT
        if len(program.calls) > 1 or allowed + ALIGNMENT >= input_at + source.size:
            continue
        verify(_two_tensors(program, input_at, allowed), program.calls)
        with pytest.raises(AssertionError, match="overwrites"):
            verify(_two_tensors(program, input_at, allowed + ALIGNMENT), program.calls)
        caught += 1
    assert caught > 5


def _two_tensors(program: Program, input_at: int, output_at: int) -> MemoryPlan:
    offsets = {program.graph.input: input_at, program.calls[0].op.output: output_at}
    return replace(program.plan, offsets=offsets, arena_bytes=1 << 20)


def test_checker_rejects_overlap_of_live_tensors_and_bad_places() -> None:
    program = build(Path("chain.tflite"), chain(Maker(3)).blob)
    first, second = program.calls[0].op.output, program.calls[1].op.output
    offsets = dict(program.plan.offsets)
    offsets[second] = offsets[first]
    with pytest.raises(AssertionError, match="still needed"):
        verify(replace(program.plan, offsets=offsets), program.calls)
    end = max(offset + tensor.size for tensor, offset in program.plan.offsets.items())
    with pytest.raises(AssertionError, match="leaves the arena"):
        verify(replace(program.plan, arena_bytes=end - 1), program.calls)
    overlapping = _pointwise_net([8, 16])
    with pytest.raises(AssertionError, match="forbids"):
        verify(overlapping.plan, [replace(overlapping.calls[0], access=[None])])


def test_lead_is_the_last_safe_distance() -> None:
    # Reads 0, 4, 8 and writes 1, 5, 12 bytes in: the write up to 5 may just touch byte 8 - 3.
    access = Access(np.array([0, 4, 8]), np.array([1, 5, 12]))
    assert access.lead() == 3
    # A later step that goes back holds earlier writes off.
    assert Access(np.array([0, 4, 2]), np.array([1, 5, 6])).lead() == -3


def test_plan_is_deterministic() -> None:
    case = chain(Maker(8))
    plans = [build(Path("x.tflite"), case.blob).plan for _ in range(2)]
    places = [{tensor.name: offset for tensor, offset in plan.offsets.items()} for plan in plans]
    assert places[0] == places[1]


def test_a_chain_in_place_drifts_and_its_bound_knows() -> None:
    """Each output starts before its input: no arena of two neighbours' overlap is as small as one layer's need."""
    program = _pointwise_net([16] * 9)
    one_layer = _pointwise_net([16] * 2)
    assert program.plan.arena_bytes == program.plan.bound_bytes > one_layer.plan.arena_bytes


def test_an_output_that_grows_into_two_inputs_saves_itself_once() -> None:
    f = TfliteBuilder()
    x, y, z = (f.tensor(name, (1, 1000), scale=0.1) for name in "xyz")
    f.op("ADD", [x, y], [z])
    plan = build(Path("net.tflite"), f.finish([x, y], [z])).plan
    assert plan.arena_bytes == plan.bound_bytes == 2016


def test_a_larger_tensor_takes_no_more_steps_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of 300 bytes can name tensors of millions of elements."""
    asked = 0
    size = vars(Tensor)["size"].fget

    def counted(tensor: Tensor) -> int:
        nonlocal asked
        asked += 1
        return int(size(tensor))

    monkeypatch.setattr(Tensor, "size", property(counted))
    counts = []
    for edge in (16, 256):
        asked = 0
        _pointwise_net([8, 16, 16, 4], edge)
        counts.append(asked)
    assert counts[0] == counts[1]
