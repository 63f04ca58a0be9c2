"""A machine that lets waiting loops pass at once and one that runs each turn are the same at every moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sim.engine.devices.base import Device, Services
from sim.engine.devices.timers.stm32_timer import Stm32Timer
from sim.engine.machine import Machine
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.engine.timing.cortex_m7 import CortexM7Timing
from sim.tests import thumb as t
from sim.tests.engine_bench import RAM, SCS, Bench
from sim.tests.test_timing_machine import M7Bench
from sim.tests.thumb import Program

FLAG, SCRIPT = 0x40010000, 0x40020000
CPACR, SYST_CSR, DEMCR, DWT_CYCCNT, DWT_LAR = 0xE000ED88, SCS + 0x10, 0xE000EDFC, 0xE0001004, 0xE0001FB0
EQ = t.EQ


Code = list[int | tuple[int, ...]]


class Flag(Device):
    """Word 0: what events make of it. 4: one more at every read. 8: a queue. 12: the time. 16: writes are noted."""

    size = 0x100

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.value = self.count = 0
        self.queue: list[int] = []
        self.written: list[tuple[int, int]] = []

    def read(self, offset: int, width: int) -> int:
        if offset == 4:
            self.count += 1
            return self.count >> 12
        if offset == 8:
            return self.queue.pop(0) if self.queue else 0
        if offset == 12:
            return self.services.clock.now >> 16
        return self.value

    def write(self, offset: int, width: int, value: int) -> None:
        self.written.append((self.services.clock.now, value))


class Pair:
    """The same program twice; ``events``: (cycle, what happens to the flag)."""

    def __init__(self, make: Callable[[], Program], events: list[tuple[int, int]], tick: int = 0) -> None:
        self.benches = [Bench(), Bench()]
        self.flags = []
        for bench in self.benches:
            machine = bench.machine
            flag = Flag(machine, "flag")
            machine.register("sysbus.flag", flag, FLAG)
            self.flags.append(flag)
            bench.load(make())
            for cycle, value in events:
                machine.clock.schedule_at(cycle, lambda flag=flag, value=value: setattr(flag, "value", value))  # type: ignore[misc]
            if tick:
                bench.nvic.write(0x100, 4, 1)
                self._tick(bench, tick)
        self.benches[1].machine.polling.active = False

    @staticmethod
    def _tick(bench: Bench, every: int) -> None:
        def tick() -> None:
            bench.machine.clock.schedule(every, tick)
            bench.nvic.on_gpio(0, True)
            bench.nvic.on_gpio(0, False)

        bench.machine.clock.schedule(every, tick)

    def step(self, cycles: int) -> None:
        """Run both, and compare all there is."""
        for bench in self.benches:
            bench.run(cycles)
        left, right = (
            (
                bench.cpu.registers,
                bench.machine.clock.now,
                bench.machine.sysbus.read_bytes(RAM, 0x2000),
                flag.value, flag.count, flag.queue, flag.written,
            )
            for bench, flag in zip(self.benches, self.flags, strict=True)
        )  # fmt: skip
        assert left == right

    @property
    def skipped(self) -> int:
        assert self.benches[1].machine.polling.skipped == 0
        return self.benches[0].machine.polling.skipped


def waiting(
    turn: list[int | tuple[int, ...]], then: list[int | tuple[int, ...]] | None = None
) -> Callable[[], Program]:
    """``do { turn } while (bit 0 of r0 is 0)``, 50 times; r7 is FLAG, r6 RAM. An interrupt counts in memory."""

    def make() -> Program:
        program = Program(vectors={16: "irq"}).label("start").emit(t.mov32(7, FLAG), t.mov32(6, RAM + 0x100))
        program.emit(t.mov32(0, CPACR), t.mov32(1, 0xF << 20), t.store(1, 0), t.isb())
        program.emit(t.mov32(0, DEMCR), t.mov32(1, 1 << 24), t.store(1, 0), t.mov32(0, DWT_LAR), t.mov32(1, 0xC5ACCE55))
        program.emit(
            t.store(1, 0),
            t.mov32(0, DWT_CYCCNT - 4),
            t.movs(1, 1),
            t.store(1, 0),
            t.movs(1, 0),
            t.movs(2, 0),
            t.movs(3, 0),
            t.movs(4, 0),
        )
        program.label("wait").emit(*turn, (0x07C5,)).branch("wait", EQ)  # lsls r5, r0, #31
        program.emit(t.adds(4, 1), t.store(4, 6, 8), t.store(4, 7, 16)).branch("wait")
        program.label("irq").emit(t.mov32(0, RAM), t.ldr(1, 0), t.adds(1, 1), t.store(1, 0), t.bx(14))
        return program

    return make


EVENTS = [(70_001, 1), (70_003, 0), (200_000, 1), (200_100, 0), (499_999, 1)]
TURNS: dict[str, tuple[Code, bool | None]] = {
    "a flag": ([t.ldr(0, 7)], True),
    "a flag, with a call's pushes": ([(0xB40E,), t.ldr(0, 7), (0xBC0E,)], True),
    "a flag, and a word of memory": ([t.ldr(0, 7), t.ldr(3, 6), t.store(3, 6)], True),
    "a flag twice": ([t.ldr(0, 7), t.ldr(3, 7)], True),
    "counts in a register": ([t.ldr(0, 7), t.adds(2, 1)], False),
    "counts in memory": ([t.ldr(2, 6), t.adds(2, 1), t.store(2, 6), t.movs(2, 0), t.ldr(0, 7)], False),
    "counts in a float": ([t.vmov_from_s(2, 0), t.adds(2, 1), t.vmov_to_s(0, 2), t.movs(2, 0), t.ldr(0, 7)], False),
    "looks at the cycle counter": ([t.mov32(3, DWT_CYCCNT), t.ldr(0, 3), (0x0D80,), t.movs(3, 0), t.ldr(3, 7)], False),
    "a read that counts": ([t.ldr(0, 7, 4)], False),
    "a queue": ([t.ldr(0, 7, 8)], None),
    "the time": ([t.ldr(0, 7, 12)], False),
    "writes": ([t.ldr(0, 7), t.store(0, 7, 16)], False),
}  # fmt: skip


@pytest.mark.parametrize("name", TURNS)
def test_every_kind_of_turn(name: str) -> None:
    turn, skips = TURNS[name]
    pair = Pair(waiting(turn), EVENTS)
    for flag in pair.flags:
        flag.queue = [0] * 5000 + [1] + [0] * 3000
    for span in (1000, 50_000, 19_000, 7, 60_000, 200_000, 170_000, 30_000):
        pair.step(span)
    if skips is not None:
        assert (pair.skipped > 1000) is skips


@settings(max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    spans=st.lists(st.integers(1, 40_000), min_size=3, max_size=12),
    tick=st.integers(150, 9000),
    name=st.sampled_from(["a flag", "a flag, and a word of memory", "counts in a register", "counts in memory"]),
)
def test_interrupts_and_events_come_where_they_came(spans: list[int], tick: int, name: str) -> None:
    pair = Pair(waiting(TURNS[name][0]), EVENTS, tick)
    for span in spans:
        pair.step(span)


def test_a_waiting_loop_costs_few_reads() -> None:
    bench = Bench()
    bench.machine.register("sysbus.flag", Flag(bench.machine, "flag"), FLAG)
    bench.load(waiting([t.ldr(0, 7)])())
    reads: list[int] = []
    bench.machine.on_device_access = lambda address, width, write: reads.append(address)
    bench.run(50_000_000)
    assert len(reads) < 2000
    wait = bench.machine.polling.waiting
    assert wait is not None and wait.address == FLAG


def test_a_turn_that_counts_is_answered_natively() -> None:
    bench = Bench()
    bench.machine.register("sysbus.flag", Flag(bench.machine, "flag"), FLAG)
    bench.load(waiting([t.ldr(0, 7), t.adds(2, 1)])())
    reads: list[int] = []
    bench.machine.on_device_access = lambda address, width, write: reads.append(address)
    bench.run(3_000_000)
    assert bench.register("r2") > 500_000
    assert len(reads) < 30_000


TIMER = 0x40030000
COUNTERS: dict[str, tuple[Code, int]] = {
    "SysTick, by the core's clock": ([t.mov32(7, SYST_CSR), t.mov32(1, 60_000), t.store(1, 7, 4), t.store(1, 7, 8),
                                      t.movs(1, 7), t.store(1, 7)], 8),
    "SysTick, by its own": ([t.mov32(7, SYST_CSR), t.mov32(1, 60_000), t.store(1, 7, 4), t.store(1, 7, 8),
                             t.movs(1, 3), t.store(1, 7)], 8),
    "CYCCNT": ([t.mov32(7, DEMCR), t.mov32(1, 1 << 24), t.store(1, 7), t.mov32(7, DWT_LAR), t.mov32(1, 0xC5ACCE55),
                t.store(1, 7), t.mov32(7, DWT_CYCCNT - 4), t.movs(1, 1), t.store(1, 7)], 4),
    "a timer": ([t.mov32(7, TIMER), t.movs(1, 6), t.store(1, 7, 0x28), t.movs(1, 1), t.store(1, 7, 0x14),
                 t.store(1, 7)], 0x24),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTERS)
def test_a_counter_counts_natively_as_it_does(name: str) -> None:
    """Each value read is added up, and some are stored: one that is wrong shows."""
    setup, offset = COUNTERS[name]

    def make() -> Program:
        program = Program(vectors={15: "tick", 16: "tick"}).label("start").emit(*setup)
        program.emit(t.movs(2, 0), t.mov32(6, RAM)).label("loop").emit(t.ldr(0, 7, offset), t.adds3(2, 2, 0))
        program.emit(t.store(2, 6)).branch("loop").label("tick").emit(t.bx(14))
        return program

    pair = Pair(make, [], tick=9001)
    for bench in pair.benches:
        timer = Stm32Timer(bench.machine, "timer", frequency=33_333_333, initial_limit=0xFFFF)
        bench.machine.register("sysbus.timer", timer, TIMER)
    pair.benches[1].machine.engine.set_native_loops(False)
    for span in (100_000, 33, 500_000, 200_001, 700_000):
        pair.step(span)
    assert pair.skipped == 0
    loops = pair.benches[0].machine.engine.loops
    assert loops is not None and loops.cycles > 1_000_000, "the loop itself is native code"


def script_bench(script: str) -> tuple[Machine, PythonPeripheral]:
    bench = Bench()
    device = PythonPeripheral(bench.machine, "scripted", size=0x100, initable=True, script=script)
    bench.machine.register("sysbus.scripted", device, SCRIPT)
    program = Program().label("start").emit(t.mov32(7, SCRIPT)).label("wait").emit(t.ldr(0, 7), (0x07C5,))
    bench.load(program.branch("wait", EQ).label("end").emit(t.movs(6, 1), t.WFI).branch("end"))
    bench.run(2_000_000)
    return bench.machine, device


def test_a_script_is_skipped_and_its_counter_goes_on() -> None:
    script = "if request.isInit:\n value = 0\nelif request.isRead:\n request.value = value\n"
    machine, device = script_bench(script)
    assert machine.polling.skipped > 100_000
    assert device._request.Counter > 400_000


@pytest.mark.parametrize(
    "script",
    [
        "if request.isInit:\n n = 0\nelse:\n n += 1\n request.value = n > 30000\n",
        "request.value = request.counter > 30000\n",
        "request.value = self.GetMachine().ElapsedVirtualTime.TimeElapsed.TotalMilliseconds >= 5\n",
        "if request.isInit:\n machine = self.GetMachine()\nelse:\n request.value = machine['sysbus.ram'].ReadByte(0)\n",
    ],
    ids=["counts", "counter", "time", "asks another device"],
)
def test_a_script_that_does_more_is_run_each_time(script: str) -> None:
    machine, _ = script_bench(script)
    assert machine.polling.skipped == 0
    if "30000" in script or "Elapsed" in script:
        assert machine.cpu.registers["r6"] == 1, "the loop has ended"


def test_hooks_and_logs_see_every_read() -> None:
    bench = Bench()
    bench.machine.register("sysbus.flag", Flag(bench.machine, "flag"), FLAG)
    bench.load(waiting([t.ldr(0, 7)])())
    seen = []
    bench.cpu.hooking.add(waiting([t.ldr(0, 7)])().labels["wait"], lambda cpu, address: seen.append(address))
    bench.run(30_000)
    assert len(seen) > 3000
    assert bench.machine.polling.skipped == 0


def _foresee_others(timing: object) -> None:
    """A BTAC full of branches that are none of the program's, as after a while in any firmware."""
    assert isinstance(timing, CortexM7Timing)
    timing._btac[:, 0] = RAM + 0x4000 + 2 * np.arange(len(timing._btac))


NEVER_TAKEN: Code = [t.cmp(0, 2), 0xD000, 0xBF00]  # beq over a nop: a loop that also asks for an error's flag


@pytest.mark.parametrize("turn", [[t.ldr(0, 7)], [t.ldr(0, 7), *NEVER_TAKEN]], ids=["a flag", "a branch never taken"])
def test_the_m7_clock_counts_what_it_skips(turn: Code) -> None:
    """Cycles by block add up to the time, as ``crosscam cycles`` shows them."""
    benches = [M7Bench(waiting(turn)()) for _ in range(2)]
    benches[1].machine.polling.active = False
    found = []
    for bench in benches:
        bench.machine.register("sysbus.flag", Flag(bench.machine, "flag"), FLAG)
        bench.machine.reset()
        _foresee_others(bench.machine.timing)
        bench.run(200_000)
        timing = bench.machine.timing
        assert isinstance(timing, CortexM7Timing)
        costs = [(cost.address, cost.runs, cost.cycles, cost.device_stall) for cost in timing.costs()]
        found.append((costs, bench.machine.clock.now, bench.cpu.registers))
    assert found[0] == found[1]
    assert benches[0].machine.polling.skipped > 100
