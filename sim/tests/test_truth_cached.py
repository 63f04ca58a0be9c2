"""The data cache's truth on a running machine: which pages are watched, and what of their accesses is seen."""

from __future__ import annotations

import pytest

from sim.engine.machine import Machine
from sim.engine.native.lookups import Lookups, find_lookups
from sim.engine.truth import Kind, cached, layout, watch
from sim.engine.truth.lines import PAGE
from sim.tests.thumb import BX_LR, NE, Program, ldr, mov32, movs, pop, push, store, subs
from sim.tests.truth_bench import AXI, DCIMVAC, board, cached_program, tracked, truth_of

BLX_R3 = 0x4798


def run(program: Program, seconds: float = 1e-5) -> Machine:
    machine = board(program).machine
    machine.run_for(seconds)
    return machine


def written_by_dma(machine: Machine, address: int, data: bytes) -> None:
    machine["sysbus.dma1"].services.sysbus.write_bytes(address, data)


def kinds(machine: Machine) -> list[Kind]:
    return [finding.kind for finding in truth_of(machine).findings]


def busy(turns: int) -> Program:
    """Stores a counter to AXI + 0x40 and reads it back, over and over."""
    program = cached_program().emit(mov32(3, AXI + 0x40), mov32(4, turns)).branch("loop")
    program.label("loop").emit(store(4, 3), ldr(5, 3), subs(4, 1)).branch("loop", NE)
    return program.label("end").branch("end")


def test_a_page_used_a_lot_is_let_go_and_its_writes_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "SPARE_ACCESSES", 0)
    machine = run(busy(1000), 1e-4)
    memory = tracked(machine)
    assert machine.sysbus.read(AXI + 0x40, 4) == 1 and machine.cpu.registers["r5"] == 1
    seen = memory.page_bits & layout.SEEN != 0
    assert not seen[0] and seen[1]
    assert memory.bits[2] & layout.DIRTY and not memory.bits[PAGE // 32] & layout.CACHED
    # What the core has written there is found out when a master comes.
    machine["sysbus.dma1"].services.sysbus.read(AXI + 0x40, 4)
    assert kinds(machine) == [Kind.UNCLEANED]
    # A stream aimed there takes the page back.
    truth_of(machine)._cached.aimed(AXI, 64)
    machine.run_for(1e-6)
    assert memory.page_bits[0] & layout.SEEN


def test_of_few_pages_more_is_known() -> None:
    memory = tracked(run(busy(1000), 1e-4))
    assert memory.page_bits[0] & layout.SEEN and memory.spared[0] > 0
    memory = tracked(run(busy(20_000), 2e-3))
    assert not memory.page_bits[0] & layout.SEEN and memory.spared[0] == watch.MOST_SPARED


def test_stores_and_loads_of_every_width_work_on_watched_pages() -> None:
    program = cached_program(stack=AXI + 0x800)
    program.emit(
        mov32(3, AXI), mov32(4, 0x44332211), mov32(5, 0x88776655), mov32(6, AXI + PAGE - 2), push(4, 5),
        0x701C,  # strb r4, [r3]
        0x805C,  # strh r4, [r3, #2]
        (0xE9C3, 0x4502),  # strd r4, r5, [r3, #8]
        (0xF8C3, 0x4021),  # str.w r4, [r3, #0x21]: unaligned
        0x6034,  # str r4, [r6]: over the end of the page
        mov32(7, AXI + 64), 0xC730,  # stmia r7!, {r4, r5}
        pop(0, 1), 0x6832,  # pop {r0, r1}; ldr r2, [r6]
        0xBF08, 0x461C,  # it eq; moveq r4, r3: not taken
        (0xE9D3, 0x4502),  # ldrd r4, r5, [r3, #8]
    )  # fmt: skip
    machine = run(program.label("end").branch("end"))
    assert (tracked(machine).page_bits[:2] & layout.SEEN).all()
    memory = machine.sysbus.read_bytes
    assert memory(AXI, 4) == b"\x11\x00\x11\x22"
    assert memory(AXI + 8, 8) == bytes.fromhex("1122334455667788")
    assert memory(AXI + 0x20, 6) == bytes.fromhex("001122334400")
    assert memory(AXI + PAGE - 2, 4) == bytes.fromhex("11223344")
    assert memory(AXI + 64, 8) == bytes.fromhex("1122334455667788")
    registers = machine.cpu.registers
    assert registers["r0"] == registers["r2"] == registers["r4"] == 0x44332211
    assert registers["r1"] == registers["r5"] == 0x88776655 and registers["r7"] == AXI + 72


def test_a_store_from_a_page_let_go_into_a_watched_one_arrives_whole() -> None:
    program = cached_program().emit(mov32(6, AXI + PAGE - 2), mov32(4, 0x44332211)).branch("on")
    program.label("on").emit(0x6034, 0x6832).label("end").branch("end")  # str r4, [r6]; ldr r2, [r6]
    machine = board(program).machine
    machine.run_for(1e-7)
    tracked(machine).wanted[0] = False
    tracked(machine).apply()
    machine.run_for(1e-5)
    assert machine.sysbus.read_bytes(AXI + PAGE - 2, 4) == bytes.fromhex("11223344")
    assert machine.cpu.registers["r2"] == 0x44332211


def poll(first: int, second: int) -> Program:
    """Reads a word, then another one over and over."""
    program = cached_program().emit(mov32(3, first), mov32(4, second), ldr(5, 3)).branch("poll")
    return program.label("poll").emit(ldr(5, 4)).branch("poll")


def test_a_line_read_over_and_over_is_stale_once_a_dma_has_written_it() -> None:
    machine = run(poll(AXI, AXI), 1e-6)
    assert kinds(machine) == []
    written_by_dma(machine, AXI, b"\x01")
    machine.run_for(1e-6)
    assert kinds(machine) == [Kind.STALE_READ]


@pytest.mark.skipif(not find_lookups().count, reason="Unicorn's tables are found through /proc")
def test_every_line_of_a_page_that_is_read_is_known() -> None:
    """Not only the first one after Unicorn has looked the page up."""
    machine = run(poll(AXI, AXI + 0x100), 1e-6)
    assert [bool(bits & layout.CACHED) for bits in tracked(machine).bits[:9]] == [True, *[False] * 7, True]
    written_by_dma(machine, AXI + 0x100, b"\x01")
    machine.run_for(1e-6)
    assert kinds(machine) == [Kind.STALE_READ]
    assert truth_of(machine).findings[0].address == AXI + 0x100


def test_a_poll_that_lasts_is_left_alone_and_seen_again_after_the_dma() -> None:
    machine = run(poll(AXI, AXI + 0x100), 1e-3)
    memory = tracked(machine)
    assert memory.page_bits[0] & layout.QUIET
    written_by_dma(machine, AXI + 0x100, b"\x01")
    machine.run_for(1e-6)
    assert kinds(machine) == [Kind.STALE_READ]


def test_where_unicorns_tables_are_not_found_the_first_read_of_a_page_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "find_lookups", Lookups)
    machine = run(poll(AXI, AXI), 1e-6)
    assert not tracked(machine).knows_reads
    written_by_dma(machine, AXI, b"\x01")
    machine.run_for(1e-6)
    assert kinds(machine) == [Kind.STALE_READ]


def test_code_written_to_a_watched_page_is_run_as_written() -> None:
    program = cached_program().emit(mov32(3, AXI | 1), mov32(6, AXI), mov32(7, 2)).branch("again")
    program.label("again")
    for value in (1, 2):
        program.emit(mov32(4, movs(0, value) | BX_LR << 16), store(4, 6), 0xF3BF, 0x8F6F).branch(f"call{value}")
        program.label(f"call{value}").emit(BLX_R3, 0x4605 if value == 1 else 0x4606)  # mov r5, r0; mov r6, r0
        program.emit(mov32(6, AXI) if value == 1 else mov32(1, 0))
    machine = run(program.label("end").branch("end"))
    assert machine.cpu.registers["r0"] == 2 and machine.cpu.registers["r5"] == 1
    assert not tracked(machine).page_bits[0] & layout.SEEN


def test_a_neighbour_lost_by_an_invalidate_is_seen_in_a_page_that_was_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "SPARE_ACCESSES", 0)
    program = cached_program().emit(mov32(3, AXI + 0x40), mov32(4, 2000)).branch("loop")
    program.label("loop").emit(store(4, 3), ldr(5, 3), subs(4, 1)).branch("loop", NE)
    program.emit(mov32(6, DCIMVAC), store(3, 6)).branch("lost").label("lost").emit(ldr(5, 3))
    machine = run(program.label("end").branch("end"), 1e-4)
    (finding,) = truth_of(machine).findings
    assert finding.kind is Kind.WRITE_LOST and finding.address == AXI + 0x40
    assert "then invalidated, uncleaned, by 0x0800" in finding.text


def test_the_cycle_of_a_finding_is_that_of_its_instruction() -> None:
    program = poll(AXI, AXI + 0x100)
    for timing in ("instructions", "cortex-m7"):
        machine = board(program, timing=timing).machine
        machine.run_for(1e-6)
        before = machine.clock.now
        written_by_dma(machine, AXI + 0x100, b"\x01")
        machine.run_for(1e-6)
        (finding,) = truth_of(machine).findings
        assert before <= finding.cycle <= before + 300


def test_large_memories_cost_nothing_until_somebody_comes() -> None:
    program = cached_program().emit(mov32(3, 0x60000000), mov32(4, 7), store(4, 3))
    program.emit(mov32(3, 0x6F000000), store(4, 3)).label("end").branch("end")
    monitor = board(program)
    bank = "bank: Memory.MappedMemory @ sysbus 0x60000000 { size: 0x10000000 }"
    monitor.execute(f'machine LoadPlatformDescriptionFromString "{bank}"')
    machine = monitor.machine
    machine.run_for(1e-5)
    memory = tracked(machine, 0x60000000)
    known = memory.page_bits & layout.KNOWN != 0
    assert len(known) == 1 << 16 and known.sum() == 2
    device = machine["sysbus.dma1"]
    assert device.services.sysbus.read(0x6F000000, 4) == 7 and kinds(machine) == [Kind.UNCLEANED]


def test_settings_may_change_while_the_cache_is_on() -> None:
    """A region that is not cached any more is not watched, one that becomes cached is, as it is then."""
    program = cached_program().emit(mov32(3, AXI), mov32(4, 9), store(4, 3)).label("end").branch("end")
    machine = run(program)
    memory = tracked(machine)
    nvic = machine.nvic
    for offset, value in ((0xD98, 0), (0xD9C, AXI), (0xDA0, 1 << 19 | 18 << 1 | 1), (0xD94, 5)):
        nvic.write(offset, 4, value)
    machine.run_for(1e-6)
    assert not (memory.page_bits & layout.SEEN).any()
    assert not memory.bits[1] & layout.CACHEABLE and memory.bits[0] & layout.DIRTY
    nvic.write(0xD94, 4, 0)
    machine.run_for(1e-6)
    assert (memory.page_bits & layout.SEEN).all()
    assert machine["sysbus.dma1"].services.sysbus.read(AXI, 4) == 9
    assert kinds(machine) == []
