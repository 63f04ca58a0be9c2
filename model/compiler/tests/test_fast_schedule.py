"""The two-slot scheduler: what code computes stays the same, and it takes the cycles the core's rules allow."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from model.compiler.fast import assembly as asm
from model.compiler.fast.assembly import Instruction, Unit
from model.compiler.fast.schedule import schedule

REGISTERS = [f"r{number}" for number in range(6)]
register = st.sampled_from(REGISTERS)
instruction = st.one_of(
    st.builds(asm.ldr, register, register, st.integers(0, 100), cell=st.sampled_from(["", "count", "output"])),
    st.builds(asm.store, register, register, st.integers(0, 100), cell=st.sampled_from(["", "count", "output"])),
    st.builds(asm.add, register, register, st.integers(0, 4095)),
    st.builds(asm.add_sign, register, register),
    st.builds(asm.saturate, register, register, st.integers(0, 31)),
    st.builds(asm.insert_byte, register, register),
    st.builds(asm.pack_high, register, register, register),
    st.builds(asm.shift_right, register, register, register),
    st.builds(asm.multiply_pairs, register, register, register, register),
    st.builds(asm.multiply_high_rounded, register, register, register),
)


def meaning(code: Sequence[Instruction]) -> dict[str, int]:
    """What every register and memory cell holds in the end, each value named by how it came about."""
    values: dict[str, int] = {}
    for each in code:
        sources = tuple(values.get(name, hash(name)) for name, _ in each.reads)
        values |= {name: hash((each.text, at, sources)) for at, (name, _) in enumerate(each.writes)}
    return values


@given(st.lists(instruction, max_size=40), st.integers(1, 50))
@settings(max_examples=300, deadline=None)
def test_the_meaning_stays(code: list[Instruction], look_ahead: int) -> None:
    result = schedule(code, look_ahead)
    assert sorted(each.text for each in result.instructions) == sorted(each.text for each in code)
    assert meaning(result.instructions) == meaning(code)
    assert len(code) / 2 <= result.cycles


def test_independent_instructions_go_two_a_cycle() -> None:
    code = [asm.add(name, name, 1) for name in REGISTERS]
    assert schedule(code).cycles == 3


def test_one_multiply_a_cycle_with_a_load_beside_each() -> None:
    code = [asm.multiply_pairs(name, "r8", "r9", name) for name in REGISTERS]
    code += [asm.ldr("r10", "r11", 4 * number) for number in range(6)]
    result = schedule(code)
    assert result.cycles == 6
    assert {each.unit for each in result.instructions[:2]} == {Unit.MULTIPLY, Unit.LOAD}


def test_a_loaded_word_is_a_factor_two_cycles_later() -> None:
    assert schedule([asm.ldr("r0", "r1", 0), asm.multiply_pairs("r2", "r0", "r3", "r2")]).cycles == 3


def test_a_loaded_word_is_an_accumulator_at_once() -> None:
    assert schedule([asm.ldr("r0", "r1", 0), asm.multiply_pairs("r2", "r4", "r3", "r0")]).cycles == 1


def test_bit_operations_take_the_older_slot() -> None:
    result = schedule([asm.add("r0", "r0", 1), asm.saturate("r1", "r1")])
    assert result.cycles == 1
    assert [each.unit for each in result.instructions] == [Unit.BITS, Unit.ALU]
    # One that has to stay behind the other takes a cycle of its own.
    assert schedule([asm.add("r0", "r1", 1), asm.saturate("r1", "r2")]).cycles == 2


def test_stores_and_loads_of_a_cell_keep_their_order() -> None:
    code = [asm.store("r0", "sp", 0, cell="count"), asm.ldr("r1", "sp", 0, cell="count")]
    assert [each.text for each in schedule(code).instructions] == [each.text for each in code]
