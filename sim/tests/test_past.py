"""Going back lands where a forward run has been, with all registers and memory as they were."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from sim.engine.observe.gdb.debuggee import Points, Stop, Watch
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.place import Place, place_of
from sim.engine.observe.past import Timeline
from sim.errors import CrosscamError
from sim.tests.engine_bench import RAM, Bench
from sim.tests.test_hooking_core import Bed
from sim.tests.test_timing_machine import M7Bench

COUNTER = RAM + 12
SEEN = 1024  # bytes of memory that are compared, from RAM on
STACK = 256
STEPS = 2500
POINTS = 15


@dataclass
class Moment:
    """What is known of one place of a forward run."""

    place: Place
    registers: dict[str, int]
    memory: bytes


TYPED = RAM + 0x800


class Console:
    """A UART that puts what is typed, and the cycle at which it came, into memory."""

    def __init__(self, bench: Bench) -> None:
        self.on_char: list[Callable[[int], None]] = []
        self._machine = bench.machine
        self._place = TYPED

    def write_char(self, byte: int) -> None:
        """Keep it, and send it back."""
        self._machine.sysbus.write(self._place, 4, self._machine.clock.now << 8 | byte)
        self._place += 4
        for listener in self.on_char:
            listener(byte)


def never() -> bool:
    return False


def seen(debuggee: LocalDebuggee | Timeline) -> tuple[dict[str, int], bytes]:
    """Registers, and the memory that the program uses."""
    registers = debuggee.registers()
    return registers, debuggee.read_memory(RAM, SEEN) + debuggee.read_memory(registers["msp"] & ~0xFF, STACK)


@pytest.fixture(scope="module", params=[Bench, M7Bench], ids=["instructions", "cortex-m7"])
def make(request: pytest.FixtureRequest) -> Callable[..., Bench]:
    found: Callable[..., Bench] = request.param
    return found


@pytest.fixture(scope="module")
def moments(make: Callable[..., Bench]) -> list[Moment]:
    """A forward run, instruction by instruction."""
    bed = Bed(make)
    debuggee = LocalDebuggee(bed.machine, str)
    found = []
    for _ in range(STEPS):
        found.append(Moment(place_of(bed.machine), *seen(debuggee)))
        debuggee.step(0, 0, never)
    return found


@pytest.fixture
def timeline(make: Callable[..., Bench], moments: list[Moment]) -> Iterator[Timeline]:
    """The same program, run up to the end of that run, with many snapshots."""
    bed = Bed(make)
    made = Timeline(LocalDebuggee(bed.machine, str), {}, lambda name, data: None, interval=0.02)
    made.labels = bed.program.labels  # type: ignore[attr-defined]
    made.go_to_cycle(moments[-1].place.cycle)
    made.go_to(moments[-1].place)
    yield made
    made.close()


def labels(timeline: Timeline) -> dict[str, int]:
    found: dict[str, int] = timeline.labels  # type: ignore[attr-defined]
    return found


def test_a_step_back_should_land_on_the_instruction_before(timeline: Timeline, moments: list[Moment]) -> None:
    source = random.Random(14)
    for index in source.sample(range(1, STEPS), POINTS):
        timeline.go_to(moments[index].place)
        assert (timeline.place, *seen(timeline)) == (moments[index].place, *_of(moments[index]))
        assert timeline.step_back(never) == Stop()
        assert (timeline.place, *seen(timeline)) == (moments[index - 1].place, *_of(moments[index - 1]))


def _of(moment: Moment) -> tuple[dict[str, int], bytes]:
    return moment.registers, moment.memory


def test_steps_back_and_forth_should_meet(timeline: Timeline, moments: list[Moment]) -> None:
    """Over the entry and the end of a handler."""
    tick = labels(timeline)["tick"]
    first = next(index for index, each in enumerate(moments) if each.place.pc == tick)
    timeline.go_to(moments[first + 8].place)
    for index in range(first + 7, first - 3, -1):
        timeline.step_back(never)
        assert timeline.place == moments[index].place
    for _ in range(10):
        timeline.step(0, 0, never)
    assert timeline.place == moments[first + 8].place


def test_breakpoints_should_be_met_on_the_way_back(timeline: Timeline, moments: list[Moment]) -> None:
    place = labels(timeline)["else"]  # in an IT block
    met = [each.place for each in moments[:-1] if each.place.pc == place]
    timeline.set_points(Points(frozenset([place])))
    for wanted in met[:-6:-1]:
        assert timeline.back(never) == Stop(kind="hwbreak") and timeline.place == wanted


def test_watchpoints_should_be_met_behind_their_instruction(timeline: Timeline, moments: list[Moment]) -> None:
    store = labels(timeline)["tick"] + 6
    met = [index for index, each in enumerate(moments[:-1]) if each.place.pc == store]
    assert len(met) > 3
    timeline.set_points(Points(watches=frozenset([Watch(COUNTER, 4, "watch")])))
    for index in met[:-3:-1]:
        assert timeline.back(never) == Stop(kind="watch", value=COUNTER)
        assert timeline.place == moments[index + 1].place


def test_the_beginning_should_be_an_end(timeline: Timeline, moments: list[Moment]) -> None:
    stop = timeline.back(never)
    assert stop.kind == "replaylog" and timeline.place == moments[0].place
    assert timeline.step_back(never).kind == "replaylog"
    assert (timeline.place, *seen(timeline)) == (moments[0].place, *_of(moments[0]))


def test_who_wrote_should_name_the_last_writer(timeline: Timeline, moments: list[Moment]) -> None:
    store = labels(timeline)["tick"] + 6
    last = [each.place for each in moments[:-1] if each.place.pc == store][-1]
    said = timeline.command(f"who-wrote 0x{COUNTER:x} 4")
    assert f"cycle {last.cycle} by 0x{store:08X}" in said and "4 bytes" in said
    assert timeline.command(f"who-wrote 0x{RAM + 0x900:x}").endswith("not written since the beginning")
    assert timeline.place == moments[-1].place


def test_who_wrote_should_name_devices_and_stack_frames(make: Callable[..., Bench]) -> None:
    bed = Bed(make)
    frame = bed.cpu.sp - 32  # of the first exception: SysTick in thread mode
    bed.machine.clock.schedule_at(3000, lambda: bed.machine.sysbus.write_bytes(RAM + 0x900, b"abcdefgh"))
    made = Timeline(LocalDebuggee(bed.machine, str), {}, lambda name, data: None)
    try:
        made.go_to_cycle(5000)
        said = made.command(f"who-wrote 0x{RAM + 0x904:x} 4")
        assert re.search(
            r"0x20000900: 8 bytes, 0x6867666564636261, written at cycle 3\d\d\d by a device or script", said
        ), said
        assert " by 0x0" in made.command(f"who-wrote 0x{frame:x} 32")
    finally:
        made.close()


@pytest.mark.parametrize(
    "text",
    ["who-wrote", "who-wrote x y", "who-wrote 0 0", "goto-cycle", "goto-cycle -1", "goto-frame x", "goto-cycle 1 2"],
)
def test_commands_that_make_no_sense_should_be_refused(timeline: Timeline, text: str) -> None:
    with pytest.raises(CrosscamError):
        timeline.command(text)


def test_a_cycle_should_be_gone_to_from_both_sides(timeline: Timeline, moments: list[Moment]) -> None:
    for index in (STEPS // 2, STEPS // 4, STEPS // 3):
        cycle = moments[index].place.cycle
        first = next(each.place for each in moments if each.place.cycle >= cycle)
        timeline.command(f"goto-cycle {cycle}")
        assert timeline.place == first


def test_a_change_should_have_a_future_of_its_own(timeline: Timeline, moments: list[Moment]) -> None:
    timeline.go_to(moments[STEPS // 2].place)
    timeline.write_memory(COUNTER, b"\x00\x10\x00\x00")
    assert timeline.read_memory(COUNTER, 4) == b"\x00\x10\x00\x00"
    timeline.go_to_cycle(moments[-1].place.cycle)
    after = timeline.place
    assert int.from_bytes(timeline.read_memory(COUNTER, 4), "little") > 0x1000
    timeline.step_back(never)
    timeline.step(0, 0, never)
    assert timeline.place == after and int.from_bytes(timeline.read_memory(COUNTER, 4), "little") > 0x1000
    timeline.go_to(moments[STEPS // 4].place)
    assert seen(timeline) == _of(moments[STEPS // 4])
    timeline.go_to(moments[-1].place)
    assert seen(timeline) == _of(moments[-1])


def test_what_was_typed_should_be_typed_again(make: Callable[..., Bench]) -> None:
    """At the same cycle, and what the board said to it is shown once."""
    bed = Bed(make)
    shown: list[bytes] = []
    typed = [("console", b"c"), ("console", b"ab")]
    made = Timeline(
        LocalDebuggee(bed.machine, str),
        {"console": Console(bed)},
        lambda name, data: shown.append(data),
        typed=lambda: typed.pop() if typed else None,
    )
    try:
        made.go_to_cycle(2000)
        began = made.place
        made.resume(lambda: b"".join(shown) == b"abc")
        kept, end = made.read_memory(TYPED, 16), made.place
        assert bytes(kept[:12:4]) == b"abc" and kept[12:] == bytes(4)
        for place, memory in ((began, bytes(16)), (end, kept), (Place(end.cycle + 5000, 0), kept)):
            made.go_to(place)
            assert made.read_memory(TYPED, 16) == memory
        assert b"".join(shown) == b"abc"
        made.go_to(began)
        made.write_register("r12", 1)  # another story, in which nobody typed
        made.go_to_cycle(end.cycle)
        assert made.read_memory(TYPED, 16) == bytes(16)
    finally:
        made.close()
