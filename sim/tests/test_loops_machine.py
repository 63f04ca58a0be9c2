"""A machine with native loops and one without are the same at every moment they can be looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sim.engine.native import shared
from sim.engine.native.loops import manager
from sim.engine.native.loops.blocks import read_block
from sim.engine.native.loops.regions import find_region, loop_heads
from sim.tests import thumb as t
from sim.tests.engine_bench import ITCM, PROBE, RAM, Bench
from sim.tests.thumb import Program

NE, LT = t.NE, 11
TABLE = RAM + 0xF80
WORDS = 64


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile what was met once, and nothing from or for the disk."""
    monkeypatch.setattr(manager, "SAMPLES", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", "/nonexistent")


class Calls(Program):
    """A program with ``bl``."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._calls: list[tuple[int, str]] = []

    def call(self, label: str) -> Calls:
        """``bl label``."""
        self._calls.append((len(self._code), label))
        self.emit(0, 0)
        return self

    def build(self) -> bytes:
        for index, label in self._calls:
            offset = self.labels[label] - (self.base + 2 * index + 4) >> 1
            self._code[index : index + 2] = [0xF000 | offset >> 11 & 0x3FF, 0xF800 | offset & 0x7FF]
        return super().build()


def sums(base: int = 0x08000000, turns: int = 400) -> Calls:
    """Sums up a table that crosses a page, writing as it reads; a call, an IT block and a device write each turn."""
    program = Calls(base=base, vectors={16: "handler"})
    program.label("start").emit(t.mov32(7, PROBE), t.mov32(5, RAM), t.mov32(4, turns), t.movs(6, 1))
    program.label("outer").emit(t.mov32(1, TABLE), t.movs(2, WORDS))
    program.label("inner").emit(t.ldr(3, 1), t.adds3(6, 6, 3), t.store(6, 1), t.adds(1, 4), t.subs(2, 1))
    program.branch("inner", NE)
    program.call("mix")
    program.emit(t.cmp(6, 0x80), t.it(LT, "E"), t.adds(6, 3), t.adds(6, 7), t.store(6, 7), t.subs(4, 1))
    program.branch("outer", NE).label("end").emit(0xBF30).branch("end")
    program.label("mix").emit(t.push(4, 14), t.mov(4, 6), t.adds3(6, 6, 4), t.adds(6, 5), t.pop(4, 15))
    program.label("handler").emit(t.ldr(0, 5), t.adds(0, 1), t.store(0, 5), t.bx(14))
    return program


class Pair:
    """The same program with native loops and without."""

    def __init__(self, make: Callable[[], Program], tick: int = 997) -> None:
        self.benches = [Bench(make()), Bench(make())]
        self.benches[1].machine.engine.set_native_loops(False)
        for bench in self.benches:
            bench.cpu.vector_table_offset = make().base
            bench.machine.reset()
            bench.nvic.write(0x100, 4, 1)
            self._tick(bench, tick)

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
        native, plain = map(self.state, self.benches)
        assert native == plain

    @staticmethod
    def state(bench: Bench) -> tuple[object, ...]:
        memory = bench.machine.sysbus.read_bytes(RAM, 0x2000)
        return bench.cpu.registers, bench.machine.clock.now, bench.probe.accesses, bench.cpu.sleeping, memory

    @property
    def native(self) -> manager.NativeLoops:
        """The loops of the first; an error when it has none."""
        loops = self.benches[0].machine.engine.loops
        assert loops is not None and loops.compiled
        assert self.benches[1].machine.engine.loops is None
        return loops


def far_calls(kind: str) -> Calls:
    """A hot loop that calls through a linker's veneer: ``ldr pc, [pc]``, or ``movw``, ``movt`` and ``bx``."""
    program = Calls(vectors={16: "handler"})
    program.label("start").emit(t.mov32(5, RAM), t.mov32(4, 20_000), t.movs(6, 1))
    program.label("outer")
    program.call("veneer").emit(t.subs(4, 1)).branch("outer", NE)
    program.label("end").emit(0xBF30).branch("end")
    program.label("handler").emit(t.ldr(0, 5), t.adds(0, 1), t.store(0, 5), t.bx(14))
    if program.here % 4:
        program.emit(0xBF00)
    program.label("veneer")
    if kind == "load":
        target = program.here + 8
        program.emit(0xF8DF, 0xF000, (target | 1) & 0xFFFF, target >> 16)
    else:
        program.emit(t.mov32(12, program.here + 10 | 1), t.bx(12))
    program.label("far").emit(t.push(4, 14), t.adds3(6, 6, 4), t.adds(6, 5), t.pop(4, 15))
    return program


@pytest.mark.parametrize("kind", ["load", "constant"])
def test_a_call_through_a_veneer_stays_native(kind: str) -> None:
    pair = Pair(lambda: far_calls(kind))
    for _ in range(20):
        pair.step(5003)
    assert pair.native.cycles > 70_000


@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate])
@given(spans=st.lists(st.integers(1, 3000), min_size=5, max_size=30), tick=st.integers(200, 3000))
def test_every_stop_is_the_same(spans: list[int], tick: int) -> None:
    pair = Pair(sums, tick)
    pair.step(5000)
    for span in spans:
        pair.step(span)
    pair.step(50_000)
    assert pair.native.cycles > 20_000, "hardly anything ran natively"


@pytest.mark.parametrize("who", ["bus", "core"])
def test_code_that_is_written_is_not_run_as_it_was(who: str) -> None:
    """A device changes an instruction of the hot loop; or the loop's own program does."""

    def make() -> Program:
        program = Calls(base=ITCM, vectors={16: "handler"})
        program.label("start").emit(t.mov32(7, PROBE), t.mov32(5, RAM), t.mov32(4, 300), t.movs(6, 1))
        program.label("outer").emit(t.mov32(1, ITCM + 0x80), t.movs(2, 200))
        program.emit(t.adds(0, 1), *((0x800B,) if who == "core" else (0xBF00,)))  # strh r3, [r1]
        while program.here < ITCM + 0x80:
            program.emit(0xBF00)
        program.label("inner").emit(t.adds(6, 1), t.mov32(3, 0x3600 + 1), t.subs(2, 1)).branch("inner", NE)
        program.emit(t.store(6, 7), t.adds(3, 1), t.subs(4, 1)).branch("outer", NE)
        program.label("end").emit(0xBF30).branch("end")
        program.label("handler").emit(t.bx(14))
        return program

    pair = Pair(make)
    if who == "bus":
        for bench in pair.benches:

            def change(bench: Bench = bench) -> None:
                step = 0x3601 + len(bench.probe.accesses) % 7
                bench.machine.sysbus.write_bytes(ITCM + 0x80, step.to_bytes(2, "little"))

            bench.probe.actions[0] = change
    for _ in range(60):
        pair.step(5003)
    assert len(pair.benches[0].probe.written) > 100
    assert pair.native


def test_hooks_and_watchpoints_see_every_pass() -> None:
    pair = Pair(sums)
    pair.step(30_000)
    assert pair.native.cycles
    seen: list[list[object]] = [[], []]
    inner = sums().labels["inner"]
    for bench, log in zip(pair.benches, seen, strict=True):
        bench.cpu.hooking.add(inner, lambda cpu, address, log=log: log.append(cpu.registers))  # type: ignore[misc]
    pair.step(3000)
    for bench, log in zip(pair.benches, seen, strict=True):
        bench.cpu.hooking.remove_everywhere()
        bench.cpu.hooking.watch(
            TABLE + 8,
            4,
            2,
            lambda cpu, address, width, value, log=log: log.append(value),  # type: ignore[misc]
        )
    pair.step(3000)
    for bench in pair.benches:
        bench.cpu.hooking.unwatch(TABLE + 8)
    before = pair.native.cycles
    pair.step(30_000)
    assert seen[0] == seen[1] and len(seen[0]) > 200
    assert pair.native.cycles > before


def test_watched_pages_and_code_are_no_plain_memory() -> None:
    bench = Bench(sums())
    bench.run(1000)
    engine = bench.machine.engine
    page = RAM >> shared.PAGE_SHIFT

    def plain() -> tuple[bool, bool]:
        return bool(engine._read_pages[page]), bool(engine._write_pages[page])

    assert plain() == (True, True)
    engine.set_access_watched(RAM, 0x1000, True)
    assert plain() == (False, False)
    engine.set_access_watched(RAM, 0x1000, False)
    assert plain() == (True, True)
    flash = bench.cpu.pc >> shared.PAGE_SHIFT
    assert engine._read_pages[flash] and not engine._write_pages[flash]
    assert not engine._read_pages[PROBE >> shared.PAGE_SHIFT]


def test_a_region_is_what_leads_back() -> None:
    program = sums()
    code = program.build()

    def block_at(address: int) -> object:
        offset, size = address - program.base, 2
        while offset + size <= len(code):
            block = read_block(code[offset : offset + size], address)
            if block is not None and (block.indirect or block.targets != (block.end,)):
                return block
            size += 2
        return None

    labels = program.labels
    region = find_region(labels["inner"], block_at)  # type: ignore[arg-type]
    assert {labels["outer"], labels["inner"], labels["mix"]} <= set(region)
    assert labels["handler"] not in region and labels["end"] not in region and labels["start"] not in region
    assert {labels["outer"], labels["inner"]} <= set(loop_heads(region))
    assert find_region(labels["handler"], block_at) == {}  # type: ignore[arg-type]


def test_loops_that_hardly_run_are_given_up() -> None:
    """Each turn of this one ends at a device: entering native code costs more than it saves."""

    def make() -> Program:
        program = Program(vectors={16: "handler"})
        program.label("start").emit(t.mov32(7, PROBE), t.mov32(4, 20_000))
        program.label("loop").emit(t.adds(6, 1), t.store(6, 7), t.subs(4, 1)).branch("loop", NE)
        program.label("end").emit(0xBF30).branch("end").label("handler").emit(t.bx(14))
        return program

    pair = Pair(make)
    for _ in range(10):
        pair.step(9001)
    index = pair.native._indices[make().labels["loop"], False]
    assert pair.native.records[index * shared.LOOP_WORDS + shared.LOOP_DROPS] == manager.MAX_DROPS


def test_off_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSCAM_NO_NATIVE_LOOPS", "1")
    bench = Bench(sums())
    assert bench.machine.engine.native_loops == 0
