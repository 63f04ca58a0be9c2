"""What waits in vain is given up, with its place; what waits for time, works or sleeps is not."""

from __future__ import annotations

import re

import pytest

from sim.bringup.session import Reason
from sim.tests.bringup_bench import SECONDS, boot

OPTIMISED = pytest.mark.parametrize("level", ["-O0", "-O2"])


@OPTIMISED
@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("poll", r"polls 0x5A000000 \(the board has no device there\) in \w+ \(program\.c:\d+\)"),
        ("poll_with_ticks", r"polls 0x5A000000 \(the board has no device there\)"),
        ("polls_a_control_register", r"polls 0x40004800 \(console\.CR1\)"),
        ("tick_masked", r"waits for 0x200000\w\w \(tick_count\) to change in \w+ \(program\.c:\d+\)"),
        ("flag_never", r"waits for 0x200000\w\w \(flag\) to change"),
        ("panic", r"endless loop in \w+ \(program\.c:\d+\) with interrupts off"),
        ("fault", r"endless loop in HardFault_Handler \(program\.c:\d+\), the handler of HardFault"),
        ("fed_but_stuck", r"polls 0x5A000000"),
    ],
)
def test_what_waits_in_vain_is_given_up(case: str, text: str, level: str) -> None:
    flags = (level, "-DNO_FLAG") if case == "flag_never" else (level,)
    booted = boot(case, *flags)
    assert booted.outcome.reason is Reason.STUCK, booted.outcome
    assert re.match(rf"stuck: {text}.*, [\d.]+ s of board time", booted.outcome.text), booted.outcome.text
    assert booted.outcome.seconds < SECONDS


@OPTIMISED
@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("waits_for_ticks", "ticks\r\n"),
        ("waits_for_count_flag", "count flag\r\n"),
        ("waits_for_cycles", "cycles\r\n"),
        ("waits_for_timer", "timer\r\n"),
        ("waits_for_a_flag", "flag\r\n"),
        ("sleeps", ""),
        ("blinks", ""),
        ("toggles", ""),
    ],
)
def test_what_waits_for_time_works_or_sleeps_goes_on(case: str, says: str, level: str) -> None:
    booted = boot(case, level)
    assert booted.outcome.reason in (Reason.TIME, Reason.DONE), booted.outcome
    assert booted.console == says


@OPTIMISED
def test_a_program_that_is_done_ends_the_run(level: str) -> None:
    booted = boot("done", level)
    assert booted.outcome.reason is Reason.DONE
    assert re.match(r"endless loop in main \(program\.c:\d+\): nothing more can happen", booted.outcome.text)
    assert booted.outcome.seconds < SECONDS


def test_a_console_that_waits_for_input_is_not_stuck() -> None:
    booted = boot("echoes", "-O1")
    assert booted.outcome.reason is Reason.DONE
    assert re.match(r"polls 0x4000481C \(console\.ISR\) in .*: it waits for input", booted.outcome.text)


def test_who_waits_for_an_interrupt_that_a_key_raises_is_not_stuck() -> None:
    booted = boot("waits_for_a_key", "-O1", "-DNO_FLAG")
    assert booted.outcome.reason is Reason.DONE
    assert re.match(r"waits for 0x200000\w\w \(flag\) to change in .*: it waits for input", booted.outcome.text)


def test_the_place_is_where_it_is_polled_not_the_first_function_of_the_loop() -> None:
    outcome = boot("polls_with_a_helper", "-O1", "-fno-inline").outcome
    assert outcome.reason is Reason.STUCK
    assert "in polls_with_a_helper (program.c:" in outcome.text


def test_the_cause_of_a_fault_is_told_with_it() -> None:
    outcome = boot("fault", "-O1").outcome
    where = r"HardFault in \w+ \(program\.c:\d+\): access where nothing is mapped.*0x70000000"
    assert re.search(where, outcome.text) or re.search(r"HardFault in .*earlier write", outcome.text), outcome.text


def test_two_runs_say_the_same() -> None:
    first, second = boot("flag_never", "-O1", "-DNO_FLAG"), boot("flag_never", "-O1", "-DNO_FLAG")
    assert first.session.guard.stuck is not None and second.session.guard.stuck is not None
    assert first.session.guard.stuck.text == second.session.guard.stuck.text
