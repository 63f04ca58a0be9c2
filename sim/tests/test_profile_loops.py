"""Hot loops run as native code while somebody observes, and nothing that is counted differs for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.observe.record.contexts import Contexts
from sim.engine.observe.record.recorder import BlockRecorder
from sim.tests.profile_bench import booted, built


class Recorded:
    """The program recorded to its end, with native loops or without."""

    def __init__(self, elf: Path, native: bool, stacks: bool = True, already: bool = False) -> None:
        machine: Machine = booted(elf, "instructions")
        machine.engine.set_native_loops(native)
        if already:  # loops were compiled before anybody observed
            machine.run_for(0.001)
            assert machine.engine.loops is not None and machine.engine.loops.compiled
        self.began = machine.clock.now
        self.recorder = BlockRecorder(machine, stacks)
        self.contexts = Contexts(self.recorder)
        machine.run_until(lambda: bool(machine.cpu.sleeping), 1.0)
        assert machine.cpu.sleeping
        self.counts = self.recorder.counts()
        self.contexts.settle()
        self.machine = machine

    def rows(self) -> dict[tuple[int, int], tuple[int, ...]]:
        pairs = zip(self.recorder.blocks, self.counts.rows.tolist(), strict=True)
        return {(block.address, block.size): tuple(row) for block, row in pairs if any(row)}

    def nodes(self) -> dict[tuple[int, ...], tuple[int, ...]]:
        return {self._path(node): tuple(row) for node, row in enumerate(self.counts.nodes.tolist())}

    def _path(self, node: int) -> tuple[int, ...]:
        path = []
        while node:
            parent, function = self.recorder.nodes[node]
            path.append(function)
            node = parent
        return tuple(path)


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("loops.c", tmp_path_factory.mktemp("loops"))


@pytest.fixture(scope="module")
def plain(elf: Path) -> Recorded:
    return Recorded(elf, native=False)


def test_blocks_and_stacks_are_those_of_a_run_block_by_block(elf: Path, plain: Recorded) -> None:
    native = Recorded(elf, native=True)
    loops = native.machine.engine.loops
    assert loops is not None and loops.cycles > native.machine.clock.now / 3
    assert native.machine.clock.now == plain.machine.clock.now
    assert native.rows() == plain.rows()
    assert native.nodes() == plain.nodes()
    assert native.counts.rows[:, 1].sum() == native.counts.nodes[:, 0].sum() == native.machine.clock.now
    assert [vars(stack) for stack in native.contexts.stacks] == [vars(stack) for stack in plain.contexts.stacks]


def test_coverage_counts_the_same_without_stacks(elf: Path, plain: Recorded) -> None:
    assert Recorded(elf, native=True, stacks=False).rows() == plain.rows()


def test_loops_compiled_before_count_from_then_on(elf: Path) -> None:
    late = Recorded(elf, native=True, already=True)
    since = late.machine.clock.now - late.began
    assert late.counts.rows[:, 1].sum() == late.counts.nodes[:, 0].sum() == since > 0
    assert (late.counts.rows >= 0).all()


def test_a_second_observer_is_right_too(elf: Path, plain: Recorded) -> None:
    machine = booted(elf, "instructions")
    recorders = [BlockRecorder(machine), BlockRecorder(machine, stacks=False)]
    for recorder in recorders:
        Contexts(recorder)
    machine.run_until(lambda: bool(machine.cpu.sleeping), 1.0)
    for recorder in recorders:
        pairs = zip(recorder.blocks, recorder.counts().rows.tolist(), strict=True)
        assert {(block.address, block.size): tuple(row) for block, row in pairs if any(row)} == plain.rows()


def test_when_it_is_closed_loops_run_as_before(elf: Path) -> None:
    machine = booted(elf, "instructions")
    recorder = BlockRecorder(machine)
    contexts = Contexts(recorder)
    machine.run_for(0.001)
    recorder.close()
    contexts.close()
    before = recorder.tally.rows.copy()
    machine.run_until(lambda: bool(machine.cpu.sleeping), 1.0)
    assert machine.engine.loops is not None and machine.engine.loops.cycles
    assert (recorder.tally.rows == before).all()
