"""A line's bits take their time, and leave no gap."""

from __future__ import annotations

from sim.engine.devices.wire import Wire
from sim.engine.machine import Machine
from sim.tests.fake_services import FakeClock


def test_what_it_carries_is_through_after_its_bits() -> None:
    clock, seen = FakeClock(), list[int]()
    wire = Wire(clock)
    wire.carry(10, 115_200, lambda: seen.append(clock.now))
    assert wire.busy and wire.passed(10) == 0
    clock.advance(20_834)
    assert wire.passed(10) == 5
    clock.advance(30_000)
    assert seen == [41_666] and not wire.busy and wire.passed(10) == 0


def test_bits_in_a_row_lose_no_part_of_a_cycle_and_none_by_a_core_that_stops_late() -> None:
    clock, ends = FakeClock(), list[int]()
    wire = Wire(clock)

    def through() -> None:
        clock.now += 30  # the block that was running ends later
        ends.append(clock.now)
        if len(ends) < 1000:
            wire.carry(10, 115_200, through)

    wire.carry(10, 115_200, through)
    clock.advance(480_000_000)
    assert ends[-1] == 1000 * 10 * 480_000_000 // 115_200 + 30


def test_what_is_cut_never_arrives() -> None:
    clock, seen = FakeClock(), list[int]()
    wire = Wire(clock)
    wire.carry(8, 1_000_000, lambda: seen.append(1))
    wire.cut()
    clock.advance(1_000_000)
    assert seen == [] and not wire.busy


def test_only_clocks_that_count_the_cores_cycles_make_lines_take_time() -> None:
    assert not Machine().clock.wires_take_time
    assert Machine(timing="cortex-m7:stm32h743").clock.wires_take_time
