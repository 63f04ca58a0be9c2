"""Native loops against Unicorn: whatever LLVM makes of an instruction, registers, flags, memory and the next address
are the same. ``make check-loops`` tries 200,000 instructions in the same way."""

from __future__ import annotations

import random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sim.engine.native.loops.blocks import decode, read_block
from sim.engine.native.loops.forms import FORMS, Form, InIt, match
from sim.engine.native.loops.lift import OPERATIONS
from sim.tests.loop_cases import (
    FIRST_BLOCK,
    RAM_SIZE,
    Tally,
    compare,
    encode,
    one_instruction,
    program,
    reaches_memory,
    to_bytes,
)

TRIED = [form for form in FORMS if form.name != "it.T1"]  # IT comes with what it makes conditional
SETTINGS = settings(
    max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)  # a failing seed says nothing when it is made smaller


@pytest.mark.parametrize("part", range(8))
def test_every_form_does_as_unicorn_does(part: int) -> None:
    rng = random.Random(part)
    memory, tally = rng.randbytes(RAM_SIZE), Tally()
    forms = TRIED[part::8]
    compare([one_instruction(rng, form) for form in forms for _ in range(6)], rng, memory, tally, starts=4)
    idle = [form.name for form in forms if tally.done.get(form.name, 0) < 4]
    assert not idle, f"hardly ever done natively, so nothing was compared: {idle}"


@SETTINGS
@given(seed=st.integers(0, 1 << 32), memory=st.booleans())
def test_programs_do_as_on_unicorn(seed: int, memory: bool) -> None:
    rng = random.Random(seed)
    tally = Tally()
    compare([program(rng, memory) for _ in range(12)], rng, rng.randbytes(RAM_SIZE), tally)
    assert sum(tally.done.values()) > 10


def test_each_operation_is_known() -> None:
    jumps = {form.operation for form in FORMS if "jump" in form.operation or "call" in form.operation}
    assert {form.operation for form in FORMS} - jumps - {"branch", "branch_if_zero"} == set(OPERATIONS)


def test_no_instruction_is_of_two_forms() -> None:
    rng = random.Random(3)
    by_size = {size: [form for form in FORMS if form.size == size] for size in (2, 4)}
    for form in FORMS:
        for _ in range(200):
            code = encode(rng, form)
            fitting = [each for each in by_size[form.size] if code & each.mask == each.value]
            assert [each.name for each in fitting if each.fields(code) is not None] == [form.name]
            found = match(code, form.size)
            assert found is not None and found[0] is form, f"{code:08X} of {form.name} is taken for another"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (0x4687, "mov pc, r0"),
        (0x4478 | 0x87 << 0, "add pc, pc"),
        (0xE8D1F002, "tbb [r1, r2]"),
        (0xF3BF8F6F, "isb"),
        (0xEE300A20, "vadd.f32"),
        (0xB672, "cpsid i"),
        (0xBF30, "wfi"),
        (0xDF00, "svc"),
        (0xBE00, "bkpt"),
        (0xE8510F00, "ldrex"),
        (0xFA80F041, "sadd16 sets GE"),
        (0xF8511B04 & ~0xF000 | 0x1000, "ldr r1, [r1], #4: the base is loaded"),
        (0xE8B10006 & ~0xF | 0x2, "ldm r1!, {r1}"),
        (0xFB810100 | 0x1 << 12 | 0x1 << 8, "smull r1, r1"),
        (0xF36F0C00 | 0x1 << 6, "bfc that ends before it begins"),
        (0xF8D1D000 & ~0xF000 | 0xF000 | 0, "ldr pc, [r1] is no load"),
    ],
)
def test_what_is_left_to_unicorn(code: int, why: str) -> None:
    found = match(code, 4 if code > 0xFFFF else 2)
    assert found is None or found[0].in_it is InIt.NEVER, f"{why}: taken for {found and found[0].name}"


def test_an_it_block_that_goes_on_is_no_block() -> None:
    assert read_block((0xBF0C).to_bytes(2, "little") + bytes.fromhex("0130"), FIRST_BLOCK) is None
    assert read_block((0xBF08).to_bytes(2, "little") + bytes.fromhex("0130"), FIRST_BLOCK) is not None


def test_a_jump_ends_a_block() -> None:
    returns, add = bytes.fromhex("7047"), bytes.fromhex("0130")
    assert read_block(returns + add, FIRST_BLOCK) is None
    block = read_block(add + returns, FIRST_BLOCK)
    assert block is not None and block.indirect and not block.targets


def test_conditions_of_an_it_block() -> None:
    """ITTEE EQ, then four instructions."""
    instructions = decode(bytes.fromhex("07bf") + bytes.fromhex("0130") * 4, FIRST_BLOCK)
    assert instructions is not None
    assert [each.condition for each in instructions] == [14, 0, 0, 1, 1]
    assert not any(each.sets_flags for each in instructions)


@pytest.mark.parametrize(
    ("code", "target"),
    [
        (0xE7FE, 0),
        (0xD0FE, 0),
        (0xF7FFFFFE, 0),
        (0xF000F800, 4),
        (0xF0008800, 0x80004),
        (0xF000A000, 0x40004),
        (0xB9F8, 0x42),
        (0xE000, 4),
    ],
)
def test_direct_jumps_lead_where_they_say(code: int, target: int) -> None:
    block = read_block(to_bytes(code, 4 if code > 0xFFFF else 2), FIRST_BLOCK)
    assert block is not None
    assert block.targets[0] - FIRST_BLOCK == target


def test_the_table_names_what_it_has() -> None:
    """A name says the instruction and the encoding; none stands twice, and memory is reached by what is said to."""
    names = [form.name for form in FORMS]
    assert len(set(names)) == len(names)
    reaching: list[Form] = [form for form in FORMS if reaches_memory(form)]
    assert {form.name.split(".")[0].rstrip("0123456789") for form in reaching} <= {
        *("ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrd", "ldm", "ldmdb", "pop"),
        *("str", "strb", "strh", "strd", "stm", "stmdb", "push"),
    }
