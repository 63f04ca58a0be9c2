"""The Robot keyword that asserts that nothing was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.robot.library import RenodeKeywords
from sim.tests.firmware_bench import ROOT, build

SOURCES = ("bench/truth/truth.c", "chip/stm32h743/cache.c")


@pytest.fixture
def robot() -> RenodeKeywords:
    keywords = RenodeKeywords()
    keywords.reset_emulation()
    return keywords


def _run(robot: RenodeKeywords, elf: Path) -> None:
    robot.execute_command(f"$bin=@{elf}")
    robot.execute_command(f"include @{ROOT / 'sim' / 'board' / 'stm32h743.resc'}")
    robot.execute_command('emulation RunFor "0.005"')


def test_the_keyword_fails_with_what_was_found(robot: RenodeKeywords, tmp_path: Path) -> None:
    _run(robot, build("gcc", SOURCES, "bench/truth/truth.ld", tmp_path / "w.elf", ("-DCASE=4", "-DWRONG=1")))
    with pytest.raises(AssertionError, match="write to GPIOE while RCC_AHB4ENR bit 4 is 0"):
        robot.no_board_findings_should_exist()
    (text,) = robot.board_findings()
    assert text.startswith("peripheral clock off") and "0x58021000" in text


def test_the_keyword_passes_where_nothing_was(robot: RenodeKeywords, tmp_path: Path) -> None:
    _run(robot, build("gcc", SOURCES, "bench/truth/truth.ld", tmp_path / "r.elf", ("-DCASE=4", "-DWRONG=0")))
    robot.no_board_findings_should_exist()
    assert robot.board_findings() == []


def test_the_keyword_does_not_pass_where_nothing_was_looked_for(robot: RenodeKeywords) -> None:
    robot.execute_command('mach create "bare"')
    with pytest.raises(AssertionError, match="does not know this machine's chip"):
        robot.no_board_findings_should_exist()
