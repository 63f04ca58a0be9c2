"""Profiles against the firmware's own cycle counter; threads; the drawing and documents made of them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from sim.dwarf.line_table import LineTable
from sim.engine.machine import Machine
from sim.profile.call_tree import CallStack
from sim.profile.document import document, histogram
from sim.profile.flame_graph import flame_graph
from sim.profile.profiler import Profile, Profiler
from sim.profile.speedscope import speedscope
from sim.profile.windows import CounterReads
from sim.tests.profile_bench import PROGRAMS, booted, built
from sim.tests.test_timing_machine import AXI, M7Bench
from sim.tests.thumb import WFI, Program, ldr, mov32, store

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("threads.c", tmp_path_factory.mktemp("threads"))


class Measured:
    def __init__(self, elf: Path, timing: str) -> None:
        self.machine: Machine = booted(elf, timing)
        self.profiler = Profiler(self.machine, LineTable.read(elf))
        self.reads = CounterReads(self.profiler.recorder)
        self.machine.run_until(lambda: bool(self.machine.cpu.sleeping), 0.01)
        assert self.word("turns_a") == 3
        self.profile: Profile = self.profiler.profile()

    def word(self, name: str) -> int:
        return self.machine.sysbus.read(self.machine.symbols.address_of(name), 4)


@pytest.fixture(scope="module", params=["instructions", "cortex-m7"])
def measured(request: pytest.FixtureRequest, elf: Path) -> Measured:
    return Measured(elf, request.param)


def test_between_two_reads_of_the_counter_it_is_the_counters_figure(measured: Measured) -> None:
    spent = measured.word("spent")
    window = measured.reads.apart(spent)
    assert window is not None and spent > 500
    inside = measured.profiler.profile([window])
    assert inside.cycles == spent
    assert sum(function.cycles for function in inside.functions) == spent
    assert sum(stack.cycles for stack in inside.stacks) == spent
    assert sum(inside.lines.values()) == spent
    assert {function.name.split(".")[0] for function in inside.functions} == {"work", "reset_handler"}


def test_twice_the_window_is_twice_the_cycles(measured: Measured) -> None:
    window = measured.reads.apart(measured.word("spent"))
    assert window is not None
    assert measured.profiler.profile([window, window]).cycles == 2 * measured.word("spent")


def test_each_thread_has_call_stacks_of_its_own(measured: Measured) -> None:
    switch = ("[PendSV]", "switch_threads")
    thread_a = ("reset_handler", "thread_a", "inner_a", "yield")
    thread_b = ("[thread 1]", "thread_b", "inner_b", "yield")
    cycles = {stack.names: stack.cycles for stack in measured.profile.stacks}
    assert {(*thread_a, *switch), (*thread_b, *switch)} <= set(cycles)
    for names in (thread_a, thread_b):
        for depth in range(len(names) - (names[0] == "[thread 1]")):
            assert cycles[names[: len(names) - depth]] > 0
    if measured.machine.timing.name == "instructions":
        assert cycles[(*thread_a, *switch)] == cycles[(*thread_b, *switch)] == 3 * 8
    assert sum(cycles.values()) == measured.machine.clock.now == measured.profile.cycles


def test_stacks_and_memories_are_as_large_as_they_were_used(measured: Measured) -> None:
    used = {use.name: use for use in measured.profile.stack_use}
    assert set(used) == {"MSP", "PSP of reset_handler", "PSP of thread_b"}
    for name, array in (("PSP of reset_handler", "stack_a"), ("PSP of thread_b", "stack_b")):
        start = measured.machine.symbols.address_of(array)
        assert start < used[name].lowest < used[name].highest <= start + 256
        assert used[name].used >= 32  # the frame that PendSV stacks
    memories = {use.name: use for use in measured.profile.memories}
    assert memories["dtcm"].linked == measured.machine.symbols.sizes[".bss"]
    assert 0 < memories["dtcm"].changed < 1024
    assert measured.profile.flash == sum(len(data) for _, data in measured.machine.symbols.segments)


def test_pendsv_waits_as_long_as_it_takes_to_enter(measured: Measured) -> None:
    times = measured.profile.interrupts["PendSV"]
    entry = measured.machine.timing.entry_cycles
    assert len(times.durations) == 6 and len(times.latencies) == 6
    assert all(entry <= latency < entry + 40 for latency in times.latencies)
    if measured.machine.timing.name == "instructions":
        assert times.durations == [8] * 6


def test_lines_are_those_of_the_loop(measured: Measured) -> None:
    source = (PROGRAMS / "threads.c").read_text().splitlines()
    dearest = max(((cycles, line) for (file, line), cycles in measured.profile.lines.items() if file))[1]
    first = next(number for number, text in enumerate(source, 1) if "uint32_t work(" in text)
    assert first < dearest < first + 10


@pytest.mark.parametrize(("caches", "read", "written"), [(False, 3 * 4, 4), (True, 2 * 32, 0)])
def test_traffic_of_the_core_is_words_without_a_cache_and_lines_with_it(caches: bool, read: int, written: int) -> None:
    """Two loads from one line and one from another, and a store into the first."""
    program = Program(base=0x08000000).label("start").emit(mov32(0, AXI)).branch("next").label("next")
    bench = M7Bench(program.emit(ldr(1, 0), ldr(1, 0, 4), ldr(1, 0, 64), store(1, 0, 8), WFI))
    ccr = bench.machine.sysbus.read(0xE000ED14, 4)
    bench.machine.sysbus.write(0xE000ED14, 4, ccr | (3 << 16 if caches else 0))
    profiler = Profiler(bench.machine)
    profiler.begin()
    bench.run_to_sleep()
    moved = profiler.profile().moved
    assert (moved["core", "axi", False], moved["core", "axi", True]) == (read, written)


def test_the_drawing_is_one_file_and_no_name_breaks_it() -> None:
    names = ("a<b>&\"'", "</title><script>alert(1)</script>", "plain\x1b[31m\u202e", "]]>")
    drawing = flame_graph([CallStack(names[:2], 500), CallStack(names, 500), CallStack(("[sleep]",), 9)], "<&>\x00")
    root = ElementTree.fromstring(drawing)
    assert [text.text for text in root.iter(f"{SVG}script")] == [root.findtext(f"{SVG}script")]
    boxes = {box.get("data-name"): box for box in root.iter(f"{SVG}g")}
    assert names[0] in boxes and names[1] in boxes and "plain\\x1b[31m\\u202e" in boxes
    widths = {name: float(box.get("data-w") or 0) for name, box in boxes.items()}
    assert widths["all"] == 1 and widths[names[0]] == pytest.approx(1000 / 1009)
    assert "http" not in drawing.replace("http://www.w3.org/2000/svg", "")


def test_a_deep_recursion_is_drawn() -> None:
    ElementTree.fromstring(flame_graph([CallStack(("f",) * 3000, 7)], "deep"))


def test_speedscope_and_the_document_say_the_same(measured: Measured) -> None:
    found = json.loads(json.dumps(speedscope(measured.profile.stacks, "title")))
    (profile,) = found["profiles"]
    frames = [frame["name"] for frame in found["shared"]["frames"]]
    stacks = {
        tuple(frames[number] for number in sample): weight
        for sample, weight in zip(profile["samples"], profile["weights"], strict=True)
    }
    assert stacks == {stack.names: stack.cycles for stack in measured.profile.stacks}
    assert profile["endValue"] == measured.profile.cycles
    whole = json.loads(json.dumps(document(measured.profile, "what")))
    assert sum(each["cycles"] for each in whole["functions"]) == whole["cycles"] == measured.profile.cycles
    assert whole["interrupts"]["PendSV"]["latency"]["count"] == 6


def test_a_histogram_counts_by_powers_of_two() -> None:
    assert histogram([0, 1, 2, 3, 4, 7, 8]) == {1: 1, 2: 1, 4: 2, 8: 2, 16: 1}
