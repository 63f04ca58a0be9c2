"""Whole programs with native loops and without, as ``make check-loops`` compares them, but for a moment only."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.native.loops import compiler, lift
from sim.engine.native.loops.blocks import Instruction
from sim.engine.native.loops.lift import Lifter
from sim.tests import loop_programs
from sim.tests.loop_programs import DisagreementError

SPAN, SHORT = 1_500_000, 300_000
NATIVE = SPAN // 8
"""Cycles of it in native loops: of what GCC makes of the programs more than a quarter are, of Clang's a seventh."""


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing from or for the disk, and all that can run natively does."""
    assert compiler.FLAG_ORDER, "importing it registers the operations"
    monkeypatch.setenv("XDG_CACHE_HOME", "/nonexistent")
    loop_programs.eager(monkeypatch.setattr)


def programs(level: str, folder: Path) -> partial[Machine]:
    """What boots them. A level a test: what was compiled once in a process is not compiled again."""
    found = loop_programs.toolchains()
    if not found:
        pytest.skip("no compiler for ARM is installed")
    return partial(loop_programs.boot, loop_programs.build_programs(found[0], level, folder / "programs.elf"))


def test_every_block_and_moment_agrees(tmp_path: Path) -> None:
    make = programs("s", tmp_path)
    agreement = loop_programs.compare_blocks(make, SPAN)
    assert agreement.blocks > 100_000
    assert agreement.native_cycles > NATIVE
    assert loop_programs.compare_moments(make, SPAN, 1, 4000).native_cycles > NATIVE


def test_a_wrong_register_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: a register that is one off for a block is seen, though nothing may read it."""
    right = lift.OPERATIONS["sub"]

    def spoiled(lifter: Lifter, instruction: Instruction) -> None:
        right(lifter, instruction)
        lifter.set(12, lifter.builder.add(lifter.get(12), lift.word(4)))

    monkeypatch.setitem(lift.OPERATIONS, "sub", spoiled)
    with pytest.raises(DisagreementError, match="blocks differ"):
        loop_programs.compare_blocks(programs("0", tmp_path), SHORT)


def test_a_wrong_result_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with loops as they are in use."""
    right = lift.OPERATIONS["eor"]

    def spoiled(lifter: Lifter, instruction: Instruction) -> None:
        right(lifter, instruction)
        which = instruction.fields["d"]
        lifter.set(which, lifter.builder.xor(lifter.get(which), lift.word(0x100)))

    monkeypatch.setitem(lift.OPERATIONS, "eor", spoiled)
    with pytest.raises(DisagreementError):
        loop_programs.compare_moments(programs("2", tmp_path), SPAN, 1, 4000)
