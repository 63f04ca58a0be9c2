"""Hooks, steps and watchpoints leave no trace: what ran, and when, is that of a run without them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from sim.engine.cortex_m.core_hooks import READ, WRITE
from sim.engine.cortex_m.cpu import CortexM
from sim.errors import CrosscamError
from sim.tests import thumb as t
from sim.tests.engine_bench import PROBE, RAM, Bench
from sim.tests.hooking_cost import program as loop_program
from sim.tests.test_timing_machine import M7Bench
from sim.tests.thumb import Program

BOTH = pytest.mark.parametrize("make", [Bench, M7Bench], ids=["instructions", "cortex-m7"])
SYSTICK_CSR, SYSTICK_RVR = 0xE000E010, 0xE000E014
CYCCNT = 0xE0001004


def busy_program() -> Program:
    """A loop with IT blocks, memory and device accesses, a call, and a SysTick handler; ends in WFI."""
    program = Program(vectors={15: "tick"})
    program.label("start").emit(t.mov32(0, SYSTICK_RVR), t.movs(1, 97), t.store(1, 0))
    program.emit(t.mov32(0, SYSTICK_CSR), t.movs(1, 7), t.store(1, 0))
    program.emit(t.mov32(4, PROBE), t.mov32(5, RAM), t.mov32(7, CYCCNT), t.movs(6, 60), t.movs(2, 0))
    program.label("loop").emit(t.adds(2, 3), t.cmp(2, 90))
    program.label("it").emit(t.it(t.EQ, "tee"), t.movs(2, 1), t.adds(2, 1))
    program.label("else").emit(t.adds(2, 5), t.store(2, 5))
    program.label("middle").emit(t.ldr(3, 5), t.store(3, 4, 4), t.adds(3, 7), t.store(3, 5, 8))
    program.emit(t.ldr(3, 7), t.store(3, 4), t.subs(6, 1)).branch("loop", t.NE)
    program.label("end").emit(t.WFI).branch("end")
    program.label("tick").emit(t.push(4, 14), t.ldr(3, 5, 12), t.adds(3, 1), t.store(3, 5, 12), t.pop(4, 15))
    return program


def finished(bench: Bench) -> tuple[object, ...]:
    """Everything a run leaves behind."""
    memory = bytes(bench.machine.sysbus.read_bytes(RAM, 64))
    return bench.probe.accesses, bench.cpu.registers, memory, bench.machine.clock.now


class Bed(Bench):
    """Either bench, with the probe of the engine's own."""

    def __init__(self, make: Callable[..., Bench]) -> None:
        bench = make()
        self.__dict__.update(bench.__dict__)
        if make is not Bench:
            from sim.engine.cortex_m.dwt import Dwt
            from sim.tests.engine_bench import Probe

            self.probe = Probe(self.machine, "probe")
            self.machine.register("sysbus.probe", self.probe, PROBE)
            assert isinstance(self.machine.device("dwt"), Dwt)
        self.program = busy_program()
        self.load(self.program)
        self.machine.sysbus.write(0xE000EDFC, 4, 1 << 24)
        self.machine.sysbus.write(0xE0001000, 4, 1)


CYCLES = 12000


def plain(make: Callable[..., Bench]) -> tuple[object, ...]:
    bed = Bed(make)
    bed.run(CYCLES)
    assert bed.word(RAM + 12) > 3, "no SysTick"
    return finished(bed)


@BOTH
def test_hooks_everywhere_should_not_change_a_run(make: Callable[..., Bench]) -> None:
    bed = Bed(make)
    seen: list[tuple[int, int]] = []
    for address in range(bed.program.labels["start"], bed.program.here, 2):
        bed.cpu.hooking.add(address, lambda cpu, pc: seen.append((pc, bed.machine.clock.now)))
    bed.run(CYCLES)
    assert finished(bed) == plain(make)
    times = [now for _, now in seen]
    assert times == sorted(times)
    where = [pc for pc, _ in seen]
    labels = bed.program.labels
    assert where.count(labels["loop"]) == 60
    # Each instruction of the IT block is met, whether its condition holds or not.
    assert where.count(labels["it"]) == where.count(labels["it"] + 2) == where.count(labels["else"]) == 60
    assert where[where.index(labels["it"]) :][:5] == [labels["it"] + 2 * n for n in range(5)]


@BOTH
@pytest.mark.parametrize("label", ["loop", "it", "else", "middle", "tick"])
def test_a_hook_should_run_at_its_instruction_only(make: Callable[..., Bench], label: str) -> None:
    bed = Bed(make)
    seen: list[int] = []
    bed.cpu.hooking.add(bed.program.labels[label], lambda cpu, pc: seen.append(cpu.pc))
    bed.run(CYCLES)
    assert finished(bed) == plain(make)
    assert set(seen) == {bed.program.labels[label]}
    assert len(seen) == (bed.word(RAM + 12) if label == "tick" else 60)


@BOTH
@pytest.mark.parametrize("count", [1, 3, 7])
def test_steps_should_do_what_a_run_does(make: Callable[..., Bench], count: int) -> None:
    bed = Bed(make)
    places: list[int] = []
    times: list[int] = []
    while not bed.cpu.sleeping:
        bed.machine.step(count)
        places.append(bed.cpu.pc)
        times.append(bed.machine.clock.now)
    assert times == sorted(times)
    bed.cpu.hooking.stepping = False
    bed.machine.run_for((CYCLES - bed.machine.clock.now) / 100e6)
    assert finished(bed) == plain(make)
    if count == 1:
        labels = bed.program.labels
        first = places.index(labels["it"])
        assert places[first : first + 6] == [labels["it"] + 2 * n for n in range(6)]
        assert labels["tick"] + 2 in places


def test_a_step_should_take_one_cycle_of_the_instruction_clock() -> None:
    bed = Bed(Bench)
    before = bed.machine.clock.now
    for number in range(1, 30):
        bed.machine.step()
        assert bed.machine.clock.now == before + number
    bed.machine.step(50)
    assert bed.machine.clock.now == before + 79


def test_a_run_should_go_on_from_a_pause_inside_a_block() -> None:
    for make in (Bench, M7Bench):
        bed = Bed(make)
        stops: list[int] = []

        def pause(cpu: CortexM, pc: int, bed: Bed = bed, stops: list[int] = stops) -> None:
            stops.append(pc)
            bed.machine.pause()

        for label in ("middle", "else", "tick"):
            bed.cpu.hooking.add(bed.program.labels[label], pause)
        while bed.machine.clock.now < CYCLES:
            before = len(stops)
            bed.machine.run_for((CYCLES - bed.machine.clock.now) / 100e6)
            if len(stops) > before:
                assert bed.cpu.pc == stops[-1]
        assert len(stops) == 120 + bed.word(RAM + 12)
        assert finished(bed) == plain(make)


def test_a_hook_may_change_registers_and_the_program_counter() -> None:
    program = Program().label("start").emit(t.movs(0, 1)).label("call").emit(t.movs(0, 2), t.movs(1, 3))
    program.label("behind").emit(t.movs(2, 4)).label("end").emit(t.WFI)
    bench = Bench(program)

    def skip(cpu: CortexM, pc: int) -> None:
        cpu.set_register("r7", cpu.get_register(0) + 10)
        cpu.pc = program.labels["behind"]

    bench.cpu.hooking.add(program.labels["call"], skip)
    bench.run(100)
    registers = bench.cpu.registers
    assert [registers[f"r{index}"] for index in (0, 1, 2, 7)] == [1, 0, 4, 11]


def test_hooks_added_and_removed_late_should_count_from_then_on() -> None:
    bed = Bed(Bench)
    seen: list[int] = []

    def hook(cpu: CortexM, pc: int) -> None:
        seen.append(pc)

    bed.run(300)
    bed.cpu.hooking.add(bed.program.labels["middle"], hook)
    bed.run(100)
    met = len(seen)
    assert 3 < met < 12
    assert bed.cpu.hooking.remove(bed.program.labels["middle"], hook)
    assert not bed.cpu.hooking.remove(bed.program.labels["middle"], hook)
    bed.machine.run_for((CYCLES - 400) / 100e6)
    assert len(seen) == met
    assert not bed.cpu.hooking.armed
    assert finished(bed) == plain(Bench)


@BOTH
def test_a_watchpoint_should_come_before_the_access_and_name_its_place(make: Callable[..., Bench]) -> None:
    bed = Bed(make)
    seen: list[tuple[int, int, int, int, int]] = []

    def hook(cpu: CortexM, address: int, width: int, value: int) -> None:
        seen.append((cpu.pc, address, width, value, bed.word(RAM + 8)))

    bed.cpu.hooking.watch(RAM + 8, 4, WRITE, hook)
    bed.run(CYCLES)
    assert finished(bed) == plain(make)
    assert len(seen) == 60
    assert {entry[0] for entry in seen} == {bed.program.labels["middle"] + 6}
    assert all(following[4] == entry[3] for entry, following in itertools.pairwise(seen))


@BOTH
def test_watchpoints_should_see_reads_devices_and_conditional_writes(make: Callable[..., Bench]) -> None:
    bed = Bed(make)
    reads: list[int] = []
    device: list[tuple[int, int]] = []
    conditional: list[tuple[int, int]] = []
    labels = bed.program.labels
    bed.cpu.hooking.watch(RAM, 4, READ, lambda cpu, *_: reads.append(cpu.pc))
    bed.cpu.hooking.watch(PROBE + 4, 4, WRITE, lambda cpu, a, w, value: device.append((cpu.pc, value)))
    bed.cpu.hooking.watch(RAM, 4, WRITE, lambda cpu, a, w, value: conditional.append((cpu.pc, value)))
    bed.cpu.hooking.watch(RAM, 3, READ | WRITE, lambda *_: pytest.fail("bytes and halfwords are not accessed"))
    bed.run(CYCLES)
    assert finished(bed) == plain(make)
    assert reads == [labels["middle"]] * 60
    assert device == [(labels["middle"] + 2, value) for _, kind, offset, value in bed.probe.accesses if offset == 4]
    assert {pc for pc, _ in conditional} == {labels["else"] + 2}


def test_a_pause_at_a_watchpoint_should_stop_before_the_access() -> None:
    for make in (Bench, M7Bench):
        bed = Bed(make)
        place = bed.program.labels["middle"] + 6
        hits: list[int] = []

        def hook(cpu: CortexM, address: int, width: int, value: int, bed: Bed = bed, hits: list[int] = hits) -> None:
            hits.append(value)
            bed.machine.pause()

        bed.cpu.hooking.watch(RAM + 8, 4, WRITE, hook)
        while bed.machine.clock.now < CYCLES:
            before = len(hits)
            bed.machine.run_for((CYCLES - bed.machine.clock.now) / 100e6)
            if len(hits) > before:
                assert bed.cpu.pc == place
                assert bed.word(RAM + 8) != hits[-1] or (len(hits) > 1 and hits[-1] == hits[-2])
        assert len(hits) == 60
        assert finished(bed) == plain(make)


@BOTH
@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_hook_and_a_watchpoint_of_one_instruction_should_each_be_told_once(
    make: Callable[..., Bench], count: int
) -> None:
    bed = Bed(make)
    seen: list[str] = []
    for label, offset in (("middle", 0), ("else", 2)):
        place = bed.program.labels[label] + offset
        bed.cpu.hooking.add(place, lambda *_, label=label: seen.append(label + " hook"))
    bed.cpu.hooking.watch(RAM, 4, READ, lambda *_: seen.append("read"))
    bed.cpu.hooking.watch(RAM, 4, WRITE, lambda *_: seen.append("write"))
    steps = 0
    while count and not bed.cpu.sleeping:
        bed.machine.step(count)
        steps += count
    bed.cpu.hooking.stepping = False
    bed.machine.run_for((CYCLES - bed.machine.clock.now) / 100e6)
    assert finished(bed) == plain(make)
    assert seen.count("middle hook") == seen.count("read") == 60
    assert [a for a, b in itertools.pairwise(seen) if b == "read"] == ["middle hook"] * 60
    assert {a for a, b in itertools.pairwise(seen) if b == "write"} == {"else hook"}
    if count:
        unwatched = Bed(make)
        while not unwatched.cpu.sleeping:
            unwatched.machine.step(count)
            steps -= count
        assert steps == 0


def test_several_watched_words_of_one_instruction_should_each_be_told_once() -> None:
    program = (
        Program().label("start").emit(t.movs(0, 1), t.movs(1, 2), t.mov32(5, RAM), 0xC503, t.WFI)
    )  # stm r5!, {r0, r1}
    bench = Bench(program)
    seen: list[tuple[int, int]] = []
    for offset in (0, 4):
        bench.cpu.hooking.watch(RAM + offset, 4, WRITE, lambda cpu, address, w, value: seen.append((address, value)))
    bench.run(100)
    assert seen == [(RAM, 1), (RAM + 4, 2)]
    assert bench.register("r5") == RAM + 8
    assert (bench.word(RAM), bench.word(RAM + 4)) == (1, 2)


def test_exception_entry_should_be_named_as_the_writer_of_a_stack_word() -> None:
    bed = Bed(Bench)
    stack = bed.cpu.registers["sp"]
    seen: list[int] = []
    bed.cpu.hooking.watch(stack - 8, 4, WRITE, lambda cpu, a, w, value: seen.append(value))
    bed.run(CYCLES)
    labels = bed.program.labels
    assert seen and all(labels["start"] <= value < labels["tick"] for value in seen)  # the stacked return addresses


def test_a_step_through_wfi_should_wait_for_what_wakes_the_core() -> None:
    bed = Bed(Bench)
    while not bed.cpu.sleeping:
        bed.machine.step(5)
    ticks = bed.word(RAM + 12)
    bed.machine.step()  # until the timer is due
    bed.machine.step(4)
    assert bed.cpu.exception_number == 15
    assert bed.word(RAM + 12) == ticks + 1


def test_steps_should_be_refused_or_ignored_where_they_make_no_sense() -> None:
    bed = Bed(Bench)
    with pytest.raises(CrosscamError, match="Step 0: expected 1 or more"):
        bed.cpu.step(0)
    assert bed.cpu.step() == bed.cpu.pc
    with pytest.raises(CrosscamError, match="waits for steps"):
        bed.run(10)
    bed.machine.single_step_blocking = False
    pc = bed.cpu.pc
    bed.run(10)
    assert bed.cpu.pc == pc
    bed.cpu.execution_mode = "Continuous"
    bed.run(10)
    assert bed.cpu.pc != pc
    bed.cpu.is_halted = True
    pc, now = bed.cpu.pc, bed.machine.clock.now
    bed.machine.step()
    bed.run(100)
    assert bed.cpu.pc == pc
    assert bed.machine.clock.now > now + 50
    left = bed.register("r6")
    bed.cpu.is_halted = False
    bed.run(100)
    assert bed.register("r6") < left


def test_a_script_should_not_run_the_machine_it_runs_in() -> None:
    bed = Bed(Bench)
    errors: list[str] = []

    def hook(cpu: CortexM, pc: int) -> None:
        with pytest.raises(CrosscamError) as caught:
            bed.machine.run_for(0.1)
        errors.append(str(caught.value))

    bed.cpu.hooking.add(bed.program.labels["end"], hook)
    bed.run(CYCLES)
    assert errors and "runs already" in errors[0]


def test_loops_that_run_natively_should_be_seen_too() -> None:
    bench = Bench(loop_program())
    bench.machine.run_for(0.05)  # hot by now
    seen: list[int] = []
    hooking = bench.cpu.hooking

    def turns() -> int:
        return bench.register("r2")

    def told_in_a_while() -> tuple[int, int]:
        seen.clear()
        before = turns()
        bench.machine.run_for(0.00001)
        return turns() - before, len(seen)

    hooking.watch(RAM, 4, WRITE, lambda cpu, a, w, value: seen.append(value))
    run, told = told_in_a_while()
    assert run == told > 100
    hooking.unwatch(RAM)
    bench.machine.run_for(0.01)
    hooking.watch(RAM + 16, 4, READ, lambda cpu, a, w, value: seen.append(value))
    run, told = told_in_a_while()
    assert run == told > 100
    hooking.unwatch(RAM + 16)
    bench.machine.run_for(0.01)
    hooking.add(loop_program().labels["loop"] + 4, lambda cpu, pc: seen.append(pc))
    run, told = told_in_a_while()
    assert run == told > 100
    hooking.remove_everywhere()
    bench.machine.run_for(0.01)
    before = turns()
    bench.machine.step(6 * 50)
    assert turns() - before == 50


@BOTH
def test_a_hook_that_takes_itself_away_is_heard_again_when_it_comes_back(make: Callable[..., Bench]) -> None:
    bed = Bed(make)
    middle, loop = bed.program.labels["middle"], bed.program.labels["loop"]
    seen: list[int] = []

    def once(cpu: CortexM, pc: int) -> None:
        seen.append(bed.machine.clock.now)
        cpu.hooking.remove(pc, once)

    def again(cpu: CortexM, pc: int) -> None:
        cpu.hooking.remove(middle, once)
        cpu.hooking.add(middle, once)

    bed.cpu.hooking.add(loop, again)
    bed.run(CYCLES)
    assert len(seen) == 60
    assert finished(bed) == plain(make)


def long_program() -> Program:
    """More instructions on end than Unicorn's buffer takes, so that it cuts them into blocks where it is full."""
    program = Program().label("start").emit(t.mov32(4, PROBE)).label("long")
    for _ in range(450):
        program.emit(t.adds(2, 1), t.ldr(3, 4))
    return program.emit(t.store(2, 4, 4)).label("end").branch("end")


@BOTH
@pytest.mark.parametrize("step", [0, 37])
def test_long_blocks_should_cost_what_they_cost_without_hooks(make: Callable[..., Bench], step: int) -> None:
    """Hooks in the middle of blocks that end where the translator's buffer is full, and steps through them."""

    def ended(hooks: int, steps: int) -> tuple[object, int]:
        bed, program = Bed(make), long_program()
        seen: list[int] = []
        bed.load(program)
        for number in range(hooks):
            bed.cpu.hooking.add(program.labels["long"] + 4 * 71 * number, lambda cpu, pc: seen.append(pc))
        if steps:
            bed.machine.step(steps)
        bed.run(20_000)
        return bed.probe.accesses, len(seen)

    accesses, _ = ended(0, 0)
    assert len(accesses) == 451  # type: ignore[arg-type]
    assert ended(0, step) == (accesses, 0)
    assert ended(6, step) == (accesses, 6)
