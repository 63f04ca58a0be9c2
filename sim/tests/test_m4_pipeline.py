"""The Cortex-M4's issue: cycles of short sequences, as manual and silicon have them (sources: ``m4_pipeline.py``)."""

from __future__ import annotations

import pytest

from sim.engine.timing.decode import decode
from sim.engine.timing.m4_addresses import M4AddressProgram
from sim.engine.timing.m4_pipeline import BY_LOAD, BY_REGISTER, CLEAN, DIRECT, M4Pipeline

WORD = "4eea0e0e"  # orr.w lr, lr, lr
ADDS = "0132"  # adds r2, #1
SEQUENCES = [
    ("adds r0,r1,r2; adds r3,r4,r5", "88186319", 2),
    ("ldr r0,[r1]; adds r2,r0,#1", "0868421c", 3),
    ("ldr r0,[r1]; ldr r2,[r3]; ldr r4,[r5]; adds r6,r6,#1", "08681a682c680136", 5),
    ("ldr r0,[r1],#4; ldr r2,[r1],#4; ldr r4,[r1],#4; add.w r6,r6,#1", "51f8040b51f8042b51f8044b06f10106", 5),
    ("ldr r0,[r0]; ldr r0,[r0]; adds r6,r6,#1", "006800680136", 6),
    ("adds r1,r1,r2; ldr r0,[r1]; adds r6,r6,#1", "891808680136", 5),
    ("str r0,[r1,#4]; adds r2,r2,#1", "48600132", 2),
    ("str r0,[r1,r2]; adds r2,r2,#1", "88500132", 3),
    ("ldr r0,[r1]; str r0,[r2,#4]; adds r3,r3,#1", "086850600133", 3),
    ("str r0,[r1,#4]; ldr r2,[r3]; adds r4,r4,#1", "48601a680134", 5),
    ("ldmia r0!,{r1,r2,r3,r4}; adds r5,r5,#1", "1ec80135", 6),
    ("push {r4,r5,r6,r7}; adds r0,r0,#1", "f0b40130", 6),
    ("ldrd r0,r1,[r2]; adds r3,r3,#1", "d2e900010133", 4),
    ("mla r0,r1,r2,r3; smlad r4,r5,r6,r4; smlal r0,r1,r2,r3", "01fb023025fb0644c2fb0301", 3),
    ("ldr r0,[r1]; nop; adds r2,r2,#1", "086800bf0132", 3),
    ("mrs r0,primask; adds r1,r1,#1", "eff310800131", 3),
    ("cmp r0,#0; it eq; moveq r1,r2", "002808bf1146", 2),
    ("vadd.f32 s0,s1,s2; vadd.f32 s3,s0,s2", "30ee810a70ee011a", 3),
    ("vfma.f32 s0,s1,s2; vmul.f32 s4,s5,s6", "a0ee810a22ee832a", 4),
    ("vdiv.f32 s0,s1,s2; adds r0,r0,#1; adds r1,r1,#1", "80ee810a01300131", 3),
    ("vdiv.f32 s0,s1,s2; vdiv.f32 s3,s4,s5", "80ee810ac2ee221a", 15),
]


def cycles(code: str, address: int = 0x08000000, taken: int = 0, variant: int = 0) -> int:
    """Of machine code in hex, come to in order or by a branch whose refill is ``taken`` cycles."""
    ops = decode(bytes.fromhex(code), address)
    M4AddressProgram(ops)
    return M4Pipeline().run(CLEAN._replace(leaving=taken), ops, variant, taken > 0).cycles


@pytest.mark.parametrize(("text", "code", "expected"), SEQUENCES, ids=[text for text, _, _ in SEQUENCES])
def test_a_sequence_takes_its_cycles(text: str, code: str, expected: int) -> None:
    assert cycles(code) == expected


def test_loads_of_two_memories_are_not_pipelined() -> None:
    code = "0868" + "1a68" + "7618"  # ldr r0, [r1]; ldr r2, [r3]; adds r6, r6, r1
    assert cycles(code) == 4
    assert cycles(code, variant=1) == 5


@pytest.mark.parametrize("refill", [DIRECT, BY_REGISTER, BY_LOAD])
def test_a_branch_refills_the_pipeline_and_a_wide_target_across_words_takes_a_cycle_more(refill: int) -> None:
    assert cycles(ADDS, 0x08000000, refill) == 1 + refill
    assert cycles(ADDS, 0x08000002, refill) == 1 + refill
    assert cycles(WORD, 0x08000000, refill) == 1 + refill
    assert cycles(WORD, 0x08000002, refill) == 2 + refill


def test_wide_instructions_across_words_come_two_in_three_cycles() -> None:
    assert cycles(WORD * 40) == 40
    assert 58 <= cycles(WORD * 40, 0x08000002) <= 60
    mixed = (WORD + ADDS + ADDS) * 10
    assert cycles(mixed, 0x08000002) == 30


def test_a_branch_leaves_what_its_kind_costs_to_its_target() -> None:
    pipeline = M4Pipeline()
    ends = {"fee7": DIRECT, "7047": BY_REGISTER, "10bd": BY_LOAD}  # b .; bx lr; pop {r4, pc}
    for code, refill in ends.items():
        assert pipeline.run(CLEAN, decode(bytes.fromhex(code), 0)).state.leaving == refill


def test_a_division_takes_2_to_12_cycles_by_its_operands() -> None:
    known = decode(bytes.fromhex("b0fbf1f2"), 0)  # udiv r2, r0, r1
    program = M4AddressProgram(known)
    assert known[0].measured and len(program.items) == 1
    unknown = decode(bytes.fromhex("90fbf1f0" * 2), 0)  # sdiv r0, r0, r1, twice: the second's dividend is not known
    M4AddressProgram(unknown)
    assert [op.measured for op in unknown] == [True, False]
