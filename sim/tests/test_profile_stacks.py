"""Call stacks of a program written for the purpose: recursion, tail calls, nested interrupts; counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.observe.record.contexts import Contexts
from sim.engine.observe.record.function_map import FunctionMap
from sim.engine.observe.record.recorder import BlockRecorder, Counts
from sim.profile.call_tree import CallTree
from sim.tests.profile_bench import booted, built

LOW = ("[IRQ 0]", "low_handler")
HIGH = ("[IRQ 1]", "high_handler")
FIRST = ("reset_handler", "first")
AGAIN = ("reset_handler", "again")
INSTRUCTIONS = {
    ("reset_handler",): 12,
    FIRST: 5,
    (*FIRST, "recurse"): 5,
    (*FIRST, "recurse", "recurse"): 5,
    (*FIRST, "recurse", "recurse", "recurse"): 2,
    (*FIRST, "tail"): 2,
    (*FIRST, "worker"): 5,
    (*FIRST, "worker", *LOW): 3,
    (*FIRST, "worker", *LOW, "pend_high"): 6,
    (*FIRST, "worker", *LOW, "pend_high", *HIGH): 3,
    AGAIN: 9,
    (*AGAIN, "worker"): 5,
    (*AGAIN, "worker", *LOW): 3,
    (*AGAIN, "worker", *LOW, "pend_high"): 6,
    (*AGAIN, "worker", *LOW, "pend_high", *HIGH): 3,
    ("reset_handler", "worker"): 5,
    ("reset_handler", "worker", *HIGH): 3,
}
"""By stack, one cycle each; counted in stacks.S."""


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("stacks.S", tmp_path_factory.mktemp("stacks"))


class Recorded:
    def __init__(self, elf: Path, timing: str) -> None:
        self.machine = booted(elf, timing)
        self.recorder = BlockRecorder(self.machine)
        self.contexts = Contexts(self.recorder)
        self.machine.run_until(lambda: bool(self.machine.cpu.sleeping), 0.01)
        self.machine.run_for(1e-6)
        self.counts: Counts = self.recorder.counts()
        self.contexts.settle()

    def tree(self, apart: bool = False) -> CallTree:
        return CallTree(self.recorder, self.counts, FunctionMap(self.machine.symbols), apart)


@pytest.fixture(scope="module", params=["instructions", "cortex-m7"])
def recorded(request: pytest.FixtureRequest, elf: Path) -> Recorded:
    return Recorded(elf, request.param)


def test_every_stack_has_the_cycles_of_its_instructions(recorded: Recorded) -> None:
    stacks = {stack.names: stack.cycles for stack in recorded.tree().stacks()}
    asleep = stacks.pop(("reset_handler", "[sleep]"))
    if recorded.machine.timing.name == "instructions":
        assert stacks == INSTRUCTIONS
    else:
        entries = {names[:-1] for names in INSTRUCTIONS if names[-1].endswith("_handler") and len(names) > 1}
        assert set(stacks) - {("[start]",)} == set(INSTRUCTIONS) | entries
    assert asleep + sum(stacks.values()) == recorded.machine.clock.now


def test_functions_add_up_to_the_clock_and_count_their_calls(recorded: Recorded) -> None:
    functions = {function.name: function for function in recorded.tree().functions()}
    assert sum(function.cycles for function in functions.values()) == recorded.machine.clock.now
    calls = {name: function.calls for name, function in functions.items()}
    assert calls["recurse"] == 3 and calls["worker"] == 3 and calls["high_handler"] == 3 and calls["tail"] == 1
    assert functions["reset_handler"].total == recorded.machine.clock.now - (
        functions["[start]"].cycles if "[start]" in functions else 0
    )
    assert functions["recurse"].total == functions["recurse"].cycles


def test_interrupts_may_stand_apart(recorded: Recorded) -> None:
    stacks = {stack.names: stack.cycles for stack in recorded.tree(apart=True).stacks()}
    assert {names for names in stacks if names[0].startswith("[IRQ")} >= {LOW, (*LOW, "pend_high"), HIGH}
    assert not any("[IRQ 0]" in names[1:] or "[IRQ 1]" in names[1:] for names in stacks)
    assert sum(stacks.values()) == recorded.machine.clock.now


def test_the_stack_is_as_deep_as_its_frames(recorded: Recorded) -> None:
    """The worker in `first`, both interrupts on it: 8 bytes of `first`, two frames of 32, 8 and 16 of the handlers."""
    (stack,) = recorded.contexts.stacks
    assert stack.used == 8 + 32 + 8 + 32 + 16


def test_the_run_is_the_run_without_it(recorded: Recorded, elf: Path) -> None:
    plain = booted(elf, recorded.machine.timing.name)
    plain.run_until(lambda: bool(plain.cpu.sleeping), 0.01)
    plain.run_for(1e-6)
    assert plain.clock.now == recorded.machine.clock.now
    assert plain.cpu.registers == recorded.machine.cpu.registers
    assert not plain.engine.observed and not recorded.machine.engine.observed


def test_nothing_is_left_when_it_is_closed(elf: Path) -> None:
    recorded = Recorded(elf, "instructions")
    recorded.recorder.close()
    recorded.contexts.close()
    engine, cpu = recorded.machine.engine, recorded.machine.cpu
    assert engine.native_loops and not cpu.on_interrupt_begin and not cpu.on_sleep
    before = recorded.counts.rows.sum()
    recorded.machine.reset()
    recorded.machine.run_for(1e-5)
    assert recorded.recorder._rows[:, 4].sum() == recorded.counts.rows[:, 0].sum() and before


@pytest.mark.parametrize("timing", ["instructions", "cortex-m7"])
def test_faults_jumps_out_of_functions_and_deep_recursion_lose_no_stack(timing: str, tmp_path: Path) -> None:
    recorded = Recorded(built("trouble.c", tmp_path, flags=("-O1", "-fno-optimize-sibling-calls")), timing)
    machine = recorded.machine
    words = {name: machine.sysbus.read(machine.symbols.address_of(name), 4) for name in ("faults", "depth_seen")}
    assert words == {"faults": 1, "depth_seen": 6000}
    stacks = {stack.names: stack.cycles for stack in recorded.tree().stacks()}
    assert sum(stacks.values()) == machine.clock.now
    start = ("reset_handler",)
    short = {names for names in stacks if "deep" not in names and names[-1] not in ("[start]", "[sleep]")}
    assert short - {(*start, "fault", "[UsageFault]")} == {
        start,
        (*start, "fault"),
        (*start, "fault", "[UsageFault]", "usage_fault"),
        (*start, "outside"),
        (*start, "outside", "inside"),
        (*start, "outside", "inside", "leap"),
        (*start, "table"),
        (*start, "table", "table"),
        (*start, "table", "table", "table"),
        (*start, "after"),
    }
    if timing == "instructions":
        assert stacks[(*start, "fault", "[UsageFault]", "usage_fault")] == 8
        assert stacks[(*start, "deep")] == stacks[(*start, *["deep"] * 100)]
