"""Tensors and scratch memory in the core's own RAM: nothing overlaps, and what does not fit goes elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.compiler.compile import Options, build
from model.compiler.emit import emit
from model.compiler.fast.call import FastCall
from model.compiler.fast_ram import FAST_RAM_BYTES
from model.compiler.program import Program
from model.compiler.tests.cases_fast import KINDS
from model.compiler.tests.host import ROOT, test_card
from model.compiler.tests.maker import Maker

ZOO = ROOT / "model" / "zoo" / "person_car_160" / "model.tflite"


def program_of(kind: str, seed: int, fast_ram: int) -> Program:
    case = KINDS[kind](Maker(seed))
    return build(Path("case.tflite"), case.blob, Options(optimize="speed", fast_ram=fast_ram), shuffles=10)


def assert_apart(program: Program) -> None:
    """The scratch memory of no layer lies where a tensor is alive that is not of an earlier or later layer."""
    for number, call in enumerate(program.calls):
        if not isinstance(call, FastCall) or not call.scratch:
            continue
        start = program.plan.scratch[call.op]
        assert start % 16 == 0 and start >= 0 and start + call.scratch <= program.plan.arena_bytes
        for span in program.plan.lifetimes:
            if span.first <= number <= span.last:
                low = program.plan.offsets[span.tensor]
                assert low + span.tensor.bytes <= start or start + call.scratch <= low, (call.op.name, span.tensor.name)


def test_all_of_the_shipped_model_is_there() -> None:
    program = build(ZOO, ZOO.read_bytes(), Options(optimize="speed"))
    assert program.plan.fast and program.plan.arena_bytes <= FAST_RAM_BYTES
    assert_apart(program)
    text = emit(program.graph, program.calls, program.plan, test_card(program, "net"))["model.c"]
    assert "] NN_FAST_ARENA;" in text and "NN_SCRATCH" not in text


@pytest.mark.parametrize("kind", ["fast_bands", "fast_chain", "fast_far"])
def test_layers_do_with_less_scratch_memory(kind: str) -> None:
    fitted = 0
    for seed in range(6):
        roomy = program_of(kind, seed, 1 << 20)
        assert roomy.plan.fast
        assert_apart(roomy)
        tight = program_of(kind, seed, roomy.plan.arena_bytes * 3 // 4)
        if tight.plan.fast:
            assert tight.plan.arena_bytes <= roomy.plan.arena_bytes * 3 // 4
            assert_apart(tight)
            fitted += 1
    assert fitted


def test_what_does_not_fit_keeps_its_scratch_memory_apart() -> None:
    seed = next(seed for seed in range(9) if not program_of("fast_bands", seed, 1024).slow)
    program = program_of("fast_bands", seed, 1024)
    assert not program.plan.fast and not program.plan.scratch
    text = emit(program.graph, program.calls, program.plan, test_card(program, "net"))["model.c"]
    assert "] NN_ARENA;" in text and "] NN_SCRATCH;" in text


def test_weights_have_what_is_left() -> None:
    seed = next(seed for seed in range(9) if not program_of("fast_dense", seed, 0).slow)
    roomy, tight = (program_of("fast_dense", seed, size) for size in (64 * 1024, 0))
    assert [any(c.in_ram for call in each.calls for c in call.constants) for each in (roomy, tight)] == [True, False]
    text = emit(roomy.graph, roomy.calls, roomy.plan, test_card(roomy, "net"))["model_weights.c"]
    assert "] NN_FAST_WEIGHTS = {" in text
