"""Parts of the cortex-m7 clock by themselves: micro-ops, addresses, pipeline states, chip files."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from sim.engine.timing import addresses
from sim.engine.timing import microops as m
from sim.engine.timing.addresses import AddressProgram
from sim.engine.timing.chip import FOLDER, available, load_chip
from sim.engine.timing.decode import decode
from sim.engine.timing.microops import Ending, MicroOp, Reader, Writer
from sim.engine.timing.pipeline import CLEAN, Pipeline
from sim.errors import CrosscamError


def ops_of(text: str) -> list[MicroOp]:
    """Micro-ops of machine code in hexadecimal, as a disassembler shows it (halfwords, big digit first)."""
    code = b"".join(bytes.fromhex(half)[::-1] for half in text.split())
    return decode(code, 0x1000)


@pytest.mark.parametrize(
    ("code", "units", "reads", "writes"),
    [
        ("eb00 00c1", m.SHIFTED, {(0, Reader.LATE_SLOW), (1, Reader.EARLY)}, {0}),  # add.w r0, r0, r1, lsl #3
        ("fb21 0203", m.MULTIPLY, {(1, Reader.LATE_SLOW), (3, Reader.LATE_SLOW), (0, Reader.ACCUMULATE)}, {2}),
        ("fbc2 0103", m.MULTIPLY, {(2, Reader.LATE_SLOW), (3, Reader.LATE_SLOW), (0, 4), (1, 4)}, {0, 1}),  # smlal
        ("fa21 f092", m.BITS | m.SHIFTER, None, {0}),  # sxtab16 r0, r1, r2, ror #8
        ("f851 0b04", m.LOAD, {(1, Reader.ADDRESS)}, {0, 1}),  # ldr r0, [r1], #4
        ("7048", m.STORE, {(1, Reader.ADDRESS), (0, Reader.STORE)}, set()),  # strb r0, [r1, #1]
        ("ee20 0a81", m.FLOAT, {(33, Reader.FLOAT_FACTOR), (34, Reader.FLOAT_FACTOR)}, {32}),  # vmul s0, s1, s2
        ("4288", 0, {(0, Reader.LATE), (1, Reader.LATE)}, {m.FLAGS}),  # cmp r0, r1
    ],
)
def test_decodes_units_and_operands(
    code: str, units: int, reads: set[tuple[int, Reader]] | None, writes: set[int]
) -> None:
    (op,) = ops_of(code)
    if "fb21" in code:  # smlad r2, r1, r3, r0
        assert op.name == "smlad"
    assert op.units == units
    if reads is not None:
        assert {(r, int(s)) for r, s in op.reads} == {(r, int(s)) for r, s in reads}
    assert {register for register, _, _ in op.writes} == writes


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("4770", Ending.RETURN),  # bx lr
        ("bd10", Ending.RETURN),  # pop {r4, pc}
        ("4798", Ending.INDIRECT_CALL),  # blx r3
        ("4718", Ending.INDIRECT),  # bx r3
        ("f000 f800", Ending.CALL),  # bl
        ("d0fe", Ending.CONDITIONAL),  # beq
        ("b108", Ending.CONDITIONAL),  # cbz
        ("e7fe", Ending.DIRECT),  # b
        ("e8df f000", Ending.INDIRECT),  # tbb
        ("3001", Ending.FALLS_THROUGH),
    ],
)
def test_knows_how_a_block_ends(code: str, ending: Ending) -> None:
    assert ops_of(code)[-1].ending is ending


def test_unknown_code_counts_as_plain_instructions() -> None:
    ops = ops_of("de00 ffff ffff")
    assert sum(op.size for op in ops) == 6


def test_an_instruction_known_from_elsewhere_is_what_it_would_be_here() -> None:
    text = "bf18 2001 2001 bf0c 4408 4610 4408 d0fe f240 1023 e7fe bf00 a001 4801 2001 f000 f800 4408"
    code = b"".join(bytes.fromhex(half)[::-1] for half in text.split())
    first = decode(code, 0x1000)
    assert decode(code, 0x1000) == first
    assert all(after.address == op.address + op.size for op, after in pairwise(first))
    assert [m.FLAGS in dict(op.reads) for op in first[:7]] == [False, True, False, False, True, True, False]  # under IT
    later = decode(code, 0x2000)
    assert [op.text for op in later if op.name == "b"] != [op.text for op in first if op.name == "b"]
    assert [(op.name, op.size, op.reads, op.writes) for op in later] == [
        (op.name, op.size, op.reads, op.writes) for op in first
    ]


def test_multiple_loads_come_two_a_cycle() -> None:
    (op,) = ops_of("c91e")  # ldm r1!, {r1-r4}: base in the list
    assert op.cycles == 2
    assert [(register, later) for register, writer, later in op.writes if writer is Writer.WORD] == [
        (1, 0), (2, 0), (3, 1), (4, 1),
    ]  # fmt: skip


def test_accesses_beside_one_register_are_one_lookup() -> None:
    program = AddressProgram(ops_of("6808 684a 688b 68cc"))  # ldr r0, [r1]; r2, #4; r3, #8; r4, #12
    (item,) = program.items
    assert (item.operation, item.a, item.constant, item.span, item.count) == (addresses.READ, 1, 0, 16, 4)


def test_banks_are_told_apart_beside_one_register() -> None:
    ops = ops_of("6808 684a 68cb")  # [r1], [r1, #4], [r1, #12]
    AddressProgram(ops)
    assert [op.bank for op in ops] == [-1, -1, -2]


def test_two_pointers_are_compared_when_run() -> None:
    ops = ops_of("6808 6811")  # ldr r0, [r1]; ldr r1, [r2]
    program = AddressProgram(ops)
    assert ops[1].bank >= 0
    assert program.items[-1].operation == addresses.BANK


def test_a_loaded_pointer_is_followed() -> None:
    program = AddressProgram(ops_of("6808 6842"))  # ldr r0, [r1]; ldr r2, [r0, #4]
    value = next(item for item in program.items if item.operation == addresses.VALUE)
    reads = [item for item in program.items if item.operation == addresses.READ]
    assert reads[1].a == value.target
    assert reads[1].constant == 4


def test_an_address_from_a_product_and_sum_is_computed() -> None:
    # mul r0, r1, r0; add.w r0, r2, r0, lsl #1; ldrh r3, [r0]
    program = AddressProgram(ops_of("4348 eb02 0040 8803"))
    assert [item.operation for item in program.items] == [addresses.MULTIPLY, addresses.ADD, addresses.READ]


def test_unknown_address_is_left_out() -> None:
    program = AddressProgram(ops_of("4048 6802"))  # eors r0, r1; ldr r2, [r0]
    assert program.items == []


def test_post_increment_carries_on() -> None:
    program = AddressProgram(ops_of("f851 0b04 f851 2b04"))  # ldr r0, [r1], #4; ldr r2, [r1], #4
    (item,) = program.items
    assert (item.constant, item.span) == (0, 8)


def test_state_carries_a_latency_into_the_next_block() -> None:
    pipeline = Pipeline()
    load = pipeline.run(CLEAN, ops_of("7808"))  # ldrb r0, [r1]
    use = ops_of("4048")  # eors r0, r1
    assert pipeline.run(load.state, use).cycles == pipeline.run(CLEAN, use).cycles + 1
    assert pipeline.run(load.state, use).interlock == 1


def test_lone_branch_pairs_with_the_first_instruction_behind() -> None:
    pipeline = Pipeline()
    branch = pipeline.run(CLEAN, ops_of("3001 3101 e7fe"))  # two adds, b
    assert branch.state.open_units == m.BRANCH
    after = decode(bytes.fromhex("0130"), 0x1006)
    assert pipeline.run(branch.state, after).cycles == 0


def test_misaligned_loop_needs_another_fetch() -> None:
    """Three wide instructions in 12 bytes take two fetches from a multiple of 8, three from 6 beyond."""
    code = b"".join(bytes.fromhex(text) for text in ("03f10103", "04f10104", "05f10105"))
    cycles = []
    for address in (0x1000, 0x1006):
        pipeline, state = Pipeline(), CLEAN
        ops = decode(code, address)
        for _ in range(20):
            passage = pipeline.run(state, ops, 0, True)
            state = passage.state
        cycles.append(passage.cycles)
    assert cycles == [2, 3]


def test_mispredicted_branch_is_cheaper_when_flags_are_old() -> None:
    pipeline = Pipeline()
    assert pipeline.run(CLEAN, ops_of("3801 d1fe")).penalty == 8  # subs; bne
    assert pipeline.run(CLEAN, ops_of("3801 bf00 bf00 bf00 bf00 bf00 bf00 d1fe")).penalty == 6


def test_mispredicted_target_out_of_memory_costs_more() -> None:
    for code, penalty in (("bd10", 14), ("f85d fb04", 14), ("e8bd 8010", 14), ("4770", 8), ("e8df f001", 8)):
        assert Pipeline().run(CLEAN, ops_of(code)).penalty == penalty, code  # pop, ldr, ldm; bx lr, tbb


@pytest.mark.parametrize("name", available())
def test_chip_files_are_whole(name: str) -> None:
    chip = load_chip(name)
    assert chip.memories
    assert all(memory.tcm or 0 < memory.first < memory.fill for memory in chip.memories)
    assert any(device.base == 0xE0000000 for device in chip.devices)


def test_chip_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text((FOLDER / "stm32f746.toml").read_text().replace("wait_states = 7", "wait_states = 3"))
    slow, fast = load_chip("stm32f746"), load_chip(path)
    first = {memory.name: memory.first for memory in fast.memories}
    assert {memory.name: memory.first for memory in slow.memories}["flash"] - first["flash"] == 4


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("size = 4096, ways = 2", "size = 4000, ways = 2", "cache"),
        ('replacement = "random"', 'replacement = "fifo"', "replacement"),
        ("btac_entries = 128", "btac_entries = 100", "power of two"),
        ("[core]", "[cores]", "core"),
        ("title", "title = = ", "TOML"),
    ],
)
def test_wrong_chip_files_are_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text((FOLDER / "stm32f746.toml").read_text().replace(old, new))
    with pytest.raises(CrosscamError, match=told):
        load_chip(path)


def test_missing_chip_names_those_there_are() -> None:
    with pytest.raises(CrosscamError, match="stm32h743"):
        load_chip("stm32x000")
