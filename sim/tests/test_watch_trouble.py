"""Lock-ups, resets and loops of them are told with their place and cause."""

from __future__ import annotations

import re

import pytest

from sim.bringup.session import Goals, Reason
from sim.engine.elf import Symbol
from sim.engine.monitor import Monitor
from sim.tests.bringup_bench import SECONDS, STUCK_SECONDS, boot, program
from sim.watch.places import Places
from sim.watch.source import SourceLines


def test_a_fault_in_the_fault_handler_is_a_lock_up() -> None:
    outcome = boot("fault_twice", "-O1").outcome
    assert outcome.reason is Reason.LOCK_UP
    assert re.match(r"lock-up in HardFault_Handler \(program\.c:\d+\): .*; before it, HardFault in", outcome.text)


def test_a_reset_loop_ends_after_three_equal_lives() -> None:
    booted = boot("reset_for_ever", "-O0")
    assert booted.outcome.reason is Reason.RESET_LOOP
    place = r"3 times alike, reset by AIRCR.SYSRESETREQ, the core was in reset_for_ever \(program\.c:\d+\)"
    assert re.search(place, booted.outcome.text)
    assert booted.console == 3 * "hello\r\n"


def test_a_watchdog_that_bites_for_ever_is_a_reset_loop_that_tells_what_hung() -> None:
    booted = boot("watchdog_bites", "-O0", goals=Goals(seconds=SECONDS, stuck_seconds=0.001))
    assert booted.outcome.reason is Reason.RESET_LOOP
    assert re.search(r"reset by IWDG1: .*, the core was in poll \(program\.c:\d+\)", booted.outcome.text)
    assert booted.told and all("IWDG1" in line for line in booted.told)


def test_one_bite_of_the_watchdog_is_told_and_no_reason_to_fail() -> None:
    booted = boot("watchdog_once", "-O1")
    assert booted.outcome.reason is Reason.DONE, booted.outcome
    assert booted.console == "up\r\nup\r\nafter the watchdog\r\n"
    assert booted.session.guard.resets.count == 1
    assert len(booted.told) == 1 and "reset by IWDG1" in booted.told[0]


def test_lives_that_differ_but_in_figures_are_a_loop_after_five() -> None:
    booted = boot("reset_and_count", "-O1")
    assert booted.outcome.reason is Reason.RESET_LOOP
    assert "5 times alike" in booted.outcome.text
    assert booted.console == "".join(f"boot {number}\r\n" for number in range(5))


def test_a_fault_before_a_reset_is_told_with_it() -> None:
    booted = boot("fault_then_reset", "-O1", goals=Goals(seconds=SECONDS, stuck_seconds=STUCK_SECONDS))
    assert booted.outcome.reason is Reason.RESET_LOOP
    assert re.search(r"reset by AIRCR.SYSRESETREQ after HardFault in ", booted.outcome.text)


# Names


@pytest.fixture(scope="module")
def places() -> Places:
    session = boot("done", "-O1").session
    return session.guard.places


def test_registers_have_the_names_their_devices_declare(places: Places) -> None:
    assert places.data(0x4000481C) == "0x4000481C (console.ISR)"
    assert places.data(0xE000E010) == "0xE000E010 (nvic.CTRL)"
    assert places.data(0x4000_4BFC) == "0x40004BFC (console+0x3FC)"
    assert places.data(0x5A000000) == "0x5A000000 (the board has no device there)"
    assert places.data(0x70000000) == "0x70000000 (nothing is mapped there)"
    assert places.data(0x2001FFF0) == "0x2001FFF0"


def test_code_has_function_and_line(places: Places) -> None:
    elf = program("done", "-O1")
    address = next(s.address for s in places._machine.symbols.symbols if s.name == "main")
    assert re.fullmatch(r"main \(program\.c:\d+\)", places.code(address))
    assert places.code(0x0801FFF0) == "0x0801FFF0"
    assert SourceLines(elf).at(0x0801FFF0) == ""


def test_a_handler_of_many_names_goes_by_its_own(places: Places) -> None:
    symbols = places._machine.symbols
    before = symbols.symbols, symbols._functions, symbols._starts
    aliases = [Symbol(name, 0x0801_0000, 2, name != "Default_Handler") for name in ("SAI1", "NMI", "Default_Handler")]
    try:
        symbols.symbols = sorted([*symbols.symbols, *aliases], key=lambda symbol: symbol.address)
        symbols._functions = [symbol for symbol in symbols.symbols if symbol.is_function]
        symbols._starts = [symbol.address for symbol in symbols._functions]
        assert places.function(0x0801_0000) == "Default_Handler"
        symbols.symbols = [symbol for symbol in symbols.symbols if symbol.name != "Default_Handler"]
        assert places.function(0x0801_0000) == "NMI"
    finally:
        symbols.symbols, symbols._functions, symbols._starts = before


def test_a_file_without_line_tables_knows_no_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("lines")
    (folder / "none.elf").write_bytes(b"\x7fELF" + bytes(100))
    assert SourceLines(folder / "none.elf").at(0) == ""
    assert SourceLines(folder / "missing.elf").at(0) == ""


def test_a_scripted_device_has_its_name_and_an_offset() -> None:
    monitor = Monitor()
    monitor.execute('mach create "m"')
    monitor.execute("machine PyDevFromString 'request.Value = 1' 0x40000000 0x100 false 'thing'")
    assert Places(monitor.machine).data(0x40000018) == "0x40000018 (thing+0x18)"
