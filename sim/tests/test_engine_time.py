"""One cycle an instruction: over blocks, inside them, and where runs are cut."""

from __future__ import annotations

import pytest

from sim.tests import thumb as t
from sim.tests.engine_bench import DEMCR, DWT, FLASH, ITCM, PROBE, RAM, Bench
from sim.tests.thumb import Program


def test_should_count_every_instruction_up_to_a_wait() -> None:
    program = Program().label("start")
    program.emit(t.movs(0, 0), t.mov32(1, 0x12345678), t.NOP, t.isb(), t.adds3(2, 1, 0), t.WFI)
    bench = Bench(program)
    bench.run(6)  # whole blocks run: up to isb, then up to the wait
    assert bench.machine.clock.now == 7
    assert bench.cpu.sleeping == "wfi"
    assert bench.register("r2") == 0x12345678


def test_should_time_each_device_access_to_the_instruction() -> None:
    program = Program().label("start")
    program.emit(t.mov32(0, PROBE))  # 2
    program.emit(t.ldr(1, 0))  # at 2
    program.emit(t.NOP, t.NOP, t.ldr(1, 0, 4))  # at 5
    program.emit(t.isb(), t.store(1, 0, 8))  # at 7, behind a 32-bit instruction; isb ends a block
    program.emit(t.NOP).branch("next").label("next")  # at 8, 9
    program.emit(t.store(1, 0, 12), t.WFI)  # at 10
    bench = Bench(program)
    bench.run(50)
    assert bench.probe.times == [2, 5, 7, 10]


def test_should_count_all_instructions_of_an_it_block_taken_or_not() -> None:
    program = Program().label("start")
    program.emit(t.mov32(0, PROBE), t.movs(1, 1), t.cmp(1, 1))  # 0..3
    program.emit(t.it(t.EQ, "e"), t.ldr(2, 0), t.ldr(3, 0, 4))  # read of offset 0 at 5; offset 4 is skipped
    program.emit(t.store(1, 0, 8))  # at 7
    program.branch("next").label("next").emit(t.movs(4, 9), t.store(4, 0, 12), t.WFI)  # store at 10
    bench = Bench(program)
    bench.probe.answers[0] = 0x55
    bench.run(50)
    assert [(cycle, offset) for cycle, _, offset, _ in bench.probe.accesses] == [(5, 0), (7, 8), (10, 12)]
    assert bench.register("r2") == 0x55
    assert bench.probe.written == [1, 9]  # an access inside IT must not confuse the blocks behind it


def test_should_count_a_loop_exactly() -> None:
    program = Program().label("start")
    program.emit(t.mov32(0, PROBE), t.mov32(2, 1000), t.store(1, 0))  # store at 4
    program.label("loop").emit(t.adds(1, 1), t.subs(2, 1)).branch("loop", t.NE)
    program.emit(t.store(1, 0), t.WFI)
    bench = Bench(program)
    bench.run(5000)
    assert bench.probe.times == [4, 4 + 1 + 3 * 1000]


def test_should_read_cyccnt_in_the_middle_of_a_block() -> None:
    program = Program().label("start")
    program.emit(t.mov32(0, DWT), t.mov32(1, DEMCR), t.mov32(2, 1 << 24), t.store(2, 1))
    program.emit(t.mov32(1, DWT + 0xFB0), t.mov32(2, 0xC5ACCE55), t.store(2, 1))
    program.emit(t.movs(2, 0), t.store(2, 0, 4), t.movs(2, 1), t.store(2, 0))
    program.emit(t.ldr(3, 0, 4), t.NOP, t.isb(), t.NOP, t.ldr(4, 0, 4), t.ldr(5, 0, 4), t.WFI, t.ldr(6, 0, 4), t.WFI)
    bench = Bench(program)
    bench.run(200)
    assert bench.register("r4") - bench.register("r3") == 4
    assert bench.register("r5") - bench.register("r4") == 1
    assert bench.register("r3") == 1


def test_should_keep_counting_while_asleep() -> None:
    program = Program(vectors={16: "handler"}).label("start")
    program.emit(t.mov32(0, PROBE), t.mov32(1, 0xE000E100), t.movs(2, 1), t.store(2, 1))
    program.label("loop").emit(t.WFI, t.store(1, 0)).branch("loop")
    program.label("handler").emit(t.BX_LR)
    bench = Bench(program)
    bench.machine.clock.schedule_at(5000, lambda: bench.nvic.on_gpio(0, True))
    bench.machine.clock.schedule_at(5000, lambda: bench.nvic.on_gpio(0, False))
    bench.run(10_000)
    assert bench.probe.times == [5001]
    assert bench.machine.clock.now == 10_000


def test_should_run_an_event_at_the_next_block_boundary() -> None:
    program = Program().label("start").label("loop").emit(*[t.NOP] * 9).branch("loop")
    bench = Bench(program)
    seen: list[int] = []
    bench.machine.clock.schedule_at(100, lambda: seen.append(bench.machine.clock.now))
    bench.machine.clock.schedule_at(101, lambda: seen.append(bench.machine.clock.now))
    bench.run(1000)
    assert seen == [100, 110]


def test_should_serve_an_event_a_device_access_schedules() -> None:
    program = Program().label("start").emit(t.mov32(0, PROBE), t.store(0, 0))
    program.label("loop").emit(*[t.NOP] * 9).branch("loop")
    bench = Bench(program)
    seen: list[int] = []
    clock = bench.machine.clock
    bench.probe.actions[0] = lambda: clock.schedule(20, lambda: seen.append(clock.now))
    bench.run(1000)
    assert seen == [23]  # access at 2, due at 22; blocks end at 13, 23, 33


def test_spans_should_add_up_exactly() -> None:
    program = Program().label("start").label("loop").emit(*[t.NOP] * 6).branch("loop")
    whole, pieces = Bench(program), Bench(program)
    whole.run(100_000)
    for _ in range(1000):
        pieces.run(100)
    assert pieces.machine.clock.now == whole.machine.clock.now == 100_002


def test_should_count_code_written_by_the_core_itself() -> None:
    """A routine copied to ITCM, run, replaced by one of the same length in bytes, and run again."""
    program = Program().label("start").emit(t.mov32(0, PROBE), t.mov32(1, ITCM + 0x100), t.mov32(4, ITCM + 0x101))
    short = (t.isb()[0] | t.isb()[1] << 16, t.NOP | t.BX_LR << 16)  # isb, nop, bx
    long = (t.NOP | t.NOP << 16, t.NOP | t.BX_LR << 16)  # nop, nop, nop, bx
    for words in (short, long, short):
        for index, word in enumerate(words):
            program.emit(t.mov32(2, word), t.store(2, 1, 4 * index))
        program.emit(t.isb(), t.store(2, 0), t.blx(4), t.store(2, 0))
    bench = Bench(program.emit(t.WFI))
    bench.run(500)
    times = bench.probe.times
    assert [after - before for before, after in zip(times[::2], times[1::2], strict=True)] == [5, 6, 5]


@pytest.mark.parametrize("place", [RAM + 0x100, RAM + 0xFFA], ids=["inside a page", "up to its end"])
def test_should_count_code_written_by_a_device(place: int) -> None:
    """The device writes into the middle of a block that has run."""
    program = Program().label("start").emit(t.mov32(0, PROBE), t.mov32(4, place | 1))
    for _ in range(2):
        program.emit(t.store(2, 0)).emit(t.blx(4)).emit(t.store(2, 0, 4))
    bench = Bench(program.emit(t.WFI))
    bus = bench.machine.sysbus
    bus.write_bytes(place, bytes.fromhex("3032 bff36f8f 7047"))  # adds r2, #48; isb; bx lr
    bench.probe.actions[4] = lambda: bus.write_bytes(place + 2, bytes.fromhex("00bf 0132"))  # nop; adds r2, #1
    bench.run(200)
    times = bench.probe.times
    assert [times[1] - times[0], times[3] - times[2]] == [5, 6]
    assert bench.register("r2") == 48 + 48 + 1


def test_should_see_a_word_dma_writes_into_code() -> None:
    program = Program().label("start").emit(t.mov32(0, PROBE), t.mov32(4, RAM + 0x101), t.blx(4), t.store(2, 0))
    bench = Bench(program.emit(t.blx(4), t.WFI))
    bus = bench.machine.sysbus
    bus.write_bytes(RAM + 0x100, bytes.fromhex("00bf 0132 7047 0000"))
    bench.probe.actions[0] = lambda: bus.write(RAM + 0x100, 4, 0x3210_BF00)
    bench.run(200)
    assert bench.register("r2") == 1 + 16


def test_should_notice_new_code_in_flash_after_loading() -> None:
    bench = Bench(Program().label("start").emit(t.movs(0, 1), t.movs(1, 1), t.WFI))
    bench.run(10)
    bench.load(Program().label("start").emit(t.mov32(0, 2), t.WFI))
    start = bench.machine.clock.now
    bench.run(10)
    assert (bench.register("r0"), bench.register("r1")) == (2, 0)
    assert bench.machine.clock.now - start == 10


def test_two_runs_should_be_identical() -> None:
    def run() -> tuple[int, list[tuple[int, str, int, int]], dict[str, int]]:
        program = Program(vectors={15: "tick"}).label("start").emit(t.mov32(0, PROBE), t.mov32(1, 0xE000E010))
        program.emit(t.mov32(2, 776), t.store(2, 1, 4), t.store(2, 1, 8), t.movs(2, 7), t.store(2, 1))
        program.label("loop").emit(t.adds(3, 1), t.mov(8, 3), t.cmp(3, 5), t.it(t.NE, "e"), t.adds(4, 1), t.NOP)
        program.branch("loop").label("tick").emit(t.store(4, 0), t.BX_LR)
        bench = Bench(program)
        bench.run(123_456)
        return bench.machine.clock.now, bench.probe.accesses, bench.cpu.registers

    first = run()
    assert first == run()
    assert len(first[1]) > 100


@pytest.mark.parametrize("page_end", [0x0FFE, 0x0FFC, 0x1000])
def test_should_count_across_a_page_boundary(page_end: int) -> None:
    """Unicorn cuts blocks at 4 KiB pages, also in the middle of an IT block."""
    program = Program().label("start").emit(t.mov32(0, PROBE), t.movs(1, 1), t.cmp(1, 1), t.store(1, 0))
    filler = (FLASH + page_end - program.here) // 2 - 1
    program.emit(*[t.NOP] * filler).emit(t.it(t.NE, "ett"), t.adds(2, 1), t.adds(3, 1), t.adds(4, 1), t.adds(5, 1))
    program.emit(t.store(1, 0), t.WFI)
    bench = Bench(program)
    bench.run(5000)
    assert bench.probe.times == [4, 4 + 1 + filler + 5]
    assert [bench.register(name) for name in ("r2", "r3", "r4", "r5")] == [0, 1, 0, 0]


def test_should_stop_and_go_on_inside_a_cut_it_block() -> None:
    """A deadline that falls on the block boundary inside an IT block must not lose its conditions."""
    program = Program().label("start").emit(t.movs(1, 1), t.cmp(1, 1))
    filler = (FLASH + 0xFFE - program.here) // 2 - 1
    program.emit(*[t.NOP] * filler).emit(t.it(t.NE, "ett"), t.adds(2, 1), t.adds(3, 1), t.adds(4, 1), t.adds(5, 1))
    program.emit(t.WFI)
    bench = Bench(program)
    bench.run(2 + filler + 1)
    assert bench.cpu.pc == FLASH + 0x1000
    bench.run(100)
    assert [bench.register(name) for name in ("r2", "r3", "r4", "r5")] == [0, 1, 0, 0]
