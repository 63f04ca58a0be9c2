"""The Robot keyword that asserts that nothing was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.robot.library import RenodeKeywords
from sim.tests.firmware_bench import ROOT, build
from sim.text import monitor_path

SOURCES = ("bench/truth/truth.c", "chip/stm32h743/cache.c")


@pytest.fixture
def robot() -> RenodeKeywords:
    keywords = RenodeKeywords()
    keywords.reset_emulation()
    return keywords


def _run(robot: RenodeKeywords, elf: Path) -> None:
    robot.execute_command(f"$bin={monitor_path(elf)}")
    robot.execute_command(f"include {monitor_path(ROOT / 'sim' / 'board' / 'stm32h743.resc')}")
    robot.execute_command('emulation RunFor "0.005"')


def test_the_keyword_fails_with_what_was_found(robot: RenodeKeywords, tmp_path: Path) -> None:
    _run(robot, build("gcc", SOURCES, "bench/truth/truth.ld", tmp_path / "w.elf", ("-DCASE=4", "-DWRONG=1")))
    with pytest.raises(AssertionError, match="write to GPIOE while RCC_AHB4ENR bit 4 is 0"):
        robot.no_board_findings_should_exist()
    (text,) = robot.board_findings()
    assert text.startswith("peripheral clock off") and "0x58021000" in text


def test_a_finding_can_be_asked_for(robot: RenodeKeywords, tmp_path: Path) -> None:
    sources = ("bench/truth/cached.c", "chip/stm32h743/cache.c")
    _run(robot, build("gcc", sources, "bench/truth/truth.ld", tmp_path / "u.elf", ("-DCASE=1", "-DWAY=0")))
    for kind in ("uncleaned cache line", "UNCLEANED"):
        text = robot.board_finding_should_exist(kind, symbol="source", master="dma2 stream 0")
        assert text.startswith("uncleaned cache line: dma2 stream 0 reads")
    with pytest.raises(AssertionError, match='kind "uncleaned cache line", symbol target; there is:\nuncleaned'):
        robot.board_finding_should_exist("UNCLEANED", symbol="target")
    with pytest.raises(AssertionError, match='of kind "memory clock off"; there is:'):
        robot.board_finding_should_exist("memory clock off")
    with pytest.raises(AssertionError, match='no kind of board finding "nonsense"; there are: stale cache line, '):
        robot.board_finding_should_exist("nonsense")


def test_the_keyword_passes_where_nothing_was(robot: RenodeKeywords, tmp_path: Path) -> None:
    _run(robot, build("gcc", SOURCES, "bench/truth/truth.ld", tmp_path / "r.elf", ("-DCASE=4", "-DWRONG=0")))
    robot.no_board_findings_should_exist()
    assert robot.board_findings() == []


def test_the_keyword_does_not_pass_where_nothing_was_looked_for(robot: RenodeKeywords) -> None:
    robot.execute_command('mach create "bare"')
    with pytest.raises(AssertionError, match="does not know this machine's chip"):
        robot.no_board_findings_should_exist()
